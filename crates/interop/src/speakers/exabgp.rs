//! ExaBGP, driven through a process of its API: commands come from a named pipe, events go to a file as JSON.

use crate::speaker::{Community, End, Family, Held, Route, Session, Setup, Speaker};
use crate::world::{Place, run, signal, spawn_in, wait};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Child;

/// An ExaBGP.
#[derive(Debug)]
pub(crate) struct Exabgp {
    place: Place,
    process: Option<Child>,
    routes: Vec<Route>,
}

impl Exabgp {
    /// An ExaBGP that will run in this namespace.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, process: None, routes: Vec::new() }
    }

    fn say(&self, lines: &str) {
        let pipe = std::fs::OpenOptions::new().read(true).write(true).open(self.place.home().join("commands"));
        pipe.expect("the pipe was made at the start").write_all(lines.as_bytes()).expect("ExaBGP reads commands");
    }

    fn events(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.place.home().join("events")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// What all UPDATEs since the session came up amount to.
    fn table(&self) -> BTreeMap<String, Value> {
        let mut table = BTreeMap::new();
        for event in self.events() {
            if event["type"] == "state" {
                table.clear();
            }
            let update = &event["neighbor"]["message"]["update"];
            for next_hops in update["announce"].as_object().into_iter().flat_map(|families| families.values()) {
                for list in next_hops.as_object().into_iter().flat_map(|hops| hops.values()) {
                    for prefix in list.as_array().into_iter().flatten().filter_map(|route| route["nlri"].as_str()) {
                        table.insert(prefix.to_owned(), update["attribute"].clone());
                    }
                }
            }
            for list in update["withdraw"].as_object().into_iter().flat_map(|families| families.values()) {
                for prefix in list.as_array().into_iter().flatten().filter_map(|route| route["nlri"].as_str()) {
                    table.remove(prefix);
                }
            }
        }
        table
    }
}

impl Speaker for Exabgp {
    fn start(&mut self, setup: &Setup) {
        let home = self.place.home();
        let _ = std::fs::remove_file(home.join("commands"));
        run("mkfifo", &format!("-m 0666 {}", home.join("commands").display()));
        std::fs::write(home.join("events"), "").expect("the cell's own file system");
        // The pipe is opened for both ways, so that it never ends; ExaBGP's end of `cat` does.
        let api = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\necho >started\ncat <>commands & exec cat >>events\n";
        std::fs::write(home.join("api"), api).expect("the cell's own file system");
        run("chmod", &format!("0755 {}", home.join("api").display()));
        std::fs::write(home.join("exabgp.conf"), config(setup, self.place)).expect("the cell's own file system");
        let local = setup.sessions.first().map(|session| session.local.to_string()).unwrap_or_default();
        let mut env = vec![("exabgp_daemon_user", "root"), ("exabgp_api_cli", "false"), ("exabgp_api_ack", "false")];
        env.extend([("exabgp_log_level", "DEBUG"), ("exabgp_log_all", "false"), ("exabgp_tcp_attempts", "0")]);
        env.extend([("exabgp_tcp_bind", local.as_str()), ("exabgp_tcp_port", "179"), ("exabgp_api_respawn", "false")]);
        let _ = std::fs::remove_file(home.join("started"));
        self.process = Some(spawn_in(self.place, "exabgp", &["exabgp.conf"], &env));
        wait("ExaBGP runs", || home.join("started").exists());
        self.routes = setup.routes.clone();
    }

    fn configure(&mut self, setup: &Setup) {
        let mut lines = String::new();
        for route in self.routes.iter().filter(|route| !setup.routes.contains(route)) {
            let _ = writeln!(lines, "withdraw route {} next-hop self", route.prefix);
        }
        for route in setup.routes.iter().filter(|route| !self.routes.contains(route)) {
            let _ = writeln!(lines, "announce {}", statement(route));
        }
        self.say(&lines);
        self.routes = setup.routes.clone();
    }

    fn kill(&mut self) {
        for pid in self.pids() {
            signal(pid, "KILL");
        }
        if let Some(mut process) = self.process.take() {
            let _ = process.wait();
        }
    }

    fn pids(&self) -> Vec<u32> {
        self.process.iter().map(Child::id).collect()
    }

    fn established(&self, session: &Session) -> bool {
        let remote = session.remote.to_string();
        let events = self.events();
        let mut states = events.iter().filter(|event| event["type"] == "state");
        states
            .next_back()
            .is_some_and(|event| event["neighbor"]["state"] == "up" && event["neighbor"]["address"]["peer"] == *remote)
    }

