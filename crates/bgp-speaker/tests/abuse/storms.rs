//! Storms: routes that come and go as fast as they can be read.

use crate::hand::*;
use bgp_fsm::Name;
use bgp_speaker::Notice;
use std::collections::BTreeSet;
use std::time::Duration;

#[test]
fn a_storm_of_flaps_leaves_no_more_memory_than_one_flap() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    let flap = [announced(HOSTILE, 0..2000), withdrawn(0..2000)].concat();
    for _ in 0..10 {
        edge.say(conn, &flap);
    }
    let after_ten = edge.speaker.tables().memory().total();
    for _ in 0..100 {
        edge.say(conn, &flap);
    }
    let after = edge.speaker.tables().memory().total();
    assert!(after <= after_ten + after_ten / 4, "{after_ten} bytes after ten flaps, {after} after 110");
    assert_eq!(edge.table(), [""; 0]);
    edge.bystanders_are_unharmed();
}

#[test]
fn a_reader_that_is_behind_is_told_how_it_ended_and_not_all_that_happened() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    let gateway = edge.gateway();
    edge.say(conn, &announced(HOSTILE, 0..2000));
    let table = edge.unread(gateway);
    edge.deaf.insert(gateway);
    for round in 0..100u32 {
        edge.say(conn, &withdrawn(0..2000));
        edge.say(conn, &announced(HOSTILE, 0..2000 - round));
    }
    assert_eq!(edge.unread(gateway), table);
    edge.listen_again(gateway);
    let told = edge.unread(gateway) - table;
    assert!((1..2 * table).contains(&told), "{told} bytes after a storm on a table of {table}");
    let (mut known, mut updates) = (BTreeSet::<Vec<u8>>::new(), 0);
    for message in edge.read(gateway) {
        let Said::Update { withdrawn, announced } = message else { panic!("{message:?}") };
        updates += 1;
        for prefix in withdrawn.chunks(4) {
            known.remove(prefix);
        }
        known.extend(announced.chunks(4).map(<[u8]>::to_vec));
    }
    assert_eq!(known.len(), 1901, "in {updates} messages");
    edge.bystanders_are_unharmed();
}

#[test]
fn a_session_that_comes_and_goes_leaves_nothing() {
    let mut edge = Edge::new();
    let mut sizes = Vec::new();
    for _ in 0..50 {
        let conn = edge.establish(HOSTILE, 0);
        edge.say(conn, &announced(HOSTILE, 0..1000));
        edge.hang_up(conn);
        assert_eq!(edge.table(), [""; 0]);
        edge.wait(Duration::from_secs(150));
        sizes.push(edge.speaker.tables().memory().total());
    }
    assert!(sizes[49] <= sizes[9], "{} bytes after 10 sessions, {} after 50", sizes[9], sizes[49]);
    edge.bystanders_are_unharmed();
}

#[test]
fn malformed_updates_by_the_thousand_end_nothing() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    let bad = update(&[usual(), vec![0xc0, 8, 5, 0, 0, 0, 0, 0]].concat(), &[24, 10, 0, 0]);
    for _ in 0..2000 {
        edge.say(conn, &bad);
    }
    assert_eq!(edge.state(HOSTILE), Name::Established);
    assert!(edge.notices.iter().all(|notice| matches!(notice, Notice::Malformed { .. })));
    edge.bystanders_are_unharmed();
}

/// What the page on bounds promises.
#[test]
fn the_most_that_a_peer_can_make_us_hold_is_its_limit_times_two_messages() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    let empty = edge.speaker.tables().memory().total();
    for number in 0..LIMIT {
        // A set of its own for each prefix, as long as a message can be, with a community that policy takes off.
        let [_, _, a, b] = number.to_be_bytes();
        let mut attributes = [usual(), vec![0xc0, 8, 4, 0, 1, 0, 1]].concat();
        let room = 4096 - 19 - 4 - attributes.len() - 4 - 4;
        attributes.extend_from_slice(&[0xd0, 99]);
        attributes.extend_from_slice(&(room as u16).to_be_bytes());
        attributes.extend_from_slice(&[a, b]);
        attributes.extend(std::iter::repeat_n(7, room - 2));
        edge.say(conn, &update(&attributes, &[24, 10, a, b]));
    }
    assert_eq!(edge.table().len(), LIMIT as usize);
    let held = edge.speaker.tables().memory().total() - empty;
    assert!(held < LIMIT as usize * 2 * 4096 + 1_000_000, "{held} bytes");
    edge.hang_up(conn);
    let kept = edge.speaker.tables().memory().total() - empty;
    assert!(kept < 2_000_000, "{kept} bytes are kept after the session");
}
