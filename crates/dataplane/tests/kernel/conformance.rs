//! What holds of every data plane, the kernel's and the one in memory: one suite, the same cases for both.
//!
//! A [`Stage`] is a data plane with the domain of a [`Path`] in it (hosts inside, a host outside) and the means to look
//! at it from outside: which way an address goes, and what arrives when a host sends.

use crate::plane::{CLOUD, ONE, TRUNK, number, tag};
use crate::services::{FAR, OUTSIDE, Path, furnish, translation};
use crate::{eventually, has_way, ip, net, with_rights};
use dataplane::linux::Net;
use dataplane::sim::{Fate, Packet, SimDataPlane};
use dataplane::{
    Backend, Capability, CounterSel, DataPlane, DomainId, DomainSpec, DpEvent, Error, GroupId, IfHandle, Member,
    NatPolicy, PortId, QinqBackend, QosPolicy, RouteOp, RouteTable, Tag, TrafficClass,
};
use ipnet::IpNet;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

const TWO: DomainId = DomainId(2);

/// A data plane to try, with one domain furnished.
trait Stage {
    /// The data plane.
    fn plane(&self) -> &dyn DataPlane;
    /// Its two interfaces: inside and outside.
    fn ends(&self) -> [IfHandle; 2];
    /// How a domain is called here.
    fn spec(&self, domain: &str) -> DomainSpec;
    /// To which router an address goes.
    fn way(&self, domain: DomainId, to: &str) -> Option<IpAddr>;
    /// A host inside sends datagrams to the far side, each as a flow of its own or all as one.
    fn send(&self, from: &str, dscp: u8, count: usize, one_flow: bool);
    /// Sources and marks of what arrived at the far side since last asked.
    fn arrived(&self) -> Vec<(Ipv4Addr, u8)>;
}

/// In memory.
struct Memory {
    plane: SimDataPlane,
    ends: [IfHandle; 2],
    arrived: RefCell<Vec<(Ipv4Addr, u8)>>,
    port: RefCell<u16>,
}

impl Memory {
    fn new() -> Self {
        let plane = SimDataPlane::new([TRUNK, CLOUD]);
        let ends = furnish(&plane, &DomainSpec { name: "one".to_owned() });
        Self { plane, ends, arrived: RefCell::default(), port: RefCell::new(30_000) }
    }
}

impl Stage for Memory {
    fn plane(&self) -> &dyn DataPlane {
        &self.plane
    }

    fn ends(&self) -> [IfHandle; 2] {
        self.ends
    }

    fn spec(&self, domain: &str) -> DomainSpec {
        DomainSpec { name: domain.to_owned() }
    }

    fn way(&self, domain: DomainId, to: &str) -> Option<IpAddr> {
        self.plane.lookup(domain, ip(to)).unwrap().first().map(|member| member.gateway)
    }

    fn send(&self, from: &str, dscp: u8, count: usize, one_flow: bool) {
        for place in 0..count {
            let mut port = self.port.borrow_mut();
            *port += u16::from(place == 0 || !one_flow);
            let to = (IpAddr::V4(FAR.0), FAR.1);
            let packet = Packet { from: (ip(from), *port), to, dscp: mark(dscp), bytes: 100 };
            if let Fate::Sent { packet, .. } = self.plane.send(ONE, packet, Duration::ZERO).unwrap()
                && let IpAddr::V4(source) = packet.from.0
            {
                self.arrived.borrow_mut().push((source, packet.dscp.number()));
            }
        }
    }

    fn arrived(&self) -> Vec<(Ipv4Addr, u8)> {
        self.arrived.take()
    }
}

impl Stage for Path {
    fn plane(&self) -> &dyn DataPlane {
        &self.plane
    }

    fn ends(&self) -> [IfHandle; 2] {
        [self.inside, self.outside]
    }

    fn spec(&self, domain: &str) -> DomainSpec {
        self.world.spec(domain)
    }

