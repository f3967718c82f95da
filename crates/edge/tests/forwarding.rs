//! An edge that forwards, in namespaces of the test's own, with BIRD as its neighbours: as root, or as a plain user
//! inside user namespaces, where each test starts itself again.
//!
//! `TWINPATH_TEST_ROUTES` says how many routes BIRD announces; `cargo xtask bench switch` reads how long a switch took.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

use catalog::Catalog;
use dataplane::linux::route::OURS;
use dataplane::linux::{End, Namespace, Net};
use edge::process::{Edge, watch_signals};
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use testkit::rights::with_rights;

/// Names the configuration of the edge that a process of this test is.
const CONFIG: &str = "TWINPATH_TEST_EDGE";
/// Far longer than anything here takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the body where namespaces can be made, if BIRD is there.
fn with_bird(test: &str, body: impl FnOnce()) {
    if !["/usr/sbin/bird", "/usr/bin/bird"].iter().any(|path| Path::new(path).exists()) {
        return say("skipped: no BIRD here");
    }
    with_rights(test, body);
}

#[expect(clippy::disallowed_macros, reason = "who runs the tests should see what was left out, and what was measured")]
fn say(what: &str) {
    eprintln!("{what}");
}

#[track_caller]
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn routes() -> usize {
    std::env::var("TWINPATH_TEST_ROUTES").ok().and_then(|count| count.parse().ok()).unwrap_or(500)
}

/// A namespace with a name, gone with the value.
struct Node {
    name: String,
    net: Net,
}

impl Node {
    fn new(name: &str) -> Self {
        let name = format!("tk-{}-{name}", std::process::id());
        let net = Net::create(&name).unwrap();
        Self { name, net }
    }

    fn spawn(&self, command: &mut Command) -> Child {
        self.net.namespace().enter(|| command.spawn()).unwrap()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        assert!(self.spawn(Command::new(program).args(arguments)).wait().unwrap().success(), "{program} {arguments:?}");
    }

    fn join(&self, ours: (&str, &str), other: &Self, theirs: (&str, &str)) {
        let end = |name| End { name, mac: None, mtu: None };
        self.net.veth(end(ours.0), other.net.namespace(), end(theirs.0)).unwrap();
        for (net, (link, address)) in [(&self.net, ours), (&other.net, theirs)] {
            if !address.is_empty() {
                net.add_address(link, address.parse().unwrap()).unwrap();
            }
            net.up(link).unwrap();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = Namespace::remove(&self.name);
    }
}

/// A namespace that an edge made; gone with the value if the edge has left it, as in a test that failed.
struct Removed(String);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = Namespace::remove(&self.0);
    }
}

/// A process, killed with the value.
struct Running(Child);

