//! Translation, classes and rates, seen from the wire.

use crate::plane::{CLOUD, ONE, TRUNK, World, number, tag};
use crate::{eventually, ip, net, with_rights};
use dataplane::linux::{Hop, LinuxDataPlane, Net, Vxlan};
use dataplane::{
    CounterSel, DataPlane, DomainSpec, Error, GroupId, IfHandle, Member, NatPolicy, OneToOne, Opening, QinqBackend,
    QosPolicy, RateKind, RatePolicy, RouteOp, Tag, TrafficClass,
};
use socket::frame::{FrameInbox, Frames};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// A customer's hosts inside, the Internet outside, the domain between them.
pub(crate) struct Path {
    pub(crate) world: World,
    pub(crate) plane: LinuxDataPlane,
    pub(crate) inside: IfHandle,
    pub(crate) outside: IfHandle,
    /// Where the outside is.
    far: Net,
    wire: Frames,
}

/// Where the far side of the outside is, in the underlay.
pub(crate) const OUTSIDE: Tag = Tag::Vni { vni: 5, remote: IpAddr::V4(Ipv4Addr::new(10, 255, 0, 2)) };

/// The domain of a [`Path`] in any data plane: the inside and the outside, a group and a prefix for each.
pub(crate) fn furnish(plane: &dyn DataPlane, spec: &DomainSpec) -> [IfHandle; 2] {
    plane.domain_ensure(ONE, spec).unwrap();
    let inside = plane.attach(ONE, TRUNK, tag(0), &[net("192.168.15.18/30")]).unwrap();
    let outside = plane.attach(ONE, CLOUD, OUTSIDE, &[net("172.31.0.1/30")]).unwrap();
    let member = |gateway, interface| [Member { gateway: ip(gateway), interface, weight: 1 }];
    plane.nexthop_set(ONE, GroupId(1), &member("192.168.15.17", inside)).unwrap();
    plane.nexthop_set(ONE, GroupId(2), &member("172.31.0.2", outside)).unwrap();
    let routes = [RouteOp::Put(net("192.168.0.0/16"), GroupId(1)), RouteOp::Put(net("0.0.0.0/0"), GroupId(2))];
    assert!(plane.routes(ONE, &routes).unwrap().refused.is_empty());
    [inside, outside]
}

/// Translation of the inside to six addresses, one of its hosts to one of its own.
pub(crate) fn translation(outside: IfHandle) -> NatPolicy {
    NatPolicy {
        outside,
        inside: vec![net("192.168.50.0/24")],
        pool: vec![ip("203.0.113.1")..=ip("203.0.113.6")],
        ports: None,
        one_to_one: vec![OneToOne { public: ip("203.0.113.10"), inside: ip("192.168.50.3") }],
        openings: vec![Opening { inside: ip("192.168.50.3"), port: 8080 }],
        refuse_private: true,
    }
}

impl Path {
    pub(crate) fn new(test: &str, way: QinqBackend) -> Self {
        let world = World::new(test, way);
        let plane = world.plane();
        let [inside, outside] = furnish(&plane, &world.spec("one"));
        let far = Net::nameless().unwrap();
        let back = Vxlan { vni: 5, local: ip("10.255.0.2"), remote: ip("10.255.0.1"), port: 4789 };
        world.gateway.vxlan("up0", back, None, far.namespace()).unwrap();
        far.add_address("up0", net("172.31.0.2/30")).unwrap();
        far.add_address("lo", net("8.8.8.8/32")).unwrap();
        far.up("up0").unwrap();
        far.put_route(net("0.0.0.0/0"), Hop::Via(ip("172.31.0.1"), None)).unwrap();
        for host in ["192.168.50.1/32", "192.168.50.2/32", "192.168.50.3/32", "192.168.60.1/32"] {
            world.customers[0].add_address("lo", net(host)).unwrap();
        }
        let wire = Frames::open("up0", Some(far.namespace())).unwrap();
        Self { world, plane, inside, outside, far, wire }
    }

    fn policy(&self) -> NatPolicy {
        translation(self.outside)
    }