    fn way(&self, domain: DomainId, to: &str) -> Option<IpAddr> {
        let namespace = self.plane.namespace(domain).unwrap().unwrap();
        Net::open(&namespace).unwrap().lookup(ip(to)).ok().and_then(|route| route.gateway)
    }

    fn send(&self, from: &str, dscp: u8, count: usize, one_flow: bool) {
        // All open at once, so that each has a port of its own.
        let hosts: Vec<UdpSocket> = (0..if one_flow { 1 } else { count }).map(|_| self.host(from)).collect();
        for host in hosts.iter().cycle().take(count) {
            socket2::SockRef::from(host).set_tos_v4(u32::from(dscp) << 2).unwrap();
            // What is refused on the way may be told to the sender.
            let _ = host.send_to(b"out", FAR);
        }
    }

    fn arrived(&self) -> Vec<(Ipv4Addr, u8)> {
        Path::arrived(self)
    }
}

/// Each case on each data plane, as a test of its own: in memory, in the kernel with tags put on by a thread, and in the
/// kernel with tags put on by programs.
macro_rules! on_each {
    ($($case:ident),+ $(,)?) => {
        mod memory {
            $(#[test]
            fn $case() {
                super::$case(&super::Memory::new());
            })+
        }
        mod packet {
            $(#[test]
            fn $case() {
                let test = concat!("conformance::packet::", stringify!($case));
                super::in_kernel(test, stringify!($case), super::QinqBackend::Packet, super::$case);
            })+
        }
        mod programs {
            $(#[test]
            fn $case() {
                let test = concat!("conformance::programs::", stringify!($case));
                super::in_kernel(test, stringify!($case), super::QinqBackend::Bpf, super::$case);
            })+
        }
    };
}

fn in_kernel(test: &str, name: &str, way: QinqBackend, case: impl FnOnce(&dyn Stage)) {
    with_rights(test, || {
        if has_way(way) {
            let path = Path::new(name, way);
            case(&path);
            path.plane.remove_all().unwrap();
        }
    });
}

on_each!(
    every_capability_has_its_reason,
    a_domain_is_found_again_by_its_name,
    a_tag_is_of_one_domain,
    the_longest_prefix_decides,
    a_batch_with_an_unknown_group_changes_nothing,
    a_group_moves_all_its_prefixes,
    a_link_takes_its_members_along_and_brings_them_back,
    a_gateway_is_on_the_link_of_its_interface,
    a_resync_tells_what_it_mended,
    domains_do_not_see_each_other,
    each_client_keeps_its_public_address,
    a_private_source_is_refused_and_counted,
    a_pool_without_room_refuses_and_counts,
    a_policy_that_contradicts_itself_is_refused,
    marks_sort_into_classes_and_others_are_cleared,
    neighbours_are_ours_and_theirs,
    what_is_not_there_is_said_and_removing_it_is_no_error,
);

fn mark(number: u8) -> model::Dscp {
    model::Value::parse(&number.to_string()).unwrap()
}

fn count(stage: &dyn Stage, name: &str) -> u64 {
    number(&stage.plane().counters(&CounterSel::Domain(ONE)).unwrap(), name)
}

/// What arrives, once so many have.
fn arrivals(stage: &dyn Stage, wanted: usize) -> Vec<(Ipv4Addr, u8)> {
    let mut seen = Vec::new();
    eventually(|| {
        seen.extend(stage.arrived());
        seen.len() >= wanted
    });
    seen
}

fn every_capability_has_its_reason(stage: &dyn Stage) {
    let caps = stage.plane().caps();
    for capability in [Capability::Qinq, Capability::NexthopGroups, Capability::Nat, Capability::Classes] {
        let reason = caps.reasons.iter().find(|reason| reason.capability == capability);
        assert!(reason.is_some_and(|reason| reason.chosen.is_some() && !reason.why.is_empty()), "{capability}");
    }
    assert_eq!(stage.plane().backend() == Backend::Sim, stage.plane().namespace(ONE).unwrap().is_none());
}

