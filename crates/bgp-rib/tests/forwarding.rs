//! What packets follow: told once for each prefix that changed, with all paths that are as good.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use bgp_rib::PeerId;
use bgp_wire::{AttributeSet, Families};
use common::{Lab, path, prefix};
use std::collections::BTreeMap;

/// What was told since the last time, each prefix with the last number of its next hops.
fn told(lab: &mut Lab) -> BTreeMap<String, Vec<String>> {
    let mut told = BTreeMap::new();
    lab.rib.forwarding(usize::MAX, |_, prefix, hops| {
        let last = |hop: &std::net::IpAddr| hop.to_string().rsplit(['.', ':']).next().unwrap().to_owned();
        let before = told.insert(prefix.to_string(), hops.iter().map(last).collect());
        assert_eq!(before, None, "{prefix} is told twice");
    });
    assert!(!lab.rib.has_forwarding());
    told
}

fn pair() -> (Lab, PeerId, PeerId) {
    let mut lab = Lab::default();
    lab.rib.forward(lab.domain, true);
    let (a, b) = (lab.peer(1, 65001), lab.peer(2, 65002));
    (lab, a, b)
}

fn expect(lab: &mut Lab, wanted: &[(&str, &[&str])]) {
    let wanted: BTreeMap<String, Vec<String>> = wanted
        .iter()
        .map(|(prefix, hops)| ((*prefix).to_owned(), hops.iter().map(|hop| (*hop).to_owned()).collect()))
        .collect();
    assert_eq!(told(lab), wanted);
}

#[test]
fn packets_follow_all_paths_that_are_as_good() {
    let (mut lab, a, b) = pair();
    lab.announce(a, &path(&[65001]), &["10.1.0.0/16", "10.2.0.0/16"]);
    expect(&mut lab, &[("10.1.0.0/16", &["1"]), ("10.2.0.0/16", &["1"])]);
    lab.announce(b, &path(&[65002]), &["10.1.0.0/16"]);
    lab.announce(b, &path(&[65002, 3]), &["10.2.0.0/16"]);
    // The second is longer: it was looked at, and nothing is other than before.
    expect(&mut lab, &[("10.1.0.0/16", &["1", "2"]), ("10.2.0.0/16", &["1"])]);
    // The best stays the best, and still a member of the set goes.
    lab.withdraw(b, &["10.1.0.0/16"]);
    expect(&mut lab, &[("10.1.0.0/16", &["1"])]);
    lab.withdraw(a, &["10.1.0.0/16", "10.2.0.0/16"]);
    expect(&mut lab, &[("10.1.0.0/16", &[]), ("10.2.0.0/16", &["2"])]);
}

#[test]
fn a_session_that_ends_leaves_the_other_paths() {
    let (mut lab, a, b) = pair();
    for (peer, asn) in [(a, 65001), (b, 65002)] {
        lab.announce(peer, &path(&[asn]), &["10.1.0.0/16", "fd00::/48"]);
    }
    lab.announce(a, &path(&[65001]), &["10.3.0.0/16"]);
    expect(&mut lab, &[("10.1.0.0/16", &["1", "2"]), ("10.3.0.0/16", &["1"]), ("fd00::/48", &["1", "2"])]);
    lab.rib.down(a, Families::NONE);
    expect(&mut lab, &[("10.1.0.0/16", &["2"]), ("10.3.0.0/16", &[]), ("fd00::/48", &["2"])]);
    // Kept over a restart of the peer, they are followed still.
    lab.rib.down(b, Families::BOTH);
    expect(&mut lab, &[]);
}

#[test]
fn a_change_before_anyone_asks_is_told_once_and_as_it_is_then() {
    let (mut lab, a, _) = pair();
    for _ in 0..3 {
        lab.announce(a, &path(&[65001]), &["10.1.0.0/16"]);
        lab.withdraw(a, &["10.1.0.0/16"]);
    }
    lab.announce(a, &path(&[65001]), &["10.2.0.0/16"]);
    let told = told_any(&mut lab);
    assert_eq!(told.get("10.1.0.0/16"), Some(&0));
    assert_eq!(told.get("10.2.0.0/16"), Some(&1));
}

/// Prefixes that were told, the last time each, and how many next hops they have. A slot that was given to another prefix
/// meanwhile may be told of once more.
fn told_any(lab: &mut Lab) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    lab.rib.forwarding(usize::MAX, |_, prefix, hops| _ = told.insert(prefix.to_string(), hops.len()));
    told
}

#[test]
fn what_was_there_before_is_told_first_and_a_few_at_a_time() {
    let mut lab = Lab::default();
    let a = lab.peer(1, 65001);
    let all: Vec<String> = (0..10).map(|n| format!("10.{n}.0.0/16")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    lab.announce(a, &path(&[65001]), &all);
    lab.rib.originate(lab.domain, prefix("10.0.0.0/16"), &AttributeSet::new(bgp_wire::Origin::Igp, Vec::new()), None);
    assert!(!lab.rib.has_forwarding());
    lab.rib.forward(lab.domain, true);
    let mut seen = BTreeMap::new();
    for round in 0..4 {
        assert!(lab.rib.has_forwarding(), "round {round}");
        let mut count = 0;
        lab.rib.forwarding(3, |_, prefix, hops| {
            count += 1;
            seen.insert(prefix.to_string(), hops.len());
        });
        assert_eq!(count, if round < 3 { 3 } else { 1 });
    }
    assert_eq!((seen.len(), seen["10.0.0.0/16"], seen["10.9.0.0/16"]), (10, 0, 1), "our own is followed by nobody");
    assert!(!lab.rib.has_forwarding());
}
