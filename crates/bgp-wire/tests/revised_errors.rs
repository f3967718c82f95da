//! RFC 7606: every attribute, every malformation, what it comes to.
//!
//! Each row is tried in an UPDATE that announces a route and in one that announces none, where all that is
//! more than a discard resets the session (section 5.2). In a reset the code and subcode are checked, and the
//! data against the attribute itself where RFC 4271, section 6.3, wants it there.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use Outcome::*;
use bgp_wire::*;
use common::any::*;
use common::*;
use proptest::prelude::*;

/// What an announcing UPDATE comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing is wrong.
    Fine,
    /// The attribute is discarded, the route stays.
    Discard,
    /// The route is withdrawn. In an UPDATE without routes: reset with this subcode.
    Withdraw(u8),
    /// The session ends with this subcode.
    Reset(u8),
}

/// What is wrong with the one attribute that a row is about.
struct Row {
    section: &'static str,
    what: &'static str,
    attribute: &'static str,
    session: Session,
    outcome: Outcome,
}

fn row(section: &'static str, what: &'static str, attribute: &'static str, session: Session, outcome: Outcome) -> Row {
    Row { section, what, attribute, session, outcome }
}

#[rustfmt::skip]
fn table() -> Vec<Row> {
    let mut rows = vec![
        // ORIGIN
        row("7.1", "ORIGIN of no octets", "40 01 00", EXTERNAL, Withdraw(5)),
        row("7.1", "ORIGIN of two octets", "40 01 02 0000", EXTERNAL, Withdraw(5)),
        row("7.1", "ORIGIN 3", "40 01 01 03", EXTERNAL, Withdraw(6)),
        row("7.1", "ORIGIN 255", "40 01 01 FF", INTERNAL, Withdraw(6)),
        row("3 (c)", "ORIGIN optional", "C0 01 01 00", EXTERNAL, Withdraw(4)),
        row("3 (c)", "ORIGIN not transitive", "00 01 01 00", EXTERNAL, Withdraw(4)),
        row("4.3 of RFC 4271", "ORIGIN partial", "60 01 01 00", EXTERNAL, Fine),
        // AS_PATH
        row("7.2", "AS_PATH with segment type 0", "40 02 06 00 01 0000FDF2", EXTERNAL, Withdraw(11)),
        row("7.2", "AS_PATH with segment type 5", "40 02 06 05 01 0000FDF2", EXTERNAL, Withdraw(11)),
        row("7.2", "AS_PATH that overruns", "40 02 06 02 02 0000FDF2", EXTERNAL, Withdraw(11)),
        row("7.2", "AS_PATH that underruns", "40 02 07 02 01 0000FDF2 02", EXTERNAL, Withdraw(11)),
        row("7.2", "AS_PATH with an empty segment", "40 02 02 02 00", EXTERNAL, Withdraw(11)),
        row("7.2", "AS_PATH with an empty segment behind", "40 02 08 02 01 0000FDF2 01 00", EXTERNAL, Withdraw(11)),
        row("7.2", "AS_PATH of two octets on four", "40 02 04 02 01 FDF2", EXTERNAL, Withdraw(11)),
        row("7.2", "AS_PATH of four octets on two", "40 02 06 02 01 0000FDF2", OLD, Withdraw(11)),
        row("4", "AS_PATH of no octets", "40 02 00", EXTERNAL, Fine),
        row("3 (c)", "AS_PATH optional", "C0 02 06 02 01 0000FDF2", EXTERNAL, Withdraw(4)),
        row("3 (c)", "AS_PATH not transitive", "00 02 06 02 01 0000FDF2", EXTERNAL, Withdraw(4)),
        row("5.3 of RFC 5065", "AS_CONFED_SEQUENCE", "40 02 06 03 01 0000FDF2", EXTERNAL, Withdraw(11)),
        row("5.3 of RFC 5065", "AS_CONFED_SET", "40 02 06 04 01 0000FDF2", INTERNAL, Withdraw(11)),
        row("2 of RFC 7607", "AS 0 in AS_PATH", "40 02 0A 02 02 0000FDF2 00000000", EXTERNAL, Withdraw(11)),
        row("2 of RFC 7607", "AS 0 in an old AS_PATH", "40 02 06 02 02 FDF2 0000", OLD, Withdraw(11)),
        // NEXT_HOP
        row("7.3", "NEXT_HOP of no octets", "40 03 00", EXTERNAL, Withdraw(5)),
        row("7.3", "NEXT_HOP of three octets", "40 03 03 0A0000", EXTERNAL, Withdraw(5)),
        row("7.3", "NEXT_HOP of sixteen octets", "40 03 10 20010DB8000000000000000000000001", EXTERNAL, Withdraw(5)),
        row("3 (c)", "NEXT_HOP optional", "C0 03 04 0A000001", EXTERNAL, Withdraw(4)),
        row("3 (e)", "NEXT_HOP 0.0.0.0", "40 03 04 00000000", EXTERNAL, Withdraw(8)),
        row("3 (e)", "NEXT_HOP of class D", "40 03 04 E0000001", EXTERNAL, Withdraw(8)),
        row("3 (e)", "NEXT_HOP of class E", "40 03 04 FFFFFFFF", EXTERNAL, Withdraw(8)),
        // MULTI_EXIT_DISC
        row("7.4", "MULTI_EXIT_DISC of no octets", "80 04 00", EXTERNAL, Withdraw(5)),
        row("7.4", "MULTI_EXIT_DISC of three octets", "80 04 03 000001", EXTERNAL, Withdraw(5)),
        row("7.4", "MULTI_EXIT_DISC of five octets", "80 04 05 0000000001", INTERNAL, Withdraw(5)),
        row("3 (c)", "MULTI_EXIT_DISC well-known", "40 04 04 00000001", EXTERNAL, Withdraw(4)),
        row("3 (c)", "MULTI_EXIT_DISC transitive", "C0 04 04 00000001", EXTERNAL, Withdraw(4)),
        // LOCAL_PREF
        row("7.5", "LOCAL_PREF from outside", "40 05 04 00000064", EXTERNAL, Discard),
        row("7.5", "LOCAL_PREF of no octets from outside", "40 05 00", EXTERNAL, Discard),
        row("7.5", "LOCAL_PREF optional from outside", "C0 05 04 00000064", EXTERNAL, Discard),
        row("7.5", "LOCAL_PREF of three octets", "40 05 03 000064", INTERNAL, Withdraw(5)),
        row("7.5", "LOCAL_PREF of no octets", "40 05 00", INTERNAL, Withdraw(5)),
        row("3 (c)", "LOCAL_PREF optional", "C0 05 04 00000064", INTERNAL, Withdraw(4)),
        // ATOMIC_AGGREGATE
        row("7.6", "ATOMIC_AGGREGATE of one octet", "40 06 01 00", EXTERNAL, Discard),
        row("7.6", "ATOMIC_AGGREGATE of 256 octets", "50 06 0001 00", INTERNAL, Discard),
        row("3 (c)", "ATOMIC_AGGREGATE optional", "C0 06 00", EXTERNAL, Withdraw(4)),
        // AGGREGATOR
        row("7.7", "AGGREGATOR of six octets on four", "C0 07 06 FDF2 0A000001", EXTERNAL, Discard),
        row("7.7", "AGGREGATOR of eight octets on two", "C0 07 08 0000FDF2 0A000001", OLD, Discard),
        row("7.7", "AGGREGATOR of no octets", "C0 07 00", EXTERNAL, Discard),
        row("7.7", "AGGREGATOR of three octets", "C0 07 03 000000", EXTERNAL, Discard),
        row("3 (c)", "AGGREGATOR well-known", "40 07 08 0000FDF2 0A000001", EXTERNAL, Withdraw(4)),
        row("2 of RFC 7607", "AGGREGATOR of AS 0", "C0 07 08 00000000 0A000001", EXTERNAL, Discard),
        // COMMUNITIES
        row("7.8", "COMMUNITIES of no octets", "C0 08 00", EXTERNAL, Withdraw(5)),
        row("7.8", "COMMUNITIES of three octets", "C0 08 03 000000", EXTERNAL, Withdraw(5)),
        row("7.8", "COMMUNITIES of six octets", "C0 08 06 0000 0000 0000", EXTERNAL, Withdraw(5)),
        row("3 (c)", "COMMUNITIES not transitive", "80 08 04 00000000", EXTERNAL, Withdraw(4)),
        row("4.3 of RFC 4271", "COMMUNITIES partial", "E0 08 04 00000000", EXTERNAL, Fine),
        // ORIGINATOR_ID
        row("7.9", "ORIGINATOR_ID from outside", "80 09 04 0A000001", EXTERNAL, Discard),
        row("7.9", "ORIGINATOR_ID of three octets from outside", "80 09 03 0A0000", EXTERNAL, Discard),
        row("7.9", "ORIGINATOR_ID of three octets", "80 09 03 0A0000", INTERNAL, Withdraw(5)),
        row("7.9", "ORIGINATOR_ID of eight octets", "80 09 08 0A0000010A000001", INTERNAL, Withdraw(5)),
        row("3 (c)", "ORIGINATOR_ID transitive", "C0 09 04 0A000001", INTERNAL, Withdraw(4)),
        // CLUSTER_LIST
        row("7.10", "CLUSTER_LIST from outside", "80 0A 04 0A000001", EXTERNAL, Discard),
        row("7.10", "CLUSTER_LIST of no octets", "80 0A 00", INTERNAL, Withdraw(5)),
        row("7.10", "CLUSTER_LIST of five octets", "80 0A 05 0A00000100", INTERNAL, Withdraw(5)),
        row("3 (c)", "CLUSTER_LIST well-known", "40 0A 04 0A000001", INTERNAL, Withdraw(4)),
        // MP_REACH_NLRI
        row("5.3", "MP_REACH_NLRI of no octets", "80 0E 00", EXTERNAL, Reset(9)),
        row("5.3", "MP_REACH_NLRI of four octets", "80 0E 04 0002 01 00", EXTERNAL, Reset(9)),
        row("5.3", "MP_REACH_NLRI of four octets of a family unknown", "80 0E 04 0001 80 00", EXTERNAL, Reset(9)),
        row("7.11", "a next hop of no octets", "80 0E 05 0002 01 00 00", EXTERNAL, Reset(9)),
        row("7.11", "a next hop of four octets for IPv6", "80 0E 09 0002 01 04 0A000001 00", EXTERNAL, Reset(9)),
        row("7.11", "a next hop beyond the attribute", "80 0E 09 0002 01 10 20010DB8 00", EXTERNAL, Reset(9)),
        row("7.11", "a next hop up to the end, nothing reserved", "80 0E 14 0002 01 10 20010DB8000000000000000000000001", EXTERNAL, Reset(9)),
        row("7.11", "a next hop of sixteen octets for IPv4", "80 0E 16 0001 01 10 20010DB8000000000000000000000001 00 00", EXTERNAL, Reset(9)),
        row("5.3", "an IPv6 route of 129 bits", "80 0E 16 0002 01 10 20010DB8000000000000000000000001 00 81", EXTERNAL, Reset(9)),
        row("5.3", "an IPv6 route cut off", "80 0E 18 0002 01 10 20010DB8000000000000000000000001 00 30 2001", EXTERNAL, Reset(9)),
        row("5.3", "an IPv4 route of 33 bits", "80 0E 0F 0001 01 04 0A000001 00 21 0A0A0A0A0A", EXTERNAL, Reset(9)),
        row("5.3", "MP_REACH_NLRI transitive", "C0 0E 15 0002 01 10 20010DB8000000000000000000000001 00", EXTERNAL, Reset(9)),
        row("5.3", "MP_REACH_NLRI well-known", "40 0E 15 0002 01 10 20010DB8000000000000000000000001 00", EXTERNAL, Reset(9)),
        row("6 of RFC 4760", "a family that was not agreed on", "80 0E 0C 0001 80 04 0A000001 00 010203", EXTERNAL, Discard),
        row("3 (e)", "an unspecified IPv6 next hop", "80 0E 16 0002 01 10 00000000000000000000000000000000 00 00", EXTERNAL, Withdraw(9)),
        row("3 (e)", "a multicast IPv6 next hop", "80 0E 16 0002 01 10 FF020000000000000000000000000001 00 00", EXTERNAL, Withdraw(9)),
        row("7.11", "a second next hop that is not link-local", "80 0E 26 0002 01 20 20010DB8000000000000000000000001 FF020000000000000000000000000001 00 00", EXTERNAL, Fine),
        row("7.11", "a second next hop of zeros", "80 0E 26 0002 01 20 20010DB8000000000000000000000001 00000000000000000000000000000000 00 00", EXTERNAL, Fine),
        // MP_UNREACH_NLRI
        row("5.3", "MP_UNREACH_NLRI of no octets", "80 0F 00", EXTERNAL, Reset(9)),
        row("5.3", "MP_UNREACH_NLRI of two octets", "80 0F 02 0002", EXTERNAL, Reset(9)),
        row("5.3", "an IPv6 withdrawal of 255 bits", "80 0F 04 0002 01 FF", EXTERNAL, Reset(9)),
        row("5.3", "an IPv6 withdrawal cut off", "80 0F 05 0002 01 30 20", EXTERNAL, Reset(9)),
        row("5.3", "MP_UNREACH_NLRI transitive", "C0 0F 03 0002 01", EXTERNAL, Reset(9)),
        row("6 of RFC 4760", "a withdrawal of a family not agreed on", "80 0F 06 4004 47 010203", EXTERNAL, Discard),
        // EXTENDED COMMUNITIES
        row("7.14", "EXTENDED COMMUNITIES of no octets", "C0 10 00", EXTERNAL, Withdraw(5)),
        row("7.14", "EXTENDED COMMUNITIES of twelve octets", "C0 10 0C 000000000000000000000000", EXTERNAL, Withdraw(5)),
        row("7.14", "EXTENDED COMMUNITIES of an unknown type", "C0 10 08 FF FF FFFFFFFFFFFF", EXTERNAL, Fine),
        row("3 (c)", "EXTENDED COMMUNITIES well-known", "40 10 08 0000000000000000", EXTERNAL, Withdraw(4)),
        // AS4_PATH
        row("6 of RFC 6793", "AS4_PATH of no octets", "C0 11 00", OLD, Discard),
        row("6 of RFC 6793", "AS4_PATH of an odd length", "C0 11 07 02 01 00010001 02", OLD, Discard),
        row("6 of RFC 6793", "AS4_PATH that overruns", "C0 11 06 02 02 00010001", OLD, Discard),
        row("6 of RFC 6793", "AS4_PATH with segment type 5", "C0 11 06 05 01 00010001", OLD, Discard),
        row("6 of RFC 6793", "AS4_PATH with an empty segment", "C0 11 02 02 00", OLD, Discard),
        row("2 of RFC 7607", "AS 0 in AS4_PATH", "C0 11 06 02 01 00000000", OLD, Discard),
        row("3 (c)", "AS4_PATH well-known", "40 11 06 02 01 00010001", OLD, Withdraw(4)),
        row("4.1 of RFC 6793", "AS4_PATH where there is no need", "C0 11 06 02 01 00010001", EXTERNAL, Discard),
        row("4.1 of RFC 6793", "AS4_PATH malformed where there is no need", "40 11 01 00", EXTERNAL, Discard),
        // AS4_AGGREGATOR
        row("6 of RFC 6793", "AS4_AGGREGATOR of six octets", "C0 12 06 0001 0A000001", OLD, Discard),
        row("2 of RFC 7607", "AS4_AGGREGATOR of AS 0", "C0 12 08 00000000 0A000001", OLD, Discard),
        row("3 (c)", "AS4_AGGREGATOR not transitive", "80 12 08 00010001 0A000001", OLD, Withdraw(4)),
        row("4.1 of RFC 6793", "AS4_AGGREGATOR where there is no need", "C0 12 08 00010001 0A000001", EXTERNAL, Discard),
        // LARGE_COMMUNITY
        row("6 of RFC 8092", "LARGE_COMMUNITY of no octets", "C0 20 00", EXTERNAL, Withdraw(5)),
        row("6 of RFC 8092", "LARGE_COMMUNITY of eight octets", "C0 20 08 0000000000000000", EXTERNAL, Withdraw(5)),
        row("3 (c)", "LARGE_COMMUNITY not transitive", "80 20 0C 000000000000000000000000", EXTERNAL, Withdraw(4)),
        // OTC
        row("5 of RFC 9234", "OTC of no octets", "C0 23 00", EXTERNAL, Withdraw(5)),
        row("5 of RFC 9234", "OTC of five octets", "C0 23 05 0000000001", EXTERNAL, Withdraw(5)),
        row("3 (c)", "OTC not transitive", "80 23 04 00000001", EXTERNAL, Withdraw(4)),
        // What is not known
        row("6.3 of RFC 4271", "an unknown well-known attribute", "40 63 01 00", EXTERNAL, Reset(2)),
        row("6.3 of RFC 4271", "one that is not even transitive", "00 63 01 00", EXTERNAL, Reset(2)),
        row("5 of RFC 4271", "an unknown optional attribute", "80 63 01 00", EXTERNAL, Fine),
        row("5 of RFC 4271", "an unknown optional attribute of no octets", "C0 63 00", EXTERNAL, Fine),
        // The list as a whole. The row's attribute comes last, so that it can run over the end.
        row("4", "a length beyond the list", "C0 08 05 00000000", EXTERNAL, Withdraw(1)),
        row("4", "an extended length beyond the list", "D0 08 FFFF 00000000", EXTERNAL, Withdraw(1)),
        row("4", "a length beyond the list, of a type unknown", "C0 63 05 00000000", EXTERNAL, Withdraw(1)),
        row("4", "one octet left", "C0", EXTERNAL, Withdraw(1)),
        row("4", "two octets left", "C0 08", EXTERNAL, Withdraw(1)),
        row("4", "three octets left where four are needed", "D0 08 00", EXTERNAL, Withdraw(1)),
        row("3 (j)", "MP_REACH_NLRI beyond the list", "80 0E 20 0002 01", EXTERNAL, Reset(1)),
        row("3 (j)", "MP_UNREACH_NLRI cut off before its length", "90 0F 00", EXTERNAL, Reset(1)),
    ];
    // Section 3 (g): all but the first are discarded, known or not, well formed or not.
    for attribute in [
        "40 01 01 00  40 01 01 09",
        "40 02 00  C0 02 01 00",
        "40 03 04 0A000001  40 03 00",
        "80 04 04 00000000  80 04 01 00",
        "40 06 00  40 06 00",
        "C0 08 04 00000000  C0 08 03 000000",
        "C0 10 08 0000000000000000  C0 10 00",
        "C0 20 0C 000000000000000000000000  C0 20 00",
        "C0 23 04 00000001  C0 23 00",
        "C0 63 00  C0 63 01 00",
    ] {
        rows.push(row("3 (g)", "an attribute twice", attribute, EXTERNAL, Discard));
    }
    rows.push(row("3 (g)", "MP_REACH_NLRI twice", "80 0E 09 0001 01 04 0A000001 00  80 0E 09 0001 01 04 0A000001 00", EXTERNAL, Reset(1)));
    rows.push(row("3 (g)", "MP_UNREACH_NLRI twice", "80 0F 03 0002 01  80 0F 03 0001 01", EXTERNAL, Reset(1)));
    rows.push(row("3 (g)", "MP_REACH_NLRI twice, not agreed on", "80 0E 05 0001 80 00 00  80 0E 05 0001 80 00 00", EXTERNAL, Reset(1)));
    // Section 3 (h): the strongest wins.
    rows.push(row("3 (h)", "discard beside withdraw", "40 06 01 00  80 04 00", EXTERNAL, Withdraw(5)));
    rows.push(row("3 (h)", "withdraw beside reset", "80 04 00  80 0F 00", EXTERNAL, Reset(9)));
    rows.push(row("3 (h)", "reset beside discard", "80 0F 00  40 06 01 00", EXTERNAL, Reset(9)));
    rows
}

