//! Path attributes one by one, bytes and values (RFC 4271, section 5, and what came after).

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use bgp_wire::*;
use common::any::*;
use common::*;
use model::{Asn, Community};
use proptest::prelude::*;
use std::net::Ipv4Addr;

fn base() -> AttributeSet {
    AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([Asn(65010)])])
}

/// What is written for [`base`], four octets to an AS.
const BASE: &str = "40 01 01 00  40 02 06 02 01 0000FDF2";

#[track_caller]
fn both_ways(session: &Session, set: &AttributeSet, bytes: &str) {
    let bytes = hex(bytes);
    assert_eq!(set.template(session).unwrap().bytes(), bytes);
    let attributes = Attributes::read(&bytes, session);
    assert_eq!(attributes.faults.first(), &[]);
    assert_eq!(attributes.to_set().as_ref(), Some(set));
}

#[test]
fn origin() {
    // RFC 4271, section 5.1.1.
    for (origin, code) in [(Origin::Igp, "00"), (Origin::Egp, "01"), (Origin::Incomplete, "02")] {
        let set = AttributeSet { origin, ..base() };
        both_ways(&EXTERNAL, &set, &format!("40 01 01 {code}  40 02 06 02 01 0000FDF2"));
    }
}

#[test]
fn as_path_with_numbers_of_four_octets() {
    // RFC 4271, section 4.3 b; RFC 6793, section 4.1. A set counts as one.
    let path = vec![PathSegment::sequence([65010, 4_200_000_001].map(Asn)), PathSegment::set([64512, 64513].map(Asn))];
    both_ways(
        &EXTERNAL,
        &AttributeSet::new(Origin::Igp, path),
        "40 01 01 00  40 02 14  02 02 0000FDF2 FA56EA01  01 02 0000FC00 0000FC01",
    );
    let bytes = hex("40 02 14  02 02 0000FDF2 FA56EA01  01 02 0000FC00 0000FC01");
    let path = Attributes::read(&bytes, &EXTERNAL).as_path.unwrap();
    assert_eq!((path.length(), path.first_as(), path.origin_as()), (3, Some(Asn(65010)), None));
    assert!(path.has_set() && path.contains(Asn(64513)) && !path.contains(Asn(1)));
}

#[test]
fn an_empty_as_path_is_one() {
    // RFC 7606, section 4: the length may be zero.
    both_ways(&EXTERNAL, &AttributeSet::new(Origin::Igp, vec![]), "40 01 01 00  40 02 00");
    let bytes = hex("40 02 00");
    let path = Attributes::read(&bytes, &EXTERNAL).as_path.unwrap();
    assert_eq!((path.length(), path.first_as(), path.origin_as()), (0, None, None));
}

#[test]
fn as_path_of_more_than_255_numbers_takes_segments_and_the_extended_length() {
    let set = AttributeSet::new(Origin::Igp, vec![PathSegment::sequence((1..=300).map(Asn))]);
    let bytes = set.template(&EXTERNAL).unwrap();
    assert_eq!(bytes.bytes()[4..10], hex("50 02 04B4  02 FF"));
    assert_eq!(bytes.bytes()[4 + 4 + 2 + 255 * 4..][..2], [2, 45]);
    let attributes = Attributes::read(bytes.bytes(), &EXTERNAL);
    assert_eq!(attributes.as_path.unwrap().length(), 300);
    assert_eq!(attributes.to_set(), Some(set));
}

#[test]
fn as_path_for_a_speaker_of_two_octets_comes_with_as4_path() {
    // RFC 6793, section 4.2.2.
    let set = AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([65010, 4_200_000_001].map(Asn))]);
    both_ways(&OLD, &set, "40 01 01 00  40 02 06 02 02 FDF2 5BA0  C0 11 0A 02 02 0000FDF2 FA56EA01");
    // And without where every number fits.
    both_ways(&OLD, &base(), "40 01 01 00  40 02 04 02 01 FDF2");
}

