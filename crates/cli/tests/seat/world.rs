//! The small world: one customer edge, two of Microsoft's, a provider between them, a network behind.
//!
//! ```text
//!                ┌──[bra]── ma ──┐
//!  host ── ce ── pe              vm       BIRD in ce and vm; ma and mb are the seat; BFD between ce and ma, mb
//!                └──[brb]── mb ──┘
//! ```

use crate::seat::{Seat, Seated};
use lab::drill::bird::Bird;
use lab::drill::hear::Ears;
use lab::drill::{Act, Circuit, Detection, Ground, Kind, Link, Observed, StreamInfo, Way, World, WorldError};
use lab::probe::{Direction, End, Flow, Probes, Stamp, Stream};
use lab::{Cut, node};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A file system of the test's own.
pub(crate) const HOME: &str = "/run/drill";
const NODES: [&str; 6] = ["host", "ce", "pe", "ma", "mb", "vm"];

/// A cable: node, device, address at either end.
type Cable = [(&'static str, &'static str, Option<&'static str>); 2];

const CABLES: [Cable; 7] = [
    [("host", "lan", Some("10.1.0.2/24")), ("ce", "lan", Some("10.1.0.1/24"))],
    [("ce", "upa", Some("10.0.1.1/30")), ("pe", "cea", None)],
    [("ce", "upb", Some("10.0.2.1/30")), ("pe", "ceb", None)],
    [("pe", "msa", None), ("ma", "dn0", Some("10.0.1.2/30"))],
    [("pe", "msb", None), ("mb", "dn0", Some("10.0.2.2/30"))],
    [("ma", "vn0", Some("10.9.1.1/30")), ("vm", "gwa", Some("10.9.1.2/30"))],
    [("mb", "vn0", Some("10.9.2.1/30")), ("vm", "gwb", Some("10.9.2.2/30"))],
];

fn ip(lines: &str) {
    node::run(None, "ip", &["-batch", "-"], Some(lines)).unwrap();
}

/// The small world.
pub(crate) struct Small {
    ground: Ground,
    /// The customer's edge and the gateway.
    birds: Vec<Bird>,
    daemons: Vec<Child>,
    /// Microsoft's edges.
    seats: [Seated; 2],
    probes: Option<(Probes, Ears)>,
}

impl Small {
    /// Builds it, with BFD of so many milliseconds × 3.
    pub(crate) fn build(seat: Seat, interval: u32) -> Self {
        // A process that was killed for an earlier world is gone with its namespaces.
        for node in NODES.iter().filter(|node| Path::new("/run/netns").join(node).exists()) {
            node::run(None, "ip", &["netns", "delete", node], None).unwrap();
        }
        std::fs::create_dir_all(HOME).unwrap();
        std::fs::create_dir_all("/run/netns").unwrap();
        ip(&NODES.map(|node| format!("netns add {node}\n")).concat());
        for [one, other] in CABLES {
            ip(&format!("link add name {} netns {} type veth peer name {} netns {}\n", one.1, one.0, other.1, other.0));
        }
        for node in NODES {
            let mut lines = "link set dev lo up\n".to_owned();
            for (_, device, address) in CABLES.as_flattened().iter().filter(|(at, ..)| *at == node) {
                lines += &format!("link set dev {device} up\n");
                lines += &address.map_or_else(String::new, |address| format!("address add {address} dev {device}\n"));
            }
            node::run(Some(node), "ip", &["-batch", "-"], Some(&lines)).unwrap();
            let settings = ["ip_forward=1", "fib_multipath_hash_policy=1", "icmp_ratelimit=0"];
            let settings = settings.map(|setting| format!("net.ipv4.{setting}"));
            let mut args: Vec<&str> = vec!["-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"];
            args.extend(settings.iter().map(String::as_str));
            node::run(Some(node), "sysctl", &args, None).unwrap();
        }
        for (bridge, ends) in [("bra", ["cea", "msa"]), ("brb", ["ceb", "msb"])] {
            let join = ends.map(|end| format!("link set dev {end} master {bridge}\n")).concat();
            let lines =
                format!("link add name {bridge} type bridge mcast_snooping 0\nlink set dev {bridge} up\n{join}");
            node::run(Some("pe"), "ip", &["-batch", "-"], Some(&lines)).unwrap();
        }
        node::run(Some("host"), "ip", &["route", "add", "default", "via", "10.1.0.1"], None).unwrap();
        node::run(Some("vm"), "ip", &["address", "add", "10.100.0.4/32", "dev", "lo"], None).unwrap();
        // The second edge is the second choice of everybody who is told by both.
        let session = |name: &str, local: String, asn: u32, remote: String, bfd: &str| {
            let longer = if name == "link_b" { "bgp_path.prepend(12076); bgp_path.prepend(12076); " } else { "" };
            format!(
                "protocol bgp {name} {{ local {local} as {asn}; neighbor {remote} as 12076; direct; {bfd} connect delay time 1; \
                 connect retry time 1; error wait time 1, 2; ipv4 {{ next hop self; import filter {{ {longer}accept; }}; \
                 export where source = RTS_STATIC; }}; }}\n"
            )
        };
        let own = |prefix: &str| format!("protocol static {{ ipv4; route {prefix} unreachable; }}\n");
        let links = [("link_a", 1), ("link_b", 2)];
        let ce = links.map(|(name, n)| session(name, format!("10.0.{n}.1"), 65010, format!("10.0.{n}.2"), "bfd on;"));
        let vm = links.map(|(name, n)| session(name, format!("10.9.{n}.2"), 65515, format!("10.9.{n}.1"), ""));
        let seats = [("ma", 1), ("mb", 2)].map(|(node, number)| seat.start(node, number, interval));
        let (birds, daemons) = (Vec::new(), Vec::new());
        let mut small = Self { ground: ground(interval), birds, daemons, seats, probes: None };
        small.start("ce", interval, &(own("10.1.0.0/24") + &ce.concat()));
        small.start("vm", interval, &(own("10.100.0.0/24") + &vm.concat()));
        small
    }

    fn start(&mut self, node: &str, interval: u32, sessions: &str) {
        let (bird, child) = bird(node, interval, sessions);
        self.daemons.push(child);
        self.birds.push(bird);
    }

    fn bird(&self, node: &str) -> &Bird {
        self.birds.iter().find(|bird| bird.node == node).unwrap()
    }
}

/// Starts a BIRD in a node.
pub(crate) fn bird(node: &str, interval: u32, sessions: &str) -> (Bird, Child) {
    let (config, socket) = (configure(node, node, interval, sessions), format!("{HOME}/{node}.ctl"));
    node::run(None, "bird", &["-p", "-c", &config.display().to_string()], None).unwrap();
    let mut command = Command::new("bird");
    command.args(["-f", "-c"]).arg(config).args(["-s", &socket, "-P", &format!("{HOME}/{node}.pid")]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = node::spawn(Some(node), &mut command).unwrap();
    let (socket, log) = (PathBuf::from(socket), Path::new(HOME).join(format!("{node}.log")));
    (Bird { node: node.to_owned(), socket, log }, child)
}

/// Writes a configuration of BIRD.
pub(crate) fn configure(file: &str, node: &str, interval: u32, sessions: &str) -> PathBuf {
    let number = NODES.iter().position(|known| *known == node).unwrap();
    let text = format!(
        "router id 192.0.2.{number};\nlog \"{HOME}/{node}.log\" all;\nprotocol device {{ scan time 1; }}\n\
         protocol bfd {{ interface \"*\" {{ interval {interval} ms; multiplier 3; }}; }}\n\
         protocol direct {{ disabled; ipv4; }}\n\
         protocol kernel {{ ipv4 {{ import none; export where source = RTS_BGP; }}; }}\n{sessions}"
    );
    let path = Path::new(HOME).join(format!("{file}.conf"));
    std::fs::write(&path, text).unwrap();
    path
}

fn ground(interval: u32) -> Ground {
    let link = |side, letter: char| Link {
        name: format!("up{letter}"),
        circuit: "small".into(),
        side,
        customer_edge: "ce".into(),
        msee: format!("msee-{letter}"),
        detection: Detection::Bfd { interval_ms: interval, multiplier: 3 },
        trunk: Some(format!("trunk{letter}")),
    };
    let stream = |direction, class: &str| StreamInfo {
        path: "host → vm".into(),
        direction,
        class: class.into(),
        kind: Kind::Private,
        rate: 1000,
    };
    Ground {
        circuits: vec![Circuit { name: "small".into(), location: "Here".into(), ..Circuit::default() }],
        links: vec![link(edge_api::Side::Primary, 'a'), link(edge_api::Side::Secondary, 'b')],
        streams: vec![stream(Direction::Out, "EF"), stream(Direction::Back, "EF"), stream(Direction::Out, "CS0")],
        flows: vec!["host → vm".into()],
    }
}

fn end(node: &str, address: [u8; 4]) -> End {
    End { node: node.into(), namespace: Some(socket::Namespace::named(node).unwrap()), address: address.into() }
}

/// The node of an address of the small world.
fn owner(address: IpAddr) -> Option<String> {
    let all = CABLES.as_flattened().iter();
    let own = all.filter_map(|(node, _, own)| Some((*node, own.as_ref()?.split('/').next()?.parse::<IpAddr>().ok()?)));
    let node = own.filter(|(_, own)| *own == address).map(|(node, _)| node).next()?;
    Some(match node {
        "ma" => "msee-a".to_owned(),
        "mb" => "msee-b".to_owned(),
        node => node.to_owned(),
    })
}

impl World for Small {
    fn ground(&self) -> &Ground {
        &self.ground
    }

    fn obstacle(&self, _: &Act) -> Option<String> {
        None
    }

    fn is_whole(&mut self) -> Result<(), String> {
        self.birds.iter().try_for_each(Bird::is_up)?;
        let shown = self.bird("ce").ask("show bfd sessions").map_err(|error| error.to_string())?;
        let is_watched = |link: u8| {
            let neighbor = format!("10.0.{link}.2");
            shown.lines().any(|line| line.starts_with(&neighbor) && line.contains(" Up "))
        };
        if ![1, 2].into_iter().all(is_watched) {
            return Err(format!("BFD of ce: {shown}"));
        }
        // Up is one thing, in the kernel another.
        let routes = [("ce", "10.100.0.0/24", "10.0.1.2"), ("vm", "10.1.0.0/24", "10.9.1.1")];
        let edges = ["ma", "mb"].into_iter().zip(["1", "2"]).flat_map(|(node, n)| {
            [(node, "10.100.0.0/24", format!("10.9.{n}.2")), (node, "10.1.0.0/24", format!("10.0.{n}.1"))]
        });
        let all = routes.into_iter().map(|(node, prefix, via)| (node, prefix, via.to_owned())).chain(edges);
        for (node, prefix, via) in all {
            let shown = node::run(Some(node), "ip", &["-o", "route", "get", &prefix.replace(".0/24", ".4")], None);
            if !shown.is_ok_and(|shown| shown.contains(&via)) {
                return Err(format!("{node}: {prefix} is not via {via}"));
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<(), WorldError> {
        let (host, vm) = (end("host", [10, 1, 0, 2]), end("vm", [10, 100, 0, 4]));
        let stream = |info: &StreamInfo| {
            let (from, to) = match info.direction {
                Direction::Out => (host.clone(), vm.clone()),
                Direction::Back => (vm.clone(), host.clone()),
            };
            let class = model::Value::parse(&info.class).unwrap();
            Stream {
                path: info.path.clone(),
                direction: info.direction,
                class,
                from,
                to,
                rate: info.rate,
                octets: 64,
                answers: None,
            }
        };
        let streams: Vec<Stream> = self.ground.streams.iter().map(stream).collect();
        let flow = Flow { path: "host → vm".into(), from: host.clone(), to: vm.clone() };
        let probes = Probes::start(&streams, &[flow], Duration::from_secs(120)).unwrap();
        self.birds.iter().try_for_each(|bird| bird.talk(true)).unwrap();
        let logs = self.birds.iter().map(Bird::teller).chain(self.seats.iter().map(Seated::log));
        let ears = Ears::open(logs.collect(), probes.clock()).unwrap();
        self.probes = Some((probes, ears));
        Ok(())
    }

    fn now(&self) -> Stamp {
        self.probes.as_ref().map_or(Stamp::ZERO, |(probes, _)| probes.clock().now())
    }

    fn wait(&mut self, span: Duration) -> Result<(), WorldError> {
        std::thread::sleep(span);
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), WorldError> {
        let side = |link: &str| if link.ends_with('a') { ("cea", "msa", "link_a") } else { ("ceb", "msb", "link_b") };
        // The provider's end of a link, or of what goes on from there to Microsoft.
        let end = |link: &str| if link.starts_with("trunk") { side(link).1 } else { side(link).0 };
        let pe = |args: &[&str]| node::run(Some("pe"), "ip", args, None).map(drop);
        let done = match act {
            Act::Cut { link, how: Cut::Carrier } => pe(&["link", "set", "dev", end(link), "down"]),
            Act::Cut { link, .. } => {
                let (near, far, _) = side(link);
                let rules = format!(
                    "table bridge f {{ chain c {{ type filter hook forward priority 0; iifname {{ {near}, {far} }} drop; }}; }}"
                );
                node::run(Some("pe"), "nft", &[&rules], None).map(drop)
            }
            Act::Join { link } => {
                let rules = "table bridge f; delete table bridge f";
                pe(&["link", "set", "dev", end(link), "up"])
                    .and_then(|()| node::run(Some("pe"), "nft", &[rules], None).map(drop))
            }
            Act::Reset { link } => self.bird("ce").ask(&format!("restart {}", side(link).2)).map(drop),
            Act::Shut { link } => self.bird("ce").ask(&format!("disable {}", side(link).2)).map(drop),
            Act::Open { link } => self.bird("ce").ask(&format!("enable {}", side(link).2)).map(drop),
            Act::Drain { .. } => self.seats[0].drain(true),
            Act::Undrain { .. } => self.seats[0].drain(false),
            other => panic!("this world does not know how: {other}"),
        };
        done.map_err(|error| WorldError::failed(act.to_string())(error.into()))
    }

    fn ways(&mut self) -> Vec<Way> {
        let routes = self.probes.as_ref().map(|(probes, _)| probes.trace()).unwrap_or_default();
        let way = |route: lab::probe::trace::Route| Way {
            hops: route.hops.into_iter().map(|hop| hop.and_then(owner)).collect(),
            arrived: route.arrived,
        };
        routes.into_iter().map(way).collect()
    }

    fn end(&mut self) -> Result<Observed, WorldError> {
        let (probes, ears) = self.probes.take().unwrap();
        let recording = probes.stop().unwrap();
        let seen = ears.close();
        self.birds.iter().try_for_each(|bird| bird.talk(false)).unwrap();
        Ok(Observed { recording, seen, ..Observed::default() })
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}
