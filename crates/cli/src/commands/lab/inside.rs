//! What is done in a lab that runs, by this program inside its namespaces.

use super::page::Page;
use super::up::connect;
use crate::args::{Fate, Lab, LabCommand};
use crate::{Outcome, table};
use anyhow::Context;
use catalog::Catalog;
use client::Who;
use lab::{Cut, node};
use serde_json::json;
use std::io::Write;
use std::process::Command;

/// Does what is asked.
pub(super) fn run(args: &Lab, name: &str, catalog: &Catalog) -> anyhow::Result<Outcome> {
    if let LabCommand::Keep = args.command {
        // Its standard error is the keeper's log.
        lab::keep(name, &mut |said| drop(writeln!(std::io::stderr(), "{said}")))?;
    }
    let lab = lab::Lab::open(name)?;
    match &args.command {
        LabCommand::Chaos(chaos) => super::chaos::run(args, chaos, lab, catalog),
        LabCommand::Status => status(args, &lab),
        LabCommand::Verify => {
            let reached = connect(&mut Page::new(args.json), &lab)?;
            let works = reached.iter().all(|reached| reached.works);
            Ok(if works { Outcome::Ready } else { Outcome::Findings })
        }
        LabCommand::Shell { node } => {
            let shell = std::env::var("SHELL").unwrap_or_else(|_| "/bin/sh".to_owned());
            let mut command = lab.command(node, &shell)?;
            command.env("PS1", format!("{node} # "));
            wait(node, &mut command)
        }
        LabCommand::Exec { node, command } => {
            let (program, rest) = command.split_first().context("no command")?;
            let path = lab::find(program).unwrap_or_else(|| program.into());
            let mut command = lab.command(node, &path.display().to_string())?;
            command.args(rest);
            wait(node, &mut command)
        }
        LabCommand::Capture { link, file, count } => capture(&lab, link, file.as_deref(), *count),
        LabCommand::Link { link, how } => {
            match how {
                Fate::Cut => lab.cut(link, Cut::Carrier)?,
                Fate::Silent => lab.cut(link, Cut::Silent)?,
                Fate::Heal => lab.heal(link)?,
            }
            Ok(Outcome::Ready)
        }
        LabCommand::Plan { .. }
        | LabCommand::Up(_)
        | LabCommand::Run(_)
        | LabCommand::M365(_)
        | LabCommand::Down
        | LabCommand::Keep
        | LabCommand::Carry { .. }
        | LabCommand::Gate { .. } => Ok(Outcome::BadInput),
    }
}

/// Runs a command of a person's in a node; its exit code counts.
fn wait(node: &str, command: &mut Command) -> anyhow::Result<Outcome> {
    let status = node::spawn(Some(node), command)?.wait()?;
    std::process::exit(status.code().unwrap_or(2));
}

fn capture(lab: &lab::Lab, link: &str, file: Option<&std::path::Path>, count: Option<u32>) -> anyhow::Result<Outcome> {
    let link = lab.link(link)?;
    let tcpdump = lab::find("tcpdump").context("tcpdump is missing: apt-get install tcpdump")?;
    // The near end has all of a link's packets; with several lanes, all of them are on devices of the link.
    let device = match link.lanes.as_slice() {
        [one] => one.devices[0].clone(),
        _ => "any".to_owned(),
    };
    let mut command = Command::new(tcpdump);
    command.args(["-U", "-n", "-i", &device, "-w"]);
    command.arg(file.unwrap_or(std::path::Path::new("-")));
    if !lab::keeper::is_root() {
        // There is one user only, so there is nobody to change to.
        command.args(["-Z", "root"]);
    }
    if let Some(count) = count {
        command.args(["-c", &count.to_string()]);
    }
    wait(&link.ends[0], &mut command)
}

fn status(args: &Lab, lab: &lab::Lab) -> anyhow::Result<Outcome> {
    let topology = lab.topology();
    let edges = lab.client(Who::Operator).and_then(|client| Ok(client.list("/operator/v1/edges")?));
    let edges = edges.unwrap_or_default();
    let programs: Vec<(&String, Option<u32>)> =
        lab.state().programs.keys().map(|process| (process, lab.pid(process))).collect();
    let whole = programs.iter().all(|(_, pid)| pid.is_some());
    let mut out = anstream::stdout().lock();
    if args.json {
        let processes: Vec<_> = programs.iter().map(|(name, pid)| json!({ "name": name, "pid": pid })).collect();
        let value = json!({ "lab": lab.name(), "base": lab.state().base, "data": lab.folder_of("service"),
            "up": lab.state().up, "topology": topology, "processes": processes, "edges": edges });
        writeln!(out, "{value:#}")?;
    } else {
        writeln!(out, "{} · {}\n{}\n", lab.name(), topology.summary(), lab.state().base)?;
        let mut text = String::new();
        topology.draw(&mut text)?;
        writeln!(out, "{text}")?;
        let links: Vec<&str> = topology.links.iter().map(|link| link.name.as_str()).collect();
        writeln!(out, "  links      {}\n", links.join(" "))?;
        let rows: Vec<Vec<String>> = programs
            .iter()
            .map(|(name, pid)| vec![(*name).clone(), pid.map_or_else(|| "ended".to_owned(), |pid| pid.to_string())])
            .collect();
        table::write(&mut out, &["Process", "Pid in the lab"], &rows)?;
        writeln!(out)?;
        let rows: Vec<Vec<String>> = edges
            .iter()
            .map(|edge| {
                let text = |key: &str| edge[key].as_str().unwrap_or_default().to_owned();
                vec![text("name"), text("state"), format!("{} of {}", edge["established"], edge["sessions"])]
            })
            .collect();
        table::write(&mut out, &["Edge", "State", "Sessions"], &rows)?;
    }
    Ok(if whole { Outcome::Ready } else { Outcome::Findings })
}
