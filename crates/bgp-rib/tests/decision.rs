//! Which path is the best, and which step says so.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use bgp_rib::{PathState, PeerId, Step};
use bgp_wire::{AttributeSet, Families, Origin, Session};
use common::{EDGE, EXTERNAL, Lab, path, prefix};
use model::Asn;
use std::net::Ipv4Addr;

const P: &str = "10.0.0.0/16";

/// Announces two paths in both orders; the first has to win, at this step.
fn first_wins(step: Step, peers: impl Fn(&mut Lab) -> [PeerId; 2], sets: [AttributeSet; 2]) {
    for order in [[0, 1], [1, 0]] {
        let mut lab = Lab::default();
        let peers = peers(&mut lab);
        for n in order {
            lab.announce(peers[n], &sets[n], &[P]);
        }
        let why = lab.rib.why(lab.domain, prefix(P)).unwrap();
        let best = lab.rib.peer_config(peers[0]).unwrap().address;
        assert_eq!(why.paths[0].peer, Some(best), "{step:?} in order {order:?}");
        assert_eq!(why.lost_at, [None, Some(step)], "in order {order:?}");
    }
}

fn two(lab: &mut Lab) -> [PeerId; 2] {
    // The later peer has the lower address, so that the last steps would take the other path.
    [lab.peer(9, 65001), lab.peer(2, 65002)]
}

#[test]
fn a_higher_weight_goes_before_all_else() {
    let peers = |lab: &mut Lab| {
        let weighty = |weight: u16, asn: u32| {
            use bgp_rib::policy::{Facts, Peering, PeeringPolicy, Role};
            let mut policy = PeeringPolicy::new(Peering::Open, Role::Customer, EDGE, Asn(asn));
            policy.weight = weight;
            policy.import(&Facts::default())
        };
        [
            lab.peer_with(9, 65001, |config| config.import = weighty(10, 65001)),
            lab.peer_with(2, 65002, |config| config.import = weighty(5, 65002)),
        ]
    };
    first_wins(Step::Weight, peers, [path(&[65001, 1, 2, 3]), path(&[65002])]);
}

#[test]
fn a_higher_local_pref_goes_before_a_shorter_path() {
    let peers = |lab: &mut Lab| [lab.peer(9, EDGE.0), lab.peer(2, EDGE.0)];
    let mut long = path(&[65001, 1, 2]);
    long.local_pref = Some(200);
    let mut short = path(&[65001]);
    short.local_pref = Some(100);
    first_wins(Step::LocalPref, peers, [long, short]);
}

#[test]
fn graceful_shutdown_makes_a_path_the_last_choice() {
    let mut leaving = path(&[65002]);
    leaving.communities = vec![bgp_wire::iana::community::GRACEFUL_SHUTDOWN];
    first_wins(Step::LocalPref, two, [path(&[65001, 1, 2, 3, 4]), leaving]);
}

#[test]
fn a_shorter_path_goes_before_a_lower_origin() {
    let mut short = path(&[65001]);
    short.origin = Origin::Incomplete;
    first_wins(Step::AsPathLength, two, [short, path(&[65002, 1])]);
}

#[test]
fn a_lower_origin_goes_before_med_and_address() {
    let mut incomplete = path(&[65002]);
    incomplete.origin = Origin::Incomplete;
    first_wins(Step::Origin, two, [path(&[65001]), incomplete]);
}

#[test]
fn med_is_compared_among_paths_of_one_neighbouring_as() {
    let med = |asn: u32, med: u32| AttributeSet { med: Some(med), ..path(&[asn]) };
    let same = |lab: &mut Lab| [lab.peer(9, 65001), lab.peer(2, 65001)];
    first_wins(Step::Med, same, [med(65001, 5), med(65001, 10)]);
    // None is zero (RFC 4271, section 9.1.2.2).
    first_wins(Step::Med, same, [path(&[65001]), med(65001, 10)]);
    let different = |lab: &mut Lab| [lab.peer(2, 65001), lab.peer(9, 65002)];
    first_wins(Step::RouterId, different, [med(65001, 10), med(65002, 5)]);
}

#[test]
fn a_third_path_turns_the_decision_between_two_others_by_its_med() {
    let mut lab = Lab::default();
    let (a, b, c) = (lab.peer(2, 65001), lab.peer(3, 65002), lab.peer(4, 65001));
    let med = |asn: u32, med: u32| AttributeSet { med: Some(med), ..path(&[asn]) };
    lab.announce(a, &med(65001, 10), &[P]);
    lab.announce(b, &path(&[65002]), &[P]);
    let best = |lab: &Lab| lab.rib.why(lab.domain, prefix(P)).unwrap();
    assert_eq!(best(&lab).paths[0].peer, Some(Ipv4Addr::new(172, 16, 0, 2).into()));
    // It loses to the second itself, but puts the first out.
    lab.announce(c, &med(65001, 5), &[P]);
    let why = best(&lab);
    assert_eq!(why.paths[0].peer, Some(Ipv4Addr::new(172, 16, 0, 3).into()));
    assert_eq!(why.lost_at, [None, Some(Step::RouterId), Some(Step::Med)]);
    assert_eq!(
        why.paths.iter().map(|view| view.state).collect::<Vec<_>>(),
        [PathState::Best, PathState::Multipath, PathState::Backup]
    );
    lab.withdraw(c, &[P]);
    assert_eq!(best(&lab).paths[0].peer, Some(Ipv4Addr::new(172, 16, 0, 2).into()));
}

