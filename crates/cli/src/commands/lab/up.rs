//! `twinpath lab up` and `run`.

use super::page::Page;
use crate::args::{Lab, Router, Up};
use crate::load::{self, Loaded};
use crate::{Outcome, commands, input, live};
use anyhow::Context;
use catalog::Catalog;
use client::Who;
use control::server::{Certificates, write_secret};
use lab::topology::{At, ProcessKind};
use lab::verify::{Reached, verify};
use lab::{State, Topology, keeper, up};
use model::Date;
use rules::report::{Checked, Report};
use rules::{Checklist, Facts, Overall, Profile, Stage};
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::ffi::OsString;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Builds a lab, verifies it, and leaves it running, or `ends` it.
pub(super) fn run(args: &Lab, up: &Up, ends: bool, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let Some(loaded) = super::read(&up.file)? else { return Ok(Outcome::BadInput) };
    let name = super::named(args, &loaded);
    if keeper::is_inside(&name) {
        return within(args, up, &name, &loaded, catalog, ends);
    }
    let today = input::today(up.today.as_deref())?;
    let checklist = check(&loaded, catalog, today, Stage::Design);
    if checklist.overall() == Overall::Blocked && !up.anyway {
        let report = report(&checklist, &loaded, catalog, today);
        commands::check::print(
            &report,
            if args.json { crate::args::Format::Json } else { crate::args::Format::Text },
            false,
        )?;
        Page::new(args.json)
            .text("  a lab of it would fail as the real service would: `--anyway` builds it all the same");
        return Ok(Outcome::Findings);
    }
    if let Some(missing) = missing(up.ce) {
        anyhow::bail!("{missing}");
    }
    let topology = Topology::of(&loaded.design, catalog, super::kind(up.ce))?;
    if ends {
        begin_for_now(&name, &up.file, topology)?
    } else {
        begin(&name, &up.file, topology)?
    }
    let outcome = super::pass(&name).and_then(|outcome| drill(args, up, &name, outcome));
    if ends {
        keeper::end(&name)?;
    }
    outcome
}

/// Begins a lab that shall end with this command: it does so, too, as soon as somebody wants the command to end. What
/// works on the lab ends with it.
pub(super) fn begin_for_now(name: &str, file: &Path, topology: Topology) -> anyhow::Result<()> {
    // Caught before there is anything to leave behind.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("signals cannot be caught")?;
    begin(name, file, topology)?;
    let name = name.to_owned();
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _ = writeln!(anstream::stderr(), "\ninterrupted; the lab is taken down");
            let _ = keeper::end(&name);
        }
    });
    Ok(())
}

/// Fails what was asked for in a lab that came up; the worse outcome counts.
fn drill(args: &Lab, up: &Up, name: &str, outcome: Outcome) -> anyhow::Result<Outcome> {
    if up.drill.is_empty() || outcome == Outcome::BadInput {
        return Ok(outcome);
    }
    let mut typed: Vec<OsString> = ["drill", "--lab", name].map(OsString::from).to_vec();
    typed.extend(up.drill.iter().map(OsString::from));
    if let Some(file) = &up.html {
        typed.extend([OsString::from("--html"), file.into()]);
    }
    if args.json {
        typed.push("--json".into());
    }
    Page::new(args.json).text("");
    Ok(match super::enter(name, typed)? {
        Outcome::Ready => outcome,
        worse => worse,
    })
}

/// What the machine lacks, and how to get it.
pub(super) fn missing(ce: Router) -> Option<String> {
    let needs = [("ip", "iproute2"), ("nft", "nftables"), ("unshare", "util-linux"), ("nsenter", "util-linux")];
    if let Some((program, package)) = needs.iter().find(|(program, _)| lab::find(program).is_none()) {
        return Some(format!("`{program}` is missing: apt-get install {package}"));
    }
    if !lab::has(&ProcessKind::Bird) {
        return Some("BIRD is missing, which the customer's routers run: apt-get install bird2".to_owned());
    }
    match ce {
        Router::Frr if !lab::has(&ProcessKind::Frr) => Some("FRR is missing: apt-get install frr".to_owned()),
        Router::Frr if !keeper::is_root() => {
            Some("FRR changes to users of its own, which only root can: leave `--ce frr` out, BIRD runs".to_owned())
        }
        Router::Bird | Router::Frr => None,
    }
}