fn a_domain_is_found_again_by_its_name(stage: &dyn Stage) {
    let plane = stage.plane();
    plane.domain_ensure(ONE, &stage.spec("one")).unwrap();
    assert_eq!(stage.way(ONE, "8.8.8.8"), Some(ip("172.31.0.2")), "nothing was lost");
    let renamed = plane.domain_ensure(ONE, &stage.spec("other")).unwrap_err();
    assert!(matches!(renamed, Error::Invalid(_)), "{renamed}");
    let taken = plane.domain_ensure(TWO, &stage.spec("one")).unwrap_err();
    assert!(matches!(taken, Error::Invalid(_)), "{taken}");
    plane.domain_remove(ONE).unwrap();
    plane.domain_ensure(TWO, &stage.spec("one")).unwrap();
}

fn a_tag_is_of_one_domain(stage: &dyn Stage) {
    let plane = stage.plane();
    let [inside, _] = stage.ends();
    plane.domain_ensure(TWO, &stage.spec("two")).unwrap();
    assert_eq!(plane.attach(ONE, TRUNK, tag(0), &[net("192.168.15.18/30")]).unwrap(), inside, "the same as before");
    let taken = plane.attach(TWO, TRUNK, tag(0), &[]).unwrap_err();
    assert!(matches!(taken, Error::Invalid(_)), "{taken}");
    plane.attach(TWO, TRUNK, tag(1), &[net("192.168.15.18/30")]).unwrap();
    plane.detach(inside).unwrap();
    let moved = plane.attach(TWO, TRUNK, tag(0), &[net("192.168.15.22/30")]).unwrap();
    assert_eq!(moved.domain, TWO);
    assert_ne!(plane.interface_name(moved).unwrap(), "");
}

fn the_longest_prefix_decides(stage: &dyn Stage) {
    let plane = stage.plane();
    let way = |to: &str| stage.way(ONE, to);
    let [there, here] = ["172.31.0.2", "192.168.15.17"].map(|router| Some(ip(router)));
    assert_eq!([way("192.168.1.1"), way("10.1.2.3")], [here, there]);
    plane.routes(ONE, &[RouteOp::Put(net("10.1.2.0/24"), GroupId(1))]).unwrap();
    assert_eq!([way("10.1.2.3"), way("10.1.3.3")], [here, there]);
    // The same prefix anew, with host bits that do not count; then away, twice.
    plane.routes(ONE, &[RouteOp::Put(net("10.1.2.9/24"), GroupId(2))]).unwrap();
    assert_eq!(way("10.1.2.3"), there);
    for _ in 0..2 {
        let report = plane.routes(ONE, &[RouteOp::Del(net("0.0.0.0/0")), RouteOp::Del(net("10.1.2.0/24"))]).unwrap();
        assert_eq!((report.done, report.refused.len()), (2, 0));
    }
    assert_eq!([way("10.1.2.3"), way("192.168.1.1")], [None, here]);
}

fn a_batch_with_an_unknown_group_changes_nothing(stage: &dyn Stage) {
    let batch = [RouteOp::Del(net("0.0.0.0/0")), RouteOp::Put(net("10.0.0.0/8"), GroupId(9))];
    let unknown = stage.plane().routes(ONE, &batch).unwrap_err();
    assert!(matches!(unknown, Error::NoGroup(ONE, GroupId(9))), "{unknown}");
    assert_eq!(stage.way(ONE, "8.8.8.8"), Some(ip("172.31.0.2")));
}

/// A member by each interface.
fn members(stage: &dyn Stage) -> [Member; 2] {
    let [inside, outside] = stage.ends();
    let member = |gateway: &str, interface| Member { gateway: ip(gateway), interface, weight: 1 };
    [member("192.168.15.17", inside), member("172.31.0.2", outside)]
}

