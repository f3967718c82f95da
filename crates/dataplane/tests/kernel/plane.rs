//! The data plane as an edge uses it: circuits on a trunk behind a provider, and a network of the cloud.

use crate::{eventually, has_way, ip, net, reaches, with_each_way, with_rights};
use dataplane::linux::{End, Hop, LinuxDataPlane, Namespace, Net, Options, Port, Tagger, probe};
use dataplane::{
    Counter, CounterSel, DataPlane, DomainId, DomainSpec, DpEvent, Error, GroupId, Member, PortId, QinqBackend,
    RouteOp, RouteTable, Tag,
};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::time::Duration;

pub(crate) const TRUNK: PortId = PortId(1);
pub(crate) const CLOUD: PortId = PortId(2);
pub(crate) const ONE: DomainId = DomainId(1);
const TWO: DomainId = DomainId(2);

/// Two customers, each a namespace with one interface; the provider, who tags; the edge's namespace; a gateway.
pub(crate) struct World {
    pub(crate) customers: [Net; 2],
    provider: Net,
    _tagger: Tagger,
    home: Net,
    pub(crate) gateway: Net,
    prefix: String,
    way: QinqBackend,
}

fn vlan(number: u16) -> model::VlanId {
    number.try_into().unwrap()
}

pub(crate) fn tag(number: u16) -> Tag {
    Tag::SC(vlan(100 + number), vlan(10))
}

impl World {
    /// With a way of tagging on both sides.
    pub(crate) fn new(test: &str, way: QinqBackend) -> Self {
        Self::between(test, way, way)
    }

    /// With the edge's way of tagging and the provider's.
    fn between(test: &str, way: QinqBackend, provider_way: QinqBackend) -> Self {
        let [first, second, provider, home, gateway] = std::array::from_fn(|_| Net::nameless().unwrap());
        let jumbo = |name| End { name, mac: None, mtu: Some(2000) };
        home.veth(jumbo("trunk"), provider.namespace(), jumbo("edge")).unwrap();
        home.veth(End::named("cloud"), gateway.namespace(), End::named("edge")).unwrap();
        home.add_address("cloud", net("10.255.0.1/30")).unwrap();
        gateway.add_address("edge", net("10.255.0.2/30")).unwrap();
        for (side, link) in [(&home, "trunk"), (&provider, "edge"), (&home, "cloud"), (&gateway, "edge")] {
            side.up(link).unwrap();
        }
        let tagger = Tagger::start(provider_way, "edge", provider.namespace()).unwrap();
        // A cable between two namespaces carries packets that no device has finished; whole frames are read finished.
        for (packet, side, link) in [(provider_way, &home, "trunk"), (way, &provider, "edge")] {
            if packet == QinqBackend::Packet {
                socket::frame::finish_in_software(link, Some(side.namespace())).unwrap();
            }
        }
        let customers = [first, second];
        for (number, customer) in customers.iter().enumerate() {
            let port = format!("c{number}");
            customer.veth(End::named("up0"), provider.namespace(), End::named(&port)).unwrap();
            if provider_way == QinqBackend::Packet {
                socket::frame::finish_in_software("up0", Some(customer.namespace())).unwrap();
            }
            customer.up("up0").unwrap();
            provider.up(&port).unwrap();
            // The same addresses for both: domains do not see each other's.
            customer.add_address("up0", net("192.168.15.17/30")).unwrap();
            customer.put_route(net("0.0.0.0/0"), Hop::Via(ip("192.168.15.18"), None)).unwrap();
            tagger.add(tag(number as u16), &port, None).unwrap();
        }
        let prefix = format!("tp-{test}-{}-", std::process::id());
        Self { customers, provider, _tagger: tagger, home, gateway, prefix, way }
    }

    pub(crate) fn plane(&self) -> LinuxDataPlane {
        let port = |id, interface: &str, underlay| Port { id, interface: interface.into(), underlay, mac: None };
        let ports = vec![port(TRUNK, "trunk", None), port(CLOUD, "cloud", Some(ip("10.255.0.1")))];
        let home = self.home.namespace().clone();
        let options = Options { prefix: self.prefix.clone(), home, allow_host: false, ports };
        LinuxDataPlane::open(options, probe().unwrap().with_qinq(self.way).unwrap()).unwrap()
    }

