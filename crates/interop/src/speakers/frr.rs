//! FRR: zebra, bgpd, and bfdd where BFD is asked for.
//!
//! The three talk through sockets in one folder, and `vtysh` with each of them. They change to their own user.

use crate::speaker::{Community, End, Family, Held, Route, Session, Setup, Speaker};
use crate::world::{Place, ask_in, spawn_in, wait};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Child;

/// An FRR.
#[derive(Debug)]
pub(crate) struct Frr {
    place: Place,
    processes: Vec<Child>,
    setup: Option<Setup>,
}

impl Frr {
    /// An FRR that will run in this namespace.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, processes: Vec::new(), setup: None }
    }

    fn show(&self, line: &str) -> String {
        let home = self.place.home().display().to_string();
        ask_in(self.place, "vtysh", &["--vty_socket", &home, "-c", line])
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.show(&format!("{line} json"))).unwrap_or_default()
    }

    fn feed(&self, lines: &str) {
        let home = self.place.home().display().to_string();
        let file = self.place.home().join("change.conf");
        std::fs::write(&file, lines).expect("the cell's own file system");
        ask_in(self.place, "vtysh", &["--vty_socket", &home, "-f", &file.display().to_string()]);
    }

    fn neighbor(&self, session: &Session) -> Value {
        let remote = session.remote.to_string();
        self.json(&format!("show bgp neighbors {remote}")).get(&remote).cloned().unwrap_or_default()
    }
}

impl Speaker for Frr {
    fn start(&mut self, setup: &Setup) {
        let home = self.place.home();
        std::fs::write(home.join("frr.conf"), config(setup)).expect("the cell's own file system");
        let home = home.display().to_string();
        let daemon = |name: &str, more: &[&str]| {
            let log = format!("file:{home}/frr.log");
            let (pid, zserv) = (format!("{home}/{name}.pid"), format!("{home}/zserv.api"));
            let mut args = vec!["-i", &pid, "-z", &zserv, "--vty_socket", &home, "-P", "0"];
            args.extend(["-f", "frr.conf", "--log", &log, "--log-level", "debugging"]);
            args.extend(more);
            spawn_in(self.place, &format!("/usr/lib/frr/{name}"), &args, &[])
        };
        let is_there = |name: &str| self.place.home().join(name).exists();
        for name in ["zserv.api", "bgpd.vty", "bfdd.vty"] {
            let _ = std::fs::remove_file(self.place.home().join(name));
        }
        let zebra = daemon("zebra", &[]);
        wait("zebra listens", || is_there("zserv.api"));
        let mut processes = vec![zebra];
        if setup.sessions.iter().any(|session| session.bfd) {
            let control = format!("{home}/bfdd.sock");
            processes.push(daemon("bfdd", &["--bfdctl", &control]));
            wait("bfdd answers", || is_there("bfdd.vty"));
        }
        processes.push(daemon("bgpd", &[]));
        wait("bgpd answers", || is_there("bgpd.vty"));
        self.processes = processes;
        self.setup = Some(setup.clone());
    }

    fn configure(&mut self, setup: &Setup) {
        let before = self.setup.replace(setup.clone()).map(|setup| setup.routes).unwrap_or_default();
        let gone: Vec<Route> = before.iter().filter(|route| !setup.routes.contains(route)).cloned().collect();
        let new: Vec<Route> = setup.routes.iter().filter(|route| !before.contains(route)).cloned().collect();
        let mut text = route_maps(setup);
        let _ = writeln!(text, "router bgp {}", setup.asn);
        networks(&mut text, "no ", &gone);
        networks(&mut text, "", &new);
        self.feed(&text);
    }

    fn kill(&mut self) {
        for mut process in self.processes.drain(..).rev() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(Child::id).collect()
    }

    fn established(&self, session: &Session) -> bool {
        self.neighbor(session)["bgpState"] == "Established"
    }

    fn prefixes(&self, family: Family) -> BTreeSet<String> {
        let table = self.json(if family == Family::V4 { "show bgp ipv4 unicast" } else { "show bgp ipv6 unicast" });
        let routes = table["routes"].as_object().into_iter().flatten();
        let heard = routes.filter(|(_, paths)| paths[0]["path"].as_str().is_some_and(|path| !path.is_empty()));
        heard.map(|(prefix, _)| prefix.clone()).collect()
    }

    fn held(&self, prefix: &str) -> Option<Held> {
        let family = if prefix.contains(':') { "ipv6" } else { "ipv4" };
        let route = self.json(&format!("show bgp {family} unicast {prefix}"));
        let path = &route["paths"][0];
        let text = |key: &str| path[key]["string"].as_str().unwrap_or_default().to_owned();
        let words = [text("community"), text("extendedCommunity"), text("largeCommunity")].join(" ");
        Some(Held {
            path: text("aspath").split_whitespace().filter_map(|asn| asn.parse().ok()).collect(),
            communities: words.split_whitespace().filter_map(community).collect(),
            local_pref: path["locPrf"].as_u64().and_then(|value| value.try_into().ok()),
        })
    }

