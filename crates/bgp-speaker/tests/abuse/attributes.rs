//! UPDATEs whose attributes are wrong: what RFC 7606 forgives costs routes and not the session, the rest ends it with
//! the code of RFC 4271, section 6.3.

use crate::hand::*;
use bgp_fsm::Name;
use bgp_speaker::Notice;
use bgp_wire::{Cause, Notification};

const NLRI: [u8; 4] = [24, 10, 0, 0];

fn with(attribute: &[u8]) -> Vec<u8> {
    update(&[usual(), attribute.to_vec()].concat(), &NLRI)
}

/// The usual attributes with one of them, by its place, replaced.
fn replaced(place: usize, attribute: &[u8]) -> Vec<u8> {
    let usual = usual();
    let pieces = [&usual[..4], &usual[4..13], &usual[13..]];
    let attributes: Vec<u8> = pieces
        .iter()
        .enumerate()
        .flat_map(|(at, piece)| if at == place { attribute } else { piece }.to_vec())
        .collect();
    update(&attributes, &NLRI)
}

/// The route goes, the session stays, and one notice tells of it.
fn costs_the_route(bytes: &[u8], what: &str) {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &announced(HOSTILE, 0..2));
    edge.notices.clear();
    edge.say(conn, bytes);
    assert_eq!(edge.state(HOSTILE), Name::Established, "{what}: {:?}", edge.notices);
    assert_eq!(edge.table(), ["10.0.1.0/24"], "{what}");
    assert_eq!(edge.notices.len(), 1, "{what}: {:?}", edge.notices);
    assert!(matches!(edge.notices[0], Notice::Malformed { peer: HOSTILE, .. }), "{what}");
    edge.bystanders_are_unharmed();
}

#[test]
fn a_malformed_attribute_costs_its_routes_only() {
    costs_the_route(&replaced(0, &[0x40, 1, 1, 3]), "ORIGIN 3");
    costs_the_route(&replaced(0, &[0x40, 1, 2, 0, 0]), "ORIGIN of two octets");
    costs_the_route(&replaced(0, &[0xc0, 1, 1, 0]), "ORIGIN with the flags of another");
    costs_the_route(&replaced(0, &[]), "no ORIGIN");
    costs_the_route(&replaced(1, &[]), "no AS_PATH");
    costs_the_route(&replaced(1, &[0x40, 2, 6, 9, 1, 0, 0, 0xfd, 0xe9]), "AS_PATH segment of type 9");
    costs_the_route(&replaced(1, &[0x40, 2, 2, 2, 0]), "AS_PATH segment without an AS");
    costs_the_route(&replaced(1, &[0x40, 2, 6, 2, 200, 0, 0, 0xfd, 0xe9]), "AS_PATH segment longer than the attribute");
    costs_the_route(&replaced(1, &[0x40, 2, 6, 2, 1, 0, 0, 0, 0]), "AS 0 in the path");
    costs_the_route(&replaced(2, &[]), "no NEXT_HOP");
    costs_the_route(&replaced(2, &[0x40, 3, 3, 192, 0, 2]), "NEXT_HOP of three octets");
    costs_the_route(&with(&[0x80, 4, 3, 0, 0, 0]), "MED of three octets");
    costs_the_route(&with(&[0xc0, 8, 5, 0, 0, 0, 0, 0]), "COMMUNITIES of five octets");
    costs_the_route(&with(&[0xc0, 8, 0]), "COMMUNITIES without one");
    costs_the_route(&with(&[0xc0, 16, 7, 0, 0, 0, 0, 0, 0, 0]), "EXTENDED COMMUNITIES of seven octets");
    costs_the_route(&with(&[0xc0, 32, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "LARGE_COMMUNITY of eleven octets");
    costs_the_route(&with(&[0xc0, 35, 3, 0, 0, 0]), "OTC of three octets");
    costs_the_route(&with(&[0xc0, 99, 200, 1]), "an attribute longer than the list");
    costs_the_route(&with(&[0xc0]), "an attribute cut off in its header");
}

/// What a router cannot believe, though it is well formed.
#[test]
fn a_path_that_is_not_the_neighbours_or_holds_us_is_not_taken() {
    let foreign = replaced(1, &[0x40, 2, 6, 2, 1, 0, 0, 0x0d, 0x05]);
    let looped = replaced(1, &[0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0x2f, 0x2c]);
    for bytes in [foreign, looped] {
        let mut edge = Edge::new();
        let conn = edge.hostile();
        edge.say(conn, &bytes);
        let counts = edge.speaker.tables().counts(edge.speaker.peer(HOSTILE).unwrap().routes);
        assert_eq!(counts.v4.accepted, 0);
        assert_eq!(edge.state(HOSTILE), Name::Established);
        let gateway = edge.gateway();
        assert_eq!(edge.read(gateway), [], "it was passed on");
    }
}

fn ends_the_session(bytes: &[u8], notification: impl Into<Notification>) {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &announced(HOSTILE, 0..2));
    edge.notices.clear();
    edge.say(conn, bytes);
    edge.ended_once_by(conn, &notification.into());
    edge.works_again();
}

#[test]
fn an_update_whose_lengths_exceed_it_ends_the_session() {
    ends_the_session(&message(2, &[0, 5, 0, 0]), Cause::MALFORMED_ATTRIBUTE_LIST);
    ends_the_session(&message(2, &[0xff, 0xff, 0, 0]), Cause::MALFORMED_ATTRIBUTE_LIST);
    ends_the_session(&message(2, &[0, 0, 0, 1]), Cause::MALFORMED_ATTRIBUTE_LIST);
}

#[test]
fn routes_that_cannot_be_read_end_the_session() {
    ends_the_session(&update(&usual(), &[33, 10, 0, 0, 0, 0]), Cause::INVALID_NETWORK_FIELD);
    ends_the_session(&update(&usual(), &[24, 10, 0]), Cause::INVALID_NETWORK_FIELD);
    ends_the_session(&message(2, &[0, 2, 24, 10, 0, 0]), Cause::INVALID_NETWORK_FIELD);
}

#[test]
fn an_attribute_that_everybody_must_know_ends_the_session_when_it_is_unknown() {
    ends_the_session(&with(&[0x40, 99, 1, 7]), Notification::new(Cause::UNRECOGNIZED_WELL_KNOWN, [0x40, 99, 1, 7]));
}

#[test]
fn a_second_mp_reach_nlri_ends_the_session() {
    let reach = [0x80, 14, 5, 0, 2, 1, 0, 0];
    let bytes = update(&[usual(), reach.to_vec(), reach.to_vec()].concat(), &NLRI);
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &bytes);
    let verdict = edge.verdict(conn);
    assert_eq!(verdict.cause.code, Cause::MALFORMED_ATTRIBUTE_LIST.code, "{verdict:?}");
    assert_eq!(edge.ends().len(), 1);
    edge.bystanders_are_unharmed();
}