    /// A socket of a host inside.
    pub(crate) fn host(&self, address: &str) -> UdpSocket {
        self.world.customers[0].namespace().enter(|| UdpSocket::bind((ip(address), 0))).unwrap()
    }

    /// Sources and marks of the datagrams to port 9 that arrived outside, each packet once.
    pub(crate) fn arrived(&self) -> Vec<(Ipv4Addr, u8)> {
        let mut inbox = FrameInbox::new();
        let mut seen = Vec::new();
        while self.wire.receive(&mut inbox).unwrap() > 0 {
            for frame in inbox.frames() {
                let Some([0x45, tos, packet @ ..]) = frame.bytes.get(14..) else { continue };
                if packet[7] == 17 && packet[20..22] == [0, 9] {
                    seen.push((<[u8; 4]>::try_from(&packet[10..14]).unwrap().into(), tos >> 2));
                }
            }
        }
        seen
    }

    fn counter(&self, name: &str) -> u64 {
        number(&self.plane.counters(&CounterSel::Domain(ONE)).unwrap(), name)
    }
}

pub(crate) const FAR: (Ipv4Addr, u16) = (Ipv4Addr::new(8, 8, 8, 8), 9);

#[test]
fn from_outside_only_what_is_open_is_reached() {
    with_rights("services::from_outside_only_what_is_open_is_reached", || {
        use std::net::{TcpListener, TcpStream};
        use std::time::Duration;
        let path = Path::new("inbound", QinqBackend::Packet);
        path.plane.nat(ONE, Some(&path.policy())).unwrap();
        let listen =
            |port| path.world.customers[0].namespace().enter(|| TcpListener::bind((ip("192.168.50.3"), port))).unwrap();
        let (open, _closed) = (listen(8080), listen(8081));
        let connect = |port| {
            let to = SocketAddr::from((ip("203.0.113.10"), port));
            path.far.namespace().enter(|| TcpStream::connect_timeout(&to, Duration::from_millis(500)))
        };
        connect(8080).unwrap();
        let (_, from) = open.accept().unwrap();
        assert_eq!(from.ip(), IpAddr::from([172, 31, 0, 2]));
        assert_eq!(path.counter("nat-inbound-refused"), 0);
        connect(8081).unwrap_err();
        assert!(path.counter("nat-inbound-refused") > 0);
        path.plane.remove_all().unwrap();
    });
}

#[test]
fn classes_are_kept_and_other_marks_are_cleared() {
    with_rights("services::classes_are_kept_and_other_marks_are_cleared", || {
        let path = Path::new("classes", QinqBackend::Packet);
        let mark = |number: u8| model::Value::parse(&number.to_string()).unwrap();
        let class = |name: &str, marks: Vec<model::Dscp>, share, queue_ms| TrafficClass {
            name: name.into(),
            marks,
            share,
            ceiling: 100,
            queue_ms,
        };
        let classes = vec![class("voice", vec![mark(46)], 20, None), class("best-effort", vec![], 50, Some(20))];
        let policy = QosPolicy { bps: 1_000_000, classes, rewrite_others: true };
        path.plane.qos(path.outside, Some(&policy)).unwrap();
        path.plane
            .rate(path.outside, Some(&RatePolicy { bps: 2_000_000, burst_ms: 20, kind: RateKind::Shape }))
            .unwrap();
        let host = path.host("192.168.50.1");
        let send = |dscp: u32, count: usize, bytes: usize| {
            socket2::SockRef::from(&host).set_tos_v4(dscp << 2).unwrap();
            for _ in 0..count {
                host.send_to(&vec![0; bytes], FAR).unwrap();
            }
        };
        // Far more of the rest than the rate takes, and a little voice in the middle of it. In small lots, since the
        // taggers' rings are not what is tried here.
        for lot in 1..=8 {
            send(26, 25, 1_000);
            eventually(|| path.counter("dscp-rewritten") == lot * 25);
        }
        send(46, 20, 100);
        for lot in 1..=8 {
            send(0, 25, 1_000);
            let best_effort = || path.counter("class-best-effort") + path.counter("class-best-effort-dropped");
            eventually(|| best_effort() >= 200 + lot * 25);
        }
        let mut seen = Vec::new();
        eventually(|| {
            seen.extend(path.arrived());
            seen.iter().filter(|(_, dscp)| *dscp == 46).count() == 20
        });
        assert!(seen.iter().all(|(_, dscp)| [0, 46].contains(dscp)), "a mark of no class arrived");
        assert_eq!(path.counter("class-voice"), 20);
        assert_eq!(path.counter("class-voice-dropped"), 0);
        assert!(path.counter("class-best-effort-dropped") > 20);
        assert_eq!(path.counter("dscp-rewritten"), 200);
        let twice = QosPolicy { classes: vec![policy.classes[0].clone(); 2], ..policy };
        assert!(matches!(path.plane.qos(path.outside, Some(&twice)), Err(Error::Invalid(_))));
        path.plane.qos(path.outside, None).unwrap();
        path.plane.rate(path.outside, None).unwrap();
        assert_eq!(path.counter("class-voice"), 0);
        path.plane.remove_all().unwrap();
    });
}