    fn refresh(&self, session: &Session) {
        self.show(&format!("clear bgp {} soft in", session.remote));
    }

    fn shut(&self, session: &Session, message: &str) {
        let asn = self.setup.as_ref().map(|setup| setup.asn).unwrap_or_default();
        self.feed(&format!("router bgp {asn}\n neighbor {} shutdown message {message}\n", session.remote));
    }

    fn saw(&self, session: &Session, end: &End) -> bool {
        let neighbor = self.neighbor(session);
        let reason = neighbor["lastNotificationReason"].as_str().unwrap_or_default();
        match end {
            End::Limit => reason == "Cease/Maximum Number of Prefixes Reached",
            End::Shutdown(message) => {
                reason == "Cease/Administrative Shutdown" && neighbor["lastShutdownDescription"] == *message
            }
        }
    }

    fn bfd_is_up(&self, session: &Session) -> bool {
        let peers = self.json("show bfd peers");
        let remote = session.remote.to_string();
        peers.as_array().into_iter().flatten().any(|peer| peer["peer"] == *remote && peer["status"] == "up")
    }
}

/// `65001:7`, `RT:65001:7` or `65001:7:8`.
fn community(word: &str) -> Option<Community> {
    if let Some((asn, value)) = word.strip_prefix("RT:").and_then(|target| target.split_once(':')) {
        return Some(Community::Target(asn.parse().ok()?, value.parse().ok()?));
    }
    match word.split(':').collect::<Vec<_>>()[..] {
        [asn, value] => Some(Community::Standard(asn.parse().ok()?, value.parse().ok()?)),
        [asn, first, second] => Some(Community::Large(asn.parse().ok()?, first.parse().ok()?, second.parse().ok()?)),
        _ => (word == "graceful-shutdown").then_some(crate::speaker::GRACEFUL_SHUTDOWN),
    }
}

fn config(setup: &Setup) -> String {
    let mut text = String::from("frr defaults datacenter\nhostname lab\n");
    text += &route_maps(setup);
    let _ = writeln!(text, "router bgp {}\n bgp router-id {}", setup.asn, setup.router_id);
    text += " no bgp ebgp-requires-policy\n no bgp default ipv4-unicast\n no bgp network import-check\n";
    if setup.sessions.iter().any(|session| session.restart) {
        text += " bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n";
    }
    for session in &setup.sessions {
        let neighbor = format!(" neighbor {}", session.remote);
        let hold = session.hold;
        let _ = writeln!(text, "{neighbor} remote-as {}\n{neighbor} advertisement-interval 0", session.remote_asn);
        let _ = writeln!(text, "{neighbor} timers {} {hold}\n{neighbor} timers connect 1", hold / 3);
        if let Some(key) = &session.md5 {
            let _ = writeln!(text, "{neighbor} password {key}");
        }
        if session.passive {
            let _ = writeln!(text, "{neighbor} passive");
        }
        if session.bfd {
            let _ = writeln!(text, "{neighbor} bfd 3 100 100");
        }
        let family = if session.family() == Family::V4 { "ipv4" } else { "ipv6" };
        let _ = writeln!(text, " address-family {family} unicast\n {neighbor} activate\n exit-address-family");
    }
    networks(&mut text, "", &setup.routes);
    text + "exit\n"
}

fn networks(text: &mut String, no: &str, routes: &[Route]) {
    for (family, six) in [("ipv4", false), ("ipv6", true)] {
        let _ = writeln!(text, " address-family {family} unicast");
        for route in routes.iter().filter(|route| route.prefix.contains(':') == six) {
            let _ = write!(text, "  {no}network {}", route.prefix);
            let map = if no.is_empty() && !route.communities.is_empty() { " route-map MARK\n" } else { "\n" };
            *text += map;
        }
        *text += " exit-address-family\n";
    }
}

/// A route map that gives its communities to a marked route; all marked routes of a cell have the same.
fn route_maps(setup: &Setup) -> String {
    let Some(marked) = setup.routes.iter().find(|route| !route.communities.is_empty()) else { return String::new() };
    let mut text = String::from("route-map MARK permit 10\n");
    for community in &marked.communities {
        let _ = match *community {
            Community::Standard(65535, 0) => writeln!(text, " set community graceful-shutdown"),
            Community::Standard(asn, value) => writeln!(text, " set community {asn}:{value}"),
            Community::Target(asn, value) => writeln!(text, " set extcommunity rt {asn}:{value}"),
            Community::Large(asn, first, second) => writeln!(text, " set large-community {asn}:{first}:{second}"),
        };
    }
    text + "exit\n"
}
