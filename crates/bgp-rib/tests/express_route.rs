//! The policies together, on the tables of whole circuits: what each side sees, and what changes while sessions stay up.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use bgp_rib::policy::{AsnRanges, Facts, Peering, PeeringPolicy, PrefixList, Role};
use bgp_rib::{PathState, PeerId, Refusal, RouteFilter};
use bgp_wire::{AttributeSet, Families};
use common::{EDGE, EXTERNAL, Lab, Mirror, path, prefix};
use model::{Asn, Community, Family, PrefixState, Value};

const CUSTOMER: u32 = 65010;
const GATEWAY: u32 = 65515;

fn facts() -> Facts {
    let list = |texts: &[&str]| PrefixList::new(texts.iter().map(|text| prefix(text)));
    Facts {
        unroutable: list(&["127.0.0.0/8", "224.0.0.0/4"]),
        private_space: list(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]),
        private_asns: AsnRanges::new([(Asn(64512), Asn(65534))]),
        gateway_asns: AsnRanges::new([(Asn(65515), Asn(65520))]),
        drain_prepends: 8,
        ..Facts::default()
    }
}

fn communities(texts: &[&str]) -> Vec<Community> {
    texts.iter().map(|text| Community::parse(text).unwrap()).collect()
}

fn policy(peering: Peering, role: Role, asn: u32) -> PeeringPolicy {
    PeeringPolicy::new(peering, role, EDGE, Asn(asn))
}

/// A peer of the lab's domain under a policy.
fn peer(lab: &mut Lab, n: u8, policy: &PeeringPolicy) -> PeerId {
    lab.peer_with(n, policy.peer_asn.0, |config| {
        config.import = policy.import(&facts());
        config.export = Some(policy.export(&facts()));
    })
}

/// The AS path with which a prefix is told.
fn path_of(mirror: &Mirror, text: &str) -> Vec<u32> {
    mirror.routes[&prefix(text)].as_path.iter().flat_map(|segment| &segment.asns).map(|asn| asn.0).collect()
}

/// Private peering: two links to the customer, two gateways.
struct Private {
    lab: Lab,
    links: [PeerId; 2],
    hub: PeerId,
    spoke: PeerId,
}

fn private() -> Private {
    let mut lab = Lab::default();
    let customer = policy(Peering::Private, Role::Customer, CUSTOMER);
    let links = [1, 2].map(|n| peer(&mut lab, n, &customer));
    let hub = PeeringPolicy {
        vnet_communities: communities(&["12076:20001", "12076:50002"]),
        ..policy(Peering::Private, Role::Gateway, GATEWAY)
    };
    let hub = peer(&mut lab, 3, &hub);
    let spoke = peer(&mut lab, 4, &policy(Peering::Private, Role::Gateway, GATEWAY));
    for id in [links[0], links[1], hub, spoke] {
        lab.heard(id);
    }
    Private { lab, links, hub, spoke }
}

#[test]
fn customer_and_gateways_see_each_other_as_on_azure() {
    let Private { mut lab, links, hub, spoke } = private();
    lab.announce(hub, &path(&[GATEWAY]), &["10.1.0.0/16"]);
    lab.announce(spoke, &path(&[GATEWAY]), &["10.2.0.0/16"]);
    let tagged = AttributeSet { communities: communities(&["12076:51002", "65535:65281"]), ..path(&[CUSTOMER]) };
    lab.announce(links[0], &tagged, &["10.100.0.0/16", "0.0.0.0/0"]);
    lab.announce(links[0], &path(&[CUSTOMER]), &["127.0.0.0/8"]);

    for link in links {
        let told = lab.heard(link);
        assert_eq!(told.routes.keys().copied().collect::<Vec<_>>(), [prefix("10.1.0.0/16"), prefix("10.2.0.0/16")]);
        assert_eq!(path_of(&told, "10.1.0.0/16"), [EDGE.0]);
        assert_eq!(told.routes[&prefix("10.1.0.0/16")].communities, communities(&["12076:20001", "12076:50002"]));
        assert_eq!(told.routes[&prefix("10.2.0.0/16")].communities, []);
    }
    let told = lab.heard(hub);
    let expected = ["0.0.0.0/0", "10.2.0.0/16", "10.100.0.0/16"].map(prefix);
    assert_eq!(told.routes.keys().copied().collect::<Vec<_>>(), expected);
    assert_eq!(path_of(&told, "10.100.0.0/16"), [EDGE.0, CUSTOMER]);
    assert_eq!(path_of(&told, "10.2.0.0/16"), [EDGE.0], "the gateway would take its own AS for a loop");
    assert_eq!(told.routes[&prefix("10.100.0.0/16")].communities, []);
}