/// So many clients, each with so many flows, through a pool whose addresses have few ports; beside them a private
/// source of no pool. Every packet outside is captured.
fn flows_through_a_pool(clients: u8, each: u64) {
    let path = Path::new(&format!("flows{each}"), QinqBackend::Packet);
    // Four addresses, with room for about a half of what one would need that gets a fair share of the clients.
    let first = ip("203.0.113.1");
    let ports = 10_000..=10_000 + u16::try_from(u64::from(clients) * each / 8).unwrap();
    let policy = NatPolicy { pool: vec![first..=ip("203.0.113.4")], ports: Some(ports), ..path.policy() };
    path.plane.nat(ONE, Some(&policy)).unwrap();
    let of = |client: u8| format!("192.168.50.{}", 100 + client);
    let mut public: BTreeMap<u8, BTreeSet<Ipv4Addr>> = BTreeMap::new();
    let (mut sent, mut arrived) = (0, 0);
    for client in 0..clients {
        path.world.customers[0].add_address("lo", net(&format!("{}/32", of(client)))).unwrap();
        // All open at once, so that each has a port of its own.
        let sockets: Vec<UdpSocket> = (0..each).map(|_| path.host(&of(client))).collect();
        // In small lots, since the taggers' rings are not what is tried here.
        for lot in sockets.chunks(50) {
            lot.iter().for_each(|socket| _ = socket.send_to(b"out", FAR).unwrap());
            sent += lot.len() as u64;
            eventually(|| path.counter("nat-translated") + path.counter("nat-exhausted") == sent);
            let seen = path.arrived();
            arrived += seen.len() as u64;
            public.entry(client).or_default().extend(seen.into_iter().map(|(source, _)| source));
        }
        let _ = path.host("192.168.60.1").send_to(b"out", FAR);
    }
    eventually(|| {
        let seen = path.arrived();
        arrived += seen.len() as u64;
        assert!(seen.iter().all(|(source, _)| source.octets()[..3] == [203, 0, 113]), "{seen:?}");
        arrived == path.counter("nat-translated")
    });
    let exhausted = path.counter("nat-exhausted");
    assert!(exhausted > 0 && exhausted < sent, "{exhausted} of {sent}");
    assert_eq!(path.counter("nat-private-refused"), u64::from(clients));
    for (client, sources) in &public {
        assert!(sources.len() <= 1, "{} came as {sources:?}", of(*client));
        assert!(sources.iter().all(|source| (1..=4).contains(&source.octets()[3]) && !source.is_private()));
    }
    path.plane.remove_all().unwrap();
}

#[test]
fn a_thousand_flows_share_a_pool_and_each_client_has_one_address() {
    with_rights("services::a_thousand_flows_share_a_pool_and_each_client_has_one_address", || {
        flows_through_a_pool(20, 50);
    });
}

#[test]
#[ignore = "half a minute"]
fn ten_thousand_flows_share_a_pool_and_each_client_has_one_address() {
    with_rights("services::ten_thousand_flows_share_a_pool_and_each_client_has_one_address", || {
        flows_through_a_pool(100, 100);
    });
}
