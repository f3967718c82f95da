//! Sessions that must not come up: OPENs that are wrong (RFC 4271, section 6.2), and messages out of turn
//! (section 6.6, RFC 6608).

use crate::hand::*;
use bgp_fsm::Name;
use bgp_wire::{Cause, KEEPALIVE, Notification};
use model::Asn;
use std::net::Ipv4Addr;

/// The OPEN of the peer under test with some bytes changed.
fn patched(patches: &[(usize, &[u8])]) -> Vec<u8> {
    let mut bytes = written(&open(HOSTILE, 0));
    for (at, patch) in patches {
        bytes[*at..at + patch.len()].copy_from_slice(patch);
    }
    bytes
}

fn refused(bytes: &[u8], notification: impl Into<Notification>) {
    let mut edge = Edge::new();
    let conn = edge.call(HOSTILE);
    edge.say(conn, bytes);
    edge.ended_once_by(conn, &notification.into());
    assert_eq!(edge.state(HOSTILE), Name::Idle);
    edge.works_again();
}

#[test]
fn another_version_is_told_ours() {
    for version in [0, 3, 5, 255] {
        refused(&patched(&[(19, &[version])]), Notification::new(Cause::UNSUPPORTED_VERSION, [0, 4]));
    }
}

#[test]
fn a_wrong_as_is_refused_in_either_of_its_fields() {
    let mut other = open(HOSTILE, 0);
    other.asn = Asn(65_099);
    other.capabilities.retain(|capability| !matches!(capability, bgp_wire::Capability::FourOctetAs(_)));
    refused(&written(&other), Cause::BAD_PEER_AS);
    other.capabilities.push(bgp_wire::Capability::FourOctetAs(Asn(65_099)));
    refused(&written(&other), Cause::BAD_PEER_AS);
    refused(&patched(&[(20, &[0, 0])]), Cause::BAD_PEER_AS);
}

#[test]
fn our_own_as_is_refused_of_a_neighbour_that_has_another() {
    let mut ours = open(HOSTILE, 0);
    ours.asn = Asn(EDGE_AS);
    ours.capabilities.pop();
    ours.capabilities.push(bgp_wire::Capability::FourOctetAs(Asn(EDGE_AS)));
    refused(&written(&ours), Cause::BAD_PEER_AS);
}

#[test]
fn a_router_id_of_zero_is_refused() {
    refused(&patched(&[(24, &[0, 0, 0, 0])]), Cause::BAD_BGP_IDENTIFIER);
}

#[test]
fn hold_times_of_one_and_two_seconds_are_refused() {
    for hold_time in [1, 2] {
        refused(&patched(&[(22, &[0, hold_time])]), Cause::UNACCEPTABLE_HOLD_TIME);
    }
}

/// RFC 6286, section 2.1: a router id is unique within an AS, not beyond.
#[test]
fn the_same_router_id_as_ours_or_as_anothers_does_no_harm_from_another_as() {
    for id in [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 11), Ipv4Addr::new(192, 0, 2, 12)] {
        let mut edge = Edge::new();
        let conn = edge.call(HOSTILE);
        let mut same = open(HOSTILE, 0);
        same.router_id = router_id(id);
        edge.say(conn, &written(&same));
        edge.say(conn, &KEEPALIVE);
        edge.say(conn, &announced(HOSTILE, 0..1));
        assert_eq!(edge.table(), ["10.0.0.0/24"]);
        edge.bystanders_are_unharmed();
    }
}

#[test]
fn lengths_within_an_open_that_contradict_each_other_are_refused() {
    let whole = written(&open(HOSTILE, 0));
    let parameters = whole.len() - 29;
    for length in (0..=255usize).filter(|length| *length != parameters) {
        let mut edge = Edge::new();
        let conn = edge.call(HOSTILE);
        edge.say(conn, &patched(&[(28, &[length as u8])]));
        edge.say(conn, &KEEPALIVE);
        assert_ne!(edge.state(HOSTILE), Name::Established, "parameters of {length}");
        let verdict = edge.verdict(conn);
        assert_eq!(verdict.cause.code, Cause::OPEN_UNSPECIFIC.code, "{verdict:?}");
        assert_eq!(edge.ends().len(), 1);
        edge.bystanders_are_unharmed();
    }
}

#[test]
fn an_optional_parameter_without_a_meaning_is_refused() {
    refused(&patched(&[(29, &[1])]), Cause::UNSUPPORTED_PARAMETER);
}

#[test]
fn messages_out_of_turn_are_told_in_which_state_they_came() {
    let refresh = message(5, &[0, 1, 0, 1]);
    let out_of_turn = [KEEPALIVE.to_vec(), announced(HOSTILE, 0..1), refresh.clone()];
    for bytes in out_of_turn {
        let mut edge = Edge::new();
        let conn = edge.call(HOSTILE);
        edge.say(conn, &bytes);
        edge.ended_once_by(conn, &Cause::UNEXPECTED_IN_OPEN_SENT.into());
    }
    for bytes in [announced(HOSTILE, 0..1), refresh, written(&open(HOSTILE, 0))] {
        let mut edge = Edge::new();
        let conn = edge.call(HOSTILE);
        edge.say(conn, &written(&open(HOSTILE, 0)));
        edge.say(conn, &bytes);
        edge.ended_once_by(conn, &Cause::UNEXPECTED_IN_OPEN_CONFIRM.into());
    }
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &written(&open(HOSTILE, 0)));
    edge.ended_once_by(conn, &Cause::UNEXPECTED_IN_ESTABLISHED.into());
}

#[test]
fn a_notification_is_never_answered() {
    for bytes in [message(3, &[6, 2]), message(3, &[0, 0]), message(3, &[255, 255, 1, 2, 3])] {
        let mut edge = Edge::new();
        let conn = edge.hostile();
        edge.say(conn, &bytes);
        assert!(edge.is_closed(conn));
        assert_eq!(edge.read(conn), []);
        assert_eq!(edge.ends().len(), 1);
        edge.bystanders_are_unharmed();
        edge.works_again();
    }
}
