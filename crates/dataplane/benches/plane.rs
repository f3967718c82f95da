//! What the data plane costs on this kernel, a figure a line: what, then a number, with a tab between. `cargo xtask
//! bench dataplane` runs it and writes the page.
//!
//! It starts itself again in namespaces of its own, a plain user inside user namespaces as well: whatever becomes of it,
//! nothing of it is left.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

use dataplane::linux::{End, Hop, LinuxDataPlane, Net, Options, Port, Tagger, probe};
use dataplane::{
    DataPlane, DomainId, DomainSpec, GroupId, IfHandle, Member, NatPolicy, PortId, QinqBackend, QosPolicy, RateKind,
    RatePolicy, RouteOp, RouteTable, Tag, TrafficClass,
};
use ipnet::{IpNet, Ipv4Net};
use socket::frame::Frames;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use testkit::rights;

const RUNS: usize = 5;
const SWITCHES: usize = 101;
const CIRCUITS: u16 = 500;
const SECONDS: Duration = Duration::from_secs(1);
/// How long the congestion lasts.
const LONG: Duration = Duration::from_secs(10);
const ONE: DomainId = DomainId(1);
const CUSTOMER: PortId = PortId(1);
const CLOUD: PortId = PortId(2);

fn main() {
    // `cargo test` and nextest only ask which tests there are.
    if !std::env::args().any(|word| word == "--bench") {
        return;
    }
    if !rights::is_inside() {
        assert!(rights::again(&["--bench"]).unwrap().success(), "the measurement failed inside its namespaces");
        return;
    }
    let times: Vec<f64> = (0..RUNS).map(|_| took(|| drop(probe().unwrap()))).collect();
    tell("probe, ms", median(times) * 1e3);
    [100, 10_000, 100_000].into_iter().for_each(tables);
    let ways = ways();
    for (services, nat, classes) in
        [("", false, false), (" with translation", true, false), (" with classes", false, true)]
    {
        forwarding(&ways, services, nat, classes);
    }
    for (name, way) in &ways {
        if let Some(way) = way {
            circuits(name, *way);
        }
        if *way != Some(QinqBackend::Packet) {
            congestion(name, *way);
        }
    }
}

/// How a circuit's packets are told apart, by name: not at all, or by each way of tagging that this machine has.
fn ways() -> Vec<(&'static str, Option<QinqBackend>)> {
    let caps = probe().unwrap();
    let all = [("plain", None), ("programs", Some(QinqBackend::Bpf)), ("a thread", Some(QinqBackend::Packet))];
    all.into_iter().filter(|(_, way)| *way != Some(QinqBackend::Bpf) || caps.bpf).collect()
}

/// What each way forwards, measured in turn: one way and the next see the same minute of the machine.
fn forwarding(ways: &[(&str, Option<QinqBackend>)], services: &str, nat: bool, classes: bool) {
    let paths: Vec<Path> = ways.iter().map(|(_, way)| Path::new(*way)).collect();
    paths.iter().for_each(|path| path.serve(nat, classes));
    let mut rates = vec![(Vec::new(), Vec::new()); paths.len()];
    for _ in 0..RUNS {
        for (path, (packets, stream)) in paths.iter().zip(&mut rates) {
            packets.push(path.packets());
            stream.push(path.stream());
        }
    }
    for ((name, _), (packets, stream)) in ways.iter().zip(rates) {
        tell(&format!("forwarding, {name}{services}, packets/s"), median(packets));
        tell(&format!("forwarding, {name}{services}, Gbit/s of TCP"), median(stream));
    }
    paths.iter().for_each(|path| path.plane.remove_all().unwrap());
}

fn tell(what: &str, number: f64) {
    std::io::stdout().write_all(format!("{what}\t{number}\n").as_bytes()).unwrap();
}

