//! `twinpath check`: is it ready?

use crate::args::{Check, Format, Instance};
use crate::load::{self, Loaded};
use crate::{Outcome, input, live};
use anstream::ColorChoice;
use anyhow::{Context, ensure};
use catalog::Catalog;
use client::{Client, Who};
use model::Date;
use rules::report::{Checked, Report, html, json, junit, markdown, sarif, terminal};
use rules::{Facts, Overall, Stage};
use std::io::Write;
use std::path::Path;

/// Checks the files as one design, or each by itself.
pub(crate) fn run(args: &Check, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let files = input::expand(&args.files)?;
    if args.fleet {
        return super::fleet::run(args, &files, catalog);
    }
    let today = input::today(args.today.as_deref())?;
    if let Some(url) = &args.live {
        let at = Instance { data: args.data.clone(), url: Some(url.clone()), json: args.json };
        let mut client = Client::open(&at.at(), Who::Customer)?;
        client.longest = live::LONGEST;
        let observed = args.observed.parse::<jiff::SignedDuration>();
        let observed = observed.ok().and_then(|span| std::time::Duration::try_from(span).ok());
        let observed = observed.with_context(|| format!("--observed {}: expected a time like `5m`", args.observed))?;
        let loaded = load::load_live(&files, |design| live::read(&client, design, observed))?;
        return all(args, std::iter::once(loaded), catalog, today);
    }
    let joined = (!args.each).then(|| load::load(&files));
    let designs: Box<dyn Iterator<Item = Loaded>> = match joined {
        Some(joined) if !joined.is_of_several_companies() => Box::new(std::iter::once(joined)),
        // A folder may hold the designs of all customers, which are no single design.
        joined => {
            if joined.is_some() {
                let page = args.html.as_ref().or(args.junit.as_ref()).or(args.markdown.as_ref());
                ensure!(
                    page.is_none(),
                    "--html, --junit and --markdown take one design; the files are of several companies"
                );
                writeln!(anstream::stderr(), "the files are of several companies: each is checked by itself\n")?;
            }
            Box::new(files.chunks(1).map(load::load))
        }
    };
    all(args, designs, catalog, today)
}

/// Checks one design after the other; of several, the gravest outcome counts.
fn all(args: &Check, designs: impl Iterator<Item = Loaded>, catalog: &Catalog, today: Date) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Ready;
    let mut logs = Vec::new();
    for (index, loaded) in designs.enumerate() {
        if index > 0 && args.format == Format::Text && !args.json {
            writeln!(anstream::stdout())?;
        }
        outcome = outcome.max(one(args, loaded, catalog, today, &mut logs)?);
    }
    if let Some(path) = &args.sarif {
        write(path, &format!("{:#}\n", join(logs)))?;
    }
    Ok(outcome)
}

/// Checks one design and writes what was asked for; the SARIF log joins those of other designs.
fn one(
    args: &Check,
    mut loaded: Loaded,
    catalog: &Catalog,
    today: Date,
    logs: &mut Vec<serde_json::Value>,
) -> anyhow::Result<Outcome> {
    loaded.tell_problems()?;
    if loaded.is_empty() {
        return Ok(Outcome::BadInput);
    }
    let stage = args.stage.map_or_else(|| Stage::of(&loaded.sources), Stage::from);
    let waivers = args.waivers.as_deref().map(|path| load::waivers(path, &mut loaded.sources)).transpose()?;
    let Loaded { design, sources, problems } = &loaded;
    let mut checklist = rules::check(Facts::new(design, catalog, today, args.profile.into(), stage));
    if let Some(waivers) = &waivers {
        checklist.waive(waivers, today);
    }
    let report = Report::new(Checked { checklist: &checklist, sources, design, catalog, today });

    let format = if args.json { Format::Json } else { args.format };
    print(&report, format, args.verbose)?;
    let pages = [(&args.html, Format::Html), (&args.junit, Format::Junit), (&args.markdown, Format::Markdown)];
    for (path, format) in pages {
        if let Some(path) = path {
            write(path, &render(&report, format, terminal::Style::default())?)?;
        }
    }
    if args.sarif.is_some() {
        logs.push(sarif::value(&report));
    }
    Ok(match (problems.is_empty(), report.overall) {
        (false, _) => Outcome::BadInput,
        (true, Overall::Ready) => Outcome::Ready,
        // What was ordered is not what the design says.
        (true, Overall::ReadyWithWarnings) if args.live.is_some() && !report.disagreements.is_empty() => {
            Outcome::Findings
        }
        (true, Overall::ReadyWithWarnings) if !args.strict => Outcome::Ready,
        (true, Overall::ReadyWithWarnings | Overall::Incomplete | Overall::Blocked) => Outcome::Findings,
    })
}

/// Several SARIF logs as one: a log may hold many runs.
fn join(logs: Vec<serde_json::Value>) -> serde_json::Value {
    let mut logs = logs.into_iter();
    let mut joined = logs.next().unwrap_or_default();
    for mut log in logs {
        if let (Some(runs), Some(more)) = (joined["runs"].as_array_mut(), log["runs"].as_array_mut()) {
            runs.append(more);
        }
    }
    joined
}

/// Prints a report to standard output.
pub(crate) fn print(report: &Report<'_>, format: Format, verbose: bool) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    let style = terminal::Style {
        color: out.current_choice() != ColorChoice::Never,
        width: terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0).min(120)),
        verbose,
    };
    Ok(out.write_all(render(report, format, style)?.as_bytes())?)
}

fn render(report: &Report<'_>, format: Format, style: terminal::Style) -> anyhow::Result<String> {
    let mut text = String::new();
    match format {
        Format::Text => terminal::write(report, style, &mut text)?,
        Format::Json => json::write(report, &mut text)?,
        Format::Sarif => sarif::write(report, &mut text)?,
        Format::Junit => junit::write(report, &mut text)?,
        Format::Markdown => markdown::write(report, &mut text)?,
        Format::Html => html::write(report, &mut text)?,
    }
    Ok(text)
}

/// Writes a file and the folder it belongs in.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        ensure!(folder.as_os_str().is_empty() || folder.is_dir(), "{}: no such folder", folder.display());
    }
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
