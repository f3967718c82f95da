//! The edge itself: configured by its file and SIGHUP, asked through its control socket.

use crate::speaker::{Community, End, Family, Held, Session, Setup, Speaker};
use crate::world::{Place, ask_in, signal, spawn_in, wait};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Child;

/// The program under test.
#[derive(Debug)]
pub(crate) struct Edge {
    program: PathBuf,
    process: Option<Child>,
    setup: Option<Setup>,
}

impl Edge {
    /// An edge that this program will be.
    pub(crate) fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), process: None, setup: None }
    }

    fn ask(&self, line: &str) -> String {
        let words = ["edge"].into_iter().chain(line.split(' '));
        let args: Vec<&str> = words.chain(["--control", "edge.sock"]).collect();
        ask_in(Place::Edge, &self.program.display().to_string(), &args)
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.ask(&format!("{line} --json"))).unwrap_or_default()
    }

    fn write(&self, setup: &Setup, shut: Option<(&Session, &str)>) {
        std::fs::write(Place::Edge.home().join("edge.toml"), config(setup, shut)).expect("the cell's own file system");
    }

    fn reload(&self) {
        self.pids().iter().for_each(|pid| signal(*pid, "HUP"));
    }

    fn session(&self, session: &Session) -> Value {
        let sessions = self.json("show sessions");
        let mut sessions = sessions.as_array().into_iter().flatten();
        sessions.find(|one| one["name"] == session.name).cloned().unwrap_or_default()
    }
}

impl Speaker for Edge {
    fn start(&mut self, setup: &Setup) {
        self.write(setup, None);
        self.setup = Some(setup.clone());
        let program = self.program.display().to_string();
        self.process = Some(spawn_in(Place::Edge, &program, &["edge", "--config", "edge.toml"], &[]));
        wait("the edge answers", || self.json("show sessions").is_array());
    }

    fn configure(&mut self, setup: &Setup) {
        self.write(setup, None);
        self.setup = Some(setup.clone());
        self.reload();
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn pids(&self) -> Vec<u32> {
        self.process.iter().map(Child::id).collect()
    }

    fn established(&self, session: &Session) -> bool {
        self.session(session)["state"] == "Established"
    }

    fn prefixes(&self, family: Family) -> BTreeSet<String> {
        let routes = self.json("show routes");
        let prefixes = routes.as_array().into_iter().flatten().filter_map(|route| route["prefix"].as_str());
        prefixes.filter(|prefix| prefix.contains(':') == (family == Family::V6)).map(str::to_owned).collect()
    }

    fn held(&self, prefix: &str) -> Option<Held> {
        let routes = self.json("show routes");
        let route = routes.as_array()?.iter().find(|route| route["prefix"] == prefix)?.clone();
        let number = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
        let words = route["communities"].as_array().cloned().unwrap_or_default();
        Some(Held {
            path: route["as_path"].as_array().into_iter().flatten().filter_map(number).collect(),
            communities: words.iter().filter_map(|word| community(word.as_str()?)).collect(),
            local_pref: number(&route["local_pref"]),
        })
    }

    fn refresh(&self, session: &Session) {
        self.ask(&format!("refresh {}", session.name));
    }

    fn shut(&self, session: &Session, message: &str) {
        if let Some(setup) = &self.setup {
            self.write(setup, Some((session, message)));
            self.reload();
        }
    }

    fn saw(&self, _: &Session, _: &End) -> bool {
        false
    }

    fn bfd_is_up(&self, session: &Session) -> bool {
        let sessions = self.json("show bfd");
        let mut sessions = sessions.as_array().into_iter().flatten();
        sessions.any(|one| one["peer"] == session.name && one["state"] == "Up")
    }
}

/// `65001:7` or `65001:7:8`.
fn community(text: &str) -> Option<Community> {
    match text.split(':').collect::<Vec<_>>()[..] {
        [asn, value] => Some(Community::Standard(asn.parse().ok()?, value.parse().ok()?)),
        [asn, first, second] => Some(Community::Large(asn.parse().ok()?, first.parse().ok()?, second.parse().ok()?)),
        _ => None,
    }
}

fn config(setup: &Setup, shut: Option<(&Session, &str)>) -> String {
    let mut text = format!("name = \"lab\"\nasn = {}\nrouter-id = \"{}\"\n", setup.asn, setup.router_id);
    text += "[[domain]]\nname = \"lab\"\npeering = \"open\"\n";
    for session in &setup.sessions {
        let Session { name, local, remote, remote_asn, hold, passive, restart, .. } = session;
        let _ = writeln!(text, "[[domain.peer]]\nname = \"{name}\"\nrole = \"open\"\naddress = \"{remote}\"");
        let _ = writeln!(text, "local-address = \"{local}\"\nasn = {remote_asn}\npassive = {passive}");
        let _ = writeln!(text, "hold-time = {hold}\nconnect-retry = 1\ngraceful-restart = {restart}");
        if let Some(key) = &session.md5 {
            let _ = writeln!(text, "md5 = \"{key}\"");
        }
        if session.bfd {
            text += "bfd = { interval-ms = 100, multiplier = 3 }\n";
        }
        if let Some(limit) = session.limit {
            let _ = writeln!(text, "prefix-limit = {{ ipv4 = {limit}, ipv6 = {limit} }}");
        }
        if let Some((_, message)) = shut.filter(|(shut, _)| shut.name == *name) {
            let _ = writeln!(text, "shutdown = \"{message}\"");
        }
    }
    text
}