fn took(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn vlan(number: u16) -> model::VlanId {
    number.try_into().unwrap()
}

fn open(home: &Net, ports: &[(PortId, &str)], way: Option<QinqBackend>) -> LinuxDataPlane {
    let port =
        |(id, interface): &(PortId, &str)| Port { id: *id, interface: (*interface).into(), underlay: None, mac: None };
    let prefix = prefix(way);
    let options =
        Options { prefix, home: home.namespace().clone(), allow_host: false, ports: ports.iter().map(port).collect() };
    let caps = probe().unwrap();
    let caps = way.map_or(Ok(caps.clone()), |way| caps.with_qinq(way)).unwrap();
    LinuxDataPlane::open(options, caps).unwrap()
}

/// What the namespaces of a data plane are called: several are there at a time.
fn prefix(way: Option<QinqBackend>) -> String {
    format!("tp-bench-{}-{}-", std::process::id(), way.map_or("plain", QinqBackend::word))
}

fn spec(way: Option<QinqBackend>, domain: &str) -> DomainSpec {
    DomainSpec { name: format!("{}{domain}", prefix(way)) }
}

/// Routes and groups: how long a switch takes with so many routes behind it, and how fast routes come and go.
fn tables(routes: u32) {
    let (home, far) = (Net::nameless().unwrap(), Net::nameless().unwrap());
    for name in ["a0", "b0"] {
        home.veth(End::named(name), far.namespace(), End::named(name)).unwrap();
        far.up(name).unwrap();
    }
    let plane = open(&home, &[(CUSTOMER, "a0"), (CLOUD, "b0")], None);
    plane.domain_ensure(ONE, &spec(None, "one")).unwrap();
    let member = |port, number: u8| {
        let address = Ipv4Net::new(Ipv4Addr::new(10, 255, 0, number), 30).unwrap();
        let interface = plane.attach(ONE, port, Tag::Untagged, &[address.into()]).unwrap();
        Member { gateway: Ipv4Addr::new(10, 255, 0, number + 1).into(), interface, weight: 1 }
    };
    let (one, other) = (member(CUSTOMER, 1), member(CLOUD, 5));
    let group = GroupId(1);
    plane.nexthop_set(ONE, group, &[one]).unwrap();
    let first = Ipv4Addr::new(11, 0, 0, 0).to_bits();
    let prefix = |number: u32| IpNet::from(Ipv4Net::new(Ipv4Addr::from_bits(first + (number << 8)), 24).unwrap());
    let puts: Vec<RouteOp> = (0..routes).map(|number| RouteOp::Put(prefix(number), group)).collect();
    let dels: Vec<RouteOp> = (0..routes).map(|number| RouteOp::Del(prefix(number))).collect();
    let change = |batch: &[RouteOp]| {
        took(|| assert!(plane.routes(ONE, batch).unwrap().refused.is_empty())).recip() * f64::from(routes)
    };
    let (mut put, mut deleted) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        put.push(change(&puts));
        deleted.push(change(&dels));
    }
    tell(&format!("{routes} routes: put, a second"), median(put));
    tell(&format!("{routes} routes: deleted, a second"), median(deleted));
    change(&puts);

    let kernel = Net::open(&plane.namespace(ONE).unwrap().unwrap()).unwrap();
    let last = Ipv4Addr::from_bits(first + ((routes - 1) << 8) + 1);
    let mut switches = Vec::new();
    for turn in 0..SWITCHES {
        let to = if turn % 2 == 0 { other } else { one };
        switches.push(took(|| plane.nexthop_set(ONE, group, &[to]).unwrap()));
        assert_eq!(kernel.lookup(last.into()).unwrap().gateway, Some(to.gateway), "the last route has moved");
    }
    tell(
        &format!("{routes} routes: switch of their group, worst, ms"),
        switches.iter().copied().fold(0.0, f64::max) * 1e3,
    );
    tell(&format!("{routes} routes: switch of their group, ms"), median(switches) * 1e3);
    let mut want = RouteTable::default();
    want.groups.insert(group, vec![other]);
    want.routes.extend((0..routes).map(|number| (prefix(number), group)));
    let resync = || took(|| assert!(plane.resync(ONE, &want).unwrap().is_empty()));
    let times: Vec<f64> = (0..RUNS).map(|_| resync()).collect();
    tell(&format!("{routes} routes: resync that finds nothing, ms"), median(times) * 1e3);
    plane.remove_all().unwrap();
}