#[test]
fn as_many_attributes_as_fit_are_read_once_and_kept_once() {
    // 1,330 attributes of three octets, most of them duplicates, which are dropped (RFC 7606, section 3 (g)).
    let mut attributes = usual();
    while attributes.len() < 4000 {
        attributes.extend_from_slice(&[0xc0, (attributes.len() % 97) as u8 + 100, 0]);
    }
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &update(&attributes, &NLRI));
    assert_eq!(edge.state(HOSTILE), Name::Established);
    let after_one = edge.speaker.tables().memory().total();
    for _ in 0..1000 {
        edge.say(conn, &update(&attributes, &NLRI));
    }
    assert_eq!(edge.speaker.tables().memory().total(), after_one);
    edge.bystanders_are_unharmed();
}

#[test]
fn ever_new_attributes_are_told_of_once_and_let_go_with_their_routes() {
    let mut edge = Edge::new();
    let conn = edge.hostile();
    let empty = edge.speaker.tables().attribute_sets();
    for number in 0..5000u32 {
        // The same prefix again and again: each set takes the place of the one before.
        let [_, a, b, c] = number.to_be_bytes();
        let attribute = [0xc0, 8, 8, 1, a, b, c, 2, a, b, c];
        edge.say(conn, &with(&attribute));
        assert!(edge.speaker.tables().attribute_sets() <= empty + 2);
    }
    for number in 0..3000u32 {
        let [_, a, b, c] = number.to_be_bytes();
        let bytes = update(&[usual(), vec![0xc0, 8, 4, 0, a, b, c]].concat(), &[24, 10, b, c]);
        edge.say(conn, &bytes);
    }
    let crowded = edge.notices.iter().filter(|notice| matches!(notice, Notice::Crowded { .. })).count();
    assert_eq!(crowded, 1);
    let routes = edge.speaker.peer(HOSTILE).unwrap().routes;
    assert_eq!(edge.speaker.tables().counts(routes).attribute_sets, 3000);
    edge.hang_up(conn);
    edge.pump();
    assert_eq!(edge.speaker.tables().attribute_sets(), empty);
    edge.bystanders_are_unharmed();
}

#[test]
fn attributes_that_grow_past_a_message_on_the_way_out_withdraw_the_route() {
    // Our AS in front makes the set longer than a message of the gateway's may be.
    let mut attributes = usual();
    let room = 4096 - 19 - 4 - attributes.len() - 4 - 4;
    attributes.extend_from_slice(&[0xd0, 99]);
    attributes.extend_from_slice(&(room as u16).to_be_bytes());
    attributes.extend(std::iter::repeat_n(7, room));
    let bytes = update(&attributes, &NLRI);
    assert_eq!(bytes.len(), 4096);
    let mut edge = Edge::new();
    let conn = edge.hostile();
    edge.say(conn, &announced(HOSTILE, 0..1));
    let gateway = edge.gateway();
    assert_eq!(edge.read(gateway).len(), 1);
    edge.say(conn, &bytes);
    assert_eq!(edge.table(), ["10.0.0.0/24"]);
    let said = edge.read(gateway);
    let withdrawal = Said::Update { withdrawn: NLRI.to_vec(), announced: Vec::new() };
    assert_eq!(said, [withdrawal], "RFC 4271, section 9.2");
}
