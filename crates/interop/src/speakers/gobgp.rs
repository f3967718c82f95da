//! GoBGP.
//!
//! Routes go in through its command line: single ones by `global rib add`, many by an MRT file, since a command for each
//! of ten thousand would take minutes.

use crate::speaker::{Community, End, Family, Held, Route, Session, Setup, Speaker};
use crate::world::{Place, ask_in, spawn_in, wait};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Child;

/// More plain routes than this come from an MRT file.
const MANY: usize = 100;

/// A GoBGP.
#[derive(Debug)]
pub(crate) struct Gobgp {
    place: Place,
    process: Option<Child>,
    routes: Vec<Route>,
}

impl Gobgp {
    /// A GoBGP that will run in this namespace.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, process: None, routes: Vec::new() }
    }

    fn gobgp(&self, line: &str) -> String {
        ask_in(self.place, "gobgp", &line.split(' ').collect::<Vec<_>>())
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.gobgp(&format!("-j {line}"))).unwrap_or_default()
    }

    fn launch(&mut self, setup: &Setup, more: &[&str]) {
        std::fs::write(self.place.home().join("gobgp.toml"), config(setup)).expect("the cell's own file system");
        let mut args =
            vec!["-f", "gobgp.toml", "-p", "-l", "debug", "--pprof-disable", "--api-hosts", "127.0.0.1:50051"];
        args.extend(more);
        self.process = Some(spawn_in(self.place, "gobgpd", &args, &[]));
        wait("GoBGP answers", || self.json("neighbor").is_array());
        self.routes.clear();
        self.announce(&setup.routes);
    }

    fn announce(&mut self, routes: &[Route]) {
        let gone: Vec<Route> = self.routes.iter().filter(|route| !routes.contains(route)).cloned().collect();
        let new: Vec<Route> = routes.iter().filter(|route| !self.routes.contains(route)).cloned().collect();
        if gone.len() > MANY {
            self.gobgp("global rib del all -a ipv4");
            self.routes.clear();
            return self.announce(routes);
        }
        for route in gone {
            self.gobgp(&format!("global rib del {} -a {}", route.prefix, family(&route.prefix)));
        }
        if new.len() > MANY {
            let file = self.place.home().join("routes.mrt");
            // The command ends before its last thousand or so have gone out (3.10): what comes twice goes out once.
            std::fs::write(&file, mrt(&[new.clone(), new].concat())).expect("the cell's own file system");
            let answer = self.gobgp(&format!("mrt inject global {}", file.display()));
            assert!(!answer.contains("fail"), "{answer}");
        } else {
            new.iter().for_each(|route| drop(self.gobgp(&add(route))));
        }
        self.routes = routes.to_vec();
    }
}

impl Speaker for Gobgp {
    fn start(&mut self, setup: &Setup) {
        self.launch(setup, &[]);
    }

    fn configure(&mut self, setup: &Setup) {
        self.announce(&setup.routes);
    }

    fn restart(&mut self, setup: &Setup) {
        self.launch(setup, &["-r"]);
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
        let neighbors = self.json("neighbor");
        let remote = session.remote.to_string();
        let mut neighbors = neighbors.as_array().into_iter().flatten();
        neighbors.any(|one| one["state"]["neighbor_address"] == *remote && one["state"]["session_state"] == 6)
    }

    fn prefixes(&self, family: Family) -> BTreeSet<String> {
        let table = self.json(if family == Family::V4 { "global rib -a ipv4" } else { "global rib -a ipv6" });
        let routes = table.as_object().into_iter().flatten();
        let heard = routes
            .filter(|(_, paths)| attribute(&paths[0], 2)["as_paths"].as_array().is_some_and(|path| !path.is_empty()));
        heard.map(|(prefix, _)| prefix.clone()).collect()
    }

    fn held(&self, prefix: &str) -> Option<Held> {
        let table = self.json(&format!("global rib {prefix} -a {}", family(prefix)));
        let path = table.as_object()?.values().next()?.get(0)?.clone();
        let number = |value: &Value| value.as_u64().and_then(|value| u32::try_from(value).ok());
        let mut communities = BTreeSet::new();
        for word in attribute(&path, 8)["communities"].as_array().into_iter().flatten().filter_map(number) {
            communities.insert(Community::Standard((word >> 16) as u16, (word & 0xffff) as u16));
        }
        for target in attribute(&path, 16)["value"].as_array().into_iter().flatten() {
            let (asn, value) = target["value"].as_str()?.split_once(':')?;
            communities.insert(Community::Target(asn.parse().ok()?, value.parse().ok()?));
        }
        for large in attribute(&path, 32)["value"].as_array().into_iter().flatten() {
            let [asn, first, second] = ["ASN", "LocalData1", "LocalData2"].map(|key| number(&large[key]));
            communities.insert(Community::Large(asn?, first?, second?));
        }
        let segments = attribute(&path, 2)["as_paths"].as_array().cloned().unwrap_or_default();
        let asns = segments.iter().flat_map(|segment| segment["asns"].as_array().cloned().unwrap_or_default());
        Some(Held {
            path: asns.filter_map(|asn| number(&asn)).collect(),
            communities,
            local_pref: number(&attribute(&path, 5)["value"]),
        })
    }

