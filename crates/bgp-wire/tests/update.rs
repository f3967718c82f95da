//! UPDATE (RFC 4271, section 4.3; RFC 4760; RFC 7911) and the packing of routes into it.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_wire::*;
use common::any::*;
use common::*;
use model::{Asn, Family};
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

fn p4(text: &str) -> Prefix4 {
    let (address, length) = text.split_once('/').unwrap();
    Prefix4::new(address.parse().unwrap(), length.parse().unwrap()).unwrap()
}

fn p6(text: &str) -> Prefix6 {
    let (address, length) = text.split_once('/').unwrap();
    Prefix6::new(address.parse().unwrap(), length.parse().unwrap()).unwrap()
}

fn template() -> Template {
    AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([Asn(65010)])]).template(&EXTERNAL).unwrap()
}

fn v4(routes: &Nlri<Prefix4>) -> Vec<Prefix4> {
    routes.iter().map(|(_, prefix)| prefix).collect()
}

fn v6(routes: &Routes) -> Vec<Prefix6> {
    match routes {
        Routes::V4(_) => panic!("IPv4 routes"),
        Routes::V6(routes) => routes.iter().map(|(_, prefix)| prefix).collect(),
    }
}

fn read<'a>(bytes: &'a [u8], session: &Session) -> Reading<'a> {
    let Message::Update(update) = Message::read(whole(bytes)).unwrap() else { panic!("no UPDATE") };
    update.read(session).unwrap()
}

const GOOD: &str = "40 01 01 00  40 02 06 02 01 0000FDF2  40 03 04 0A000001";