    pub(crate) fn spec(&self, domain: &str) -> DomainSpec {
        DomainSpec { name: format!("{}{domain}", self.prefix) }
    }

    /// The two domains, each with its circuit.
    fn circuits(&self, plane: &LinuxDataPlane) -> [dataplane::IfHandle; 2] {
        [(ONE, "one"), (TWO, "two")].map(|(domain, name)| {
            plane.domain_ensure(domain, &self.spec(name)).unwrap();
            let number = (domain.0 - 1) as u16;
            plane.attach(domain, TRUNK, tag(number), &[net("192.168.15.18/30")]).unwrap()
        })
    }
}

fn inside(plane: &LinuxDataPlane, domain: DomainId) -> Net {
    Net::open(&plane.namespace(domain).unwrap().unwrap()).unwrap()
}

fn runs(net: &Net, index: u32) -> bool {
    net.links().unwrap().iter().any(|link| link.index == index && link.running)
}

pub(crate) fn number(counters: &[Counter], name: &str) -> u64 {
    counters.iter().filter(|counter| counter.name == name).map(|counter| counter.packets).sum()
}

/// Links, addresses, routes, next hops and rules of a namespace, in words.
fn state(of: &Net) -> Vec<String> {
    let mut state = Vec::new();
    state.extend(of.links().unwrap().iter().map(|link| format!("{} {} {:?}", link.name, link.mtu, link.alias)));
    state.extend(of.addresses().unwrap().iter().map(|address| format!("{}", address.address)));
    state.extend(of.routes().unwrap().iter().map(|route| format!("{} {:?}", route.prefix, route.gateway)));
    state.extend(of.nexthops().unwrap().iter().map(|nexthop| format!("{nexthop:?}")));
    let nft = || std::process::Command::new("nft").args(["list", "ruleset"]).output();
    state.push(String::from_utf8(of.namespace().enter(nft).unwrap().stdout).unwrap());
    state
}

#[test]
fn circuits_with_the_same_addresses_are_kept_apart_by_their_tags() {
    with_each_way("plane::circuits_with_the_same_addresses_are_kept_apart_by_their_tags", |way| {
        let world = World::new("tags", way);
        let plane = world.plane();
        let handles = world.circuits(&plane);
        for (customer, domain) in world.customers.iter().zip([ONE, TWO]) {
            assert!(reaches(customer, &inside(&plane, domain), "192.168.15.18"));
        }
        // Nothing of the one arrives in the other.
        assert!(!reaches(&world.customers[0], &inside(&plane, TWO), "192.168.15.18"));
        let arp = plane.neighbours(handles[0]).unwrap();
        let peer = arp.iter().find(|entry| entry.address == ip("192.168.15.17")).unwrap();
        assert_eq!(peer.mac, world.customers[0].link("up0").unwrap().mac);
        assert!(arp.iter().any(|entry| entry.ours && entry.address == ip("192.168.15.18")));
        assert!(number(&plane.counters(&CounterSel::Interface(handles[0])).unwrap(), "in") > 0);

        // A circuit that is no more: its frames are of an unknown tag.
        plane.detach(handles[1]).unwrap();
        let unknown = || number(&plane.counters(&CounterSel::Port(TRUNK)).unwrap(), "unknown-tag");
        let before = unknown();
        let sender = world.customers[1].namespace().enter(|| std::net::UdpSocket::bind("0.0.0.0:0")).unwrap();
        world.customers[1].set_neighbour("up0", ip("192.168.15.18"), [2, 0, 0, 0, 0, 9]).unwrap();
        sender.send_to(b"who", "192.168.15.18:9").unwrap();
        eventually(|| unknown() > before);

        let taken = plane.attach(TWO, TRUNK, tag(0), &[]).unwrap_err();
        assert!(matches!(taken, Error::Invalid(_)), "{taken}");
        plane.remove_all().unwrap();
    });
}

#[test]
fn a_stream_of_many_bytes_crosses_the_taggers() {
    with_rights("plane::a_stream_of_many_bytes_crosses_the_taggers", || {
        use QinqBackend::{Bpf, Packet};
        for (ours, provider) in [(Packet, Packet), (Bpf, Bpf), (Bpf, Packet), (Packet, Bpf)] {
            if has_way(ours) && has_way(provider) {
                stream(&World::between("stream", ours, provider));
            }
        }
    });
}

