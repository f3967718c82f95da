//! `twinpath explain`: the manual page of a rule.

use crate::Outcome;
use rules::{Case, Rule, Want};
use serde_json::json;
use std::io::Write;

/// Prints the manual page of the rule of an id or name.
pub(crate) fn run(name: &str, as_json: bool) -> anyhow::Result<Outcome> {
    let rule = rules::find(name).ok_or_else(|| unknown(name))?;
    let mut out = anstream::stdout();
    match as_json {
        true => writeln!(out, "{}", serde_json::to_string_pretty(&rule_json(rule))?)?,
        false => write_page(&mut out, rule)?,
    }
    Ok(Outcome::Ready)
}

fn unknown(name: &str) -> anyhow::Error {
    let known = rules::rules().iter().flat_map(|rule| [rule.id, rule.name]);
    match design::nearest(name, known) {
        Some(meant) => anyhow::anyhow!("no rule `{name}`; did you mean `{meant}`? `twinpath rules` lists them"),
        None => anyhow::anyhow!("no rule `{name}`; `twinpath rules` lists them"),
    }
}

/// A rule as JSON, for `explain` and `rules`.
pub(crate) fn rule_json(rule: &Rule) -> serde_json::Value {
    json!({
        "id": rule.id,
        "name": rule.name,
        "title": rule.title,
        "severity": rule.severity.to_string(),
        "owner": rule.owner.to_string(),
        "stage": rule.stage.to_string(),
        "since": rule.since,
        "until": rule.until,
        "supersededBy": rule.superseded_by,
        "evidence": rule.evidence.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "reads": rule.reads,
        "guard": rule.guard,
        "fixable": rule.fixable,
        "sources": rule.sources.iter().map(|doc| json!({
            "label": doc.label, "file": doc.file, "date": doc.date.to_string(),
        })).collect::<Vec<_>>(),
        "asks": rule.section("What it asks"),
        "why": rule.section("Why it matters"),
        "mend": rule.section("How to mend it"),
    })
}

fn write_page(out: &mut impl Write, rule: &Rule) -> std::io::Result<()> {
    let bold = anstyle::Style::new().bold();
    let dim = anstyle::Style::new().dimmed();
    writeln!(out, "{bold}{}{bold:#}  {}", rule.id, rule.title)?;
    let acts = match rule.owner {
        rules::Owner::You => "you act",
        rules::Owner::Provider => "the provider acts",
        rules::Owner::Microsoft => "Microsoft acts",
    };
    writeln!(out, "{dim}{} · {} · {acts} · asked {}{dim:#}", rule.name, rule.severity, asked(rule))?;
    for heading in ["What it asks", "Why it matters", "How to mend it"] {
        writeln!(out, "\n{bold}{heading}{bold:#}")?;
        for line in rule.section(heading).unwrap_or_default().lines() {
            writeln!(out, "  {}", line.trim())?;
        }
    }
    if let Some(guard) = rule.guard {
        writeln!(out, "\n{bold}Does not apply{bold:#}\n  when {guard}")?;
    }
    let fails: Vec<_> = rule.cases.iter().filter(|case| case.want == Want::Fail && !case.patch.is_empty()).collect();
    if !fails.is_empty() {
        writeln!(out, "\n{bold}For example, these fail{bold:#}")?;
        for Case { patch, .. } in fails.iter().take(3) {
            writeln!(out, "  {patch}")?;
        }
    }
    let evidence: Vec<_> = rule.evidence.iter().map(ToString::to_string).collect();
    writeln!(out, "\n{bold}Evidence{bold:#}\n  {}: {}", evidence.join(", "), rule.reads.join(", "))?;
    writeln!(out, "\n{bold}Sources{bold:#}")?;
    for doc in rule.sources {
        writeln!(out, "  {} ({}) {dim}{}{dim:#}", doc.file, doc.date, doc.label)?;
    }
    if rule.fixable {
        writeln!(out, "\n{bold}Mended by{bold:#}\n  twinpath fix FILE")?;
    }
    Ok(())
}

fn asked(rule: &Rule) -> String {
    let stage = match rule.stage {
        rules::Stage::Design => "from the design on",
        rules::Stage::Ordered => "once the circuit is ordered",
        rules::Stage::Live => "of the running network",
    };
    match (rule.until, rule.superseded_by) {
        (Some(until), Some(next)) => format!("{stage}, {} to {until}, then {next}", rule.since),
        (Some(until), None) => format!("{stage}, {} to {until}", rule.since),
        (None, _) => format!("{stage}, since {}", rule.since),
    }
}