/// The attributes that an announcement needs, but for the one that the row is about.
fn others(row: &Row) -> Vec<u8> {
    let as_path = if row.session.four_octet_as { "40 02 06 02 01 0000FDF2" } else { "40 02 04 02 01 FDF2" };
    let all = [(1, "40 01 01 00"), (2, as_path), (3, "40 03 04 0A000001"), (5, "40 05 04 00000064")];
    let about = hex(row.attribute).get(1).copied().unwrap_or_default();
    let needed = |code| code != about && (code != 5 || row.session.neighbor == Neighbor::Internal);
    all.into_iter().filter(|(code, _)| needed(*code)).flat_map(|(_, bytes)| hex(bytes)).collect()
}

#[track_caller]
fn expect_reset(result: Result<Reading<'_>, Fault>, subcode: u8, row: &Row) {
    let label = format!("{}, section {}", row.what, row.section);
    let fault = result.expect_err(&label);
    let told = fault.notification();
    assert_eq!(told.cause, Cause { code: 3, subcode }, "{label}: {fault}");
    let attribute = hex(row.attribute);
    match subcode {
        // The erroneous attribute: type, length and value.
        2 | 4..=9 => assert!(attribute.windows(told.data.len()).any(|part| part == told.data), "{label}: {told:?}"),
        _ => assert_eq!(told.data, [], "{label}"),
    }
    assert_eq!(told.data.is_empty(), !matches!(subcode, 2 | 4..=9), "{label}");
}

