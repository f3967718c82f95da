//! What peers are told, and what they are not told again.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use bgp_rib::RouteFilter;
use bgp_rib::policy::{Export, Facts, Peering, PeeringPolicy, Role};
use bgp_wire::{AttributeSet, Families, Neighbor};
use common::{EDGE, EXTERNAL, Lab, Mirror, path, prefix};
use model::{Asn, Community, Family, PrefixState};
use std::net::Ipv4Addr;

fn customer_export(with: impl FnOnce(&mut PeeringPolicy)) -> Export {
    let mut policy = PeeringPolicy::new(Peering::Open, Role::Customer, EDGE, Asn(65002));
    with(&mut policy);
    policy.export(&Facts { drain_prepends: 8, ..Facts::default() })
}

#[test]
fn routes_of_one_set_share_an_update_and_what_changed_twice_is_told_once() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    assert_eq!(lab.heard(b).ends, 2, "an End-of-RIB for each family");
    for n in 0..100 {
        lab.announce(a, &path(&[65001, n + 1]), &["10.0.0.0/16"]);
        lab.announce(a, &path(&[65001, 7]), &[&format!("10.1.{n}.0/24")]);
    }
    let heard = lab.heard(b);
    assert_eq!((heard.announced.len(), heard.updates), (101, 2));
    assert_eq!(heard.routes[&prefix("10.0.0.0/16")].as_path[0].asns, [EDGE, Asn(65001), Asn(100)]);
    assert!(lab.heard(a).routes.is_empty(), "nobody is told its own routes");
}

#[test]
fn what_came_and_went_unseen_is_not_told_at_all() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    lab.heard(b);
    lab.announce(a, &path(&[65001]), &["10.0.0.0/16"]);
    lab.withdraw(a, &["10.0.0.0/16"]);
    let heard = lab.heard(b);
    assert_eq!((heard.updates, heard.withdrawn.len()), (0, 0));
}

#[test]
fn the_same_again_tells_nobody_anything() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    lab.announce(a, &path(&[65001]), &["10.0.0.0/16", "2001:db8::/32"]);
    assert_eq!(lab.heard(b).announced.len(), 2);
    lab.announce(a, &path(&[65001]), &["10.0.0.0/16", "2001:db8::/32"]);
    let mut ready = Vec::new();
    lab.rib.drain_ready(&mut ready);
    assert_eq!(ready, []);
    assert_eq!(lab.heard(b).updates, 0);
}

#[test]
fn a_route_that_moves_to_another_peer_is_taken_back_from_that_peer() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    lab.announce(a, &path(&[65001, 1, 1]), &["10.0.0.0/16"]);
    assert_eq!(lab.heard(b).announced.len(), 1);
    lab.announce(b, &path(&[65002]), &["10.0.0.0/16"]);
    assert_eq!(lab.heard(b).withdrawn, [prefix("10.0.0.0/16")]);
    assert_eq!(lab.heard(a).announced, [prefix("10.0.0.0/16")]);
}

#[test]
fn a_session_kept_over_a_restart_is_told_of_to_nobody() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    lab.announce(a, &path(&[65001]), &["10.0.0.0/16", "10.1.0.0/16"]);
    lab.heard(b);
    lab.rib.down(a, Families::BOTH);
    assert_eq!(lab.heard(b).updates, 0);
    let views = lab.rib.routes(lab.domain, Family::V4, &RouteFilter::default(), None, 10);
    assert!(views.iter().all(|view| view.stale));
    lab.up(a, EXTERNAL, 1);
    lab.announce(a, &path(&[65001]), &["10.0.0.0/16"]);
    lab.rib.sweep_stale(a, Families::BOTH);
    let heard = lab.heard(b);
    assert_eq!((heard.announced.len(), heard.withdrawn), (0, vec![prefix("10.1.0.0/16")]));
    lab.rib.down(a, Families::NONE);
    assert_eq!(lab.heard(b).withdrawn, [prefix("10.0.0.0/16")]);
}

#[test]
fn another_export_policy_tells_what_differs_and_nothing_else() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    let tagged = AttributeSet { communities: vec![Community { asn: 12076, value: 5010 }], ..path(&[65001]) };
    lab.announce(a, &tagged, &["192.0.2.0/24"]);
    lab.announce(a, &path(&[65001]), &["198.51.100.0/24"]);
    lab.heard(b);
    // The same clauses made anew differ in nothing.
    lab.rib.set_export(b, Some(Export::open(EDGE, Neighbor::External)));
    assert_eq!(lab.heard(b).updates, 0);
    let filter = customer_export(|policy| {
        policy.peering = Peering::Microsoft;
        policy.route_filter = vec![Community { asn: 12076, value: 5010 }];
    });
    lab.rib.set_export(b, Some(filter));
    let heard = lab.heard(b);
    assert_eq!((heard.announced.len(), heard.withdrawn), (0, vec![prefix("198.51.100.0/24")]));
    lab.rib.set_export(b, Some(Export::open(EDGE, Neighbor::External)));
    assert_eq!(lab.heard(b).announced, [prefix("198.51.100.0/24")]);
    lab.rib.set_export(b, Some(customer_export(|policy| policy.drain = true)));
    let heard = lab.heard(b);
    assert_eq!((heard.announced.len(), heard.withdrawn.len()), (2, 0));
    assert_eq!(heard.routes[&prefix("192.0.2.0/24")].as_path[0].asns[..9], [EDGE; 9]);
    lab.rib.set_export(b, None);
    assert_eq!(lab.heard(b).withdrawn.len(), 2);
    assert_eq!(lab.rib.advertised(b, Family::V4, &RouteFilter::default(), None, 9), []);
}