/// RFC 6793, section 4.2.3: AS_PATH (2 octets), AS4_PATH, what they mean together.
#[test]
fn as4_path_is_merged_into_as_path() {
    let sequence = |asns: &[u32]| PathSegment::sequence(asns.iter().copied().map(Asn));
    let set = |asns: &[u32]| PathSegment::set(asns.iter().copied().map(Asn));
    let table = [
        // An old speaker prepended itself.
        ("02 03 0001 5BA0 5BA0", "02 02 00010001 00010002", vec![sequence(&[1, 65537, 65538])]),
        // As long as each other.
        ("02 02 5BA0 5BA0", "02 02 00010001 00010002", vec![sequence(&[65537, 65538])]),
        // AS4_PATH is longer: ignored.
        ("02 01 5BA0", "02 02 00010001 00010002", vec![sequence(&[23456])]),
        // A set counts as one and stays whole.
        ("01 02 0001 0002  02 01 5BA0", "02 01 00010001", vec![set(&[1, 2]), sequence(&[65537])]),
        ("02 02 0001 0002  01 02 5BA0 0003", "01 02 00010001 00000003", vec![sequence(&[1, 2]), set(&[65537, 3])]),
        // The cut is within a sequence.
        ("02 04 0001 0002 0003 5BA0", "02 02 00000003 00010001", vec![sequence(&[1, 2, 3, 65537])]),
        // Segments of confederations are left out of AS4_PATH (section 6).
        ("02 02 0001 5BA0", "03 01 0000FC00  02 01 00010001", vec![sequence(&[1, 65537])]),
    ];
    for (as_path, as4_path, expected) in table {
        let bytes = [attribute(0x40, 2, &hex(as_path)), attribute(0xC0, 17, &hex(as4_path))].concat();
        let attributes = Attributes::read(&bytes, &OLD);
        assert_eq!(attributes.faults.count(), 0);
        let path = attributes.as_path.unwrap();
        assert_eq!(path.to_segments(), expected, "{as_path} with {as4_path}");
        let length = |s: &PathSegment| if s.kind == SegmentKind::Set { 1 } else { s.asns.len() };
        assert_eq!(path.length(), expected.iter().map(length).sum::<usize>());
    }
}

#[test]
fn as4_attributes_are_not_for_speakers_of_four_octets() {
    // RFC 6793, section 4.1.
    let bytes = hex(&format!("{BASE} C0 11 06 02 01 00010001  C0 12 08 00010001 0A000001"));
    let attributes = Attributes::read(&bytes, &EXTERNAL);
    assert_eq!(attributes.as_path.unwrap().to_segments(), [PathSegment::sequence([Asn(65010)])]);
    let faults: Vec<_> = attributes.faults.first().iter().map(|f| (f.code, f.problem, f.action)).collect();
    assert_eq!(faults, [(17, Problem::Unexpected, Action::Discard), (18, Problem::Unexpected, Action::Discard)]);
}

#[test]
fn aggregator() {
    // RFC 4271, section 4.3 g; RFC 6793, section 3.
    let aggregator = Some(Aggregator { asn: Asn(65010), address: Ipv4Addr::new(192, 0, 2, 1) });
    let set = AttributeSet { atomic_aggregate: true, aggregator, ..base() };
    both_ways(&EXTERNAL, &set, &format!("{BASE} 40 06 00  C0 07 08 0000FDF2 C0000201"));
    both_ways(&OLD, &set, "40 01 01 00 40 02 04 02 01 FDF2  40 06 00  C0 07 06 FDF2 C0000201");
    let wide = Some(Aggregator { asn: Asn(65537), address: Ipv4Addr::new(192, 0, 2, 1) });
    both_ways(
        &OLD,
        &AttributeSet { atomic_aggregate: false, aggregator: wide, ..set },
        "40 01 01 00 40 02 04 02 01 FDF2  C0 07 06 5BA0 C0000201  C0 12 08 00010001 C0000201",
    );
}