#[test]
fn every_malformation_comes_to_what_rfc_7606_asks() {
    for row in table() {
        let label = format!("{}, section {}", row.what, row.section);
        let attributes = [others(&row), hex(row.attribute)].concat();
        let body = update(&hex("18 CB0071"), &attributes, &hex("18 C00002"));
        let result = Update::split(&body).unwrap().read(&row.session);
        match (row.outcome, result) {
            (Fine, Ok(reading)) => {
                assert_eq!(reading.attributes.faults.first(), &[], "{label}");
                assert!(!reading.treat_as_withdraw, "{label}");
            }
            (Discard, Ok(reading)) => {
                assert!(!reading.treat_as_withdraw, "{label}");
                assert_eq!(reading.attributes.faults.strongest().unwrap().action, Action::Discard, "{label}");
                assert_eq!(reading.withdrawals().count(), 1, "{label}");
                assert!(reading.attributes.to_set().is_some(), "{label}");
            }
            (Withdraw(_), Ok(reading)) => {
                assert!(reading.treat_as_withdraw, "{label}");
                assert_eq!(reading.announcements().count(), 0, "{label}");
                let withdrawn: usize = reading.withdrawals().map(|routes| routes.count()).sum();
                assert!(withdrawn >= 2, "{label}");
            }
            (Reset(subcode), result) => expect_reset(result, subcode, &row),
            (outcome, result) => panic!("{label}: {outcome:?} expected, not {result:?}"),
        }
    }
}

