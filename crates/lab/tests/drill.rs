//! Does a drill measure the truth? A small world of real routers and real packets, failed by the scenarios that come
//! with the program.
//!
//! ```text
//!                ┌──[bra]── ma ──┐
//!  host ── ce ── pe              vm       BIRD in ce, ma, mb and vm; BFD 50 ms × 3 between ce and ma, mb
//!                └──[brb]── mb ──┘
//! ```
//!
//! It runs in namespaces of its own, by root and by a plain user. Nothing of the machine is touched.

#![allow(clippy::unwrap_used, reason = "a test ends where its world cannot be made")]

use lab::drill::bird::Bird;
use lab::drill::hear::Ears;
use lab::drill::{
    Act, Circuit, Detection, Ground, Kind, Link, MomentKind, Observed, Pace, Run, Scenarios, Standing, StreamInfo, Way,
    World, WorldError, judge, measure, plan, run,
};
use lab::probe::{Direction, End, Flow, Probes, Stamp, Stream};
use lab::{Cut, node};
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The variable that says that this process is the one inside.
const INSIDE: &str = "DRILL_INSIDE";
/// A file system of the test's own.
const HOME: &str = "/run/drill";
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

/// Runs `test` again inside namespaces of its own, as root or as a plain user. True: this is the inside, go on.
fn enter(test: &str, as_user: bool) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        std::thread::spawn(|| {
            // The outside holds the other end of this pipe: when it is gone, so are we.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(1);
        });
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "mode=0755", "run", "/run"]).status().unwrap();
        assert!(mounted.success());
        return true;
    }
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root && !as_user {
        // A plain user has the other test.
        return false;
    }
    let mut words: Vec<&str> = Vec::new();
    if as_user && is_root {
        words.extend(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    words.extend(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    words.extend(["--propagation", "private"]);
    if as_user {
        words.extend(["--user", "--map-root-user"]);
    }
    let mut program = std::env::current_exe().unwrap();
    let mut copy = None;
    if as_user && is_root {
        // A plain user may not be let into the folder of the build.
        let folder = std::env::temp_dir().join(format!("twinpath-drill-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(&program, folder.join("drill")).unwrap();
        program = folder.join("drill");
        copy = Some(folder);
    }
    let mut inside = Command::new(words[0]);
    inside.args(&words[1..]).arg(&program).args(["--exact", test, "--nocapture"]).env(INSIDE, "1").current_dir("/");
    inside.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = inside.spawn().unwrap();
    let hold = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(hold);
    if let Some(folder) = copy {
        std::fs::remove_dir_all(folder).unwrap();
    }
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{test}\n{}{}", text[0], text[1]);
    false
}

fn ip(lines: &str) {
    node::run(None, "ip", &["-batch", "-"], Some(lines)).unwrap();
}

/// The small world.
struct Small {
    ground: Ground,
    birds: Vec<Bird>,
    daemons: Vec<Child>,
    probes: Option<(Probes, Ears)>,
}

impl Small {
    fn build() -> Self {
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
        let mut small = Self { ground: ground(), birds: Vec::new(), daemons: Vec::new(), probes: None };
        let session = |name: &str, local: &str, asn: u32, remote: &str, remote_asn: u32, prepend: usize, bfd: bool| {
            let longer = "bgp_path.prepend(MY_AS); ".replace("MY_AS", &asn.to_string()).repeat(prepend);
            format!(
                "protocol bgp {name} {{ local {local} as {asn}; neighbor {remote} as {remote_asn}; direct; {} connect delay time 1; \
                 connect retry time 1; error wait time 1, 2; ipv4 {{ next hop self; import all; export filter {{ \
                 if source = RTS_STATIC || source = RTS_BGP then {{ {longer}accept; }} reject; }}; }}; }}\n",
                if bfd { "bfd on;" } else { "" }
            )
        };
        let own = |prefix: &str| format!("protocol static {{ ipv4; route {prefix} unreachable; }}\n");
        let edge = |letter: u8, drained: bool, prepend: usize| {
            let name = if letter == 1 { "link_a" } else { "link_b" };
            let more = prepend + if drained { 8 } else { 0 };
            session(name, &format!("10.0.{letter}.2"), 12076, &format!("10.0.{letter}.1"), 65010, more, true)
                + &session("to_vm", &format!("10.9.{letter}.1"), 12076, &format!("10.9.{letter}.2"), 65515, more, false)
        };
        let from_ce = session("link_a", "10.0.1.1", 65010, "10.0.1.2", 12076, 0, true)
            + &session("link_b", "10.0.2.1", 65010, "10.0.2.2", 12076, 0, true);
        let from_vm = session("a", "10.9.1.2", 65515, "10.9.1.1", 12076, 0, false)
            + &session("b", "10.9.2.2", 65515, "10.9.2.1", 12076, 0, false);
        small.start("ce", &(own("10.1.0.0/24") + &from_ce));
        small.start("ma", &edge(1, false, 0));
        small.start("mb", &edge(2, false, 2));
        small.start("vm", &(own("10.100.0.0/24") + &from_vm));
        // The drained configuration lies ready.
        configure("ma-drained", "ma", &edge(1, true, 0));
        node::run(Some("vm"), "ip", &["address", "add", "10.100.0.4/32", "dev", "lo"], None).unwrap();
        small
    }

    fn start(&mut self, node: &str, sessions: &str) {
        let (config, socket) = (configure(node, node, sessions), format!("{HOME}/{node}.ctl"));
        node::run(None, "bird", &["-p", "-c", &config.display().to_string()], None).unwrap();
        let mut command = Command::new("bird");
        command.args(["-f", "-c"]).arg(config).args(["-s", &socket, "-P", &format!("{HOME}/{node}.pid")]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.daemons.push(node::spawn(Some(node), &mut command).unwrap());
        let (socket, log) = (PathBuf::from(socket), Path::new(HOME).join(format!("{node}.log")));
        self.birds.push(Bird { node: node.to_owned(), socket, log });
    }

    fn bird(&self, node: &str) -> &Bird {
        self.birds.iter().find(|bird| bird.node == node).unwrap()
    }

    fn drill(&mut self, name: &str) -> (Run, lab::drill::Judged) {
        let scenarios = Scenarios::builtin().unwrap();
        let scenario = scenarios.chosen(&[name.to_owned()]).unwrap()[0];
        let plan = plan(scenario, &self.ground).unwrap();
        let attempt = run(self, &plan, &Pace::default()).unwrap();
        let run = measure(&self.ground, &attempt);
        let judged = judge(scenario, &plan, std::slice::from_ref(&run));
        assert!(run.faults.is_empty(), "{name}: {:?}\n{:#?}", run.faults, run.moments);
        (run, judged)
    }
}

fn configure(file: &str, node: &str, sessions: &str) -> PathBuf {
    let number = NODES.iter().position(|known| *known == node).unwrap();
    let text = format!(
        "router id 192.0.2.{number};\nlog \"{HOME}/{node}.log\" all;\nprotocol device {{ scan time 1; }}\n\
         protocol bfd {{ interface \"*\" {{ interval 50 ms; multiplier 3; }}; }}\n\
         protocol direct {{ disabled; ipv4; }}\n\
         protocol kernel {{ ipv4 {{ import none; export where source = RTS_BGP; }}; }}\n{sessions}"
    );
    let path = Path::new(HOME).join(format!("{file}.conf"));
    std::fs::write(&path, text).unwrap();
    path
}

fn ground() -> Ground {
    let link = |side, letter: char| Link {
        name: format!("up{letter}"),
        circuit: "small".into(),
        side,
        customer_edge: "ce".into(),
        msee: format!("msee-{letter}"),
        detection: Detection::Bfd { interval_ms: 50, multiplier: 3 },
        trunk: None,
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
        // Up is one thing, in the kernel another.
        for (node, prefix) in [("ce", "10.100.0.0/24"), ("vm", "10.1.0.0/24")] {
            let shown =
                node::run(Some(node), "ip", &["route", "show", prefix], None).map_err(|error| error.to_string())?;
            let first = if node == "ce" { "10.0.1.2" } else { "10.9.1.1" };
            if !shown.contains(first) {
                return Err(format!("{node}: {prefix} is not via {first}"));
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
            Stream { path: info.path.clone(), direction: info.direction, class, from, to, rate: info.rate, octets: 64 }
        };
        let streams: Vec<Stream> = self.ground.streams.iter().map(stream).collect();
        let flow = Flow { path: "host → vm".into(), from: host.clone(), to: vm.clone() };
        let probes = Probes::start(&streams, &[flow], Duration::from_secs(120)).unwrap();
        self.birds.iter().try_for_each(|bird| bird.talk(true)).unwrap();
        let ears = Ears::open(self.birds.iter().map(Bird::teller).collect(), probes.clock()).unwrap();
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
        let side = |link: &str| if link == "upa" { ("cea", "msa", "link_a") } else { ("ceb", "msb", "link_b") };
        let pe = |args: &[&str]| node::run(Some("pe"), "ip", args, None).map(drop);
        let done = match act {
            Act::Cut { link, how: Cut::Carrier } => pe(&["link", "set", "dev", side(link).0, "down"]),
            Act::Cut { link, .. } => {
                let (near, far, _) = side(link);
                let rules = format!(
                    "table bridge f {{ chain c {{ type filter hook forward priority 0; iifname {{ {near}, {far} }} drop; }}; }}"
                );
                node::run(Some("pe"), "nft", &[&rules], None).map(drop)
            }
            Act::Join { link } => {
                let rules = "table bridge f; delete table bridge f";
                pe(&["link", "set", "dev", side(link).0, "up"])
                    .and_then(|()| node::run(Some("pe"), "nft", &[rules], None).map(drop))
            }
            Act::Reset { link } => self.bird("ce").ask(&format!("restart {}", side(link).2)).map(drop),
            Act::Drain { .. } => self.bird("ma").ask(&format!("configure \"{HOME}/ma-drained.conf\"")).map(drop),
            Act::Undrain { .. } => self.bird("ma").ask(&format!("configure \"{HOME}/ma.conf\"")).map(drop),
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
        Ok(Observed { recording, seen })
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

/// What one failure costs on the worst path, in milliseconds of packets.
fn worst(run: &Run) -> f64 {
    run.streams.iter().map(|stream| stream.during.lost_ms).fold(0.0, f64::max)
}

fn measures_the_truth() {
    let mut small = Small::build();

    let (run, judged) = small.drill("drain");
    assert_eq!((judged.standing, worst(&run)), (Standing::Pass, 0.0), "a planned switch loses nothing");
    let msees = |run: &Run, when: usize| -> Vec<Option<String>> {
        run.streams.iter().map(|stream| stream.ways[when].msee().map(str::to_owned)).collect()
    };
    assert_eq!(msees(&run, 0), vec![Some("msee-a".to_owned()); 3], "{:?}", run.streams);
    assert_eq!(msees(&run, 1), vec![Some("msee-b".to_owned()); 3], "{:?}", run.streams);
    assert_eq!(msees(&run, 2), vec![Some("msee-a".to_owned()); 3], "{:?}", run.streams);

    let (run, _) = small.drill("silent");
    // BFD takes 100 to 150 ms; a busy machine takes longer to act on it, and never less.
    assert!((50.0..=400.0).contains(&worst(&run)), "{:?}", run.streams);
    let out = run.streams.iter().filter(|stream| stream.info.direction == Direction::Out);
    assert!(out.clone().all(|stream| stream.during.lost >= 50), "every path out went through the link");
    let noticed = run.ms_to(MomentKind::Detected).unwrap();
    assert!(noticed >= 50.0, "noticed after {noticed} ms");
    assert!(run.moment(MomentKind::Detected).unwrap().what.contains("BFD down"), "{:?}", run.moments);
    assert!(run.flows.iter().all(|flow| flow.broken.is_none() && flow.stalled_ms >= 50.0), "{:?}", run.flows);
    assert_eq!(msees(&run, 1), vec![Some("msee-b".to_owned()); 3], "{:?}", run.streams);

    let (run, _) = small.drill("carrier");
    assert!(worst(&run) < 400.0, "{:?}", run.streams);
    let heard = |what: &str| run.moments.iter().any(|moment| moment.what.contains(what));
    assert!(heard("ce: link down") && run.streams.iter().all(|stream| !stream.during.is_dark()), "{:?}", run.moments);
}

#[test]
fn drill_by_root_measures_the_truth() {
    if enter("drill_by_root_measures_the_truth", false) {
        measures_the_truth();
    }
}

#[test]
fn drill_by_a_plain_user_measures_the_truth() {
    if enter("drill_by_a_plain_user_measures_the_truth", true) {
        measures_the_truth();
    }
}
