//! The parts by themselves.

use crate::{eventually, has_way, ip, net, reaches, with_rights};
use dataplane::QinqBackend;
use dataplane::linux::{End, Hop, Namespace, Net, Vxlan};
use ipnet::IpNet;
use std::net::IpAddr;

#[test]
fn namespaces_have_names_until_they_are_removed() {
    with_rights("primitives::namespaces_have_names_until_they_are_removed", || {
        let name = format!("tp-test-names-{}", std::process::id());
        let made = Net::create(&name).unwrap();
        assert!(made.link("lo").unwrap().running);
        assert!(Namespace::names().unwrap().contains(&name));
        assert_eq!(Net::create(&name).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        let again = Namespace::named(&name).unwrap();
        assert!(again.same_as(made.namespace()).unwrap());
        assert!(!again.same_as(&Namespace::current().unwrap()).unwrap());
        Namespace::remove(&name).unwrap();
        assert!(!Namespace::names().unwrap().contains(&name));
        assert!(made.link("lo").unwrap().running, "it lives as long as it is held");
        assert!(Namespace::create("../up").is_err());
    });
}

#[test]
fn a_child_is_born_in_the_namespace() {
    with_rights("primitives::a_child_is_born_in_the_namespace", || {
        let net = Net::nameless().unwrap();
        let spawn = || std::process::Command::new("readlink").arg("/proc/self/ns/net").output();
        let inside = net.namespace().enter(spawn).unwrap().stdout;
        assert_ne!(inside, spawn().unwrap().stdout);
    });
}

#[test]
fn packets_cross_veth_bridge_router_and_vxlan() {
    with_rights("primitives::packets_cross_veth_bridge_router_and_vxlan", || {
        let [host, switch, router, far] = std::array::from_fn(|_| Net::nameless().unwrap());
        let mac = [2, 0, 0, 0, 0, 1];
        host.veth(End { name: "up0", mac: Some(mac), mtu: Some(1400) }, switch.namespace(), End::named("p0")).unwrap();
        router.veth(End::named("down0"), switch.namespace(), End::named("p1")).unwrap();
        router.veth(End::named("far0"), far.namespace(), End::named("up0")).unwrap();
        switch.bridge("br0").unwrap();
        for port in ["p0", "p1"] {
            switch.enslave(port, Some("br0")).unwrap();
            switch.up(port).unwrap();
        }
        switch.up("br0").unwrap();
        let up0 = host.link("up0").unwrap();
        assert_eq!((up0.mac, up0.mtu, up0.kind.as_str(), up0.up), (Some(mac), 1400, "veth", false));
        host.up("up0").unwrap();
        router.up("down0").unwrap();
        router.up("far0").unwrap();
        far.up("up0").unwrap();
        for (side, link, address) in [
            (&host, "up0", "10.0.0.2/24"),
            (&router, "down0", "10.0.0.1/24"),
            (&router, "far0", "10.9.0.1/30"),
            (&far, "up0", "10.9.0.2/30"),
            (&host, "up0", "fd00::2/64"),
            (&router, "down0", "fd00::1/64"),
        ] {
            side.add_address(link, net(address)).unwrap();
            side.add_address(link, net(address)).unwrap();
        }
        assert_eq!(router.make_router().unwrap(), Vec::<&str>::new());
        assert_eq!(router.sysctl("ipv4/nexthop_compat_mode").unwrap(), "0");
        host.put_route(net("0.0.0.0/0"), Hop::Via(ip("10.0.0.1"), None)).unwrap();
        far.put_route(net("10.0.0.0/24"), Hop::Via(ip("10.9.0.1"), Some("up0"))).unwrap();
        assert!(reaches(&host, &far, "10.9.0.2"));
        assert!(reaches(&host, &router, "fd00::1"));
        assert!(router.neighbours().unwrap().iter().any(|entry| entry.mac == Some(mac)));

        // A network over the network: both ends are moved to namespaces that have nothing but them.
        let [left, right] = std::array::from_fn(|_| Net::nameless().unwrap());
        let tunnel = |local, remote| Vxlan { vni: 77, local: ip(local), remote: ip(remote), port: 4789 };
        host.vxlan("vx0", tunnel("10.0.0.2", "10.9.0.2"), None, left.namespace()).unwrap();
        far.vxlan("vx0", tunnel("10.9.0.2", "10.0.0.2"), None, right.namespace()).unwrap();
        for (side, address) in [(&left, "172.16.0.1/30"), (&right, "172.16.0.2/30")] {
            side.add_address("vx0", net(address)).unwrap();
            side.up("vx0").unwrap();
        }
        assert!(reaches(&left, &right, "172.16.0.2"));

        switch.down("p0").unwrap();
        assert!(!host.link("up0").unwrap().running, "the other end has no carrier");
        switch.delete("p0").unwrap();
        assert_eq!(host.link("up0").unwrap_err().kind(), std::io::ErrorKind::NotFound);
    });
}

#[test]
fn a_silent_link_keeps_its_carrier_and_is_heard_again() {
    with_rights("primitives::a_silent_link_keeps_its_carrier_and_is_heard_again", || {
        if !has_way(QinqBackend::Bpf) {
            return;
        }
        let [one, other] = std::array::from_fn(|_| Net::nameless().unwrap());
        one.veth(End::named("w0"), other.namespace(), End::named("w0")).unwrap();
        for (side, address) in [(&one, "10.0.0.1/30"), (&other, "10.0.0.2/30")] {
            side.add_address("w0", net(address)).unwrap();
            side.up("w0").unwrap();
        }
        assert!(reaches(&one, &other, "10.0.0.2"));
        one.silence("w0").unwrap();
        one.silence("w0").unwrap();
        assert!(!reaches(&one, &other, "10.0.0.2") && !reaches(&other, &one, "10.0.0.1"));
        assert!(other.link("w0").unwrap().running);
        one.unsilence("w0").unwrap();
        assert!(reaches(&one, &other, "10.0.0.2") && reaches(&other, &one, "10.0.0.1"));
        one.unsilence("w0").unwrap();
    });
}

#[test]
fn routes_follow_their_group() {
    with_rights("primitives::routes_follow_their_group", || {
        let [ours, other] = std::array::from_fn(|_| Net::nameless().unwrap());
        ours.make_router().unwrap();
        for (link, address) in [("a0", "10.1.0.1/30"), ("b0", "10.2.0.1/30")] {
            ours.veth(End::named(link), other.namespace(), End::named(link)).unwrap();
            ours.add_address(link, net(address)).unwrap();
            ours.up(link).unwrap();
            other.up(link).unwrap();
        }
        let (a, b) = (ours.index("a0").unwrap(), ours.index("b0").unwrap());
        ours.put_nexthop(1, ip("10.1.0.2"), a).unwrap();
        ours.put_nexthop(2, ip("10.2.0.2"), b).unwrap();
        ours.put_blackhole(3, true).unwrap();
        ours.put_group(10, &[(1, 256), (2, 1)]).unwrap();
        let prefix = |number: u32| IpNet::new(IpAddr::from((0x0a64_0000 + (number << 8)).to_be_bytes()), 24).unwrap();
        // One of them cannot be: there is no such group.
        let wanted = (0..2000).map(|number| (prefix(number), Some(if number == 700 { 11 } else { 10 })));
        let failed = ours.change_routes(wanted).unwrap();
        assert_eq!(failed.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [700]);
        let routes = ours.routes().unwrap();
        assert_eq!(routes.iter().filter(|route| route.nexthop == Some(10)).count(), 1999);
        let group = ours.nexthops().unwrap().into_iter().find(|nexthop| nexthop.id == 10).unwrap();
        assert_eq!(group.members, [(1, 256), (2, 1)]);

        ours.put_group(10, &[(2, 1)]).unwrap();
        let failed = ours.change_routes((0..10).map(|number| (prefix(number), None))).unwrap();
        assert!(failed.is_empty(), "{failed:?}");
        assert_eq!(ours.routes().unwrap().iter().filter(|route| route.nexthop == Some(10)).count(), 1989);

        // What the kernel does by itself when the carrier goes: the next hop, its group and the routes are gone.
        other.down("b0").unwrap();
        eventually(|| ours.nexthops().unwrap().iter().all(|nexthop| nexthop.id != 2 && nexthop.id != 10));
        assert_eq!(ours.routes().unwrap().iter().filter(|route| route.nexthop == Some(10)).count(), 0);
    });
}