/// A customer's host, the edge's domain, a host on the other side; with tags or without on the customer's link.
struct Path {
    host: Net,
    far: Net,
    plane: LinuxDataPlane,
    outside: IfHandle,
    /// The other end of the port, and a datagram of 64 bytes as it arrives there.
    wire: Frames,
    frame: Vec<u8>,
    /// What has to live as long.
    _keep: (Net, Net, Option<Tagger>),
}

/// The tag of the circuit with such a number.
fn tag(number: u16) -> Tag {
    Tag::SC(vlan(100 + number), vlan(10))
}

impl Path {
    fn new(way: Option<QinqBackend>) -> Self {
        let [host, provider, home, far] = std::array::from_fn(|_| Net::nameless().unwrap());
        home.veth(End::named("cloud"), far.namespace(), End::named("up0")).unwrap();
        let tagger = way.map(|way| {
            let jumbo = |name| End { name, mac: None, mtu: Some(2000) };
            home.veth(jumbo("trunk"), provider.namespace(), jumbo("edge")).unwrap();
            home.up("trunk").unwrap();
            provider.up("edge").unwrap();
            let tagger = Tagger::start(way, "edge", provider.namespace()).unwrap();
            host.veth(End::named("up0"), provider.namespace(), End::named("c0")).unwrap();
            if way == QinqBackend::Packet {
                socket::frame::finish_in_software("up0", Some(host.namespace())).unwrap();
            }
            provider.up("c0").unwrap();
            tagger.add(tag(0), "c0", None).unwrap();
            tagger
        });
        if way.is_none() {
            home.veth(End::named("trunk"), host.namespace(), End::named("up0")).unwrap();
        }
        let plane = open(&home, &[(CUSTOMER, "trunk"), (CLOUD, "cloud")], way);
        plane.domain_ensure(ONE, &spec(way, "one")).unwrap();
        let how = if way.is_some() { tag(0) } else { Tag::Untagged };
        let inside = plane.attach(ONE, CUSTOMER, how, &[net("192.168.15.18/30")]).unwrap();
        let outside = plane.attach(ONE, CLOUD, Tag::Untagged, &[net("172.31.0.1/30")]).unwrap();
        for (side, address, router) in
            [(&host, "192.168.15.17/30", "192.168.15.18"), (&far, "172.31.0.2/30", "172.31.0.1")]
        {
            side.add_address("up0", net(address)).unwrap();
            side.up("up0").unwrap();
            side.put_route(net("0.0.0.0/0"), Hop::Via(ip(router), None)).unwrap();
        }
        let domain = Net::open(&plane.namespace(ONE).unwrap().unwrap()).unwrap();
        let to = domain.link(&plane.interface_name(inside).unwrap()).unwrap().mac.unwrap();
        let frame = frame(to, host.link("up0").unwrap().mac.unwrap(), way.is_some());
        let (at, device) = if way.is_some() { (&provider, "edge") } else { (&host, "up0") };
        let wire = Frames::open(device, Some(at.namespace())).unwrap();
        Self { host, far, plane, outside, wire, frame, _keep: (provider, home, tagger) }
    }

    /// Translation and classes, as asked for.
    fn serve(&self, nat: bool, classes: bool) {
        let policy = NatPolicy {
            outside: self.outside,
            inside: vec![net("192.168.0.0/16")],
            pool: vec![ip("203.0.113.1")..=ip("203.0.113.6")],
            ports: None,
            one_to_one: Vec::new(),
            openings: Vec::new(),
            refuse_private: true,
        };
        self.plane.nat(ONE, nat.then_some(&policy)).unwrap();
        let class = |name: &str, marks: &[&str], share| TrafficClass {
            name: name.to_owned(),
            marks: marks.iter().map(|mark| model::Value::parse(mark).unwrap()).collect(),
            share,
            ceiling: 100,
            queue_ms: None,
        };
        let classes_of = QosPolicy {
            bps: 10_000_000_000,
            classes: vec![class("voice", &["46"], 20), class("rest", &[], 80)],
            rewrite_others: true,
        };
        self.plane.qos(self.outside, classes.then_some(&classes_of)).unwrap();
    }