#[test]
fn an_as4_aggregator_beside_a_newer_aggregator_is_old_and_as4_path_with_it() {
    // RFC 6793, section 4.2.3.
    let as4 = "C0 11 06 02 01 00010001  C0 12 08 00010001 C0000201";
    let read = |aggregator: &str| {
        let bytes = hex(&format!("40 02 04 02 01 5BA0  {aggregator} {as4}"));
        let attributes = Attributes::read(&bytes, &OLD);
        (attributes.as_path.unwrap().first_as().unwrap().0, attributes.aggregator.unwrap().asn.0)
    };
    assert_eq!(read("C0 07 06 0007 0A000001"), (23456, 7));
    assert_eq!(read("C0 07 06 5BA0 0A000001"), (65537, 65537));
    assert_eq!(read(""), (65537, 65537));
}

#[test]
fn numbers() {
    // RFC 4271, sections 5.1.4 and 5.1.5.
    let set = AttributeSet { med: Some(1000), local_pref: Some(150), ..base() };
    both_ways(&INTERNAL, &set, &format!("{BASE} 80 04 04 000003E8  40 05 04 00000096"));
}

#[test]
fn communities_of_three_kinds() {
    // RFC 1997; RFC 4360, section 2; RFC 8092, section 3.
    let set = AttributeSet {
        communities: vec![Community { asn: 12076, value: 51004 }, iana::community::GRACEFUL_SHUTDOWN],
        extended_communities: vec![ExtendedCommunity::route_target(65010, 7), ExtendedCommunity([0x40; 8])],
        large_communities: vec![LargeCommunity { administrator: Asn(65010), data1: 1, data2: u32::MAX }],
        ..base()
    };
    both_ways(
        &EXTERNAL,
        &set,
        &format!(
            "{BASE} C0 08 08 2F2C C73C FFFF 0000
             C0 10 10 0002 FDF2 00000007  40 40 40 40 40 40 40 40
             C0 20 0C 0000FDF2 00000001 FFFFFFFF"
        ),
    );
    let texts: Vec<String> = set.extended_communities.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["target:65010:7", "0x4040404040404040"]);
    assert!(set.extended_communities[0].is_transitive() && !set.extended_communities[1].is_transitive());
    assert_eq!(set.large_communities[0].to_string(), "65010:1:4294967295");
}

#[test]
fn well_known_communities_have_their_numbers() {
    use iana::community::*;
    let table = [
        (GRACEFUL_SHUTDOWN, "FFFF 0000"), // RFC 8326, section 5
        (LLGR_STALE, "FFFF 0006"),        // RFC 9494, section 4.6
        (NO_LLGR, "FFFF 0007"),           // RFC 9494, section 4.7
        (BLACKHOLE, "FFFF 029A"),         // RFC 7999, section 5
        (NO_EXPORT, "FFFF FF01"),         // RFC 1997
        (NO_ADVERTISE, "FFFF FF02"),
        (NO_EXPORT_SUBCONFED, "FFFF FF03"),
        (NOPEER, "FFFF FF04"), // RFC 3765
    ];
    for (community, bytes) in table {
        let value = hex(bytes);
        let bytes = attribute(0xC0, 8, &value);
        assert!(Attributes::read(&bytes, &EXTERNAL).communities.contains(&community));
    }
}

#[test]
fn a_large_community_is_there_once() {
    // RFC 8092, section 5: silently removed when received, never sent twice.
    let bytes = hex(&format!(
        "{BASE} C0 20 24 0000FDF2 00000001 00000002  0000FDF2 00000001 00000003  0000FDF2 00000001 00000002"
    ));
    let set = Attributes::read(&bytes, &EXTERNAL).to_set().unwrap();
    assert_eq!(set.large_communities.iter().map(|community| community.data2).collect::<Vec<_>>(), [2, 3]);
    let twice = AttributeSet { large_communities: set.large_communities.repeat(2), ..set.clone() };
    assert_eq!(twice.template(&EXTERNAL), set.template(&EXTERNAL));
}