impl Running {
    /// Tells it to end, and waits until it has.
    fn stop(mut self) {
        Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        let ended = self.0.wait().unwrap();
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The process that is the edge; the test below makes it.
fn edge(home: &Node, folder: &TempDir, text: &str) -> Running {
    let file = folder.path().join("edge.toml");
    std::fs::write(
        &file,
        format!("name = 'e'\nrouter-id = '10.0.0.1'\nlisten = []\nmetrics = '127.0.0.1:9100'\n{text}"),
    )
    .unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["the_process_of_the_edge", "--exact", "--ignored", "--nocapture"]).env(CONFIG, &file);
    Running(home.spawn(command.stdout(Stdio::null())))
}

#[test]
#[ignore = "the other tests start it in a process of its own"]
fn the_process_of_the_edge() {
    let Some(file) = std::env::var_os(CONFIG) else { return };
    let catalog = Arc::new(Catalog::with_files(|_| None).unwrap());
    let edge = Edge::start(Path::new(&file), catalog).unwrap();
    watch_signals(edge.handle()).unwrap();
    edge.run().unwrap();
}

/// BIRD, which announces `count` routes to 10.0.N.1 from 10.0.N.2 and watches it by BFD.
fn bird(node: &Node, folder: &TempDir, n: u8, count: usize) -> Running {
    configure(folder, n, count);
    let at = |name: &str| folder.path().join(format!("bird{n}.{name}")).into_os_string();
    let mut command = Command::new("bird");
    command.args(["-f", "-c"]).arg(at("conf")).arg("-s").arg(at("ctl")).arg("-P").arg(at("pid"));
    Running(node.spawn(&mut command))
}

fn configure(folder: &TempDir, n: u8, count: usize) {
    let mut text = format!(
        "router id 10.0.{n}.2;\nprotocol device {{}}\nprotocol bfd {{ interface \"*\" {{ interval 100 ms; multiplier 5; }}; }}\n\
         protocol bgp edge {{ local 10.0.{n}.2 as {}; neighbor 10.0.{n}.1 as 12076; bfd on; connect delay time 1;\n\
         connect retry time 1; error wait time 1, 2; ipv4 {{ import all; export all; }}; }}\nprotocol static {{ ipv4;\n",
        65000 + u32::from(n)
    );
    for route in 0..count {
        writeln!(text, "route 10.{}.{}.0/24 blackhole;", 64 + route / 256, route % 256).unwrap();
    }
    std::fs::write(folder.path().join(format!("bird{n}.conf")), text + "}\n").unwrap();
}

fn peer(n: u8) -> String {
    let asn = 65000 + u32::from(n);
    format!(
        "[[domain.peer]]\nname = 'ce-{n}'\naddress = '10.0.{n}.2'\nasn = '{asn}'\nrole = 'open'\nconnect-retry = 1\nbfd = {{}}\n"
    )
}

/// How many routes of ours a namespace has.
fn count(net: &Net) -> usize {
    net.routes().unwrap().iter().filter(|route| route.protocol == OURS).count()
}

/// The group of the first prefix.
fn group(net: &Net) -> Option<u32> {
    let routes = net.routes().unwrap();
    routes.iter().find(|route| route.protocol == OURS && route.prefix.to_string() == "10.64.0.0/24")?.nexthop
}

/// The links that packets of a group may leave by.
fn members(net: &Net, group: u32) -> Vec<u32> {
    let hops = net.nexthops().unwrap();
    let hop = |id: u32| hops.iter().find(|hop| hop.id == id);
    let Some(group) = hop(group) else { return Vec::new() };
    let mut links: Vec<u32> = group.members.iter().filter_map(|(id, _)| hop(*id)?.link).collect();
    links.sort_unstable();
    links
}

/// The links that packets to the first prefix may leave by.
fn ways(net: &Net) -> Vec<u32> {
    group(net).map_or(Vec::new(), |group| members(net, group))
}

/// The value of a metric of the edge.
fn metric(home: &Node, name: &str) -> Option<f64> {
    let mut stream = home.net.namespace().enter(|| TcpStream::connect("127.0.0.1:9100")).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: edge\r\nConnection: close\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let line = text.lines().find(|line| line.starts_with(&format!("twinpath_edge_{name}")))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Two neighbours on links that were there before the edge: each is as good as the other until it is lost.
#[test]
fn packets_leave_a_lost_neighbour_by_carrier_and_by_bfd_and_come_back() {
    with_bird("packets_leave_a_lost_neighbour_by_carrier_and_by_bfd_and_come_back", || {
        let folder = tempfile::tempdir().unwrap();
        let [home, domain, one, two] = ["a-home", "a-domain", "a-ce1", "a-ce2"].map(Node::new);
        domain.join(("w1", "10.0.1.1/30"), &one, ("wan", "10.0.1.2/30"));
        domain.join(("w2", "10.0.2.1/30"), &two, ("wan", "10.0.2.2/30"));
        let [w1, w2] = ["w1", "w2"].map(|link| domain.net.index(link).unwrap());
        let text = format!(
            "[dataplane]\n[[domain]]\nname = 'd'\npeering = 'open'\nnamespace = '{}'\nkernel-routes = true\n\
             listen = ['0.0.0.0:179']\n{}{}",
            domain.name,
            peer(1),
            peer(2)
        );
        let all = routes();
        let edge = edge(&home, &folder, &text);
        let _birds = [bird(&one, &folder, 1, all), bird(&two, &folder, 2, all)];
        let both = || count(&domain.net) == all && ways(&domain.net) == [w1, w2];
        eventually("both neighbours in the kernel", both);
        // A set of next hops has one group for ever, and to look at its members alone leaves the kernel in peace.
        let pair = group(&domain.net).unwrap();

        // The carrier: the kernel says so, and the session ends without waiting for BFD.
        one.net.down("wan").unwrap();
        eventually("packets leave the link without carrier", || members(&domain.net, pair) == [w2]);
        eventually("the tables follow", || ways(&domain.net) == [w2]);
        assert_eq!(count(&domain.net), all, "no route went with it");
        one.net.up("wan").unwrap();
        eventually("the first neighbour is back", both);

        // Silence: only BFD notices, once it has its neighbour, and that may come later than the session.
        eventually("BFD with both", || metric(&home, "bfd_sessions{state=\"Up\"}") == Some(2.0));
        let switches = || ["count", "sum"].map(|of| metric(&home, &format!("path_switch_seconds_{of}")).unwrap());
        let [count_before, sum_before] = switches();
        two.run("nft", &["add table inet f; add chain inet f c { type filter hook input priority 0; policy drop; }"]);
        eventually("packets leave the silent link", || members(&domain.net, pair) == [w1]);
        eventually("the tables follow", || ways(&domain.net) == [w1]);
        assert_eq!(count(&domain.net), all, "no route went with it");
        let [count_after, sum_after] = switches();
        assert!(count_after > count_before);
        let micros = (sum_after - sum_before) / (count_after - count_before) * 1e6;
        // Read by `cargo xtask bench switch`.
        say(&format!("switch of {all} routes: {micros:.0} us"));
        two.run("nft", &["delete table inet f"]);
        eventually("the second neighbour is back", both);

        // A namespace that was lent keeps its links, and nothing of ours.
        edge.stop();
        assert_eq!(count(&domain.net), 0);
        assert_eq!(["w1", "w2"].map(|link| domain.net.index(link).unwrap()), [w1, w2]);
    });
}

/// A domain that the edge makes, on a port of its own: what stays after a crash, and what after the end.
#[test]
fn a_crash_stops_no_packet_and_the_end_leaves_nothing() {
    with_bird("a_crash_stops_no_packet_and_the_end_leaves_nothing", || {
        let folder = tempfile::tempdir().unwrap();
        let [home, one] = ["b-home", "b-ce"].map(Node::new);
        home.join(("trunk", ""), &one, ("wan", "10.0.1.2/30"));
        let links = || home.net.links().unwrap().into_iter().map(|link| link.name).collect::<Vec<_>>();
        let before = links();
        let name = format!("tk-{}-b-domain", std::process::id());
        let _removed = Removed(name.clone());
        let text = format!(
            "[dataplane]\nport = 'trunk'\nencapsulation = 'untagged'\n[[domain]]\nname = 'd'\npeering = 'open'\n\
             namespace = '{name}'\nkernel-routes = true\nlisten = ['0.0.0.0:179']\n[domain.attach]\n\
             addresses = ['10.0.1.1/30']\nrate-mbps = 50\n{}",
            peer(1)
        );
        let all = routes();
        let first = edge(&home, &folder, &text);
        let bird = bird(&one, &folder, 1, all);
        let mut made = None;
        eventually("the namespace", || {
            made = Namespace::named(&name).and_then(|namespace| Net::open(&namespace)).ok();
            made.is_some()
        });
        let domain = made.unwrap();
        eventually("all routes in the kernel", || count(&domain) == all && ways(&domain).len() == 1);
        assert!(domain.classes("p0").unwrap().iter().any(|class| class.bytes > 0), "the link has a rate");

        // Killed: everything stays, and the next process finds it. What is announced no more is mended.
        drop(first);
        assert_eq!(count(&domain), all);
        let fewer = all / 2;
        configure(&folder, 1, fewer);
        Command::new("kill").args(["-HUP", &bird.0.id().to_string()]).status().unwrap();
        let second = edge(&home, &folder, &text);
        eventually("the next process has what its neighbour says now", || {
            let now = count(&domain);
            assert!(now >= fewer, "{now} routes: packets were dropped in between");
            now == fewer
        });
        assert_eq!(ways(&domain).len(), 1);

        second.stop();
        assert!(!Namespace::names().unwrap().contains(&name), "its namespace is left");
        eventually("the port is home", || links() == before);
    });
}
