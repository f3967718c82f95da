//! Connections: slow, silent, cut off, and too many.

use crate::hand::*;
use bgp_fsm::{Name, Reason};
use bgp_wire::{Cause, KEEPALIVE};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn who_connects_and_says_nothing_is_let_go() {
    let mut edge = Edge::new();
    let conn = edge.call(HOSTILE);
    edge.wait(Duration::from_secs(239));
    assert!(!edge.is_closed(conn));
    edge.wait(2 * SECOND);
    edge.ended_once_by(conn, &Cause::HOLD_TIMER_EXPIRED.into());
    edge.works_again();
}

#[test]
fn an_open_that_comes_a_byte_at_a_time_is_not_waited_for_longer() {
    let mut edge = Edge::new();
    let conn = edge.call(HOSTILE);
    for byte in written(&open(HOSTILE, 0)) {
        edge.say(conn, &[byte]);
        edge.wait(10 * SECOND);
    }
    edge.ended_once_by(conn, &Cause::HOLD_TIMER_EXPIRED.into());
}

#[test]
fn a_message_that_comes_a_byte_at_a_time_keeps_no_session_alive() {
    let mut edge = Edge::new();
    let conn = edge.establish(HOSTILE, 90);
    edge.notices.clear();
    let bytes = announced(HOSTILE, 0..10);
    for byte in &bytes[..30] {
        edge.say(conn, &[*byte]);
        edge.wait(4 * SECOND);
    }
    edge.ended_once_by(conn, &Cause::HOLD_TIMER_EXPIRED.into());
}

#[test]
fn a_peer_that_falls_silent_is_given_the_hold_time() {
    let mut edge = Edge::new();
    let conn = edge.establish(HOSTILE, 90);
    edge.say(conn, &announced(HOSTILE, 0..10));
    edge.notices.clear();
    edge.wait(89 * SECOND);
    assert_eq!(edge.table().len(), 10);
    edge.wait(2 * SECOND);
    edge.ended_once_by(conn, &Cause::HOLD_TIMER_EXPIRED.into());
}

#[test]
fn a_message_is_the_same_in_whatever_pieces_it_comes() {
    let whole = [written(&open(HOSTILE, 0)), KEEPALIVE.to_vec(), announced(HOSTILE, 0..3)].concat();
    for at in 0..=whole.len() {
        let mut edge = Edge::new();
        let conn = edge.call(HOSTILE);
        let (first, second) = whole.split_at(at);
        edge.say(conn, first);
        edge.say(conn, second);
        assert_eq!(edge.table().len(), 3, "cut at {at}");
    }
}

#[test]
fn a_reset_at_any_byte_leaves_nothing_behind() {
    let whole = [written(&open(HOSTILE, 0)), KEEPALIVE.to_vec(), announced(HOSTILE, 0..3)].concat();
    for at in 0..=whole.len() {
        let mut edge = Edge::new();
        let conn = edge.call(HOSTILE);
        edge.say(conn, &whole[..at]);
        edge.hang_up(conn);
        assert_eq!(edge.ends(), [&Reason::Closed], "reset at {at}");
        assert_eq!(edge.table(), [""; 0]);
        edge.bystanders_are_unharmed();
        edge.works_again();
    }
}

#[test]
fn what_comes_after_the_end_of_a_connection_is_not_heard() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.hang_up(conn);
    edge.say(conn, &announced(HOSTILE, 0..3));
    edge.hang_up(conn);
    assert_eq!(edge.ends(), [&Reason::Closed]);
    assert_eq!(edge.table(), [""; 0]);
}

#[test]
fn of_many_connections_of_one_peer_two_are_open_at_most() {
    let mut edge = Edge::new();
    let mut calls = Vec::new();
    for _ in 0..1000 {
        calls.push(edge.call(HOSTILE));
        let open = calls.iter().filter(|conn| !edge.is_closed(**conn)).count();
        assert!(open <= 2, "{open} are open");
    }
    let last = *calls.last().unwrap();
    edge.say(last, &written(&open(HOSTILE, 0)));
    edge.say(last, &KEEPALIVE);
    assert_eq!(edge.state(HOSTILE), Name::Established);
    edge.bystanders_are_unharmed();
}