fn a_group_moves_all_its_prefixes(stage: &dyn Stage) {
    let plane = stage.plane();
    let [here, there] = members(stage);
    let group = GroupId(7);
    plane.nexthop_set(ONE, group, &[there]).unwrap();
    let prefixes = (0..200).map(|number| net(&format!("10.{number}.0.0/16")));
    let puts: Vec<RouteOp> = prefixes.map(|prefix| RouteOp::Put(prefix, group)).collect();
    assert_eq!(plane.routes(ONE, &puts).unwrap().done, 200);
    let all = |wanted: Option<IpAddr>| {
        assert!((0..200).step_by(33).all(|number| stage.way(ONE, &format!("10.{number}.0.1")) == wanted));
    };
    all(Some(there.gateway));
    plane.nexthop_set(ONE, group, &[here]).unwrap();
    all(Some(here.gateway));
    plane.nexthop_set(ONE, group, &[]).unwrap();
    all(None);
    plane.nexthop_set(ONE, group, &[there]).unwrap();
    all(Some(there.gateway));
}

fn a_link_takes_its_members_along_and_brings_them_back(stage: &dyn Stage) {
    let plane = stage.plane();
    let [here, there] = members(stage);
    let events = plane.events();
    let told = || events.recv_timeout(Duration::from_secs(20)).unwrap();
    let gone = |group, left| DpEvent::NexthopGone { domain: ONE, group: GroupId(group), left };
    plane.nexthop_set(ONE, GroupId(2), &[here, there]).unwrap();
    plane.link_admin(there.interface, false).unwrap();
    assert_eq!([told(), told()], [DpEvent::LinkDown(there.interface), gone(2, 1)]);
    assert_eq!(stage.way(ONE, "8.8.8.8"), Some(here.gateway));
    // A member whose link is down counts as soon as it is up.
    plane.nexthop_set(ONE, GroupId(2), &[there]).unwrap();
    assert_eq!(stage.way(ONE, "8.8.8.8"), None);
    plane.link_admin(there.interface, true).unwrap();
    assert_eq!(told(), DpEvent::LinkUp(there.interface));
    assert_eq!(stage.way(ONE, "8.8.8.8"), Some(there.gateway));
    // Down twice is down once.
    plane.link_admin(there.interface, false).unwrap();
    plane.link_admin(there.interface, false).unwrap();
    assert_eq!([told(), told()], [DpEvent::LinkDown(there.interface), gone(2, 0)]);
    assert_eq!(stage.way(ONE, "8.8.8.8"), None);
    assert_eq!(stage.way(ONE, "192.168.1.1"), Some(here.gateway), "the other link is as it was");
}

fn a_gateway_is_on_the_link_of_its_interface(stage: &dyn Stage) {
    let [here, there] = members(stage);
    let off = Member { gateway: ip("10.9.9.9"), ..here };
    let plane = stage.plane();
    plane.nexthop_set(ONE, GroupId(2), &[off]).unwrap_err();
    assert_eq!(stage.way(ONE, "8.8.8.8"), Some(there.gateway), "the group is as it was");
}

fn a_resync_tells_what_it_mended(stage: &dyn Stage) {
    let plane = stage.plane();
    let [here, there] = members(stage);
    let mut want = RouteTable::default();
    want.groups.insert(GroupId(2), vec![here]);
    want.groups.insert(GroupId(3), vec![there]);
    want.routes.insert(net("0.0.0.0/0"), GroupId(2));
    want.routes.insert(net("10.0.0.0/8"), GroupId(3));
    let diff = plane.resync(ONE, &want).unwrap();
    assert_eq!((diff.groups_set, diff.groups_removed, diff.routes_put, diff.routes_removed), (2, 1, 1, 1));
    assert!(plane.resync(ONE, &want).unwrap().is_empty());
    assert_eq!(["8.8.8.8", "10.1.1.1"].map(|to| stage.way(ONE, to)), [Some(here.gateway), Some(there.gateway)]);
    assert_eq!(stage.way(ONE, "192.168.1.1"), Some(here.gateway), "by the default route alone");
    want.routes.insert(net("11.0.0.0/8"), GroupId(4));
    assert!(matches!(plane.resync(ONE, &want), Err(Error::NoGroup(ONE, GroupId(4)))));
}

