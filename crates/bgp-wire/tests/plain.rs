//! The promise of a plain UPDATE: equal attribute bytes mean equal things, so that they can be remembered.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_wire::*;
use common::any::*;
use common::*;
use model::Family;
use proptest::prelude::*;
use std::collections::HashMap;

#[test]
fn attributes_are_in_one_piece_unless_routes_are_among_them() {
    let reach = "80 0E 1A 0002 01 10 20010DB8000000000000000000000001 00  20 20010DB9";
    let unreach = "80 0F 08 0002 01 20 20010DB8";
    let (origin, path) = ("40 01 01 00", "40 02 00");
    for (list, in_one) in [
        (vec![reach, origin, path], true),
        (vec![origin, path, reach], true),
        (vec![reach, unreach, origin, path], true),
        (vec![unreach, origin, path, reach], true),
        (vec![origin, reach, path], false),
        (vec![origin, unreach, path, reach], false),
        (vec![origin, reach, path, unreach], false),
    ] {
        let body = update(&[], &hex(&list.join(" ")), &[]);
        let plain = Update::split(&body).unwrap().plain(&EXTERNAL).unwrap();
        let announced = plain.announced.unwrap();
        assert_eq!(announced.routes.count(), 1);
        assert_eq!(plain.unreach.is_some(), list.contains(&unreach));
        let mut bytes = Vec::new();
        announced.attributes.append_to(&mut bytes);
        assert_eq!(bytes, hex(&format!("{origin} {path}")));
        assert_eq!(announced.attributes.as_slice(), in_one.then_some(&bytes[..]), "{list:?}");
    }
}

#[test]
fn what_needs_judgement_is_not_plain() {
    let reach = "80 0E 1A 0002 01 10 20010DB8000000000000000000000001 00  20 20010DB9";
    let good = "40 01 01 00  40 02 00  40 03 04 0A000001";
    for (what, attributes, nlri) in [
        ("two families at once", format!("{reach} {good}"), "18 C00002"),
        ("attributes and no routes", good.to_owned(), ""),
        ("MP_REACH_NLRI without routes", format!("80 0E 15 0002 01 10 20010DB8000000000000000000000001 00 {good}"), ""),
        ("a list that is cut off", format!("{good} C0 08"), "18 C00002"),
        ("MP_REACH_NLRI twice", format!("{reach} {reach} {good}"), ""),
        ("a transitive MP_UNREACH_NLRI", format!("C0 0F 03 0002 01 {good}"), "18 C00002"),
        ("a family not agreed on", format!("80 0F 03 0001 80 {good}"), "18 C00002"),
        ("a next hop that is none", format!("80 0E 16 0002 01 10 {} 00 00 {good}", "00".repeat(16)), ""),
    ] {
        let body = update(&[], &hex(&attributes), &hex(nlri));
        assert_eq!(Update::split(&body).unwrap().plain(&EXTERNAL), None, "{what}");
    }
    let body = update(&hex("00"), &[], &[]);
    let no_ipv4 = Session { families: Families::V6, ..EXTERNAL };
    assert_eq!(Update::split(&body).unwrap().plain(&no_ipv4), None);
}

#[test]
fn an_update_that_only_withdraws_is_plain() {
    let body = update(&hex("18 C00002"), &hex("80 0F 08 0002 01 20 20010DB8"), &[]);
    let plain = Update::split(&body).unwrap().plain(&EXTERNAL).unwrap();
    assert_eq!((plain.withdrawn.count(), plain.unreach.unwrap().count(), plain.announced), (1, 1, None));
}

/// What a table would remember for a key.
type Memory = HashMap<(Vec<u8>, AttributeClass, bool), Result<(bool, Option<AttributeSet>), Fault>>;