#[test]
fn what_is_refused_is_kept_with_its_reason() {
    let Private { mut lab, links, .. } = private();
    lab.announce(links[0], &path(&[CUSTOMER]), &["127.0.0.0/8"]);
    let routes = lab.rib.routes(lab.domain, Family::V4, &RouteFilter::default(), None, 10);
    let [route] = &routes[..] else { panic!("{routes:?}") };
    let PathState::Rejected(Refusal::Policy(reason)) = route.state else { panic!("{route:?}") };
    assert_eq!(reason.to_string(), "bogons: 127.0.0.0/8 lies in 127.0.0.0/8");
}

#[test]
fn a_drain_moves_both_sides_and_its_end_moves_them_back() {
    let Private { mut lab, links, hub, .. } = private();
    lab.announce(hub, &path(&[GATEWAY]), &["10.1.0.0/16"]);
    lab.announce(links[0], &path(&[CUSTOMER]), &["10.100.0.0/16"]);
    let mut told = [lab.heard(links[0]), lab.heard(hub)];
    let sides =
        [(links[0], Peering::Private, Role::Customer, CUSTOMER), (hub, Peering::Private, Role::Gateway, GATEWAY)];
    for (drain, times) in [(true, 9), (false, 1)] {
        for (id, peering, role, asn) in sides {
            let drained = PeeringPolicy { drain, ..policy(peering, role, asn) };
            lab.rib.set_export(id, Some(drained.export(&facts())));
        }
        lab.read(links[0], &mut told[0]);
        lab.read(hub, &mut told[1]);
        assert_eq!(path_of(&told[0], "10.1.0.0/16"), vec![EDGE.0; times]);
        assert_eq!(path_of(&told[1], "10.100.0.0/16"), [vec![EDGE.0; times], vec![CUSTOMER]].concat());
    }
}

#[test]
fn a_link_that_says_goodbye_is_used_last() {
    let Private { mut lab, links, hub, .. } = private();
    lab.announce(links[0], &path(&[CUSTOMER]), &["10.100.0.0/16"]);
    lab.announce(links[1], &path(&[CUSTOMER, CUSTOMER]), &["10.100.0.0/16"]);
    let mut told = lab.heard(hub);
    assert_eq!(path_of(&told, "10.100.0.0/16"), [EDGE.0, CUSTOMER]);
    let goodbye = AttributeSet { communities: communities(&["65535:0"]), ..path(&[CUSTOMER]) };
    lab.announce(links[0], &goodbye, &["10.100.0.0/16"]);
    lab.read(hub, &mut told);
    assert_eq!(path_of(&told, "10.100.0.0/16"), [EDGE.0, CUSTOMER, CUSTOMER]);
}

/// Microsoft peering of one circuit, with Microsoft's prefixes in a feed.
fn microsoft() -> (Lab, PeerId, PeeringPolicy) {
    let mut lab = Lab::default();
    let feed = lab.rib.add_feed("microsoft");
    let services = [("13.107.6.0/24", "12076:5010"), ("20.38.0.0/17", "12076:51002"), ("20.60.0.0/16", "12076:51004")];
    for (text, community) in services {
        let set = AttributeSet { communities: communities(&[community]), ..path(&[8075]) };
        lab.rib.feed(feed, prefix(text), &set, None);
    }
    let settings = PeeringPolicy {
        advertised_prefixes: vec![prefix("131.107.240.0/27")],
        validation: PrefixState::Configured,
        ..policy(Peering::Microsoft, Role::Customer, CUSTOMER)
    };
    let customer = peer(&mut lab, 1, &settings);
    // Feeds are read from the next session on.
    lab.rib.down(customer, Families::NONE);
    lab.rib.subscribe(customer, &[feed]);
    lab.up(customer, EXTERNAL, 1);
    (lab, customer, settings)
}

