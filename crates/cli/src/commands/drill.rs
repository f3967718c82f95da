//! `twinpath drill`: parts of a lab that runs are failed, measured, healed and judged.
//!
//! Like every command on a lab this one runs twice: outside, where what was typed is looked at, and then again inside
//! the lab's namespaces.

use crate::args::Drill;
use crate::{Outcome, input, load, table};
use anyhow::Context;
use catalog::Catalog;
use jiff::Timestamp;
use lab::drill::{OnLab, Pace, Scenario, Scenarios, Standing, World, WorldError, measure, plan};
use lab::report::{Entry, Report, html, json, terminal};
use lab::{Lab, keeper};
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Runs the failures that were asked for.
pub(crate) fn run(args: &Drill, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let scenarios = match &args.scenarios_from {
        Some(file) => {
            let name = || file.display().to_string();
            Scenarios::parse(&std::fs::read_to_string(file).with_context(name)?).with_context(name)?
        }
        None => Scenarios::builtin()?,
    };
    if args.scenarios.iter().any(|name| name == "list") {
        return list(args, &scenarios);
    }
    let chosen = scenarios.chosen(&args.scenarios)?;
    let name = super::lab::chosen(args.lab.as_deref())?;
    // A person who is impatient waits for the healing.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, stop.clone()).context("signals cannot be caught")?;
    }
    match keeper::is_inside(&name) {
        true => inside(args, &chosen, &Lab::open(&name)?, catalog, stop),
        false => enter(args, &name),
    }
}

/// Runs the command as it was typed inside the lab, and ends as it does.
fn enter(args: &Drill, name: &str) -> anyhow::Result<Outcome> {
    let mut typed: Vec<OsString> = std::env::args_os().skip(1).collect();
    if args.lab.is_none() {
        typed.extend(["--lab".into(), name.into()]);
    }
    super::lab::enter(name, typed)
}

fn list(args: &Drill, scenarios: &Scenarios) -> anyhow::Result<Outcome> {
    let mut out = anstream::stdout().lock();
    if args.json {
        let all: Vec<_> = scenarios
            .all
            .iter()
            .map(|one| serde_json::json!({ "name": one.name, "title": one.title, "source": one.source }))
            .collect();
        writeln!(out, "{:#}", serde_json::Value::from(all))?;
    } else {
        let rows: Vec<Vec<String>> =
            scenarios.all.iter().map(|one| vec![one.name.clone(), one.title.clone()]).collect();
        table::write(&mut out, &["Scenario", "What fails"], &rows)?;
    }
    Ok(Outcome::Ready)
}

/// The part inside the namespaces.
fn inside(
    args: &Drill,
    chosen: &[&Scenario],
    lab: &Lab,
    catalog: &Catalog,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<Outcome> {
    let file = lab.state().design.clone();
    let loaded = load::load(std::slice::from_ref(&file));
    anyhow::ensure!(loaded.problems.is_empty(), "{}: the design of the lab can no longer be read", file.display());
    let planned = planner::plan(&loaded.design, catalog);
    let mut report = Report {
        design: file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        company: lab.topology().company.clone(),
        day: input::today(None)?,
        began: now(),
        topology: lab.topology().summary(),
        repeat: args.repeat,
        scenarios: Vec::new(),
    };
    let mut world = OnLab::new(lab.clone(), &planned, catalog, args.rate, stop);
    world.mend()?;
    let mut page = Page { json: args.json, moves: !args.json && std::io::stdout().is_terminal() };
    page.head()?;
    let mut interrupted = false;
    for scenario in chosen {
        match drill(&mut world, scenario, args.repeat, &mut page) {
            Ok(entry) => {
                page.line(&entry)?;
                report.scenarios.push(entry);
            }
            Err(WorldError::Interrupted) => {
                interrupted = true;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if args.json {
        writeln!(anstream::stdout(), "{}", json::value(&report)?)?;
    } else {
        let mut text = String::new();
        terminal::foot(&report, &mut text)?;
        write!(anstream::stdout(), "{text}")?;
    }
    if let Some(file) = &args.html {
        page_for_a_board(&report, file)?;
        if !args.json {
            writeln!(anstream::stdout(), "  report: {}", file.display())?;
        }
    }
    if interrupted {
        writeln!(anstream::stderr(), "interrupted; what was failed is healed")?;
        return Ok(Outcome::BadInput);
    }
    Ok(if report.standing() == Some(Standing::Pass) { Outcome::Ready } else { Outcome::Findings })
}

/// Runs one failure, as often as it is asked for.
fn drill(world: &mut OnLab<'_>, scenario: &Scenario, repeat: u32, page: &mut Page) -> Result<Entry, WorldError> {
    let planned = match plan(scenario, world.ground()) {
        Ok(planned) => planned,
        Err(reason) => return Ok(Entry::not_applicable(scenario, reason)),
    };
    if let Some(reason) = planned.steps.iter().find_map(|step| world.obstacle(&step.act)) {
        return Ok(Entry::not_applicable(scenario, reason));
    }
    let mut runs = Vec::new();
    for turn in 0..repeat {
        page.doing(scenario, &planned.target, turn, repeat);
        let attempt = lab::drill::run(world, &planned, &Pace::default())?;
        runs.push(measure(world.ground(), &attempt));
    }
    Ok(Entry::new(scenario, &planned, runs))
}

/// Writes the page that stands alone.
fn page_for_a_board(report: &Report, file: &Path) -> anyhow::Result<()> {
    let mut text = String::new();
    html::write(report, rules::report::html::STYLE, &mut text)?;
    std::fs::write(file, text).with_context(|| file.display().to_string())
}

fn now() -> String {
    #[expect(clippy::disallowed_methods, reason = "the rim reads the clock")]
    let now = Timestamp::now();
    now.strftime("%FT%TZ").to_string()
}

/// What a person sees while a drill runs.
struct Page {
    json: bool,
    moves: bool,
}

impl Page {
    fn head(&self) -> anyhow::Result<()> {
        let mut text = String::new();
        terminal::head(&mut text)?;
        self.write(&text)
    }

    /// What is going on: on a terminal only, and gone when it is over.
    fn doing(&self, scenario: &Scenario, target: &str, turn: u32, repeat: u32) {
        if self.moves {
            let again = if repeat > 1 { format!(", {} of {repeat}", turn + 1) } else { String::new() };
            let mut out = anstream::stdout();
            let _ = write!(out, "\r\x1b[K  … {}: {target}{again}", scenario.title);
            let _ = out.flush();
        }
    }

    fn line(&self, entry: &Entry) -> anyhow::Result<()> {
        let mut text = String::new();
        terminal::line(entry, &mut text)?;
        self.write(&text)
    }

    fn write(&self, text: &str) -> anyhow::Result<()> {
        if self.json {
            return Ok(());
        }
        let erase = if self.moves { "\r\x1b[K" } else { "" };
        write!(anstream::stdout(), "{erase}{text}")?;
        Ok(())
    }
}