fn domains_do_not_see_each_other(stage: &dyn Stage) {
    let plane = stage.plane();
    plane.domain_ensure(TWO, &stage.spec("two")).unwrap();
    let link = plane.attach(TWO, TRUNK, tag(1), &[net("192.168.15.18/30")]).unwrap();
    assert_eq!(stage.way(TWO, "8.8.8.8"), None);
    plane.nexthop_set(TWO, GroupId(2), &[Member { gateway: ip("192.168.15.17"), interface: link, weight: 1 }]).unwrap();
    plane.routes(TWO, &[RouteOp::Put(net("0.0.0.0/0"), GroupId(2))]).unwrap();
    let both = || [ONE, TWO].map(|domain| stage.way(domain, "8.8.8.8"));
    assert_eq!(both(), [Some(ip("172.31.0.2")), Some(ip("192.168.15.17"))]);
    let foreign = Member { gateway: ip("192.168.15.17"), interface: link, weight: 1 };
    let refused = plane.nexthop_set(ONE, GroupId(2), &[foreign]).unwrap_err();
    assert!(matches!(refused, Error::NoInterface(_)), "{refused}");
    plane.domain_remove(TWO).unwrap();
    assert_eq!(stage.way(ONE, "8.8.8.8"), Some(ip("172.31.0.2")));
}

fn each_client_keeps_its_public_address(stage: &dyn Stage) {
    stage.plane().nat(ONE, Some(&translation(stage.ends()[1]))).unwrap();
    for host in ["192.168.50.1", "192.168.50.2", "192.168.50.3"] {
        stage.send(host, 0, 10, false);
        let sources: BTreeSet<Ipv4Addr> = arrivals(stage, 10).into_iter().map(|(source, _)| source).collect();
        let [source] = sources.iter().collect::<Vec<_>>()[..] else { panic!("{host} came as {sources:?}") };
        let pool = if host == "192.168.50.3" { 10..=10 } else { 1..=6 };
        assert!(source.octets()[..3] == [203, 0, 113] && pool.contains(&source.octets()[3]), "{host}: {source}");
    }
    assert_eq!(count(stage, "nat-translated"), 30);
    // One flow is translated once, however many packets it has; the same policy again counts on.
    stage.plane().nat(ONE, Some(&translation(stage.ends()[1]))).unwrap();
    stage.send("192.168.50.1", 0, 10, true);
    arrivals(stage, 10);
    assert_eq!(count(stage, "nat-translated"), 31);
}

fn a_private_source_is_refused_and_counted(stage: &dyn Stage) {
    let plane = stage.plane();
    plane.nat(ONE, Some(&translation(stage.ends()[1]))).unwrap();
    stage.send("192.168.60.1", 0, 5, false);
    eventually(|| count(stage, "nat-private-refused") == 5);
    assert_eq!(stage.arrived(), []);
    plane.nat(ONE, None).unwrap();
    stage.send("192.168.60.1", 0, 1, false);
    assert_eq!(arrivals(stage, 1), [(Ipv4Addr::new(192, 168, 60, 1), 0)]);
}

fn a_pool_without_room_refuses_and_counts(stage: &dyn Stage) {
    let one = ip("203.0.113.1");
    let policy = NatPolicy { pool: vec![one..=one], ports: Some(2000..=2003), ..translation(stage.ends()[1]) };
    stage.plane().nat(ONE, Some(&policy)).unwrap();
    stage.send("192.168.50.1", 0, 10, false);
    eventually(|| count(stage, "nat-exhausted") == 6);
    assert_eq!(arrivals(stage, 4).len(), 4);
    assert_eq!(count(stage, "nat-translated"), 4);
}

