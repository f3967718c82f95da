//! What a peer may bring, and what it can make us hold.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use bgp_rib::policy::{Facts, Limit, Limits, Peering, PeeringPolicy, Role};
use bgp_rib::{LimitReached, Rib};
use bgp_wire::{AttributeSet, Families, Fault, Prefix4, Update, announce4};
use common::{EDGE, EXTERNAL, Lab, path};
use model::{Asn, Community, Family};
use std::net::Ipv4Addr;

fn many(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("10.{}.{}.0/24", n >> 8, n & 255)).collect()
}

fn names(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[test]
fn the_limit_counts_what_is_refused_too_and_stops_at_the_first_route_above_it() {
    let mut policy = PeeringPolicy::new(Peering::Microsoft, Role::Customer, EDGE, Asn(65001));
    policy.limits = Limits { v4: Some(Limit::new(10, 80)), v6: None };
    let mut lab = Lab::default();
    let a = lab.peer_with(1, 65001, |config| config.import = policy.import(&Facts::default()));
    let texts = many(20);
    let reached = LimitReached { family: Family::V4, limit: 10 };
    assert_eq!(lab.announce(a, &path(&[65001]), &names(&texts[..7])).warning, None);
    assert_eq!(lab.announce(a, &path(&[65001]), &names(&texts[..8])).warning, Some(reached));
    assert_eq!(lab.announce(a, &path(&[65001]), &names(&texts[..10])).limit, None);
    assert_eq!(lab.rib.counts(a).v4.accepted, 0, "no prefix is validated");
    assert_eq!(lab.announce(a, &path(&[65001]), &names(&texts)).limit, Some(reached));
    assert_eq!(lab.rib.counts(a).v4.received, 11);
    lab.rib.down(a, Families::NONE);
    assert_eq!((lab.rib.counts(a).v4.received, lab.rib.attribute_sets()), (0, 0));
    lab.up(a, EXTERNAL, 1);
    assert_eq!(lab.announce(a, &path(&[65001]), &names(&texts[..10])).limit, None);
}

#[test]
fn attributes_brought_again_and_again_leave_nothing_behind() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    let texts = many(50);
    let mut most = 0;
    for round in 0..200u16 {
        let set = AttributeSet { communities: vec![Community { asn: 65000, value: round }], ..path(&[65001]) };
        lab.announce(a, &set, &names(&texts));
        lab.announce(b, &AttributeSet { med: Some(round.into()), ..path(&[65002, 1]) }, &names(&texts[..25]));
        if round % 3 == 0 {
            lab.withdraw(a, &names(&texts[..10]));
        }
        most = most.max(lab.rib.attribute_sets());
    }
    assert_eq!((most, lab.rib.counts(a).attribute_sets, lab.rib.counts(b).attribute_sets), (2, 1, 1));
}

#[test]
fn a_session_with_many_attribute_sets_is_told_of_once() {
    let mut lab = Lab::default();
    let a = lab.peer_with(1, 65001, |config| config.attribute_sets = 10);
    let texts = many(20);
    let crowded: Vec<bool> =
        (0..20).map(|n| lab.announce(a, &path(&[65001, n + 1]), &[&texts[n as usize]]).crowded).collect();
    assert_eq!(crowded.iter().filter(|crowded| **crowded).count(), 1);
    assert!(crowded[9]);
}

#[test]
fn the_same_bytes_from_another_session_are_judged_anew() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    let mut out = Vec::new();
    let template = path(&[65001]).template(&EXTERNAL).unwrap();
    let prefix = Prefix4::new(Ipv4Addr::new(10, 0, 0, 0), 8).unwrap();
    announce4(&mut out, 4096, &template, Ipv4Addr::new(172, 16, 0, 9), &mut [prefix].into_iter()).unwrap();
    lab.send(a, &out);
    lab.send(b, &out);
    assert_eq!((lab.rib.counts(a).v4.accepted, lab.rib.counts(b).v4.accepted), (1, 0));
}