#[test]
fn a_learned_route_leaves_the_as_without_what_belongs_inside() {
    let own = ExtendedCommunity([0x40; 8]);
    let mut set = AttributeSet {
        med: Some(1),
        local_pref: Some(2),
        originator_id: Some(Ipv4Addr::LOCALHOST),
        cluster_list: vec![Ipv4Addr::LOCALHOST],
        extended_communities: vec![own, ExtendedCommunity::route_target(65010, 7)],
        ..base()
    };
    set.leave_as();
    let mut inside = AttributeSet { extended_communities: vec![own], ..base() };
    inside.partial.insert(16);
    inside.leave_as();
    assert_eq!(inside, base());
    assert_eq!(set, AttributeSet { extended_communities: vec![ExtendedCommunity::route_target(65010, 7)], ..base() });
}

#[test]
fn reflection_stays_inside_the_as() {
    // RFC 4456, section 8.
    let set = AttributeSet {
        local_pref: Some(100),
        originator_id: Some(Ipv4Addr::new(10, 0, 0, 1)),
        cluster_list: vec![Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 3)],
        ..base()
    };
    both_ways(&INTERNAL, &set, &format!("{BASE} 40 05 04 00000064  80 09 04 0A000001  80 0A 08 0A000002 0A000003"));
    assert_eq!(set.template(&EXTERNAL).unwrap().bytes(), hex(BASE));
}

#[test]
fn only_to_customer() {
    // RFC 9234, section 5.
    let set = AttributeSet { only_to_customer: Some(Asn(65010)), ..base() };
    both_ways(&EXTERNAL, &set, &format!("{BASE} C0 23 04 0000FDF2"));
}

#[test]
fn unknown_attributes_go_on_if_transitive_with_the_partial_bit() {
    // RFC 4271, section 5; 128 is ATTR_SET, 99 and 34 nobody's here.
    let bytes = hex(&format!("{BASE} 80 22 01 01  C0 63 02 ABCD  E0 80 01 02  C0 63 01 EE"));
    let attributes = Attributes::read(&bytes, &EXTERNAL);
    let others: Vec<_> = attributes.others().map(|other| (other.code, other.value, other.is_partial())).collect();
    assert_eq!(others, [(99, &[0xAB, 0xCD][..], false), (128, &[2][..], true)]);
    let set = attributes.to_set().unwrap();
    assert_eq!(set.template(&EXTERNAL).unwrap().bytes(), hex(&format!("{BASE} E0 63 02 ABCD  E0 80 01 02")));
}

#[test]
fn unknown_attributes_are_written_in_their_places() {
    let set = AttributeSet {
        communities: vec![iana::community::NO_EXPORT],
        others: [255, 20, 11].map(|code| OtherAttribute { code, value: vec![code] }).to_vec(),
        only_to_customer: Some(Asn(1)),
        ..base()
    };
    let template = set.template(&EXTERNAL).unwrap();
    let bytes = "C0 08 04 FFFFFF01  E0 0B 01 0B  E0 14 01 14  C0 23 04 00000001  E0 FF 01 FF";
    assert_eq!(template.bytes(), hex(&format!("{BASE} {bytes}")));
    // NEXT_HOP, type 3, belongs between.
    assert_eq!((template.head(), template.tail()), (&hex(BASE)[..], &hex(bytes)[..]));
}

#[test]
fn the_partial_bit_of_a_known_attribute_goes_on() {
    // RFC 4271, section 5: it is not reset by later speakers.
    let bytes = hex(&format!("{BASE} E0 08 04 FFFFFF01  C0 20 0C 0000FDF2 00000001 00000001"));
    let set = Attributes::read(&bytes, &EXTERNAL).to_set().unwrap();
    assert!(set.partial.contains(8) && !set.partial.contains(32));
    assert_eq!(set.template(&EXTERNAL).unwrap().bytes(), bytes);
}