fn a_policy_that_contradicts_itself_is_refused(stage: &dyn Stage) {
    let plane = stage.plane();
    let [_, outside] = stage.ends();
    let (one, six) = (ip("203.0.113.1"), ip("2001:db8::1"));
    for pool in [vec![one..=one, one..=one], vec![one..=six], vec![ip("203.0.113.2")..=one]] {
        let refused = plane.nat(ONE, Some(&NatPolicy { pool, ..translation(outside) })).unwrap_err();
        assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    }
    let class = |name: &str, marks: &[u8], share| TrafficClass {
        name: name.to_owned(),
        marks: marks.iter().copied().map(mark).collect(),
        share,
        ceiling: 100,
        queue_ms: None,
    };
    for classes in [vec![], vec![class("a", &[46], 60), class("b", &[], 60)], vec![class("a", &[46], 5); 2]] {
        let policy = QosPolicy { bps: 1_000_000, classes, rewrite_others: false };
        let refused = plane.qos(outside, Some(&policy)).unwrap_err();
        assert!(matches!(refused, Error::Invalid(_)), "{refused}");
    }
}

fn marks_sort_into_classes_and_others_are_cleared(stage: &dyn Stage) {
    let class = |name: &str, marks: Vec<model::Dscp>, share| TrafficClass {
        name: name.to_owned(),
        marks,
        share,
        ceiling: 100,
        queue_ms: None,
    };
    let classes = vec![class("voice", vec![mark(46)], 20), class("best-effort", vec![], 50)];
    let policy = QosPolicy { bps: 100_000_000, classes, rewrite_others: true };
    let [_, outside] = stage.ends();
    stage.plane().qos(outside, Some(&policy)).unwrap();
    for (dscp, packets) in [(46, 7), (26, 5), (0, 3)] {
        stage.send("192.168.50.1", dscp, packets, true);
    }
    let seen = arrivals(stage, 15);
    assert_eq!(seen.iter().filter(|(_, dscp)| *dscp == 46).count(), 7);
    assert_eq!(seen.iter().filter(|(_, dscp)| *dscp == 0).count(), 8, "the mark of no class is cleared");
    let counts = ["class-voice", "class-best-effort", "dscp-rewritten"].map(|name| count(stage, name));
    // Of the kernel's own packets some may be in the last class, too.
    assert!(counts[0] == 7 && counts[1] >= 8 && counts[2] == 5, "{counts:?}");
    stage.plane().qos(outside, None).unwrap();
    assert_eq!(count(stage, "class-voice"), 0);
    stage.send("192.168.50.1", 26, 1, true);
    assert_eq!(arrivals(stage, 1)[0].1, 26);
}

fn neighbours_are_ours_and_theirs(stage: &dyn Stage) {
    let [_, outside] = stage.ends();
    stage.send("192.168.50.1", 0, 1, true);
    arrivals(stage, 1);
    let all = stage.plane().neighbours(outside).unwrap();
    let ours = all.iter().find(|entry| entry.ours).unwrap();
    let theirs = all.iter().find(|entry| entry.address == ip("172.31.0.2")).unwrap();
    assert_eq!(ours.address, ip("172.31.0.1"));
    assert!(!theirs.ours && theirs.mac.is_some() && theirs.mac != ours.mac, "{all:?}");
}

