//! `twinpath fix`: mends what a program can decide, as a diff that a person reviews.

use crate::args::Fix;
use crate::load::{self, Loaded};
use crate::{Outcome, input};
use anyhow::{Context, bail, ensure};
use catalog::Catalog;
use design::Bounds;
use planner::Mend;
use similar::{ChangeTag, TextDiff};
use std::io::{self, BufRead, IsTerminal, Write};

/// Shows, and on request writes, the mended file.
pub(crate) fn run(args: &Fix, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let name = args.file.display().to_string();
    let Ok(input) = input::read(&args.file, &Bounds::default()) else {
        load::load(std::slice::from_ref(&args.file)).tell_problems()?;
        return Ok(Outcome::BadInput);
    };
    let loaded = load::load(std::slice::from_ref(&args.file));
    let Loaded { design, problems, .. } = &loaded;
    if !problems.is_empty() {
        loaded.tell_problems()?;
        bail!("{name}: mend these first");
    }
    ensure!(!input.text.trim_start().starts_with(['{', '[']), "{name}: only a design file in YAML can be mended");
    let (mends, open) = choose(planner::mend(design, catalog), args.ask)?;
    let edits: Vec<_> = mends.iter().flat_map(|mend| mend.change.clone()).collect();
    let mended = design::apply(&input.text, &edits).with_context(|| name.clone())?;

    let mut out = anstream::stdout();
    if args.json {
        let list = |mends: &[Mend]| mends.iter().map(mend_json).collect::<Vec<_>>();
        let answer = serde_json::json!({ "file": name, "mends": list(&mends), "open": list(&open), "text": mended });
        writeln!(out, "{answer:#}")?;
    } else {
        for mend in &mends {
            writeln!(out, "{}  {}: {}", mend.rule, mend.subject, mend.reason)?;
        }
        if !mends.is_empty() {
            writeln!(out)?;
        }
        write_diff(&mut out, &name, &input.text, &mended)?;
        for mend in &open {
            writeln!(out, "{}  {}: {} (decide with --ask)", mend.rule, mend.subject, mend.reason)?;
        }
    }
    if args.write && !mends.is_empty() {
        std::fs::write(&args.file, &mended).with_context(|| name.clone())?;
    }
    if !args.json {
        writeln!(out, "{}", closing(&mends, &open, args.write, &name))?;
    }
    Ok(match mends.is_empty() && open.is_empty() || args.write {
        true => Outcome::Ready,
        false => Outcome::Findings,
    })
}

/// Parts the mends into those to make and those left open, asking about the latter when told to.
fn choose(mends: Vec<Mend>, ask: bool) -> anyhow::Result<(Vec<Mend>, Vec<Mend>)> {
    let (asked, mut made): (Vec<_>, Vec<_>) = mends.into_iter().partition(|mend| mend.ask);
    if !ask {
        return Ok((made, asked));
    }
    ensure!(io::stdin().is_terminal(), "--ask needs a terminal to ask on");
    let mut open = Vec::new();
    for mend in asked {
        write!(anstream::stderr(), "{}  {}: {} [y/N] ", mend.rule, mend.subject, mend.reason)?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        match answer.trim().to_lowercase().as_str() {
            "y" | "yes" => made.push(mend),
            _ => open.push(mend),
        }
    }
    Ok((made, open))
}

fn mend_json(mend: &Mend) -> serde_json::Value {
    serde_json::json!({ "rule": mend.rule, "subject": mend.subject, "reason": mend.reason, "ask": mend.ask })
}

fn closing(mends: &[Mend], open: &[Mend], write: bool, name: &str) -> String {
    let changes = match mends.len() {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    };
    match (mends.len(), write) {
        (0, _) if open.is_empty() => "nothing to mend that a program can decide".to_owned(),
        (0, _) => "nothing to mend without a decision".to_owned(),
        (_, true) => format!("{changes} written to {name}"),
        (_, false) => format!("{changes} · twinpath fix {name} --write"),
    }
}

/// Writes a unified diff in colour.
pub(crate) fn write_diff(out: &mut impl Write, name: &str, before: &str, after: &str) -> io::Result<()> {
    if before == after {
        return Ok(());
    }
    let style = |color: anstyle::AnsiColor| anstyle::Style::new().fg_color(Some(color.into()));
    let (red, green) = (style(anstyle::AnsiColor::Red), style(anstyle::AnsiColor::Green));
    let (cyan, bold) = (style(anstyle::AnsiColor::Cyan), anstyle::Style::new().bold());
    writeln!(out, "{bold}--- {name}\n+++ {name} (mended){bold:#}")?;
    let diff = TextDiff::from_lines(before, after);
    for hunk in diff.unified_diff().context_radius(2).iter_hunks() {
        writeln!(out, "{cyan}{}{cyan:#}", hunk.header())?;
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches('\n');
            match change.tag() {
                ChangeTag::Delete => writeln!(out, "{red}-{line}{red:#}")?,
                ChangeTag::Insert => writeln!(out, "{green}+{line}{green:#}")?,
                ChangeTag::Equal => writeln!(out, " {line}")?,
            }
        }
    }
    writeln!(out)
}