#[test]
fn ipv4_routes_are_announced_in_the_update_itself() {
    // RFC 4271, section 4.3.
    let bytes = message(
        2,
        &hex("0000                              # nothing withdrawn
              0014
              40 01 01 00                       # ORIGIN: IGP
              40 02 06 02 01 0000FDF2           # AS_PATH: a sequence of one
              40 03 04 0A000001                 # NEXT_HOP
              18 C00002  10 0A14  00  20 0A0A0A0A  09 0A80"),
    );
    let prefixes = ["192.0.2.0/24", "10.20.0.0/16", "0.0.0.0/0", "10.10.10.10/32", "10.128.0.0/9"].map(p4);
    let mut written = Vec::new();
    let taken =
        announce4(&mut written, 4096, &template(), Ipv4Addr::new(10, 0, 0, 1), &mut prefixes.into_iter()).unwrap();
    assert_eq!((taken, &written), (5, &bytes));

    let reading = read(&bytes, &EXTERNAL);
    assert_eq!(v4(&reading.announced), prefixes);
    assert_eq!(reading.announced.count(), 5);
    assert!(!reading.treat_as_withdraw);
    assert_eq!(reading.attributes.next_hop, Some(Ipv4Addr::new(10, 0, 0, 1)));
    let announced: Vec<_> = reading.announcements().collect();
    assert_eq!(announced, [(NextHop::V4(Ipv4Addr::new(10, 0, 0, 1)), Routes::V4(reading.announced))]);
    assert_eq!(reading.withdrawals().count(), 0);
}

#[test]
fn ipv4_routes_are_withdrawn_in_the_update_itself() {
    let bytes = message(2, &hex("0007  18 C00002  10 0A14  0000"));
    let prefixes = ["192.0.2.0/24", "10.20.0.0/16"].map(p4);
    let mut written = Vec::new();
    assert_eq!(withdraw4(&mut written, 4096, &mut prefixes.into_iter()), 2);
    assert_eq!(written, bytes);
    assert_eq!(v4(&read(&bytes, &EXTERNAL).withdrawn), prefixes);
}

#[test]
fn ipv6_routes_are_announced_by_mp_reach_nlri() {
    // RFC 4760, section 3; RFC 2545, section 3, for the two next hops.
    let bytes = message(
        2,
        &hex("0000  0046
              90 0E 0035  0002 01
                20 20010DB8000000000000000000000001 FE800000000000000000000000000001
                00
                30 20010DB80001  00  38 20010DB8000280
              40 01 01 00
              40 02 06 02 01 0000FDF2"),
    );
    let prefixes = ["2001:db8:1::/48", "::/0", "2001:db8:2:8000::/56"].map(p6);
    let next_hop = NextHop6 { global: "2001:db8::1".parse().unwrap(), link_local: Some("fe80::1".parse().unwrap()) };
    let mut written = Vec::new();
    let taken = announce6(&mut written, 4096, &template(), &next_hop, &mut prefixes.into_iter()).unwrap();
    assert_eq!((taken, &written), (3, &bytes));

    let reading = read(&bytes, &EXTERNAL);
    let (hop, routes) = reading.announcements().next().unwrap();
    assert_eq!((hop, v6(&routes)), (NextHop::V6(next_hop), prefixes.to_vec()));
    // Without the second next hop.
    let alone = NextHop6 { link_local: None, ..next_hop };
    let mut written = Vec::new();
    announce6(&mut written, 4096, &template(), &alone, &mut prefixes.into_iter()).unwrap();
    assert_eq!(written.len(), bytes.len() - 16);
    assert_eq!(read(&written, &EXTERNAL).attributes.reach.unwrap().next_hop, NextHop::V6(alone));
}

#[test]
fn ipv6_routes_are_withdrawn_by_mp_unreach_nlri() {
    // RFC 4760, section 4.
    let bytes = message(2, &hex("0000  000F  90 0F 000B  0002 01  30 20010DB80001  00"));
    let prefixes = ["2001:db8:1::/48", "::/0"].map(p6);
    let mut written = Vec::new();
    assert_eq!(withdraw6(&mut written, 4096, &mut prefixes.into_iter()), 2);
    assert_eq!(written, bytes);
    let reading = read(&bytes, &EXTERNAL);
    assert_eq!(v6(&reading.attributes.unreach.unwrap()), prefixes);
    assert_eq!(reading.withdrawals().count(), 1);
}

#[test]
fn ipv4_routes_may_come_by_mp_reach_nlri_too() {
    let body = update(&[], &hex("80 0E 0D 0001 01 04 0A000001 00 18 C00002  40 01 01 00  40 02 00"), &[]);
    let reading = Update::split(&body).unwrap().read(&EXTERNAL).unwrap();
    let (hop, routes) = reading.announcements().next().unwrap();
    assert_eq!(hop, NextHop::V4(Ipv4Addr::new(10, 0, 0, 1)));
    assert!(matches!(routes, Routes::V4(routes) if v4(&routes) == [p4("192.0.2.0/24")]));
}

#[test]
fn host_bits_are_not_part_of_a_prefix() {
    // RFC 4271, section 4.3: the value of trailing bits is irrelevant.
    let body = update(&hex("09 0AFF  14 0A0A1F"), &[], &[]);
    let reading = Update::split(&body).unwrap().read(&EXTERNAL).unwrap();
    assert_eq!(v4(&reading.withdrawn), ["10.128.0.0/9", "10.10.16.0/20"].map(p4));
    let body = update(&[], &hex("90 0F 0006 0002 01 0A FFFF"), &[]);
    let reading = Update::split(&body).unwrap().read(&EXTERNAL).unwrap();
    assert_eq!(v6(&reading.attributes.unreach.unwrap()), [p6("ffc0::/10")]);
}

#[test]
fn path_identifiers_are_read_where_they_were_agreed_on() {
    // RFC 7911, section 3.
    let session = Session { add_path: Families::BOTH, ..EXTERNAL };
    let attributes = hex(&format!("90 0F 000C 0002 01 00000007 20 20010DB8  {GOOD}"));
    let body = update(&hex("00000001 18 C00002  FFFFFFFF 00"), &attributes, &hex("00000002 18 C00002"));
    let reading = Update::split(&body).unwrap().read(&session).unwrap();
    let routes: Vec<_> = reading.withdrawn.iter().collect();
    assert_eq!(routes, [(PathId(1), p4("192.0.2.0/24")), (PathId(u32::MAX), p4("0.0.0.0/0"))]);
    assert_eq!(reading.announced.iter().collect::<Vec<_>>(), [(PathId(2), p4("192.0.2.0/24"))]);
    let Some(Routes::V6(unreach)) = reading.attributes.unreach else { panic!("no IPv6 routes") };
    assert_eq!(unreach.iter().collect::<Vec<_>>(), [(PathId(7), p6("2001:db8::/32"))]);
    // An identifier that is cut off.
    let body = update(&hex("000000"), &[], &[]);
    assert!(matches!(Update::split(&body).unwrap().read(&session), Err(Fault::Routes { offset: 0, .. })));
}

#[test]
fn an_end_of_rib_names_its_family() {
    // RFC 4724, section 2.
    for (family, body) in [(Family::V4, "0000 0000"), (Family::V6, "0000 0006 80 0F 03 0002 01")] {
        let bytes = message(2, &hex(body));
        let mut written = Vec::new();
        end_of_rib(&mut written, family);
        assert_eq!(written, bytes);
        assert_eq!(Update::split(whole(&bytes).body).unwrap().end_of_rib(), Some(family.into()));
    }
    let extended = update(&[], &hex("90 0F 0003 0001 80"), &[]);
    let vpn = AfiSafi { afi: 1, safi: 128 };
    assert_eq!(Update::split(&extended).unwrap().end_of_rib(), Some(vpn));
    for body in [
        update(&[], &hex("80 0F 04 0002 01 00"), &[]),
        update(&[], &hex("C0 0F 03 0002 01"), &[]),
        update(&[], &hex("80 0F 02 0002"), &[]),
        update(&[0], &[], &[]),
        update(&[], &[], &[0]),
        update(&[], &hex(GOOD), &[]),
    ] {
        assert_eq!(Update::split(&body).unwrap().end_of_rib(), None, "{body:02x?}");
    }
}

#[test]
fn length_fields_beyond_the_body_reset_the_session() {
    // RFC 4271, section 6.3: Malformed Attribute List.
    for body in ["", "00", "0000", "0000 00", "0001 0000", "0003 0000 00", "0000 0001", "0001 18 0001"] {
        let fault = Update::split(&hex(body)).unwrap_err();
        assert_eq!(fault.notification(), Cause { code: 3, subcode: 1 }.into(), "{body}: {fault}");
    }
}

#[test]
fn routes_that_cannot_be_read_reset_the_session() {
    // RFC 7606, section 5.3, for both fields.
    for routes in ["21 0A0A0A0A0A", "FF", "18 C000", "00 18", "08", "20 0A0A0A"] {
        let routes = hex(routes);
        for body in [update(&routes, &[], &[]), update(&[], &hex(GOOD), &routes)] {
            let fault = Update::split(&body).unwrap().read(&EXTERNAL).unwrap_err();
            assert!(matches!(fault, Fault::Routes { .. }));
            assert_eq!(fault.notification(), Cause { code: 3, subcode: 10 }.into(), "{routes:02x?}");
            assert_eq!(Update::split(&body).unwrap().plain(&EXTERNAL), None);
        }
    }
}

#[test]
fn withdrawals_come_before_announcements_and_none_is_lost() {
    // All four places at once; the malformed attribute makes the announced routes withdrawn too.
    let reach = "80 0E 1A 0002 01 10 20010DB8000000000000000000000001 00  20 20010DB9";
    let unreach = "80 0F 08 0002 01 20 20010DB8";
    let attributes = hex(&format!("{reach} {unreach} {GOOD}"));
    let body = update(&hex("18 C00002"), &attributes, &hex("18 C00003"));
    let reading = Update::split(&body).unwrap().read(&EXTERNAL).unwrap();
    assert_eq!(reading.withdrawals().map(|routes| routes.family()).collect::<Vec<_>>(), [Family::V4, Family::V6]);
    assert_eq!(reading.announcements().count(), 2);

    let malformed = hex(&format!("{reach} {unreach} {GOOD} 80 04 01 00"));
    let body = update(&hex("18 C00002"), &malformed, &hex("18 C00003"));
    let reading = Update::split(&body).unwrap().read(&EXTERNAL).unwrap();
    assert!(reading.treat_as_withdraw);
    assert_eq!(reading.announcements().count(), 0);
    let withdrawn: Vec<_> = reading.withdrawals().collect();
    assert_eq!(withdrawn.len(), 4);
    assert!(matches!(withdrawn[2], Routes::V4(routes) if v4(&routes) == [p4("192.0.3.0/24")]));
    assert_eq!(v6(&withdrawn[3]), [p6("2001:db9::/32")]);
}

#[test]
fn families_that_were_not_agreed_on_are_left_out() {
    let reach = "80 0E 1A 0002 01 10 20010DB8000000000000000000000001 00  20 20010DB9";
    let body = update(&hex("18 C00002"), &hex(&format!("{reach} {GOOD}")), &hex("18 C00003"));
    let update = Update::split(&body).unwrap();

    let v4_only = Session { families: Families::V4, ..EXTERNAL };
    let reading = update.read(&v4_only).unwrap();
    assert_eq!(reading.attributes.reach, None);
    assert_eq!(reading.attributes.faults.first()[0].problem, Problem::Family(AfiSafi { afi: 2, safi: 1 }));
    assert_eq!(reading.announcements().count(), 1);

    let v6_only = Session { families: Families::V6, ..EXTERNAL };
    let reading = update.read(&v6_only).unwrap();
    assert!(reading.withdrawn.is_empty() && reading.announced.is_empty());
    assert_eq!(reading.announcements().count(), 1);
}

#[test]
fn attributes_without_room_for_a_route_are_refused() {
    let mut set = AttributeSet::new(Origin::Igp, vec![]);
    set.communities = vec![iana::community::NO_EXPORT; 1100];
    let template = set.template(&EXTERNAL).unwrap();
    let mut out = vec![1];
    let hop = NextHop6 { global: Ipv6Addr::LOCALHOST, link_local: None };
    let mut prefixes4 = [p4("10.0.0.0/8")].into_iter();
    let mut prefixes6 = [p6("2001:db8::/32")].into_iter();
    let error = announce4(&mut out, 4096, &template, Ipv4Addr::LOCALHOST, &mut prefixes4).unwrap_err();
    assert_eq!(error.to_string(), "an UPDATE of one route of 4446 bytes exceeds the limit of 4096");
    announce6(&mut out, 4096, &template, &hop, &mut prefixes6).unwrap_err();
    assert_eq!((out.as_slice(), prefixes4.len(), prefixes6.len()), (&[1][..], 1, 1));
    // RFC 8654 makes room.
    assert_eq!(announce4(&mut out, 65_535, &template, Ipv4Addr::LOCALHOST, &mut prefixes4), Ok(1));
    assert_eq!(announce6(&mut out, 65_535, &template, &hop, &mut prefixes6), Ok(1));
}

#[test]
fn attributes_beyond_any_message_are_refused() {
    let mut set = AttributeSet::new(Origin::Igp, vec![]);
    set.communities = vec![iana::community::NO_EXPORT; 20_000];
    let error = set.template(&EXTERNAL).unwrap_err();
    assert_eq!((error.what, error.limit), ("path attributes", 65_535));
}

#[test]
fn nothing_is_written_for_no_routes() {
    let mut out = vec![1];
    let hop = NextHop6 { global: Ipv6Addr::LOCALHOST, link_local: None };
    assert_eq!(announce4(&mut out, 4096, &template(), Ipv4Addr::LOCALHOST, &mut std::iter::empty()), Ok(0));
    assert_eq!(announce6(&mut out, 4096, &template(), &hop, &mut std::iter::empty()), Ok(0));
    assert_eq!(withdraw4(&mut out, 4096, &mut std::iter::empty()), 0);
    assert_eq!(withdraw6(&mut out, 4096, &mut std::iter::empty()), 0);
    assert_eq!(out, [1]);
}

/// An iterator that does not tell how long it is, or tells too little.
struct Liar<I>(I, Option<usize>);

impl<I: Iterator> Iterator for Liar<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.1)
    }
}

