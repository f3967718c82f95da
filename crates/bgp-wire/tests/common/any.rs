//! Any routes, attributes and sessions, for properties.

#![allow(dead_code, reason = "each test uses some of it")]

use bgp_wire::*;
use model::{Asn, Community};
use proptest::prelude::*;
use std::net::{Ipv4Addr, Ipv6Addr};

pub(crate) fn prefix4() -> impl Strategy<Value = Prefix4> {
    let lengths = prop_oneof![3 => Just(24u8), 2 => 0u8..=32];
    (any::<u32>(), lengths).prop_map(|(bits, length)| Prefix4::new(bits.into(), length).unwrap())
}

pub(crate) fn prefix6() -> impl Strategy<Value = Prefix6> {
    let lengths = prop_oneof![2 => Just(48u8), 2 => 0u8..=128];
    (any::<u128>(), lengths).prop_map(|(bits, length)| Prefix6::new(bits.into(), length).unwrap())
}

pub(crate) fn host4() -> impl Strategy<Value = Ipv4Addr> {
    (0x0100_0000u32..0xE000_0000).prop_filter("loopback", |bits| bits >> 24 != 127).prop_map(Ipv4Addr::from)
}

pub(crate) fn next_hop6() -> impl Strategy<Value = NextHop6> {
    let global = (0x2000u16..0x4000, any::<u128>()).prop_map(|(high, low)| u128::from(high) << 112 | low >> 16);
    let link_local = any::<u64>().prop_map(|low| 0xFE80 << 112 | u128::from(low));
    (global, prop::option::of(link_local))
        .prop_map(|(global, local)| NextHop6 { global: global.into(), link_local: local.map(Ipv6Addr::from) })
}

/// Any but 0, which no path may hold (RFC 7607).
pub(crate) fn asn() -> impl Strategy<Value = Asn> {
    prop_oneof![1u32..=65535, 1u32.., Just(23456)].prop_map(Asn)
}

pub(crate) fn as_path(sets: bool) -> impl Strategy<Value = Vec<PathSegment>> {
    let kind = prop::bool::weighted(if sets { 0.3 } else { 0.0 });
    let segment = (kind, prop::collection::vec(asn(), 1..6)).prop_map(|(is_set, asns)| match is_set {
        true => PathSegment::set(asns),
        false => PathSegment::sequence(asns),
    });
    prop::collection::vec(segment, 0..4).prop_map(|segments| {
        let mut path: Vec<PathSegment> = Vec::new();
        for segment in segments {
            match path.last_mut() {
                Some(last) if last.kind == SegmentKind::Sequence && segment.kind == last.kind => {
                    last.asns.extend(segment.asns);
                }
                _ => path.push(segment),
            }
        }
        path
    })
}

fn list<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop_oneof![3 => prop::collection::vec(item, 0..6)]
}

/// Attributes that may be sent anywhere: `sets` allows AS_SET, `others` unknown attributes and Partial bits.
pub(crate) fn attribute_set(sets: bool, others: bool) -> impl Strategy<Value = AttributeSet> {
    let numbers = (
        prop::sample::select(vec![Origin::Igp, Origin::Egp, Origin::Incomplete]),
        as_path(sets),
        prop::option::of(any::<u32>()),
        any::<u32>(),
        any::<bool>(),
        prop::option::of((asn(), host4())),
    );
    let lists = (
        list(any::<(u16, u16)>()),
        list(any::<[u8; 8]>()),
        list(any::<(u32, u32, u32)>()),
        prop::option::of(any::<u32>()),
        list(any::<u32>()),
        prop::option::of(asn()),
    );
    let other = (100u8..=127, prop::collection::vec(any::<u8>(), 0..300));
    let rest = (prop::collection::btree_map(other.0, other.1, 0..if others { 3 } else { 1 }), any::<u8>());
    (numbers, lists, rest).prop_map(move |(numbers, lists, (unknown, partial))| {
        let (origin, as_path, med, local_pref, atomic_aggregate, aggregator) = numbers;
        let (communities, extended, large, originator_id, cluster_list, only_to_customer) = lists;
        let mut set = AttributeSet::new(origin, as_path);
        set.med = med;
        set.local_pref = Some(local_pref);
        set.atomic_aggregate = atomic_aggregate;
        set.aggregator = aggregator.map(|(asn, address)| Aggregator { asn, address });
        set.communities = communities.into_iter().map(|(asn, value)| Community { asn, value }).collect();
        set.extended_communities = extended.into_iter().map(ExtendedCommunity).collect();
        set.large_communities = large
            .into_iter()
            .map(|(administrator, data1, data2)| LargeCommunity { administrator: Asn(administrator), data1, data2 })
            .collect();
        set.originator_id = originator_id.map(Ipv4Addr::from);
        set.cluster_list = cluster_list.into_iter().map(Ipv4Addr::from).collect();
        set.only_to_customer = only_to_customer;
        if others {
            set.others = unknown.into_iter().map(|(code, value)| OtherAttribute { code, value }).collect();
            for (bit, present, code) in [
                (0, set.aggregator.is_some(), 7),
                (1, !set.communities.is_empty(), 8),
                (2, !set.extended_communities.is_empty(), 16),
                (3, !set.large_communities.is_empty(), 32),
                (4, set.only_to_customer.is_some(), 35),
            ] {
                if present && partial >> bit & 1 == 1 {
                    set.partial.insert(code);
                }
            }
        }
        set
    })
}

/// What of a set reaches an external neighbour.
pub(crate) fn for_external(mut set: AttributeSet) -> AttributeSet {
    set.local_pref = None;
    set.originator_id = None;
    set.cluster_list.clear();
    set
}

pub(crate) fn session() -> impl Strategy<Value = Session> {
    any::<[bool; 6]>().prop_map(|[internal, four_octet_as, v4, v6, ids4, ids6]| {
        let families = Families { v4, v6: v6 || !v4 };
        Session {
            neighbor: if internal { Neighbor::Internal } else { Neighbor::External },
            four_octet_as,
            families,
            add_path: families.and(Families { v4: ids4, v6: ids6 }),
            receive_extended: false,
            send_extended: false,
        }
    })
}