/// Attributes in pieces, some of them malformed, MP_REACH_NLRI and MP_UNREACH_NLRI anywhere among them.
fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let piece = prop::sample::select(
        [
            "40 01 01 00",
            "40 01 01 07",
            "C0 01 01 00",
            "40 02 00",
            "40 02 06 02 01 0000FDF2",
            "40 02 04 02 01 FDF2",
            "40 03 04 0A000001",
            "40 03 04 00000000",
            "80 04 04 00000001",
            "80 04 01 00",
            "40 05 04 00000064",
            "40 06 00",
            "40 06 01 00",
            "C0 08 04 2F2CC73C",
            "E0 08 04 2F2CC73C",
            "C0 08 03 000000",
            "C0 63 01 02",
            "40 63 01 02",
            "80 0A 04 01020304",
            "C0 11 06 02 01 00010001",
            "C0",
            "C0 63 09 00",
        ]
        .map(hex)
        .to_vec(),
    );
    prop::collection::vec(piece, 0..7)
}

fn multiprotocol() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let routes = prop::collection::vec(prefix6(), 0..3).prop_map(|prefixes| {
        let mut bytes = Vec::new();
        for prefix in prefixes {
            let octets = usize::from(prefix.length()).div_ceil(8);
            bytes.push(prefix.length());
            bytes.extend_from_slice(&prefix.address().octets()[..octets]);
        }
        bytes
    });
    let hop = next_hop6().prop_map(|hop| hop.global.octets());
    let attribute = (any::<bool>(), routes, hop).prop_map(|(reach, routes, hop)| match reach {
        true => attribute(0x80, 14, &[&[0, 2, 1, 16][..], &hop, &[0], &routes].concat()),
        false => attribute(0x80, 15, &[&[0, 2, 1][..], &routes].concat()),
    });
    prop::collection::vec(attribute, 0..3)
}

/// Any UPDATE from the pieces: the routes of MP_REACH_NLRI go between them.
fn any_update() -> impl Strategy<Value = Vec<u8>> {
    let nlri = prop::sample::select(["", "18 C00002", "18 C00003 00", "21"].map(hex).to_vec());
    (pieces(), multiprotocol(), nlri, any::<prop::sample::Index>()).prop_map(|(mut list, routes, nlri, at)| {
        let at = at.index(list.len() + 1);
        for attribute in routes {
            list.insert(at.min(list.len()), attribute);
        }
        update(&[], &list.concat(), &nlri)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A table that remembers by the key of [`Announced`] says of every UPDATE what full reading says.
    #[test]
    fn remembering_by_bytes_is_sound(
        updates in prop::collection::vec((any_update(), any::<[bool; 2]>()), 1..80),
    ) {
        let mut memory = Memory::new();
        for (body, [internal, four_octet_as]) in &updates {
            let neighbor = if *internal { Neighbor::Internal } else { Neighbor::External };
            let session = Session { neighbor, four_octet_as: *four_octet_as, ..EXTERNAL };
            let update = Update::split(body).unwrap();
            let Some(plain) = update.plain(&session) else { continue };
            let reading = update.read(&session);
            if let Ok(reading) = &reading {
                prop_assert_eq!(plain.withdrawn, reading.withdrawn);
                prop_assert_eq!(plain.unreach, reading.attributes.unreach);
            }
            let Some(announced) = plain.announced else {
                prop_assert!(reading.is_ok());
                continue;
            };
            if let Ok(reading) = &reading {
                match announced.next_hop {
                    None => prop_assert_eq!(announced.routes, Routes::V4(reading.announced)),
                    Some(next_hop) => {
                        prop_assert_eq!(reading.attributes.reach, Some(Reach { next_hop, routes: announced.routes }));
                        prop_assert_eq!(announced.routes.family(), Family::V6);
                    }
                }
            }
            let mut bytes = Vec::new();
            announced.attributes.append_to(&mut bytes);
            let judged = reading.map(|reading| (reading.treat_as_withdraw, reading.attributes.to_set()));
            let again = Judged::read(&bytes, session.class(), announced.next_hop.is_some());
            prop_assert_eq!(&again.map(|again| (again.treat_as_withdraw, again.attributes.to_set())), &judged);
            let key = (bytes, session.class(), announced.next_hop.is_some());
            let remembered = memory.entry(key).or_insert_with(|| judged.clone());
            prop_assert_eq!(remembered, &judged);
        }
    }
}
