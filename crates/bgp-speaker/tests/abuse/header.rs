//! Messages that are none: garbage, and headers that cannot be (RFC 4271, section 6.1).

use crate::hand::*;
use bgp_fsm::Name;
use bgp_wire::{Cause, KEEPALIVE, Notification};

/// In every state in which bytes are heard: before the OPEN, between OPEN and KEEPALIVE, and in a session.
fn in_every_state(mut test: impl FnMut(&mut Edge, bgp_speaker::Conn)) {
    for state in [Name::OpenSent, Name::OpenConfirm, Name::Established] {
        let mut edge = Edge::new();
        let conn = edge.call(HOSTILE);
        if state >= Name::OpenConfirm {
            edge.say(conn, &written(&open(HOSTILE, 0)));
        }
        if state == Name::Established {
            edge.say(conn, &KEEPALIVE);
            edge.say(conn, &announced(HOSTILE, 0..10));
        }
        assert_eq!(edge.state(HOSTILE), state);
        edge.notices.clear();
        test(&mut edge, conn);
    }
}

#[test]
fn garbage_is_refused_at_its_first_wrong_byte() {
    let texts: [&[u8]; 6] =
        [b"G", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", b"SSH-2.0-x\r\n", &[0; 4096], &[0xff, 0xff, 0]];
    for text in texts {
        in_every_state(|edge, conn| {
            edge.say(conn, text);
            edge.ended_once_by(conn, &Cause::NOT_SYNCHRONIZED.into());
        });
    }
}

#[test]
fn one_wrong_byte_anywhere_in_the_marker_is_enough() {
    for at in 0..16 {
        let mut edge = Edge::new();
        let conn = edge.hostile();
        let mut bytes = KEEPALIVE.to_vec();
        bytes[at] ^= 0x01;
        edge.say(conn, &bytes);
        edge.ended_once_by(conn, &Cause::NOT_SYNCHRONIZED.into());
    }
}

#[test]
fn lengths_that_a_message_cannot_have_are_told_back() {
    let cases: [(u8, u16); 14] = [
        (1, 0),
        (1, 18),
        (1, 28),
        (1, 4097),
        (2, 22),
        (2, 4097),
        (2, 65_535),
        (3, 20),
        (4, 18),
        (4, 20),
        (4, 4096),
        (5, 18),
        (5, 4097),
        (2, 1),
    ];
    for (kind, length) in cases {
        in_every_state(|edge, conn| {
            let mut bytes = KEEPALIVE.to_vec();
            bytes[16..18].copy_from_slice(&length.to_be_bytes());
            bytes[18] = kind;
            edge.say(conn, &bytes);
            edge.ended_once_by(conn, &Notification::new(Cause::BAD_MESSAGE_LENGTH, length.to_be_bytes()));
        });
    }
}

#[test]
fn types_that_nobody_knows_are_told_back() {
    for kind in [0, 6, 7, 100, 255] {
        in_every_state(|edge, conn| {
            edge.say(conn, &message(kind, &[]));
            edge.ended_once_by(conn, &Notification::new(Cause::BAD_MESSAGE_TYPE, [kind]));
        });
    }
}

#[test]
fn nothing_that_follows_a_fault_is_heard() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    let mut bytes = message(9, &[]);
    bytes.extend_from_slice(&announced(HOSTILE, 0..100));
    bytes.extend_from_slice(&message(10, &[]));
    edge.say(conn, &bytes);
    edge.say(conn, &announced(HOSTILE, 0..100));
    edge.ended_once_by(conn, &Notification::new(Cause::BAD_MESSAGE_TYPE, [9]));
}

#[test]
fn an_extended_message_is_taken_only_where_we_said_so() {
    let long = update(&[usual(), vec![0xd0, 99, 0x20, 0x00], vec![0; 0x2000]].concat(), &[24, 10, 0, 0]);
    assert!(long.len() > 4096);
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &long);
    let length = (long.len() as u16).to_be_bytes();
    edge.ended_once_by(conn, &Notification::new(Cause::BAD_MESSAGE_LENGTH, length));

    let mut edge = Edge::with(|config| config.session.extended_messages = true);
    let conn = edge.call(HOSTILE);
    let mut ours = open(HOSTILE, 0);
    ours.capabilities.push(bgp_wire::Capability::ExtendedMessage);
    edge.say(conn, &written(&ours));
    edge.say(conn, &KEEPALIVE);
    edge.say(conn, &long);
    assert_eq!(edge.table(), ["10.0.0.0/24"]);
}