#[test]
fn messages_are_filled_whatever_the_iterator_promises() {
    let prefixes: Vec<Prefix4> = (0..3000u32).map(|n| Prefix4::new((n << 8).into(), 24).unwrap()).collect();
    let pack = |hint: Option<usize>| {
        let mut out = Vec::new();
        let mut rest = Liar(prefixes.iter().copied(), hint);
        while announce4(&mut out, 4096, &template(), Ipv4Addr::LOCALHOST, &mut rest).unwrap() > 0 {}
        out
    };
    let honest = pack(Some(3000));
    let sizes: Vec<usize> = frames(&honest).iter().map(Frame::length).collect();
    // (4096 - 43) / 4 routes and a remainder too small for a route of any length.
    assert_eq!(sizes, [4095, 4095, 43 + 4 * (3000 - 2 * 1013)]);
    assert_eq!(pack(None), honest);
    assert_eq!(pack(Some(1)), honest);
}

proptest! {
    #[test]
    fn ipv4_routes_and_attributes_read_back(
        set in attribute_set(true, true),
        next_hop in host4(),
        prefixes in prop::collection::vec(prefix4(), 1..3000),
        internal: bool,
        four_octet_as: bool,
        extended: bool,
    ) {
        let neighbor = if internal { Neighbor::Internal } else { Neighbor::External };
        let session = Session { neighbor, four_octet_as, send_extended: extended, ..EXTERNAL };
        let set = if internal { set } else { for_external(set) };
        let template = set.template(&session).unwrap();
        let mut bytes = Vec::new();
        let mut rest = prefixes.iter().copied();
        while announce4(&mut bytes, session.send_limit(), &template, next_hop, &mut rest).unwrap() > 0 {}
        let mut back = Vec::new();
        for frame in frames(&bytes) {
            prop_assert!(frame.length() <= session.send_limit());
            let reading = Update::split(frame.body).unwrap().read(&session).unwrap();
            prop_assert_eq!(reading.attributes.faults.first(), &[]);
            prop_assert_eq!(reading.attributes.next_hop, Some(next_hop));
            prop_assert_eq!(reading.attributes.to_set(), Some(set.clone()));
            prop_assert_eq!(reading.announced.count(), reading.announced.iter().count());
            back.extend(v4(&reading.announced));
        }
        prop_assert_eq!(back, prefixes);
    }

    #[test]
    fn ipv6_routes_and_attributes_read_back(
        set in attribute_set(true, true),
        next_hop in next_hop6(),
        prefixes in prop::collection::vec(prefix6(), 1..1000),
    ) {
        let set = for_external(set);
        let template = set.template(&EXTERNAL).unwrap();
        let mut bytes = Vec::new();
        let mut rest = prefixes.iter().copied();
        while announce6(&mut bytes, 4096, &template, &next_hop, &mut rest).unwrap() > 0 {}
        let mut back = Vec::new();
        for frame in frames(&bytes) {
            prop_assert!(frame.length() <= 4096);
            let reading = Update::split(frame.body).unwrap().read(&EXTERNAL).unwrap();
            let Some(Reach { next_hop: hop, routes }) = reading.attributes.reach else { panic!("no routes") };
            prop_assert_eq!(hop, NextHop::V6(next_hop));
            prop_assert_eq!(reading.attributes.to_set(), Some(set.clone()));
            back.extend(v6(&routes));
        }
        prop_assert_eq!(back, prefixes);
    }

    #[test]
    fn withdrawn_routes_read_back(
        four in prop::collection::vec(prefix4(), 0..3000),
        six in prop::collection::vec(prefix6(), 0..1000),
    ) {
        let mut bytes = Vec::new();
        let (mut rest4, mut rest6) = (four.iter().copied(), six.iter().copied());
        while withdraw4(&mut bytes, 4096, &mut rest4) > 0 {}
        while withdraw6(&mut bytes, 4096, &mut rest6) > 0 {}
        let (mut back4, mut back6) = (Vec::new(), Vec::new());
        for frame in frames(&bytes) {
            prop_assert!(frame.length() <= 4096);
            let reading = Update::split(frame.body).unwrap().read(&EXTERNAL).unwrap();
            for routes in reading.withdrawals() {
                match routes {
                    Routes::V4(routes) => back4.extend(v4(&routes)),
                    Routes::V6(_) => back6.extend(v6(&routes)),
                }
            }
        }
        prop_assert_eq!((back4, back6), (four, six));
    }

    #[test]
    fn no_bytes_make_reading_panic(body in prop::collection::vec(any::<u8>(), 4..200), session in session()) {
        if let Ok(update) = Update::split(&body)
            && let Ok(reading) = update.read(&session)
        {
            for routes in reading.withdrawals() {
                match routes {
                    Routes::V4(routes) => prop_assert_eq!(routes.iter().count(), routes.count()),
                    Routes::V6(routes) => prop_assert_eq!(routes.iter().count(), routes.count()),
                }
            }
        }
    }

    #[test]
    fn prefixes_of_tables_and_of_people_convert(four in prefix4(), six in prefix6()) {
        prop_assert_eq!(Prefix4::try_from(model::Prefix::from(four)), Ok(four));
        prop_assert_eq!(Prefix6::try_from(model::Prefix::from(six)), Ok(six));
        prop_assert_eq!(four.to_string(), model::Prefix::from(four).to_string());
        prop_assert_eq!(six.to_string(), model::Prefix::from(six).to_string());
        prop_assert!(Prefix4::try_from(model::Prefix::from(six)).is_err());
        prop_assert_eq!(four.key(), u64::from(u32::from(four.address())) << 8 | u64::from(four.length()));
    }
}