/// Many bytes arrive as they were sent, both ways.
fn stream(world: &World) {
    use std::io::{Read, Write};
    let plane = world.plane();
    world.circuits(&plane);
    let namespace = plane.namespace(ONE).unwrap().unwrap();
    let customer = world.customers[0].namespace();
    let sent: Vec<u8> = (0..4_000_000_u32).map(|number| ((number * 7) >> 3) as u8).collect();
    for (from, to, address) in [(customer, &namespace, "192.168.15.18:0"), (&namespace, customer, "192.168.15.17:0")] {
        let listener = to.enter(|| std::net::TcpListener::bind(address)).unwrap();
        let address = listener.local_addr().unwrap();
        let bytes = sent.clone();
        let mut sender = from.enter(|| std::net::TcpStream::connect(address)).unwrap();
        let thread = std::thread::spawn(move || sender.write_all(&bytes).unwrap());
        let mut received = Vec::new();
        listener.accept().unwrap().0.read_to_end(&mut received).unwrap();
        thread.join().unwrap();
        assert!(received == sent);
    }
    plane.remove_all().unwrap();
}

#[test]
fn frames_on_the_trunk_carry_the_circuits_tag_outside_and_the_peerings_inside() {
    with_each_way("plane::frames_on_the_trunk_carry_the_circuits_tag_outside_and_the_peerings_inside", |way| {
        use socket::frame::{FrameInbox, Frames};
        let world = World::new("wire", way);
        let wire = Frames::open("edge", Some(world.provider.namespace())).unwrap();
        let plane = world.plane();
        let [one, _] = world.circuits(&plane);
        let customer = world.customers[0].link("up0").unwrap().mac.unwrap();
        let domain = inside(&plane, ONE);
        domain.set_neighbour(&plane.interface_name(one).unwrap(), ip("192.168.15.17"), customer).unwrap();
        let sender = domain.namespace().enter(|| std::net::UdpSocket::bind("0.0.0.0:0")).unwrap();
        sender.send_to(b"what is seen on the wire", "192.168.15.17:9").unwrap();
        let mut inbox = FrameInbox::new();
        let mut seen = None;
        eventually(|| {
            wire.receive(&mut inbox).unwrap();
            let ours = |bytes: &[u8]| bytes.windows(4).any(|four| four == b"wire");
            seen = inbox.frames().find(|frame| ours(frame.bytes)).map(|frame| (frame.tag, frame.bytes[..18].to_vec()));
            seen.is_some()
        });
        let (outer, head) = seen.unwrap();
        assert_eq!(outer, Some((0x88a8, 100)));
        assert_eq!(head[..6], customer);
        assert_eq!(head[12..], [0x81, 0, 0, 10, 8, 0]);
        plane.remove_all().unwrap();
    });
}

#[test]
fn packets_go_on_while_no_process_has_the_programs() {
    with_rights("plane::packets_go_on_while_no_process_has_the_programs", || {
        if !has_way(QinqBackend::Bpf) {
            return;
        }
        let world = World::new("alone", QinqBackend::Bpf);
        let first = world.plane();
        world.circuits(&first);
        let domains = [ONE, TWO].map(|domain| inside(&first, domain));
        drop(first);
        for (customer, domain) in world.customers.iter().zip(&domains) {
            assert!(reaches(customer, domain, "192.168.15.18"));
        }
        // The next process takes up one of the two; the other goes on meanwhile.
        let second = world.plane();
        second.domain_ensure(ONE, &world.spec("one")).unwrap();
        second.attach(ONE, TRUNK, tag(0), &[net("192.168.15.18/30")]).unwrap();
        for (customer, domain) in world.customers.iter().zip(&domains) {
            assert!(reaches(customer, domain, "192.168.15.18"));
        }
        // Frames to nobody, or to another host, are not taken for ours by the short way.
        let link = world.customers[0].link("up0").unwrap();
        world.customers[0].set_neighbour("up0", ip("192.168.15.18"), [2, 0, 0, 0, 0, 9]).unwrap();
        assert!(link.running && !reaches(&world.customers[0], &domains[0], "192.168.15.18"));
        second.remove_all().unwrap();
        assert_eq!(world.home.judge_of("trunk").unwrap(), None);
    });
}