    fn prefixes(&self, family: Family) -> BTreeSet<String> {
        let table = self.table();
        table.into_keys().filter(|prefix| prefix.contains(':') == (family == Family::V6)).collect()
    }

    fn held(&self, prefix: &str) -> Option<Held> {
        let attributes = self.table().remove(prefix)?;
        let number = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
        let lists = |key: &str| attributes[key].as_array().cloned().unwrap_or_default();
        let mut communities = BTreeSet::new();
        for parts in lists("community").iter().chain(&lists("large-community")) {
            let parts: Vec<u32> = parts.as_array().into_iter().flatten().filter_map(number).collect();
            match parts[..] {
                [asn, value] => communities.insert(Community::Standard(asn.try_into().ok()?, value.try_into().ok()?)),
                [asn, first, second] => communities.insert(Community::Large(asn, first, second)),
                _ => continue,
            };
        }
        for target in lists("extended-community") {
            let words = target["string"].as_str()?.strip_prefix("target:")?.to_owned();
            let (asn, value) = words.split_once(':')?;
            communities.insert(Community::Target(asn.parse().ok()?, value.parse().ok()?));
        }
        let path = lists("as-path").iter().filter_map(number).collect();
        Some(Held { path, communities, local_pref: number(&attributes["local-preference"]) })
    }

    fn refresh(&self, session: &Session) {
        let family = if session.family() == Family::V4 { "ipv4" } else { "ipv6" };
        self.say(&format!("announce route-refresh {family} unicast\n"));
    }

    fn shut(&self, session: &Session, _: &str) {
        self.say(&format!("neighbor {} teardown 2\n", session.remote));
    }

    fn saw(&self, _: &Session, end: &End) -> bool {
        let (code, subcode) = match end {
            End::Limit => (6, 1),
            End::Shutdown(_) => (6, 2),
        };
        self.events().iter().any(|event| {
            let notification = &event["neighbor"]["notification"];
            let told = match end {
                End::Shutdown(message) => notification["message"].as_str().is_some_and(|text| text.contains(message)),
                End::Limit => true,
            };
            told && notification["code"] == code && notification["subcode"] == subcode
        })
    }

    fn bfd_is_up(&self, _: &Session) -> bool {
        false
    }
}

fn statement(route: &Route) -> String {
    let mut text = format!("route {} next-hop self", route.prefix);
    let (mut standard, mut large, mut extended) = (String::new(), String::new(), String::new());
    for community in &route.communities {
        let _ = match community {
            Community::Standard(asn, value) => write!(standard, " {asn}:{value}"),
            Community::Target(asn, value) => write!(extended, " target:{asn}:{value}"),
            Community::Large(asn, first, second) => write!(large, " {asn}:{first}:{second}"),
        };
    }
    for (word, list) in [("community", standard), ("extended-community", extended), ("large-community", large)] {
        if !list.is_empty() {
            let _ = write!(text, " {word} [{list} ]");
        }
    }
    text
}

fn config(setup: &Setup, place: Place) -> String {
    let api = place.home().join("api");
    let mut text = format!("process events {{\n  run {};\n  encoder json;\n}}\n", api.display());
    for session in &setup.sessions {
        let Session { local, remote, remote_asn, hold, .. } = session;
        let family = if session.family() == Family::V4 { "ipv4" } else { "ipv6" };
        let _ = writeln!(text, "neighbor {remote} {{\n  router-id {};\n  local-address {local};", setup.router_id);
        let _ = writeln!(text, "  local-as {};\n  peer-as {remote_asn};\n  hold-time {hold};", setup.asn);
        if let Some(key) = &session.md5 {
            let _ = writeln!(text, "  md5-password '{key}';");
        }
        if session.passive {
            text += "  passive true;\n";
        }
        let _ = writeln!(text, "  family {{ {family} unicast; }}");
        let restart = if session.restart { " graceful-restart 60;" } else { "" };
        let _ = writeln!(text, "  capability {{ asn4 enable; route-refresh enable;{restart} }}");
        text += "  api { processes [ events ]; neighbor-changes; receive { parsed; update; notification; } }\n";
        text += "  static {\n";
        for route in &setup.routes {
            let _ = writeln!(text, "    {};", statement(route));
        }
        text += "  }\n}\n";
    }
    text
}
