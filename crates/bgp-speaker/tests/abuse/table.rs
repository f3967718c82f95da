//! More routes than a peer may announce (RFC 4486, section 4; the policy `prefix-limit`).

use crate::hand::*;
use bgp_fsm::Name;
use bgp_speaker::Notice;
use bgp_wire::{Cause, Notification, Prefix6};
use model::Family;
use std::time::Duration;

fn reached(limit: u32) -> Notification {
    Notification::maximum_prefixes(Family::V4.into(), limit)
}

#[test]
fn the_limit_itself_is_no_fault_and_is_warned_of_once() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &announced(HOSTILE, 0..LIMIT * 8 / 10 - 1));
    assert_eq!(edge.notices, []);
    edge.say(conn, &announced(HOSTILE, 0..LIMIT));
    edge.say(conn, &announced(HOSTILE, 0..LIMIT));
    assert!(matches!(edge.notices[..], [Notice::NearLimit { peer: HOSTILE, .. }]), "{:?}", edge.notices);
    assert_eq!(edge.table().len(), LIMIT as usize);
    assert_eq!(edge.state(HOSTILE), Name::Established);
}

#[test]
fn one_more_ends_the_session_and_takes_all_its_routes() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &announced(HOSTILE, 0..LIMIT));
    edge.notices.clear();
    edge.say(conn, &announced(HOSTILE, LIMIT..LIMIT + 1));
    edge.ended_once_by(conn, &reached(LIMIT));
}

#[test]
fn a_full_table_is_cut_off_at_the_limit() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    let before = edge.speaker.tables().memory().total();
    // 60,000 prefixes, all that are ready to be read at once.
    edge.say(conn, &announced(HOSTILE, 0..60_000));
    edge.ended_once_by(conn, &reached(LIMIT));
    let after = edge.speaker.tables().memory().total();
    assert!(after < before + 600_000, "{before} bytes before, {after} after");
}

#[test]
fn the_session_is_refused_for_its_time_and_comes_back_below_the_limit() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &announced(HOSTILE, 0..LIMIT + 1));
    edge.wait(Duration::from_secs(299));
    assert_eq!(edge.state(HOSTILE), Name::Idle);
    let early = edge.call(HOSTILE);
    assert_eq!(edge.verdict(early).cause, Cause::CONNECTION_REJECTED);
    edge.wait(Duration::from_secs(2));
    let conn = edge.establish(HOSTILE, 0);
    edge.say(conn, &announced(HOSTILE, 0..LIMIT));
    assert_eq!(edge.table().len(), LIMIT as usize);
    edge.say(conn, &announced(HOSTILE, LIMIT..LIMIT + 1));
    assert_eq!(edge.verdict(conn), reached(LIMIT));
}

#[test]
fn routes_that_go_in_the_same_message_make_room_for_those_that_come() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &announced(HOSTILE, 0..LIMIT));
    for round in 0..20 {
        edge.say(conn, &[withdrawn(round..round + 1), announced(HOSTILE, LIMIT + round..LIMIT + round + 1)].concat());
        let [.., c] = (LIMIT + 20 + round).to_be_bytes();
        let [.., w] = (20 + round).to_be_bytes();
        let mut body = vec![0, 4, 24, 10, 0, w];
        body.extend_from_slice(&(usual().len() as u16).to_be_bytes());
        body.extend_from_slice(&usual());
        body.extend_from_slice(&[24, 10, ((LIMIT + 20 + round) >> 8) as u8, c]);
        edge.say(conn, &message(2, &body));
    }
    assert_eq!(edge.state(HOSTILE), Name::Established);
    assert_eq!(edge.table().len(), LIMIT as usize);
}

#[test]
fn families_are_counted_apart() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &announced(HOSTILE, 0..LIMIT));
    let hop = "2001:db8::10".parse::<std::net::Ipv6Addr>().unwrap().octets();
    let v6 = |number: u8| {
        let prefix = Prefix6::new(([0x20, 1, 0xd, 0xb8, 0, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).into(), 48).unwrap();
        let octets = prefix.address().octets();
        let value = [&[0, 2, 1, 16][..], &hop, &[0, 48], &octets[..6]].concat();
        let reach = [&[0x80, 14, value.len() as u8][..], &value].concat();
        update(&[reach, usual()[..13].to_vec()].concat(), &[])
    };
    for number in 0..100 {
        edge.say(conn, &v6(number));
    }
    assert_eq!(edge.state(HOSTILE), Name::Established);
    edge.notices.clear();
    edge.say(conn, &v6(100));
    edge.ended_once_by(conn, &Notification::maximum_prefixes(Family::V6.into(), 100));
}