/// Makes the namespaces, unless the lab runs already, and opens the gate.
pub(super) fn begin(name: &str, file: &Path, topology: Topology) -> anyhow::Result<()> {
    let folder = lab::home()?.join(name);
    let before = State::read(&folder).ok().flatten();
    if before.as_ref().and_then(|state| state.keeper).is_some_and(|keeper| keeper.runs()) {
        return Ok(());
    }
    // What an earlier one left that was killed.
    keeper::end(name)?;
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    let port = door.local_addr()?.port();
    let mut state = State {
        lab: name.to_owned(),
        design: super::absolute(file)?,
        topology,
        base: format!("https://localhost:{port}"),
        ..State::default()
    };
    state.keeper = Some(keeper::begin(name, &folder)?);
    state.write(&folder)?;
    let program = std::env::current_exe().context("this program has no path")?;
    let mut gate = keeper::inside(name, &program)?;
    gate.args(["lab", "gate", &port.to_string()]).stdin(Stdio::from(OwnedFd::from(door)));
    gate.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().context("nsenter, of util-linux")?;
    Ok(())
}

/// The authority that makes edges' certificates is the service's own.
pub(super) struct Authority;

impl up::Own for Authority {
    fn enrol(&self, service: &Path, edge: &str, folder: &Path) -> anyhow::Result<()> {
        let now = control::clock::now();
        let (certificate, key) = Certificates::open(service, now)?.edge(edge, now)?;
        write_secret(&folder.join("edge.pem"), &certificate)?;
        write_secret(&folder.join("edge.key"), &key)?;
        Ok(())
    }
}

/// The part inside the namespaces.
fn within(args: &Lab, up: &Up, name: &str, loaded: &Loaded, catalog: &Catalog, ends: bool) -> anyhow::Result<Outcome> {
    let mut page = Page::new(args.json);
    let mut lab = lab::Lab::open(name)?;
    lab.state_mut().bfd = up.bfd.map(|bfd| bfd.to_string());
    lab.state_mut().tagging = super::tagging(up.tagging);
    let plan = planner::plan(&loaded.design, catalog);
    if !keeper::is_root() {
        page.text("  without root: in a user namespace, routers are BIRD, and their liveness has no precedence\n");
    }
    let patience = Duration::from_secs(up.patience);
    let came = up::up(&mut lab, &loaded.design, &plan, catalog, &Authority, patience, &mut page)?;
    for (what, why) in &came.ordered.refused {
        page.event(&json!({ "event": "refused", "what": what, "why": why }));
        page.text(&format!("  {:<11}{what}: {why}", "refused"));
    }

    let established = now();
    let reached = connect(&mut page, &lab)?;
    let today = input::today(up.today.as_deref())?;
    let judged = judge(&mut page, &lab, up, catalog, today, established.elapsed())?;
    let whole = came.established >= came.sessions && came.ordered.refused.is_empty();
    let works = reached.iter().all(|reached| reached.works);
    let outcome = if whole && works && judged { Outcome::Ready } else { Outcome::Findings };
    page.event(&json!({ "event": "ready", "works": outcome == Outcome::Ready, "base": lab.state().base }));
    if !ends {
        page.text(&next(&lab, args));
    }
    Ok(outcome)
}

/// Connects all ends, and tells.
pub(super) fn connect(page: &mut Page, lab: &lab::Lab) -> anyhow::Result<Vec<Reached>> {
    let began = now();
    let mut reached = verify(lab)?;
    // Tables may still be on their way when the last session is up.
    while reached.iter().any(|reached| !reached.works) && began.elapsed() < Duration::from_secs(12) {
        reached = verify(lab)?;
    }
    for reached in &reached {
        page.event(&json!({ "event": "reached", "from": reached.from, "to": reached.to, "works": reached.works,
            "way": reached.way, "back": reached.back, "why": reached.why }));
    }
    if !page.is_json() {
        let good = reached.iter().filter(|reached| reached.works).count();
        page.line(
            "packets",
            &format!("{good} of {} connections work from end to end", reached.len()),
            Some(began.elapsed()),
        );
        for reached in &reached {
            page.text(&way(reached));
        }
    }
    Ok(reached)
}