#[test]
fn the_route_filter_says_what_the_customer_is_told_and_changes_at_once() {
    let (mut lab, customer, settings) = microsoft();
    let mut told = lab.heard(customer);
    assert!(told.routes.is_empty(), "without a filter nothing is told");
    let filters: [(&[&str], &[&str]); 4] = [
        (&["12076:5010", "12076:51002"], &["13.107.6.0/24", "20.38.0.0/17"]),
        (&["12076:51002", "12076:51004"], &["20.38.0.0/17", "20.60.0.0/16"]),
        (&[], &[]),
        (&["12076:5010"], &["13.107.6.0/24"]),
    ];
    for (filter, expected) in filters {
        let filtered = PeeringPolicy { route_filter: communities(filter), ..settings.clone() };
        lab.rib.set_export(customer, Some(filtered.export(&facts())));
        told.announced.clear();
        lab.read(customer, &mut told);
        assert_eq!(told.routes.keys().map(ToString::to_string).collect::<Vec<_>>(), expected);
        assert_eq!(lab.rib.counts(customer).v4.advertised as usize, expected.len());
        // What stays need not be told again, but nothing that is not asked for may be told at all.
        assert!(told.announced.iter().all(|prefix| expected.contains(&prefix.to_string().as_str())));
    }
}

#[test]
fn registered_prefixes_are_taken_and_new_ones_without_being_sent_again() {
    let (mut lab, customer, settings) = microsoft();
    let all = ["131.107.240.0/27", "131.107.240.4/32", "131.107.241.0/24", "10.0.0.0/8", "0.0.0.0/0"];
    lab.announce(customer, &path(&[CUSTOMER]), &all);
    let taken = |lab: &Lab| -> Vec<String> {
        let routes = lab.rib.routes(lab.domain, Family::V4, &RouteFilter::default(), None, 10);
        let taken = routes.iter().filter(|route| !matches!(route.state, PathState::Rejected(_)));
        taken.map(|route| route.prefix.to_string()).collect()
    };
    assert_eq!(taken(&lab), ["131.107.240.0/27", "131.107.240.4/32"]);
    let wider = PeeringPolicy { advertised_prefixes: vec![prefix("131.107.240.0/23")], ..settings.clone() };
    lab.rib.set_import(customer, wider.import(&facts()));
    assert_eq!(taken(&lab), ["131.107.240.0/27", "131.107.240.4/32", "131.107.241.0/24"]);
    let doubted = PeeringPolicy { validation: PrefixState::ValidationNeeded, ..wider };
    lab.rib.set_import(customer, doubted.import(&facts()));
    assert_eq!(taken(&lab), [""; 0]);
}

#[test]
fn private_numbers_leave_the_path_and_nothing_of_the_customers_comes_back() {
    let (mut lab, customer, settings) = microsoft();
    let network = peer(&mut lab, 2, &policy(Peering::Microsoft, Role::Gateway, 8075));
    let second = peer(&mut lab, 3, &settings);
    lab.announce(customer, &path(&[CUSTOMER, 64600]), &["131.107.240.0/27"]);
    let told = lab.heard(network);
    assert_eq!(path_of(&told, "131.107.240.0/27"), [EDGE.0]);
    assert!(lab.heard(second).routes.is_empty());
}

#[test]
fn an_import_that_is_switched_off_and_on_needs_no_new_session() {
    let Private { mut lab, links, hub, .. } = private();
    lab.announce(links[0], &path(&[CUSTOMER]), &["10.100.0.0/16"]);
    let mut told = lab.heard(hub);
    assert_eq!(told.routes.len(), 1);
    let customer = policy(Peering::Private, Role::Customer, CUSTOMER);
    for (import, count) in [(false, 0), (true, 1)] {
        let switched = PeeringPolicy { import, ..customer.clone() };
        lab.rib.set_import(links[0], switched.import(&facts()));
        lab.read(hub, &mut told);
        assert_eq!(told.routes.len(), count);
    }
}