    fn refresh(&self, session: &Session) {
        self.gobgp(&format!("neighbor {} softresetin", session.remote));
    }

    fn shut(&self, session: &Session, message: &str) {
        let remote = session.remote.to_string();
        ask_in(self.place, "gobgp", &["neighbor", &remote, "shutdown", "-m", message]);
    }

    fn saw(&self, session: &Session, end: &End) -> bool {
        let text = std::fs::read_to_string(self.place.home().join("gobgpd.out")).unwrap_or_default();
        let words = match end {
            End::Limit => vec!["Code=6".to_owned(), "Subcode=1".to_owned()],
            End::Shutdown(message) => vec!["Subcode=2".to_owned(), format!("Communicated-Reason=\"{message}\"")],
        };
        let words = [words, vec!["received notification".to_owned(), format!("Key={} ", session.remote)]].concat();
        text.lines().any(|line| words.iter().all(|word| line.contains(word)))
    }

    fn bfd_is_up(&self, _: &Session) -> bool {
        false
    }
}

fn family(prefix: &str) -> &'static str {
    if prefix.contains(':') { "ipv6" } else { "ipv4" }
}

/// The attribute of a path with this IANA type code.
fn attribute(path: &Value, code: u64) -> Value {
    let mut attributes = path["attrs"].as_array().into_iter().flatten();
    attributes.find(|attribute| attribute["type"] == code).cloned().unwrap_or_default()
}

fn add(route: &Route) -> String {
    let mut line = format!("global rib add {}", route.prefix);
    let (mut standard, mut large, mut extended) = (Vec::new(), Vec::new(), Vec::new());
    for community in &route.communities {
        match community {
            Community::Standard(asn, value) => standard.push(format!("{asn}:{value}")),
            Community::Target(asn, value) => extended.push(format!("rt {asn}:{value}")),
            Community::Large(asn, first, second) => large.push(format!("{asn}:{first}:{second}")),
        }
    }
    for (word, list) in [("community", standard), ("large-community", large)] {
        if !list.is_empty() {
            let _ = write!(line, " {word} {}", list.join(","));
        }
    }
    for target in extended {
        let _ = write!(line, " {target}");
    }
    let _ = write!(line, " -a {}", family(&route.prefix));
    line
}

/// IPv4 routes as an MRT file of TABLE_DUMP_V2 (RFC 6396): a peer index with one peer, and a record for each route.
fn mrt(routes: &[Route]) -> Vec<u8> {
    let record = |subtype: u16, body: &[u8]| {
        let length = u32::try_from(body.len()).expect("a record of this file is short");
        [&[0; 4][..], &13u16.to_be_bytes(), &subtype.to_be_bytes(), &length.to_be_bytes(), body].concat()
    };
    // Collector 192.0.2.2, no view name, one IPv4 peer with a four-octet AS.
    let mut index = vec![192, 0, 2, 2, 0, 0, 0, 1, 2];
    index.extend([192, 0, 2, 2, 192, 0, 2, 2]);
    index.extend(65001u32.to_be_bytes());
    let mut file = record(1, &index);
    // ORIGIN IGP, an empty AS_PATH, and NEXT_HOP.
    let attributes = [0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4, 192, 0, 2, 2];
    for (sequence, route) in (0u32..).zip(routes) {
        let address = route.prefix.split('/').next().unwrap_or_default();
        let octets = address.parse::<std::net::Ipv4Addr>().expect("many routes are IPv4").octets();
        let mut body = sequence.to_be_bytes().to_vec();
        body.push(24);
        body.extend(&octets[..3]);
        body.extend([0, 1, 0, 0, 0, 0, 0, 0, 0, attributes.len() as u8]);
        body.extend(attributes);
        file.extend(record(2, &body));
    }
    file
}

fn config(setup: &Setup) -> String {
    let mut text = format!("[global.config]\nas = {}\nrouter-id = \"{}\"\nport = 179\n", setup.asn, setup.router_id);
    for session in &setup.sessions {
        let Session { remote, remote_asn, hold, .. } = session;
        let _ = writeln!(
            text,
            "[[neighbors]]\n[neighbors.config]\npeer-as = {remote_asn}\nneighbor-address = \"{remote}\""
        );
        if let Some(key) = &session.md5 {
            let _ = writeln!(text, "auth-password = \"{key}\"");
        }
        let _ = writeln!(text, "[neighbors.transport.config]\npassive-mode = {}", session.passive);
        let _ = writeln!(text, "local-address = \"{}\"", session.local);
        let _ = writeln!(text, "[neighbors.timers.config]\nhold-time = {hold}\nkeepalive-interval = {}", hold / 3);
        text += "connect-retry = 1\nidle-hold-time-after-reset = 1\n";
        let name = if session.family() == Family::V4 { "ipv4-unicast" } else { "ipv6-unicast" };
        if session.restart {
            text += "[neighbors.graceful-restart.config]\nenabled = true\nrestart-time = 60\n";
        }
        let _ = writeln!(text, "[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = \"{name}\"");
        if session.restart {
            text += "[neighbors.afi-safis.mp-graceful-restart.config]\nenabled = true\n";
        }
    }
    text
}
