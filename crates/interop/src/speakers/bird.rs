//! BIRD 2, as peer, as far side, and in place of the edge to prove the cells themselves.

use crate::speaker::{Community, End, Family, Held, Session, Setup, Speaker};
use crate::world::{Place, ask_in, spawn_in, wait};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Child;

/// A BIRD 2.
#[derive(Debug)]
pub(crate) struct Bird {
    place: Place,
    process: Option<Child>,
}

impl Bird {
    /// A BIRD that will run in this namespace.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, process: None }
    }

    fn birdc(&self, line: &str) -> String {
        let args: Vec<&str> = ["-s", "bird.ctl"].into_iter().chain(line.split(' ')).collect();
        ask_in(self.place, "birdc", &args)
    }

    fn write(&self, setup: &Setup) {
        std::fs::write(self.place.home().join("bird.conf"), config(setup)).expect("the cell's own file system");
    }
}

impl Speaker for Bird {
    fn start(&mut self, setup: &Setup) {
        self.write(setup);
        self.process =
            Some(spawn_in(self.place, "bird", &["-f", "-c", "bird.conf", "-s", "bird.ctl", "-P", "bird.pid"], &[]));
        wait("BIRD answers", || self.birdc("show status").contains("Daemon is up"));
    }

    fn configure(&mut self, setup: &Setup) {
        self.write(setup);
        let answer = self.birdc("configure");
        assert!(answer.contains("Reconfig"), "BIRD: {answer}");
    }

    fn restart(&mut self, setup: &Setup) {
        self.write(setup);
        let args = ["-R", "-f", "-c", "bird.conf", "-s", "bird.ctl", "-P", "bird.pid"];
        self.process = Some(spawn_in(self.place, "bird", &args, &[]));
        wait("BIRD answers", || self.birdc("show status").contains("Daemon is up"));
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
        self.birdc(&format!("show protocols {}", session.name)).contains("Established")
    }

    fn prefixes(&self, family: Family) -> BTreeSet<String> {
        let table = if family == Family::V4 { "master4" } else { "master6" };
        let text = self.birdc(&format!("show route table {table} where source = RTS_BGP"));
        text.lines()
            .filter_map(|line| line.split_whitespace().next())
            .filter(|word| word.contains('/'))
            .map(str::to_owned)
            .collect()
    }

    fn held(&self, prefix: &str) -> Option<Held> {
        let text = self.birdc(&format!("show route {prefix} all where source = RTS_BGP"));
        let field = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
        let path = field("BGP.as_path")?;
        let mut communities = BTreeSet::new();
        for name in ["BGP.community", "BGP.ext_community", "BGP.large_community"] {
            communities.extend(field(name).unwrap_or_default().split(") (").filter_map(community));
        }
        Some(Held {
            path: path.split_whitespace().filter_map(|asn| asn.parse().ok()).collect(),
            communities,
            local_pref: field("BGP.local_pref").and_then(|value| value.trim().parse().ok()),
        })
    }

    fn refresh(&self, session: &Session) {
        self.birdc(&format!("reload in {}", session.name));
    }

    fn shut(&self, session: &Session, message: &str) {
        ask_in(self.place, "birdc", &["-s", "bird.ctl", &format!("disable {} \"{message}\"", session.name)]);
    }

    fn saw(&self, session: &Session, end: &End) -> bool {
        let log = std::fs::read_to_string(self.place.home().join("bird.log")).unwrap_or_default();
        let words = match end {
            End::Limit => "Received: Maximum number of prefixes reached".to_owned(),
            End::Shutdown(message) => format!("Received: Administrative shutdown: \"{message}\""),
        };
        log.lines().any(|line| line.contains(&format!("{}: {words}", session.name)))
    }

    fn bfd_is_up(&self, session: &Session) -> bool {
        let sessions = self.birdc("show bfd sessions");
        sessions.lines().any(|line| line.starts_with(&format!("{} ", session.remote)) && line.contains(" Up "))
    }
}

/// `(65001, 7`, `(rt, 65001, 7` or `(65001, 7, 8`, parentheses at one end or both.
fn community(text: &str) -> Option<Community> {
    let text = text.replace("generic, ", "").replace(['(', ')', ' '], "").replace("rt,", "rt:");
    if let Some(target) = text.strip_prefix("rt:") {
        let (asn, value) = target.split_once(',')?;
        return Some(Community::Target(asn.parse().ok()?, value.parse().ok()?));
    }
    let parts: Vec<&str> = text.split(',').collect();
    match parts[..] {
        [asn, value] => Some(Community::Standard(asn.parse().ok()?, value.parse().ok()?)),
        [asn, first, second] => Some(Community::Large(asn.parse().ok()?, first.parse().ok()?, second.parse().ok()?)),
        _ => None,
    }
}

fn config(setup: &Setup) -> String {
    let mut text = format!(
        "router id {};\nlog \"bird.log\" all;\nprotocol device {{ }}\ndefine GRACEFUL_SHUTDOWN = (65535, 0);\n",
        setup.router_id
    );
    if setup.sessions.iter().any(|session| session.bfd) {
        text += "protocol bfd { interface \"*\" { min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }; }\n";
    }
    for (channel, family) in [("ipv4", Family::V4), ("ipv6", Family::V6)] {
        let _ = writeln!(text, "protocol static static_{channel} {{ {channel};");
        for route in setup.routes.iter().filter(|route| route.prefix.contains(':') == (family == Family::V6)) {
            let _ = write!(text, "  route {} blackhole {{ ", route.prefix);
            for community in &route.communities {
                let _ = match *community {
                    Community::Standard(asn, value) => write!(text, "bgp_community.add(({asn}, {value})); "),
                    Community::Target(asn, value) => write!(text, "bgp_ext_community.add((rt, {asn}, {value})); "),
                    Community::Large(asn, first, second) => {
                        write!(text, "bgp_large_community.add(({asn}, {first}, {second})); ")
                    }
                };
            }
            text += "};\n";
        }
        text += "}\n";
    }
    for session in &setup.sessions {
        let Session { name, local, remote, remote_asn, hold, .. } = session;
        let _ = writeln!(
            text,
            "protocol bgp {name} {{\n  local {local} as {};\n  neighbor {remote} as {remote_asn};",
            setup.asn
        );
        let _ = writeln!(
            text,
            "  direct; hold time {hold}; connect delay time 1; connect retry time 1; error wait time 1, 1;"
        );
        let _ = writeln!(text, "  graceful restart {};", if session.restart { "on" } else { "off" });
        if let Some(key) = &session.md5 {
            let _ = writeln!(text, "  password \"{key}\";");
        }
        if session.passive {
            text += "  passive on;\n";
        }
        if session.bfd {
            text += "  bfd on;\n";
        }
        let channel = if session.family() == Family::V4 { "ipv4" } else { "ipv6" };
        let _ = write!(
            text,
            "  {channel} {{ import filter {{ if GRACEFUL_SHUTDOWN ~ bgp_community then bgp_local_pref = 0; accept; }}; export where source ~ [RTS_STATIC, RTS_BGP]; next hop self; "
        );
        if let Some(limit) = session.limit {
            let _ = write!(text, "import limit {limit} action restart; ");
        }
        text += "};\n}\n";
    }
    text
}
