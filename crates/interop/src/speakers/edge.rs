//! The edge itself: configured by its file and SIGHUP, asked through its control socket.

use crate::speaker::{Community, End, Family, Held, Session, Setup, Speaker};
use crate::world::{Place, signal, spawn_in, wait};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::net::UnixStream;
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

    /// The rows of an answer; none when the edge refuses or is not there.
    fn ask(&self, request: &Value) -> Option<Vec<Value>> {
        let mut socket = UnixStream::connect(Place::Edge.home().join("edge.sock")).ok()?;
        writeln!(socket, "{request}").ok()?;
        let mut rows = Vec::new();
        for line in BufReader::new(socket).lines() {
            let mut line: Value = serde_json::from_str(&line.ok()?).ok()?;
            match line.get_mut("row") {
                Some(row) => rows.push(row.take()),
                None => return line.get("end").map(|_| rows),
            }
        }
        None
    }

    fn write(&self, setup: &Setup, shut: Option<(&Session, &str)>) {
        std::fs::write(Place::Edge.home().join("edge.toml"), config(setup, shut)).expect("the cell's own file system");
    }

    fn reload(&self) {
        self.pids().iter().for_each(|pid| signal(*pid, "HUP"));
    }

    fn routes(&self) -> Vec<Value> {
        self.ask(&json!({ "ask": "routes", "best": true })).unwrap_or_default()
    }
}

impl Speaker for Edge {
    fn start(&mut self, setup: &Setup) {
        self.write(setup, None);
        self.setup = Some(setup.clone());
        let program = self.program.display().to_string();
        self.process = Some(spawn_in(Place::Edge, &program, &["edge", "--config", "edge.toml"], &[]));
        wait("the edge answers", || self.ask(&json!({ "ask": "sessions" })).is_some());
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
        let rows = self.ask(&json!({ "ask": "sessions" })).unwrap_or_default();
        rows.iter().any(|row| row["peer"] == session.name && row["state"] == "Established")
    }

    fn prefixes(&self, family: Family) -> BTreeSet<String> {
        let routes = self.routes();
        let prefixes = routes.iter().filter_map(|route| route["network"].as_str());
        prefixes.filter(|prefix| prefix.contains(':') == (family == Family::V6)).map(str::to_owned).collect()
    }

    fn held(&self, prefix: &str) -> Option<Held> {
        let route = self.routes().into_iter().find(|route| route["network"] == prefix)?;
        let words = |key: &str| route[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        Some(Held {
            path: route["path"].as_str()?.split(' ').filter_map(|asn| asn.parse().ok()).collect(),
            communities: words("communities").chain(words("largeCommunities")).filter_map(community).collect(),
            local_pref: route["locPrf"].as_u64().and_then(|value| value.try_into().ok()),
        })
    }

    fn refresh(&self, session: &Session) {
        self.ask(&json!({ "ask": "refresh", "peer": session.name }));
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
        let rows = self.ask(&json!({ "ask": "bfd" })).unwrap_or_default();
        rows.iter().any(|row| row["peer"] == session.name && row["state"] == "Up")
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
    let mut text =
        format!("name = \"lab\"\nasn = {}\nrouter-id = \"{}\"\ncontrol = \"edge.sock\"\n", setup.asn, setup.router_id);
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
            let _ = writeln!(text, "prefix-limit = {{ ipv4 = {limit}, ipv6 = {limit}, retry = 5 }}");
        }
        if let Some((_, message)) = shut.filter(|(shut, _)| shut.name == *name) {
            let _ = writeln!(text, "shutdown = \"{message}\"");
        }
    }
    text
}