#[test]
fn a_group_follows_its_links_and_routes_outlive_the_last_of_them() {
    with_each_way("plane::a_group_follows_its_links_and_routes_outlive_the_last_of_them", |way| {
        let world = World::new("groups", way);
        let plane = world.plane();
        plane.domain_ensure(ONE, &world.spec("one")).unwrap();
        let vni = Tag::Vni { vni: 5, remote: ip("10.255.0.2") };
        let cloud = plane.attach(ONE, CLOUD, vni, &[net("169.254.1.1/30")]).unwrap();
        let circuit = plane.attach(ONE, TRUNK, tag(0), &[net("192.168.15.18/30")]).unwrap();
        let events = plane.events();
        let member = |gateway, interface| Member { gateway: ip(gateway), interface, weight: 1 };
        let (there, here) = (member("169.254.1.2", cloud), member("192.168.15.17", circuit));
        let group = GroupId(7);
        let prefixes: Vec<IpNet> = (0..50).map(|number| net(&format!("10.{number}.0.0/16"))).collect();
        let puts: Vec<RouteOp> = prefixes.iter().map(|prefix| RouteOp::Put(*prefix, group)).collect();
        assert!(matches!(plane.routes(ONE, &puts), Err(Error::NoGroup(..))));
        plane.nexthop_set(ONE, group, &[there]).unwrap();
        assert_eq!(plane.routes(ONE, &puts).unwrap().done, 50);
        let kernel = inside(&plane, ONE);
        let way = |to: &str| kernel.lookup(ip(to)).ok().and_then(|route| route.gateway);
        assert_eq!(way("10.3.0.1"), Some(ip("169.254.1.2")));
        plane.nexthop_set(ONE, group, &[here]).unwrap();
        assert_eq!(way("10.3.0.1"), Some(ip("192.168.15.17")));

        // Once something later is told, nothing is left of what was told while the links were made.
        let told = || events.recv_timeout(Duration::from_secs(5)).unwrap();
        eventually(|| [cloud, circuit].iter().all(|made| runs(&kernel, made.index)));
        kernel.delete_route(prefixes[0]).unwrap();
        while told() != (DpEvent::RouteGone { domain: ONE, prefix: prefixes[0] }) {}
        plane.routes(ONE, &[RouteOp::Put(prefixes[0], group)]).unwrap();

        // Both members; then the link of one goes, by a word of the operator's.
        plane.nexthop_set(ONE, group, &[here, there]).unwrap();
        plane.link_admin(circuit, false).unwrap();
        eventually(|| way("10.3.0.1") == Some(ip("169.254.1.2")));
        assert_eq!(told(), DpEvent::LinkDown(circuit));
        assert_eq!(told(), DpEvent::NexthopGone { domain: ONE, group, left: 1 });
        plane.link_admin(circuit, true).unwrap();
        assert_eq!(told(), DpEvent::LinkUp(circuit));
        plane.nexthop_set(ONE, group, &[here]).unwrap();
        assert_eq!(way("10.3.0.1"), Some(ip("192.168.15.17")));

        // The cable of the port goes, as VLAN devices show it.
        world.provider.down("edge").unwrap();
        assert_eq!(told(), DpEvent::LinkDown(circuit));
        assert_eq!(told(), DpEvent::NexthopGone { domain: ONE, group, left: 0 });
        world.provider.up("edge").unwrap();
        assert_eq!(told(), DpEvent::LinkUp(circuit));

        // The only one: the kernel drops, keeps nothing, and all comes back with the link.
        plane.link_admin(circuit, false).unwrap();
        assert_eq!(told(), DpEvent::LinkDown(circuit));
        assert_eq!(told(), DpEvent::NexthopGone { domain: ONE, group, left: 0 });
        assert_eq!(way("10.3.0.1"), None);
        plane.link_admin(circuit, true).unwrap();
        assert_eq!(told(), DpEvent::LinkUp(circuit));
        assert_eq!(way("10.3.0.1"), Some(ip("192.168.15.17")));
        assert_eq!(way("10.49.0.1"), Some(ip("192.168.15.17")));

        // Somebody else takes a route away.
        kernel.delete_route(prefixes[4]).unwrap();
        assert_eq!(told(), DpEvent::RouteGone { domain: ONE, prefix: prefixes[4] });
        let mut want = RouteTable::default();
        want.groups.insert(group, vec![here]);
        want.routes.extend(prefixes.iter().skip(1).map(|prefix| (*prefix, group)));
        let diff = plane.resync(ONE, &want).unwrap();
        assert_eq!((diff.routes_put, diff.routes_removed, diff.groups_set), (1, 1, 0));
        assert!(plane.resync(ONE, &want).unwrap().is_empty());
        plane.remove_all().unwrap();
    });
}