    /// Datagrams of 64 bytes that arrive in a second while as many come in by the port as it takes. They are put on the
    /// wire as whole frames, so that all ways have the same sender.
    fn packets(&self) -> f64 {
        let arrived = || self.far.link("up0").unwrap().traffic.in_packets;
        let lot: Vec<[&[u8]; 3]> = (0..64).map(|_| [self.frame.as_slice(), &[], &[]]).collect();
        let (before, start) = (arrived(), Instant::now());
        while start.elapsed() < SECONDS {
            self.wire.send(&lot);
        }
        let time = start.elapsed().as_secs_f64();
        (arrived() - before) as f64 / time
    }

    /// What one stream of TCP carries from the host to the far side.
    fn stream(&self) -> f64 {
        let listener = self.far.namespace().enter(|| TcpListener::bind("172.31.0.2:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let mut sender = self.host.namespace().enter(|| TcpStream::connect(address)).unwrap();
        let mut receiver = listener.accept().unwrap().0;
        let start = Instant::now();
        let thread = std::thread::spawn(move || {
            let block = vec![0; 128 << 10];
            while start.elapsed() < SECONDS {
                sender.write_all(&block).unwrap();
            }
        });
        let (mut bytes, mut buffer) = (0, vec![0; 256 << 10]);
        while let Ok(length @ 1..) = receiver.read(&mut buffer) {
            bytes += length;
        }
        thread.join().unwrap();
        bytes as f64 * 8.0 / 1e9 / start.elapsed().as_secs_f64()
    }
}

/// A datagram of 64 bytes from the host to the far side, as a frame: to whom, from whom, tags, IPv4, UDP.
fn frame(to: [u8; 6], from: [u8; 6], tagged: bool) -> Vec<u8> {
    const PAYLOAD: u16 = 64;
    let mut ip = vec![0x45, 0];
    ip.extend((28 + PAYLOAD).to_be_bytes());
    ip.extend([0, 0, 0, 0, 64, 17, 0, 0, 192, 168, 15, 17, 172, 31, 0, 2]);
    let words = ip.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])));
    let sum = words.sum::<u32>();
    let sum = !(((sum & 0xffff) + (sum >> 16)) as u16);
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    let tags: &[u8] = if tagged { &[0x88, 0xa8, 0, 100, 0x81, 0, 0, 10] } else { &[] };
    let udp = [[0x30, 0x39].as_slice(), &[0, 9], &(8 + PAYLOAD).to_be_bytes(), &[0, 0]].concat();
    [&to[..], &from, tags, &[8, 0], &ip, &udp, &[0; PAYLOAD as usize]].concat()
}

/// Many circuits on one trunk, a domain each: how long they take to come, and what one of them carries then.
fn circuits(name: &str, way: QinqBackend) {
    let path = Path::new(Some(way));
    let time = took(|| {
        for number in 1..CIRCUITS {
            let domain = DomainId(u32::from(number) + 1);
            path.plane.domain_ensure(domain, &spec(Some(way), &number.to_string())).unwrap();
            path.plane.attach(domain, CUSTOMER, tag(number), &[net("192.168.15.18/30")]).unwrap();
        }
    });
    tell(&format!("a further circuit on the trunk, {name}, ms"), time * 1e3 / f64::from(CIRCUITS - 1));
    let rates = (0..RUNS).map(|_| path.packets()).collect();
    tell(&format!("forwarding, {name}, {CIRCUITS} circuits on the trunk, packets/s"), median(rates));
    path.plane.remove_all().unwrap();
}