/// One connection, for people.
fn way(reached: &Reached) -> String {
    let mark = if reached.works { "✓" } else { "✗" };
    let ends = format!("{} → {}", reached.from, reached.to);
    let said = match (&reached.why, reached.way.is_empty()) {
        (Some(why), _) if !reached.works => why.clone(),
        (_, true) if reached.works && reached.at == At::Internet => "straight, by the site's own way out".to_owned(),
        (_, true) => "nobody on the way answered".to_owned(),
        (_, false) => {
            let back = if reached.at == At::Vnet && !reached.back.is_empty() {
                format!("   back: {}", reached.back.join(", "))
            } else {
                String::new()
            };
            reached.way.join(", ") + &back
        }
    };
    format!("             {mark} {ends:<24} {said}")
}

/// The checklist with what the service holds and its edges run; true when every required rule holds.
fn judge(
    page: &mut Page,
    lab: &lab::Lab,
    up: &Up,
    catalog: &Catalog,
    today: Date,
    observed: Duration,
) -> anyhow::Result<bool> {
    let began = now();
    let mut client = lab.client(Who::Customer)?;
    client.longest = live::LONGEST;
    let loaded = load::load_live(std::slice::from_ref(&up.file), |design| live::read(&client, design, observed))?;
    let checklist = check(&loaded, catalog, today, Stage::Live);
    let report = report(&checklist, &loaded, catalog, today);
    let counts = &report.counts;
    let tallies = report.tallies().into_iter().map(|(count, words)| format!(" · {count} {words}"));
    let said = report.verdict_in_words() + &tallies.collect::<String>();
    page.event(&json!({ "event": "checklist", "overall": report.overall.to_string(), "hold": counts.hold,
        "faults": counts.faults, "warnings": counts.warnings, "unknown": counts.unknown,
        "rules": report.findings.iter().map(|entry| entry.rule.id).collect::<Vec<_>>() }));
    if !page.is_json() {
        page.line("checklist", &said, Some(began.elapsed()));
        for entry in &report.findings {
            let finding = entry.finding;
            let subject = if finding.subject.is_empty() { String::new() } else { format!("{}: ", finding.subject) };
            page.text(&format!(
                "             ✗ {:<12} {subject}{}, wanted {}",
                entry.rule.id, finding.seen, finding.expected
            ));
        }
        for gap in report.unknown.iter().filter(|gap| gap.blocks) {
            page.text(&format!("             ? {:<12} {}", gap.rules.first().map_or("", |rule| rule.id), gap.about));
        }
    }
    // What is not known is no pass.
    Ok(matches!(report.overall, Overall::Ready | Overall::ReadyWithWarnings))
}

fn check(loaded: &Loaded, catalog: &Catalog, today: Date, stage: Stage) -> Checklist {
    rules::check(Facts::new(&loaded.design, catalog, today, Profile::Current, stage))
}

fn report<'a>(checklist: &'a Checklist, loaded: &'a Loaded, catalog: &'a Catalog, today: Date) -> Report<'a> {
    Report::new(Checked { checklist, sources: &loaded.sources, design: &loaded.design, catalog, today })
}

/// What to try next; each line works as it stands.
fn next(lab: &lab::Lab, args: &Lab) -> String {
    // The only lab is found without its name.
    let is_only = lab::labs().is_ok_and(|labs| labs.len() == 1);
    let name = args.name.as_ref().filter(|_| !is_only).map_or_else(String::new, |name| format!(" --name {name}"));
    let topology = lab.topology();
    let is_edge = |link: &&lab::topology::Link| link.kind == lab::topology::LinkKind::Lan;
    let router = topology.links.iter().find(is_edge).map_or("", |link| &link.ends[1]);
    let view = match topology.processes.iter().any(|process| process.kind == ProcessKind::Frr) {
        true => "vtysh --vty_socket . -c 'show bgp summary'",
        false => "birdc -s bird.ctl show protocols",
    };
    let is_access = |link: &&lab::topology::Link| matches!(link.kind, lab::topology::LinkKind::Access { .. });
    let link = topology.links.iter().find(is_access).map_or("", |link| &link.name);
    let data = lab.folder_of("service");
    let lines = [
        ("look around", format!("twinpath lab status{name}")),
        ("a router's own view", format!("twinpath lab exec{name} {router} -- {view}")),
        ("pull a cable, see the other way", format!("twinpath lab link{name} {link} cut && twinpath lab verify{name}")),
        ("the portal's side", format!("twinpath operator edges --data {}", data.display())),
        ("take it down", format!("twinpath lab down{name}")),
    ];
    let mut text = String::new();
    for (what, line) in lines {
        text += &format!("\n  # {what}\n  {line}");
    }
    text
}

pub(super) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "what took how long is told")]
    Instant::now()
}