#[test]
fn a_storm_beside_readers_that_do_not_read_takes_bounded_memory() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    let stalled = [lab.peer(3, 65003), lab.peer(4, 65004)];
    let texts = many(500);
    let mut mirror = lab.heard(b);
    let mut most = 0;
    for round in 0..400u32 {
        lab.announce(a, &path(&[65001, round % 7 + 1]), &names(&texts));
        lab.read(b, &mut mirror);
        lab.withdraw(a, &names(&texts[..400]));
        lab.read(b, &mut mirror);
        most = most.max(lab.rib.memory().logs);
    }
    assert_eq!(mirror.routes.len(), 100);
    // Twice the slots and some, at eight bytes an entry; a deque may have room for twice as many.
    assert!(most <= 2 * 8 * (2 * 500 + 64 + 500), "{most} bytes of log");
    for id in stalled {
        assert_eq!(lab.heard(id).routes.len(), 100);
    }
    assert_eq!(lab.heard(a).updates, 0, "the storm is its own");
    assert_eq!(lab.rib.memory().logs, 0);
}

#[test]
fn a_table_of_a_thousand_takes_thirty_bytes_a_path() {
    let mut rib = Rib::new(3);
    let mut out = Vec::new();
    for n in 0..50u32 {
        let domain = rib.add_domain("circuit");
        let mut config = bgp_rib::PeerConfig::new(Ipv4Addr::new(172, 16, 0, 1).into(), Asn(65001), EDGE);
        config.next_hop4 = Some(Ipv4Addr::new(172, 16, 0, 2));
        let id = rib.add_peer(domain, config);
        rib.up(id, &EXTERNAL, bgp_wire::RouterId::try_from(1).unwrap());
        for group in 0..20u32 {
            let set = AttributeSet {
                communities: vec![Community { asn: 65000, value: n as u16 }],
                ..path(&[65001, 64512 + group, 65100])
            };
            let prefixes =
                (group * 50..group * 50 + 50).map(|n| Prefix4::new((0x0A00_0000 + (n << 8)).into(), 24).unwrap());
            out.clear();
            let template = set.template(&EXTERNAL).unwrap();
            announce4(&mut out, 4096, &template, Ipv4Addr::new(172, 16, 0, 1), &mut prefixes.into_iter()).unwrap();
            rib.update(id, &Update::split(&out[19..]).unwrap()).unwrap();
        }
        while rib.export(id, &mut out, 4096) {}
    }
    let each = rib.memory().total() / 50_000;
    assert!(each <= 30, "{each} bytes a path: {:?}", rib.memory());
}

#[test]
fn malformed_attributes_withdraw_or_end_the_session_and_are_noted() {
    let mut lab = Lab::default();
    let a = lab.peer(1, 65001);
    lab.announce(a, &path(&[65001]), &["10.0.0.0/16"]);
    // ORIGIN 9: treat as withdraw.
    let bad = [0, 0, 0, 17, 0x40, 1, 1, 9, 0x40, 2, 6, 2, 1, 0, 0, 0xFD, 0xE9, 0x40, 3, 4, 172, 16, 0, 1, 16, 10, 0];
    let mut bad = bad.to_vec();
    bad[3] = (bad.len() - 4 - 3) as u8;
    let taken = lab.rib.update(a, &Update::split(&bad).unwrap()).unwrap();
    assert_eq!((taken.withdrawn, taken.faults, taken.fault.map(|note| note.code)), (1, 1, Some(1)));
    assert_eq!(lab.rib.counts(a).v4.received, 0);
    // An MP_REACH_NLRI that is cut off.
    let worse = [0, 0, 0, 5, 0x80, 14, 2, 0, 1];
    let fault = lab.rib.update(a, &Update::split(&worse).unwrap()).unwrap_err();
    assert!(matches!(fault, Fault::Attribute { code: 14, .. }));
}