#[test]
fn what_a_process_left_is_found_again_and_removed_and_nothing_else() {
    with_each_way("plane::what_a_process_left_is_found_again_and_removed_and_nothing_else", |way| {
        let world = World::new("crash", way);
        let stranger = format!("other-{}", world.prefix);
        Net::create(&stranger).unwrap();
        let names = || Namespace::names().unwrap().into_iter().collect::<BTreeSet<_>>();
        // Others make and remove namespaces meanwhile.
        let of_ours = |names: BTreeSet<String>| {
            names.into_iter().filter(|name| name.contains(&world.prefix)).collect::<BTreeSet<_>>()
        };
        let before = (state(&world.home), state(&world.gateway), of_ours(names()));
        let first = world.plane();
        let handles = world.circuits(&first);
        let group = GroupId(1);
        let hop = Member { gateway: ip("192.168.15.17"), interface: handles[0], weight: 1 };
        first.nexthop_set(ONE, group, &[hop]).unwrap();
        first.routes(ONE, &[RouteOp::Put(net("10.1.0.0/16"), group)]).unwrap();
        drop(first);

        let second = world.plane();
        assert_eq!(world.circuits(&second), handles, "the same interfaces");
        let mut want = RouteTable::default();
        want.groups.insert(group, vec![hop]);
        want.routes.insert(net("10.1.0.0/16"), group);
        assert!(second.resync(ONE, &want).unwrap().is_empty(), "forwarding outlived the process");
        assert!(reaches(&world.customers[0], &inside(&second, ONE), "192.168.15.18"));
        drop(second);

        // A third that knows nothing of domains removes all, a port that was moved away among it.
        let third = world.plane();
        third.domain_ensure(TWO, &world.spec("two")).unwrap();
        third.attach(TWO, CLOUD, Tag::Untagged, &[net("10.255.0.1/30")]).unwrap();
        drop(third);
        world.plane().remove_all().unwrap();
        world.home.add_address("cloud", net("10.255.0.1/30")).unwrap();
        let sorted = |(mut home, gateway, names): (Vec<String>, Vec<String>, BTreeSet<String>)| {
            home.sort();
            (home, gateway, names)
        };
        let after = (state(&world.home), state(&world.gateway), of_ours(names()));
        assert_eq!(sorted(before), sorted(after));
        assert!(world.provider.link("edge").unwrap().running);
        Namespace::remove(&stranger).unwrap();
    });
}

#[test]
fn the_probe_says_what_was_chosen_and_why() {
    with_rights("plane::the_probe_says_what_was_chosen_and_why", || {
        let caps = probe().unwrap();
        assert!(caps.nh_groups && caps.nat && caps.vxlan && caps.compat_off);
        assert!(caps.reasons.is_sorted_by_key(|reason| reason.capability));
        assert!(caps.reasons.iter().all(|reason| !reason.why.is_empty()));
        let host = LinuxDataPlane::open(
            Options {
                prefix: "tp-never-".to_owned(),
                home: Namespace::at(std::path::Path::new("/proc/1/ns/net")).unwrap_or_else(|_| {
                    // Who may not look at it cannot be in it either.
                    Namespace::new_nameless().unwrap()
                }),
                allow_host: false,
                ports: Vec::new(),
            },
            caps,
        );
        let readable = Namespace::at(std::path::Path::new("/proc/1/ns/net")).is_ok();
        assert_eq!(host.is_err(), readable, "the machine's own namespace is not touched unasked");
    });
}