#[test]
fn external_goes_before_internal() {
    let peers = |lab: &mut Lab| [lab.peer(9, 65001), lab.peer(2, EDGE.0)];
    first_wins(Step::ExternalFirst, peers, [path(&[65001]), AttributeSet { local_pref: Some(100), ..path(&[65001]) }]);
}

#[test]
fn the_lower_router_id_breaks_a_tie_and_the_originator_stands_for_it() {
    let peers = |lab: &mut Lab| [lab.peer(2, 65001), lab.peer(9, 65002)];
    first_wins(Step::RouterId, peers, [path(&[65001]), path(&[65002])]);
    let inside = |lab: &mut Lab| [lab.peer(9, EDGE.0), lab.peer(2, EDGE.0)];
    let reflected = |id: u8| AttributeSet {
        local_pref: Some(100),
        originator_id: Some(Ipv4Addr::new(0, 0, 0, id)),
        ..path(&[65001])
    };
    first_wins(Step::RouterId, inside, [reflected(1), reflected(2)]);
}

#[test]
fn the_shorter_cluster_list_then_the_lower_address_decide_last() {
    let inside = |lab: &mut Lab| [lab.peer(9, EDGE.0), lab.peer(2, EDGE.0)];
    let reflected = |clusters: usize| AttributeSet {
        local_pref: Some(100),
        originator_id: Some(Ipv4Addr::new(0, 0, 0, 77)),
        cluster_list: vec![Ipv4Addr::new(1, 1, 1, 1); clusters],
        ..path(&[65001])
    };
    first_wins(Step::ClusterListLength, inside, [reflected(1), reflected(2)]);
    let lower = |lab: &mut Lab| [lab.peer(2, EDGE.0), lab.peer(9, EDGE.0)];
    first_wins(Step::PeerAddress, lower, [reflected(1), reflected(1)]);
}

#[test]
fn several_paths_of_one_peer_are_told_apart_by_their_identifier() {
    let mut lab = Lab::default();
    let id = lab.peer(2, 65001);
    lab.up(id, Session { add_path: Families::BOTH, ..EXTERNAL }, 2);
    let template = path(&[65001]).template(&EXTERNAL).unwrap();
    let mut body = vec![0, 0, 0, (template.bytes().len() + 7) as u8];
    body.extend_from_slice(template.head());
    body.extend_from_slice(&[0x40, 3, 4, 172, 16, 0, 2]);
    body.extend_from_slice(template.tail());
    body.extend_from_slice(&[0, 0, 0, 7, 16, 10, 0, 0, 0, 0, 3, 16, 10, 0]);
    lab.rib.update(id, &bgp_wire::Update::split(&body).unwrap()).unwrap();
    let why = lab.rib.why(lab.domain, prefix(P)).unwrap();
    assert_eq!(why.paths.iter().map(|view| view.path_id.0).collect::<Vec<_>>(), [3, 7]);
    assert_eq!(why.lost_at, [None, Some(Step::PathId)]);
    // One past the most that a peer may bring.
    let mut many = body[..body.len() - 14].to_vec();
    (10..30u32).for_each(|id| many.extend_from_slice(&[&id.to_be_bytes()[..], &[16, 10, 0]].concat()));
    let taken = lab.rib.update(id, &bgp_wire::Update::split(&many).unwrap()).unwrap();
    assert_eq!((taken.surplus, lab.rib.counts(id).v4.received), (6, 16));
}

#[test]
fn our_own_routes_are_not_taken_over_by_a_peer() {
    let mut lab = Lab::default();
    let id = lab.peer(2, 65001);
    lab.rib.originate(lab.domain, prefix(P), &path(&[65515]), None);
    lab.announce(id, &path(&[65001]), &[P]);
    let why = lab.rib.why(lab.domain, prefix(P)).unwrap();
    assert_eq!((why.paths[0].peer, why.lost_at[1]), (None, Some(Step::Weight)));
    lab.rib.withdraw(lab.domain, prefix(P));
    assert!(lab.rib.why(lab.domain, prefix(P)).unwrap().paths[0].peer.is_some());
}

#[test]
fn a_peer_that_comes_back_with_another_router_id_is_ranked_by_it() {
    let mut lab = Lab::default();
    let (a, b) = (lab.peer(2, 65001), lab.peer(3, 65002));
    lab.announce(a, &path(&[65001]), &[P]);
    lab.announce(b, &path(&[65002]), &[P]);
    let best = |lab: &Lab| lab.rib.why(lab.domain, prefix(P)).unwrap().paths[0].peer;
    assert_eq!(best(&lab), Some(Ipv4Addr::new(172, 16, 0, 2).into()));
    lab.rib.down(a, Families::BOTH);
    lab.up(a, EXTERNAL, 9);
    assert_eq!(best(&lab), Some(Ipv4Addr::new(172, 16, 0, 3).into()), "its routes are kept, its rank is not");
    assert_eq!(lab.heard(a).announced, [prefix(P)]);
}