#[test]
fn the_partial_bit_of_an_attribute_that_is_made_anew_does_not() {
    // An old speaker passed AS4_PATH on as one that it did not know.
    let bytes = hex("40 01 01 00  40 02 04 02 01 5BA0  E0 11 0A 02 02 00010001 00010002");
    let set = Attributes::read(&bytes, &OLD).to_set().unwrap();
    assert_eq!(set, AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([Asn(23456)])]));
}

#[test]
fn low_flag_bits_and_needless_extended_lengths_mean_nothing() {
    // RFC 4271, section 4.3: the lower four bits must be ignored.
    let bytes = hex("4F 01 01 00  50 02 0006 02 01 0000FDF2");
    assert_eq!(Attributes::read(&bytes, &EXTERNAL).to_set(), Some(base()));
}

#[test]
fn prepending_joins_the_leading_sequence() {
    let mut set = base();
    set.prepend(Asn(12076), 8);
    assert_eq!(set.as_path.len(), 1);
    assert_eq!(set.as_path[0].asns.len(), 9);
    let mut set = AttributeSet::new(Origin::Igp, vec![PathSegment::set([Asn(1)])]);
    set.prepend(Asn(12076), 0);
    assert_eq!(set.as_path.len(), 1);
    set.prepend(Asn(12076), 2);
    assert_eq!(set.as_path, [PathSegment::sequence([Asn(12076), Asn(12076)]), PathSegment::set([Asn(1)])]);
}

proptest! {
    #[test]
    fn any_set_reads_back(set in attribute_set(true, true), internal: bool, four_octet_as: bool) {
        let neighbor = if internal { Neighbor::Internal } else { Neighbor::External };
        let session = Session { neighbor, four_octet_as, ..EXTERNAL };
        let set = if internal { set } else { for_external(set) };
        let template = set.template(&session).unwrap();
        let attributes = Attributes::read(template.bytes(), &session);
        prop_assert_eq!(attributes.faults.first(), &[]);
        prop_assert_eq!(attributes.to_set(), Some(set));
    }

    #[test]
    fn path_questions_agree_with_the_path_as_a_value(path in as_path(true), wanted in asn()) {
        let set = AttributeSet::new(Origin::Igp, path.clone());
        let template = set.template(&EXTERNAL).unwrap();
        let read = Attributes::read(template.bytes(), &EXTERNAL).as_path.unwrap();
        let all: Vec<Asn> = path.iter().flat_map(|segment| segment.asns.clone()).collect();
        prop_assert_eq!(read.asns().collect::<Vec<_>>(), all.clone());
        prop_assert_eq!(read.contains(wanted), all.contains(&wanted));
        let sequence = |segment: &&PathSegment| segment.kind == SegmentKind::Sequence;
        prop_assert_eq!(read.first_as(), path.first().filter(sequence).map(|segment| segment.asns[0]));
        prop_assert_eq!(read.origin_as(), path.last().filter(sequence).and_then(|s| s.asns.last().copied()));
        prop_assert_eq!(read.has_set(), !path.iter().all(|segment| sequence(&segment)));
    }

    #[test]
    fn any_bytes_that_make_a_set_can_be_sent_on_and_mean_the_same(
        bytes in prop::collection::vec(any::<u8>(), 0..120),
        session in session(),
    ) {
        let bytes = [&hex("40 01 01 00  40 02 00")[..], &bytes].concat();
        let set = Attributes::read(&bytes, &session).to_set().unwrap();
        let template = set.template(&session).unwrap();
        prop_assert_eq!(Attributes::read(template.bytes(), &session).to_set(), Some(set));
    }
}