#[test]
fn another_import_policy_takes_what_was_refused_without_a_new_update() {
    let import = |prefixes: &[&str]| {
        let mut policy = PeeringPolicy::new(Peering::Microsoft, Role::Customer, EDGE, Asn(65001));
        policy.validation = PrefixState::Configured;
        policy.advertised_prefixes = prefixes.iter().map(|text| prefix(text)).collect();
        policy.import(&Facts::default())
    };
    let mut lab = Lab::default();
    let a = lab.peer_with(1, 65001, |config| config.import = import(&["198.51.100.0/24"]));
    let b = lab.peer(2, 65002);
    lab.announce(a, &path(&[65001]), &["192.0.2.0/24", "198.51.100.0/24"]);
    assert_eq!(lab.heard(b).announced, [prefix("198.51.100.0/24")]);
    let counts = lab.rib.counts(a).v4;
    assert_eq!((counts.received, counts.accepted, counts.rejected), (2, 1, 1));
    lab.rib.set_import(a, import(&["192.0.2.0/24"]));
    let heard = lab.heard(b);
    assert_eq!((heard.announced, heard.withdrawn), (vec![prefix("192.0.2.0/24")], vec![prefix("198.51.100.0/24")]));
}

#[test]
fn a_feed_is_told_as_the_route_filter_says_and_the_domain_goes_first() {
    let mut lab = Lab::default();
    let feed = lab.rib.add_feed("services");
    let mark = |value| AttributeSet { communities: vec![Community { asn: 12076, value }], ..path(&[8075]) };
    for n in 0..20 {
        let prefix = prefix(&format!("13.107.{n}.0/24"));
        lab.rib.feed(feed, prefix, &mark(if n < 5 { 5010 } else { 5020 }), None);
    }
    let filter = customer_export(|policy| {
        policy.peering = Peering::Microsoft;
        policy.route_filter = vec![Community { asn: 12076, value: 5010 }];
    });
    let a = lab.peer(1, 65001);
    let b = lab.peer_with(2, 65002, |config| config.export = Some(filter.clone()));
    lab.rib.down(b, Families::NONE);
    lab.rib.subscribe(b, &[feed]);
    lab.up(b, EXTERNAL, 2);
    let mut mirror = lab.heard(b);
    assert_eq!(mirror.routes.len(), 5);
    lab.rib.feed(feed, prefix("13.107.0.0/24"), &mark(5020), None);
    lab.rib.unfeed(feed, prefix("13.107.1.0/24"));
    lab.read(b, &mut mirror);
    assert_eq!(mirror.routes.len(), 3);
    let other = AttributeSet { communities: vec![Community { asn: 12076, value: 5010 }], ..path(&[65001]) };
    lab.announce(a, &other, &["13.107.2.0/24"]);
    lab.read(b, &mut mirror);
    assert_eq!(mirror.routes[&prefix("13.107.2.0/24")].as_path[0].asns, [EDGE, Asn(65001)]);
    lab.rib.down(a, Families::NONE);
    lab.read(b, &mut mirror);
    assert_eq!(mirror.routes[&prefix("13.107.2.0/24")].as_path[0].asns, [EDGE, Asn(8075)]);
}

#[test]
fn a_peer_without_an_address_for_a_family_is_told_none_of_it() {
    let mut lab = Lab::default();
    let a = lab.peer(1, 65001);
    let b = lab.peer_with(2, 65002, |config| config.next_hop6 = None);
    lab.announce(a, &path(&[65001]), &["10.0.0.0/16", "2001:db8::/32"]);
    let heard = lab.heard(b);
    assert_eq!((heard.announced, heard.ends), (vec![prefix("10.0.0.0/16")], 2));
}

#[test]
fn a_next_hop_that_is_ours_or_far_away_keeps_a_route_from_being_used() {
    let mut lab = Lab::default();
    let a = lab.peer_with(1, 65001, |config| config.next_hop4 = Some(Ipv4Addr::new(172, 16, 0, 1)));
    let b = lab.peer_with(2, 65001, |config| config.connected = vec![prefix("192.0.2.0/30")]);
    for id in [a, b] {
        lab.announce(id, &path(&[65001]), &["10.0.0.0/16"]);
    }
    let why = lab.rib.why(lab.domain, prefix("10.0.0.0/16")).unwrap();
    let texts: Vec<String> = why
        .paths
        .iter()
        .map(|view| match view.state {
            bgp_rib::PathState::Rejected(refusal) => refusal.to_string(),
            state => panic!("{state:?}"),
        })
        .collect();
    assert!(texts.contains(&"the next hop 172.16.0.1 is our own address".into()), "{texts:?}");
    assert!(texts.contains(&"the next hop 172.16.0.2 is not on the common link".into()), "{texts:?}");
}

#[test]
fn what_a_walk_told_and_then_went_is_withdrawn() {
    let mut lab = Lab::default();
    let a = lab.peer(1, 65001);
    lab.announce(a, &path(&[65001]), &["10.0.0.0/16", "10.1.0.0/16"]);
    let b = lab.peer(2, 65002);
    let mut mirror = Mirror::default();
    // The walk has begun when the route comes, reaches it, and ends before the log is looked at.
    assert!(lab.read_some(b, &mut mirror, 1));
    lab.announce(a, &path(&[65001]), &["10.2.0.0/16"]);
    while !mirror.routes.contains_key(&prefix("10.2.0.0/16")) {
        assert!(lab.read_some(b, &mut mirror, 1));
    }
    // The log says still that there was nothing before.
    lab.withdraw(a, &["10.2.0.0/16"]);
    lab.read(b, &mut mirror);
    assert_eq!(mirror.routes.len(), 2);
}