#[test]
fn without_an_announcement_more_than_a_discard_resets() {
    for row in table() {
        let label = format!("{}, section {}", row.what, row.section);
        let attributes = [others(&row), hex(row.attribute)].concat();
        let body = update(&hex("18 CB0071"), &attributes, &[]);
        let result = Update::split(&body).unwrap().read(&row.session);
        // MP_REACH_NLRI that can be read at all announces.
        let announces = hex(row.attribute).get(1) == Some(&iana::attribute::MP_REACH_NLRI);
        match row.outcome {
            // NEXT_HOP is of no account without routes that it is for (RFC 4760, section 3).
            Withdraw(8) => assert_eq!(result.expect(&label).attributes.faults.count(), 0, "{label}"),
            Withdraw(_) if announces => assert!(result.expect(&label).treat_as_withdraw, "{label}"),
            Withdraw(subcode) | Reset(subcode) => expect_reset(result, subcode, &row),
            Fine | Discard => assert!(!result.expect(&label).treat_as_withdraw, "{label}"),
        }
    }
}

/// Section 3 (d); which attributes are mandatory: RFC 4271, section 5.
#[test]
fn a_missing_mandatory_attribute_withdraws() {
    let (origin, path, hop, pref) = ("40 01 01 00", "40 02 00", "40 03 04 0A000001", "40 05 04 00000064");
    let reach = "80 0E 16 0002 01 10 20010DB8000000000000000000000001 00 00";
    let ipv4 = hex("18 C00002");
    type Row<'a> = (&'a [&'a str], &'a [u8], Session, &'a [u8]);
    let table: &[Row<'_>] = &[
        (&[origin, path, hop], &ipv4, EXTERNAL, &[]),
        (&[path, hop], &ipv4, EXTERNAL, &[1]),
        (&[origin, hop], &ipv4, EXTERNAL, &[2]),
        (&[origin, path], &ipv4, EXTERNAL, &[3]),
        (&[], &ipv4, EXTERNAL, &[1, 2, 3]),
        (&[origin, path, hop], &ipv4, INTERNAL, &[5]),
        (&[origin, path, hop, pref], &ipv4, INTERNAL, &[]),
        // NEXT_HOP is for the routes of the UPDATE itself (RFC 4760, section 3).
        (&[reach, origin, path], &[], EXTERNAL, &[]),
        (&[reach, origin, path], &ipv4, EXTERNAL, &[3]),
        (&[reach], &[], EXTERNAL, &[1, 2]),
        // Nothing is announced, nothing is mandatory.
        (&[], &[], EXTERNAL, &[]),
        (&[path], &[], INTERNAL, &[]),
    ];
    for (attributes, nlri, session, missing) in table {
        let body = update(&[], &hex(&attributes.join(" ")), nlri);
        let reading = Update::split(&body).unwrap().read(session).unwrap();
        let faults: Vec<u8> = reading.attributes.faults.first().iter().map(|fault| fault.code).collect();
        assert_eq!(&faults, missing, "{attributes:?}");
        assert!(reading.attributes.faults.first().iter().all(|fault| fault.problem == Problem::Missing));
        assert_eq!(reading.treat_as_withdraw, !missing.is_empty());
    }
}

#[test]
fn next_hop_is_ignored_where_mp_reach_nlri_has_all_the_routes() {
    // RFC 4760, section 3. Some speakers send 0.0.0.0.
    let attributes = hex(
        "80 0E 1A 0002 01 10 20010DB8000000000000000000000001 00  20 20010DB9  40 01 01 00  40 02 00  40 03 04 00000000",
    );
    let body = update(&[], &attributes, &[]);
    let reading = Update::split(&body).unwrap().read(&EXTERNAL).unwrap();
    assert!(!reading.treat_as_withdraw && reading.attributes.faults.count() == 0);
    // Beside routes of its own it is not, and the log sees it as received.
    let body = update(&[], &attributes, &hex("18 C00002"));
    let reading = Update::split(&body).unwrap().read(&EXTERNAL).unwrap();
    let [fault] = reading.attributes.faults.first() else { panic!("one fault") };
    assert_eq!((fault.problem, fault.bytes), (Problem::NextHop, &hex("40 03 04 00000000")[..]));
    assert!(reading.treat_as_withdraw);
}

#[test]
fn a_discarded_attribute_is_as_if_it_were_not_there() {
    for row in table().into_iter().filter(|row| row.outcome == Discard && row.section != "3 (g)") {
        let without = others(&row);
        let with = [without.clone(), hex(row.attribute)].concat();
        let set = |bytes: &[u8]| Attributes::read(bytes, &row.session).to_set();
        assert_eq!(set(&with), set(&without), "{}", row.what);
    }
}

#[test]
fn of_attributes_that_come_twice_the_first_counts() {
    let bytes = hex("80 04 04 00000001  80 04 04 00000002  C0 63 01 01  C0 63 01 02");
    let attributes = Attributes::read(&bytes, &EXTERNAL);
    assert_eq!(attributes.med, Some(1));
    assert_eq!(attributes.others().map(|other| other.value).collect::<Vec<_>>(), [[1]]);
}

#[test]
fn a_list_full_of_faults_keeps_few_of_them_and_the_strongest() {
    // 1,000 duplicates that are discarded, and one fault of the list at the end.
    let bytes = [hex("C0 63 00").repeat(1000), hex("C0")].concat();
    let faults = Attributes::read(&bytes, &EXTERNAL).faults;
    assert_eq!((faults.count(), faults.first().len()), (1000, 8));
    assert_eq!(faults.strongest().unwrap().problem, Problem::CutOff);
}

#[test]
fn faults_say_what_was_wrong_with_the_numbers() {
    let say = |bytes: &str, session: &Session| Attributes::read(&hex(bytes), session).faults.first()[0].to_string();
    let table = [
        (
            "80 04 03 000001",
            EXTERNAL,
            "MULTI_EXIT_DISC: a length of 3 octets does not fit its type; treated as withdraw",
        ),
        ("40 06 01 00", EXTERNAL, "ATOMIC_AGGREGATE: a length of 1 octets does not fit its type; attribute discarded"),
        ("40 05 04 00000064", EXTERNAL, "LOCAL_PREF: it is not for this neighbour to send; attribute discarded"),
        ("80 0F 04 0002 01 FF", EXTERNAL, "MP_UNREACH_NLRI: its routes cannot be read at octet 3; session reset"),
        ("40 63 00", EXTERNAL, "attribute: type 99 is not known and not optional; session reset"),
    ];
    for (bytes, session, text) in table {
        assert_eq!(say(bytes, &session), text);
    }
}

proptest! {
    /// An attribute that is cut or grown never lets a route through with another meaning: it is the same set,
    /// or a lesser one by a discard, or the routes are withdrawn, or the session ends.
    #[test]
    fn one_wrong_length_never_changes_what_a_route_means_unseen(
        set in attribute_set(false, false),
        which in any::<prop::sample::Index>(),
        grow in prop_oneof![Just(-1i16), Just(1), Just(255)],
    ) {
        let set = for_external(set);
        let template = set.template(&EXTERNAL).unwrap();
        let mut attributes = template.bytes().to_vec();
        attributes.extend(hex("40 03 04 0A000001"));
        // The places of the length octets.
        let mut places = Vec::new();
        let mut at = 0;
        while at < attributes.len() {
            let extended = attributes[at] & 0x10 != 0;
            let length = if extended {
                u16::from_be_bytes([attributes[at + 2], attributes[at + 3]]).into()
            } else {
                usize::from(attributes[at + 2])
            };
            places.push(at + if extended { 3 } else { 2 });
            at += length + if extended { 4 } else { 3 };
        }
        let place = *which.get(&places);
        attributes[place] = attributes[place].wrapping_add(grow as u8);
        let body = update(&[], &attributes, &hex("18 C00002"));
        if let Ok(reading) = Update::split(&body).unwrap().read(&EXTERNAL)
            && !reading.treat_as_withdraw
        {
            prop_assert!(reading.attributes.faults.count() > 0 || reading.attributes.to_set() == Some(set));
        }
    }
}
