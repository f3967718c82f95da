//! OpenBGPD.
//!
//! Its processes give up root and live below `/run/openbgpd`; both daemon and `bgpctl` speak of neighbours by address.

use crate::speaker::{Community, End, Family, Held, Session, Setup, Speaker};
use crate::world::{Place, ask_in, run, signal, spawn_in, wait};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Child;

/// An OpenBGPD.
#[derive(Debug)]
pub(crate) struct Openbgpd {
    place: Place,
    process: Option<Child>,
}

impl Openbgpd {
    /// An OpenBGPD that will run in this namespace.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, process: None }
    }

    fn bgpctl(&self, line: &str) -> String {
        let args: Vec<&str> = ["-s", "bgpd.sock"].into_iter().chain(line.split(' ')).collect();
        ask_in(self.place, "bgpctl", &args)
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.bgpctl(&format!("-j {line}"))).unwrap_or_default()
    }

    fn write(&self, setup: &Setup) {
        let file = self.place.home().join("bgpd.conf");
        std::fs::write(&file, config(setup, self.place)).expect("the cell's own file system");
        run("chmod", &format!("0600 {}", file.display()));
    }
}

impl Speaker for Openbgpd {
    fn start(&mut self, setup: &Setup) {
        std::fs::create_dir_all("/run/openbgpd").expect("the cell's own file system");
        self.write(setup);
        let _ = std::fs::remove_file(self.place.home().join("bgpd.sock"));
        self.process = Some(spawn_in(self.place, "/usr/sbin/bgpd", &["-d", "-v", "-f", "bgpd.conf"], &[]));
        wait("OpenBGPD answers", || !self.json("show neighbor").is_null());
    }

    fn configure(&mut self, setup: &Setup) {
        self.write(setup);
        self.bgpctl("reload");
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
        let Some(process) = &self.process else { return Vec::new() };
        let own = process.id();
        let text = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")).unwrap_or_default();
        std::iter::once(own).chain(text.split_whitespace().filter_map(|pid| pid.parse().ok())).collect()
    }

    fn established(&self, session: &Session) -> bool {
        self.json(&format!("show neighbor {}", session.remote))["neighbors"][0]["state"] == "Established"
    }

    fn prefixes(&self, family: Family) -> BTreeSet<String> {
        let word = if family == Family::V4 { "inet" } else { "inet6" };
        let table = self.json(&format!("show rib {word}"));
        let routes = table["rib"].as_array().into_iter().flatten();
        let heard = routes.filter(|route| route["announced"] != true);
        heard.filter_map(|route| route["prefix"].as_str().map(str::to_owned)).collect()
    }

    fn held(&self, prefix: &str) -> Option<Held> {
        let table = self.json(&format!("show rib detail {prefix}"));
        let route = table["rib"].as_array()?.first()?;
        let texts =
            |key: &str| route[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
        let mut communities = BTreeSet::new();
        for key in ["communities", "extended_communities", "large_communities"] {
            communities.extend(texts(key).into_iter().filter_map(community));
        }
        Some(Held {
            path: route["aspath"].as_str()?.split_whitespace().filter_map(|asn| asn.parse().ok()).collect(),
            communities,
            local_pref: route["localpref"].as_u64().and_then(|value| value.try_into().ok()),
        })
    }

    fn refresh(&self, session: &Session) {
        self.bgpctl(&format!("neighbor {} refresh", session.remote));
    }

    fn shut(&self, session: &Session, message: &str) {
        let remote = session.remote.to_string();
        ask_in(self.place, "bgpctl", &["-s", "bgpd.sock", "neighbor", &remote, "down", message]);
    }

    fn saw(&self, session: &Session, end: &End) -> bool {
        let text = std::fs::read_to_string(self.place.home().join("bgpd.out")).unwrap_or_default();
        let words = match end {
            End::Limit => "received notification: Cease, received max-prefix exceeded".to_owned(),
            End::Shutdown(message) => format!("received shutdown reason: \"{message}\""),
        };
        let neighbor = format!("neighbor {}", session.remote);
        text.lines().any(|line| line.contains(&neighbor) && line.contains(&words))
    }

    fn bfd_is_up(&self, _: &Session) -> bool {
        false
    }
}

/// `65001:7`, `rt 65001:7` or `65001:7:8`.
fn community(text: &str) -> Option<Community> {
    if text == "GRACEFUL_SHUTDOWN" {
        return Some(crate::speaker::GRACEFUL_SHUTDOWN);
    }
    if let Some((asn, value)) = text.strip_prefix("rt ").and_then(|target| target.split_once(':')) {
        return Some(Community::Target(asn.parse().ok()?, value.parse().ok()?));
    }
    match text.split(':').collect::<Vec<_>>()[..] {
        [asn, value] => Some(Community::Standard(asn.parse().ok()?, value.parse().ok()?)),
        [asn, first, second] => Some(Community::Large(asn.parse().ok()?, first.parse().ok()?, second.parse().ok()?)),
        _ => None,
    }
}

fn config(setup: &Setup, place: Place) -> String {
    let mut text = format!("AS {}\nrouter-id {}\nfib-update no\n", setup.asn, setup.router_id);
    let _ = writeln!(text, "connect-retry 1\nsocket \"{}\"", place.home().join("bgpd.sock").display());
    for session in &setup.sessions {
        let _ = writeln!(text, "listen on {}", session.local);
    }
    for route in &setup.routes {
        let _ = write!(text, "network {} set {{ nexthop self ", route.prefix);
        for community in &route.communities {
            let _ = match *community {
                Community::Standard(asn, value) => write!(text, "community {asn}:{value} "),
                Community::Target(asn, value) => write!(text, "ext-community rt {asn}:{value} "),
                Community::Large(asn, first, second) => write!(text, "large-community {asn}:{first}:{second} "),
            };
        }
        text += "}\n";
    }
    for session in &setup.sessions {
        let (v4, v6) = if session.family() == Family::V4 { ("unicast", "none") } else { ("none", "unicast") };
        let _ = writeln!(
            text,
            "neighbor {} {{\n  remote-as {}\n  holdtime {}",
            session.remote, session.remote_asn, session.hold
        );
        let _ = writeln!(text, "  announce IPv4 {v4}\n  announce IPv6 {v6}\n  holdtime min 3");
        let _ = writeln!(text, "  announce restart {}", if session.restart { "yes" } else { "no" });
        if let Some(key) = &session.md5 {
            let _ = writeln!(text, "  tcp md5sig password \"{key}\"");
        }
        if session.passive {
            text += "  passive\n";
        }
        text += "}\n";
    }
    text + "allow from any\nallow to any\n"
}