fn what_is_not_there_is_said_and_removing_it_is_no_error(stage: &dyn Stage) {
    let plane = stage.plane();
    let (nowhere, nothing) = (DomainId(99), IfHandle { domain: ONE, index: 9_999 });
    assert!(matches!(plane.namespace(nowhere), Err(Error::NoDomain(_))));
    assert!(matches!(plane.attach(nowhere, TRUNK, tag(3), &[]), Err(Error::NoDomain(_))));
    assert!(matches!(plane.attach(ONE, PortId(9), Tag::Untagged, &[]), Err(Error::NoPort(_))));
    assert!(matches!(plane.nexthop_set(nowhere, GroupId(1), &[]), Err(Error::NoDomain(_))));
    assert!(matches!(plane.routes(nowhere, &[]), Err(Error::NoDomain(_))));
    assert!(matches!(plane.resync(nowhere, &RouteTable::default()), Err(Error::NoDomain(_))));
    assert!(matches!(plane.interface_name(nothing), Err(Error::NoInterface(_))));
    assert!(matches!(plane.neighbours(nothing), Err(Error::NoInterface(_))));
    assert!(matches!(plane.link_admin(nothing, false), Err(Error::NoInterface(_))));
    assert!(matches!(plane.counters(&CounterSel::Interface(nothing)), Err(Error::NoInterface(_))));
    assert!(matches!(plane.counters(&CounterSel::Port(PortId(9))), Err(Error::NoPort(_))));
    plane.detach(nothing).unwrap();
    plane.domain_remove(nowhere).unwrap();
    assert_eq!(plane.attach(ONE, CLOUD, OUTSIDE, &[net("172.31.0.1/30")]).unwrap(), stage.ends()[1]);
}

/// Changes at random, the same to both: after each, every address goes the same way.
#[test]
fn any_changes_give_the_same_ways() {
    with_rights("conformance::any_changes_give_the_same_ways", || {
        for seed in 1..=4 {
            let (kernel, memory) = (Path::new(&format!("random{seed}"), QinqBackend::Packet), Memory::new());
            let mut random = Random(seed);
            let mut done = Vec::new();
            for _ in 0..60 {
                let change = random.change();
                done.push(change.clone());
                for stage in [&kernel as &dyn Stage, &memory] {
                    change.make(stage);
                }
                for to in ["10.0.0.1", "10.0.128.1", "10.1.0.1", "192.168.1.1", "8.8.8.8"] {
                    let ways = memory.plane.lookup(ONE, ip(to)).unwrap();
                    let fits = || match kernel.way(ONE, to) {
                        Some(router) => ways.iter().any(|way| way.gateway == router),
                        None => ways.is_empty(),
                    };
                    // The kernel hears of links in its own time.
                    for _ in 0..2_000 {
                        if fits() {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    assert!(fits(), "seed {seed}, {to}: {:?}, not {ways:?}, after {done:?}", kernel.way(ONE, to));
                }
            }
            kernel.plane.remove_all().unwrap();
        }
    });
}

/// Numbers at random, the same for the same seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }

    fn change(&mut self) -> Change {
        let prefixes = ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/17", "10.1.0.0/16", "0.0.0.0/0", "192.168.0.0/16"];
        let prefix = net(prefixes[self.below(6) as usize]);
        match self.below(8) {
            0..3 => Change::Put(prefix, GroupId(1 + self.below(2) as u32)),
            3 => Change::Del(prefix),
            4..6 => Change::Group(GroupId(1 + self.below(2) as u32), self.below(4) as u8),
            _ => Change::Link(self.below(2) as usize, self.below(3) > 0),
        }
    }
}

#[derive(Debug, Clone)]
enum Change {
    Put(IpNet, GroupId),
    Del(IpNet),
    /// The members of a group, a bit for each end.
    Group(GroupId, u8),
    Link(usize, bool),
}

impl Change {
    fn make(&self, stage: &dyn Stage) {
        let plane = stage.plane();
        match self {
            Self::Put(prefix, group) => {
                plane.routes(ONE, &[RouteOp::Put(*prefix, *group)]).unwrap();
            }
            Self::Del(prefix) => {
                plane.routes(ONE, &[RouteOp::Del(*prefix)]).unwrap();
            }
            Self::Group(group, bits) => {
                let all = members(stage).into_iter().enumerate();
                let members: Vec<Member> =
                    all.filter(|(place, _)| bits & (1 << place) != 0).map(|each| each.1).collect();
                plane.nexthop_set(ONE, *group, &members).unwrap();
            }
            Self::Link(place, up) => plane.link_admin(stage.ends()[*place], *up).unwrap(),
        }
    }
}
