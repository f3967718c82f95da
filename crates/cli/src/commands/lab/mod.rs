//! `twinpath lab`: a design on this machine.
//!
//! A command is run twice: outside, where the lab's namespaces are made or found, and then by this program again inside
//! them, where the work is done.

mod chaos;
mod gate;
mod inside;
mod m365;
mod page;
mod up;

use crate::args::{Lab, LabCommand, Router, Tagging};
use crate::load::{self, Loaded};
use crate::{Outcome, table};
use anyhow::{Context, bail};
use catalog::Catalog;
use lab::topology::ProcessKind;
use lab::{Topology, keeper};
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

/// Does what is asked of a lab.
pub(crate) fn run(args: &Lab, catalog: &Catalog) -> anyhow::Result<Outcome> {
    match &args.command {
        LabCommand::Plan { file, ce } => return plan(args, file, *ce, catalog),
        LabCommand::Carry { file } => return Ok(lab::carry(file).map(|()| Outcome::Ready)?),
        LabCommand::Gate { port } => return gate::run(*port).map(|()| Outcome::Ready),
        LabCommand::Up(up) | LabCommand::Run(up) => {
            let ends = matches!(args.command, LabCommand::Run(_));
            return up::run(args, up, ends, catalog);
        }
        LabCommand::M365(asked) => return m365::run(args, asked, catalog),
        LabCommand::Down => return down(args),
        LabCommand::Status if args.name.is_none() && lab::labs()?.is_empty() => return nothing(args),
        _ => {}
    }
    let name = chosen(args.name.as_deref())?;
    if keeper::is_inside(&name) { inside::run(args, &name, catalog) } else { pass(&name) }
}

/// Runs the command as it was typed inside the lab, and ends as it does.
fn pass(name: &str) -> anyhow::Result<Outcome> {
    let mut typed: Vec<OsString> = std::env::args_os().skip(1).collect();
    // After the first word, which is `lab` unless a global option comes first; both take it anywhere.
    let at = typed.iter().position(|word| word == "lab").map_or(0, |at| at + 1);
    typed.splice(at..at, ["--name".into(), name.into()]);
    if std::env::args_os().any(|word| word == "--name") {
        typed.drain(at..at + 2);
    }
    enter(name, typed)
}

/// Runs this program inside a lab with other words, and ends as it does.
pub(super) fn enter(name: &str, typed: Vec<OsString>) -> anyhow::Result<Outcome> {
    Ok(match keeper::enter(name, typed)?.code() {
        Some(0) => Outcome::Ready,
        Some(1) => Outcome::Findings,
        _ => Outcome::BadInput,
    })
}

/// The lab that is meant.
pub(crate) fn chosen(name: Option<&str>) -> anyhow::Result<String> {
    if let Some(name) = name {
        return Ok(name.to_owned());
    }
    match lab::labs()?.as_slice() {
        [] => bail!("there is no lab; `twinpath lab up FILE` brings one up"),
        [one] => Ok(one.clone()),
        several => bail!("there are several labs, say which with --name: {}", several.join(", ")),
    }
}

fn nothing(args: &Lab) -> anyhow::Result<Outcome> {
    let text = if args.json { "[]" } else { "no lab runs; `twinpath lab up FILE` brings one up" };
    writeln!(anstream::stdout(), "{text}")?;
    Ok(Outcome::Ready)
}

fn plan(args: &Lab, file: &Path, ce: Router, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let Some(loaded) = read(file)? else { return Ok(Outcome::BadInput) };
    let topology = Topology::of(&loaded.design, catalog, kind(ce))?;
    let mut out = anstream::stdout().lock();
    if args.json {
        writeln!(out, "{:#}", serde_json::to_value(&topology)?)?;
        return Ok(Outcome::Ready);
    }
    let mut text = String::new();
    topology.draw(&mut text)?;
    writeln!(out, "{} · {}\n\n{text}", topology.company, topology.summary())?;
    let rows: Vec<Vec<String>> = topology
        .links
        .iter()
        .flat_map(|link| {
            link.lanes.iter().map(|lane| {
                let end = |end: usize| {
                    let addresses: Vec<String> = lane.addresses[end].iter().map(ToString::to_string).collect();
                    format!("{} {} {}", link.ends[end], lane.devices[end], addresses.join(" "))
                };
                vec![link.name.clone(), end(0), end(1)]
            })
        })
        .collect();
    table::write(&mut out, &["Link", "From", "To"], &rows)?;
    Ok(Outcome::Ready)
}

fn down(args: &Lab) -> anyhow::Result<Outcome> {
    if args.name.is_none() && lab::labs()?.is_empty() {
        return nothing(args);
    }
    let name = chosen(args.name.as_deref())?;
    let was = keeper::end(&name)?;
    let text = match (args.json, was) {
        (true, _) => serde_json::json!({ "lab": name, "ended": was }).to_string(),
        (false, true) => format!("the lab `{name}` is gone"),
        (false, false) => format!("there is no lab `{name}`"),
    };
    writeln!(anstream::stdout(), "{text}")?;
    Ok(Outcome::Ready)
}

/// Reads a design file; nothing when it cannot be used, which is told.
fn read(file: &Path) -> anyhow::Result<Option<Loaded>> {
    let loaded = load::load(std::slice::from_ref(&file.to_owned()));
    loaded.tell_problems()?;
    Ok((loaded.problems.is_empty() && !loaded.is_empty()).then_some(loaded))
}

fn kind(ce: Router) -> ProcessKind {
    match ce {
        Router::Bird => ProcessKind::Bird,
        Router::Frr => ProcessKind::Frr,
    }
}

/// What tags, if it was chosen.
fn tagging(tagging: Tagging) -> Option<lab::QinqBackend> {
    match tagging {
        Tagging::Auto => None,
        Tagging::Bpf => Some(lab::QinqBackend::Bpf),
        Tagging::Packet => Some(lab::QinqBackend::Packet),
    }
}

/// A lab's name out of a design's company.
fn named(args: &Lab, loaded: &Loaded) -> String {
    let company = loaded.design.company.value().map_or("lab", String::as_str);
    let word = company.split_whitespace().next().unwrap_or("lab");
    let name: String = word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    args.name.clone().unwrap_or(if name.is_empty() { "lab".to_owned() } else { name })
}

/// A file as it is found from anywhere.
fn absolute(file: &Path) -> anyhow::Result<std::path::PathBuf> {
    std::fs::canonicalize(file).with_context(|| file.display().to_string())
}