/// The rate of the congested link, and what is sent at it: voice and 170 % in all, in bits a second.
const LINE: u64 = 50_000_000;
const VOICE: u64 = 800_000;
const BULK: u64 = LINE * 170 / 100 - VOICE;
/// Payload of a datagram of voice and of the rest, and what headers add on the wire.
const SIZES: [usize; 2] = [172, 1_372];
const HEADERS: usize = 42;

/// Voice in the middle of more than the line takes: what is lost and how late it is, and what the rest still gets.
fn congestion(name: &str, way: Option<QinqBackend>) {
    let path = Path::new(way);
    let class = |name: &str, marks: &[&str], share, queue_ms| TrafficClass {
        name: name.to_owned(),
        marks: marks.iter().map(|mark| model::Value::parse(mark).unwrap()).collect(),
        share,
        ceiling: 100,
        queue_ms,
    };
    let classes = vec![class("voice", &["46"], 10, None), class("rest", &[], 90, Some(50))];
    path.plane.qos(path.outside, Some(&QosPolicy { bps: LINE, classes, rewrite_others: true })).unwrap();
    let rate = RatePolicy { bps: LINE, burst_ms: 1, kind: RateKind::Shape };
    path.plane.rate(path.outside, Some(&rate)).unwrap();
    let start = Instant::now();
    let [voice, bulk] = [46_u32, 0].map(|mark| {
        let receiver = path.far.namespace().enter(|| UdpSocket::bind("172.31.0.2:0")).unwrap();
        receiver.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let sender = path.host.namespace().enter(|| UdpSocket::bind("0.0.0.0:0")).unwrap();
        socket2::SockRef::from(&sender).set_tos_v4(mark << 2).unwrap();
        sender.connect(receiver.local_addr().unwrap()).unwrap();
        (sender, receiver)
    });
    let late = |receiver: &UdpSocket| {
        let mut buffer = [0; 2_048];
        let mut delays = Vec::new();
        while let Ok(length @ 8..) = receiver.recv(&mut buffer) {
            let sent = u64::from_be_bytes(buffer[..8].try_into().unwrap_or_default());
            delays.push(((start.elapsed().as_nanos() as u64).saturating_sub(sent)) as f64 / 1e6);
            assert!(length > 100, "nobody else sends here");
        }
        delays
    };
    let ((voice_sent, voices), (_, rest)) = std::thread::scope(|scope| {
        let heard = scope.spawn(|| late(&voice.1));
        let rest = scope.spawn(|| late(&bulk.1));
        // Both at their pace, by one clock: a turn sends what has become due.
        let mut sent = [0_u64; 2];
        while start.elapsed() < LONG {
            let now = start.elapsed();
            for (place, (socket, bits)) in [(&voice.0, VOICE), (&bulk.0, BULK)].into_iter().enumerate() {
                let each = (SIZES[place] + HEADERS) as u64 * 8;
                let due = (now.as_micros() as u64 * bits / 1_000_000) / each;
                while sent[place] < due {
                    let mut payload = vec![0; SIZES[place]];
                    payload[..8].copy_from_slice(&(start.elapsed().as_nanos() as u64).to_be_bytes());
                    let _ = socket.send(&payload);
                    sent[place] += 1;
                }
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        ((sent[0], heard.join().unwrap()), (sent[1], rest.join().unwrap()))
    });
    let mut delays = voices.clone();
    delays.sort_by(f64::total_cmp);
    let share = |part: f64| delays[((delays.len() - 1) as f64 * part) as usize];
    tell(&format!("170 % load, {name}: voice sent, packets"), voice_sent as f64);
    tell(&format!("170 % load, {name}: voice lost, packets"), voice_sent as f64 - voices.len() as f64);
    tell(&format!("170 % load, {name}: delay of voice, median, ms"), share(0.5));
    tell(&format!("170 % load, {name}: delay of voice, 99th percentile, ms"), share(0.99));
    let got = (rest.len() * (SIZES[1] + HEADERS) * 8) as f64 / (LONG).as_secs_f64();
    tell(&format!("170 % load, {name}: the rest gets of what voice leaves"), got / (LINE - VOICE) as f64);
    path.plane.remove_all().unwrap();
}