#[test]
fn a_session_outlives_any_number_of_further_connections() {
    let mut edge = Edge::new();
    let session = edge.hostile();
    edge.say(session, &announced(HOSTILE, 0..3));
    let mut others = Vec::new();
    for round in 0..300 {
        let other = edge.call(HOSTILE);
        others.push(other);
        let still_open = others.iter().filter(|conn| !edge.is_closed(**conn)).count();
        assert_eq!(still_open, 1, "beside the session");
        match round % 3 {
            0 => {}
            1 => {
                edge.say(other, &written(&open(HOSTILE, 0)));
                assert_eq!(edge.verdict(other).cause, Cause::COLLISION_RESOLUTION);
            }
            _ => edge.say(other, b"garbage"),
        }
    }
    assert!(!edge.is_closed(session));
    assert_eq!(edge.table().len(), 3);
    assert_eq!(edge.ends(), [] as [&Reason; 0]);
    edge.bystanders_are_unharmed();
}

/// The router restarted and its old connection is not known to be dead.
#[test]
fn a_half_open_session_is_replaced_when_its_hold_time_is_over() {
    let mut edge = Edge::new();
    let dead = edge.establish(HOSTILE, 90);
    edge.say(dead, &announced(HOSTILE, 0..3));
    edge.wait(30 * SECOND);
    let early = edge.call(HOSTILE);
    edge.say(early, &written(&open(HOSTILE, 90)));
    assert_eq!(edge.verdict(early).cause, Cause::COLLISION_RESOLUTION);
    edge.wait(100 * SECOND);
    assert_eq!(edge.verdict(dead).cause, Cause::HOLD_TIMER_EXPIRED);
    edge.works_again();
}

#[test]
fn a_failing_peer_is_let_in_again_later_and_later() {
    let mut edge = Edge::new();
    let (mut refusals, mut faults) = (0, 0);
    for _ in 0..600 {
        let conn = edge.call(HOSTILE);
        edge.say(conn, b"garbage");
        match edge.verdict(conn).cause {
            Cause::CONNECTION_REJECTED => refusals += 1,
            Cause::NOT_SYNCHRONIZED => faults += 1,
            other => panic!("{other}"),
        }
        edge.wait(SECOND);
    }
    assert!((5..20).contains(&faults), "{faults} attempts were let in within ten minutes");
    assert_eq!(edge.ends().len(), faults, "{refusals} refusals are not worth a line");
}

#[test]
fn a_peer_that_reads_nothing_ends_and_is_kept_no_bytes_for() {
    let mut edge = Edge::new();
    let conn = edge.establish(HOSTILE, 90);
    edge.read(conn);
    edge.deaf.insert(conn);
    let gateway = edge.gateway();
    edge.speaker.blocked(conn, edge.now);
    let empty = edge.speaker.tables().memory().total();
    for round in 0..200u32 {
        edge.say(gateway, &announced(GATEWAY, 0..1000));
        edge.say(gateway, &withdrawn(0..1000));
        if round % 10 == 0 {
            edge.say(conn, &KEEPALIVE);
            edge.wait(20 * SECOND);
        }
    }
    let grown = edge.speaker.tables().memory().total() - empty;
    assert!(grown < 400_000, "{grown} bytes are kept for a peer that does not read");
    assert_eq!(edge.speaker.peer(HOSTILE).unwrap().state.name(), Name::Established);
    for _ in 0..10 {
        edge.say(conn, &KEEPALIVE);
        edge.wait(20 * SECOND);
    }
    assert!(edge.is_closed(conn), "RFC 9687 ends it after eight minutes");
    assert_eq!(edge.ends().len(), 1);
    assert_eq!(edge.state(GATEWAY), Name::Established);
}

#[test]
fn a_flood_of_keepalives_and_refreshes_is_answered_by_no_more_than_the_table() {
    let mut edge = Edge::new();
    let gateway = edge.gateway();
    edge.say(gateway, &announced(GATEWAY, 0..1000));
    let conn = edge.establish(HOSTILE, 0);
    let table = edge.unread(conn);
    edge.read(conn);
    let mut flood = Vec::new();
    for _ in 0..1000 {
        flood.extend_from_slice(&message(5, &[0, 1, 0, 1]));
        flood.extend_from_slice(&KEEPALIVE);
    }
    edge.say(conn, &flood);
    assert!(edge.unread(conn) <= 2 * table, "{} bytes for a table of {table}", edge.unread(conn));
    assert_eq!(edge.state(HOSTILE), Name::Established);
    let only_updates = edge.read(conn).iter().all(|message| matches!(message, Said::Update { .. }));
    assert!(only_updates);
}
