//! What the tests of the policies share: facts as the catalogue has them, in short, and routes made of text.

use super::{AsnRanges, Facts, Judgement, Peering, PeeringPolicy, PrefixList, Role};
use bgp_wire::{
    AttributeSet, Attributes, Families, Neighbor, Origin, PathSegment, Prefix4, Prefix6, SegmentKind, Session,
};
use model::{Asn, Community, Prefix, PrefixState, Value};

pub(super) const CUSTOMER: u32 = 3333;
pub(super) const GATEWAY: u32 = 65515;

pub(super) fn value<T: Value>(text: &str) -> T {
    T::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

pub(super) fn prefixes(texts: &[&str]) -> Vec<Prefix> {
    texts.iter().map(|text| value(text)).collect()
}

pub(super) fn communities(texts: &[&str]) -> Vec<Community> {
    texts.iter().map(|text| value(text)).collect()
}

pub(super) fn facts() -> Facts {
    let list = |texts: &[&str]| PrefixList::new(prefixes(texts));
    let ranges = |ranges: &[(u32, u32)]| AsnRanges::new(ranges.iter().map(|&(first, last)| (Asn(first), Asn(last))));
    Facts {
        bogons: PrefixList::with_exceptions([
            (value("100.64.0.0/10"), true),
            (value("127.0.0.0/8"), true),
            (value("192.0.0.0/24"), true),
            (value("192.0.0.9/32"), false),
            (value("203.0.113.0/24"), true),
            (value("224.0.0.0/4"), true),
            (value("2001:db8::/32"), true),
        ]),
        unroutable: list(&["127.0.0.0/8", "224.0.0.0/4", "fe80::/10", "ff00::/8"]),
        private_space: list(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]),
        interface_subnets: list(&["51.4.0.0/30", "51.4.0.4/30", "51.4.0.8/30"]),
        refused_asns: ranges(&[(0, 0), (12076, 12076), (65515, 65520), (u32::MAX, u32::MAX)]),
        refused_asns_on_microsoft: ranges(&[
            (0, 0),
            (12076, 12076),
            (23456, 23456),
            (64496, 64511),
            (65515, 65520),
            (65535, 131_071),
            (u32::MAX, u32::MAX),
        ]),
        refused_asns_in_path: ranges(&[(64496, 64511)]),
        private_asns: ranges(&[(64512, 65534), (4_200_000_000, 4_294_967_294)]),
        gateway_asns: ranges(&[(65515, 65520)]),
        longest_path: Some(100),
        longest_prefix4: Some(32),
        longest_prefix6: None,
        drain_prepends: 8,
    }
}

fn policy(peering: Peering, role: Role, asn: u32) -> PeeringPolicy {
    PeeringPolicy::new(peering, role, Asn::MICROSOFT_EDGE, Asn(asn))
}

/// The customer's session on private peering.
pub(super) fn private() -> PeeringPolicy {
    policy(Peering::Private, Role::Customer, CUSTOMER)
}

/// The customer's session on Microsoft peering, validated.
pub(super) fn microsoft() -> PeeringPolicy {
    PeeringPolicy {
        advertised_prefixes: prefixes(&["51.4.0.0/16", "2a01:111::/32"]),
        validation: PrefixState::Configured,
        ..policy(Peering::Microsoft, Role::Customer, CUSTOMER)
    }
}

/// The session of a VNet's gateway.
pub(super) fn gateway() -> PeeringPolicy {
    policy(Peering::Private, Role::Gateway, GATEWAY)
}

/// The session of Microsoft's own network.
pub(super) fn network() -> PeeringPolicy {
    policy(Peering::Microsoft, Role::Gateway, 8075)
}

/// A plain session.
pub(super) fn open() -> PeeringPolicy {
    policy(Peering::Open, Role::Customer, CUSTOMER)
}

/// A route with this path.
pub(super) fn route(path: &[u32]) -> AttributeSet {
    let path = if path.is_empty() { vec![] } else { vec![PathSegment::sequence(path.iter().map(|&asn| Asn(asn)))] };
    AttributeSet::new(Origin::Igp, path)
}

/// A route with this path and these communities.
pub(super) fn tagged(path: &[u32], tags: &[&str]) -> AttributeSet {
    AttributeSet { communities: communities(tags), ..route(path) }
}

/// The path as numbers; sets count as nothing here.
pub(super) fn path(set: &AttributeSet) -> Vec<u32> {
    let sequences = set.as_path.iter().filter(|segment| segment.kind == SegmentKind::Sequence);
    sequences.flat_map(|segment| &segment.asns).map(|asn| asn.0).collect()
}

pub(super) fn tags(set: &AttributeSet) -> Vec<String> {
    set.communities.iter().map(Community::to_string).collect()
}

/// What becomes of a route that is received with these attributes.
pub(super) fn judge(policy: &PeeringPolicy, set: &AttributeSet) -> Judgement {
    let session = Session {
        neighbor: Neighbor::External,
        four_octet_as: true,
        families: Families::BOTH,
        add_path: Families::NONE,
        receive_extended: false,
        send_extended: false,
    };
    let bytes = set.template(&session).unwrap();
    let attributes = Attributes::read(bytes.bytes(), &session);
    assert!(attributes.faults.strongest().is_none(), "{attributes:?}");
    policy.import(&facts()).attributes(&attributes)
}

/// The attributes of a route that is taken, as the table then has them.
pub(super) fn taken(policy: &PeeringPolicy, set: &AttributeSet) -> AttributeSet {
    match judge(policy, set) {
        Judgement::Accept { rewritten, .. } => rewritten.map_or_else(|| set.clone(), |set| *set),
        Judgement::Reject(reason) => panic!("{reason}"),
    }
}

/// Why a route is refused for its attributes; empty when it is taken.
pub(super) fn refused(policy: &PeeringPolicy, set: &AttributeSet) -> String {
    match judge(policy, set) {
        Judgement::Accept { .. } => String::new(),
        Judgement::Reject(reason) => reason.to_string(),
    }
}

/// Why a route is refused for its prefix; empty when it is taken.
pub(super) fn refused_prefix(policy: &PeeringPolicy, text: &str) -> String {
    let import = policy.import(&facts());
    let prefix: Prefix = value(text);
    let reason = match Prefix4::try_from(prefix) {
        Ok(prefix) => import.prefix(prefix),
        Err(_) => import.prefix(Prefix6::try_from(prefix).unwrap()),
    };
    assert!(reason.is_none() || import.has_prefix_clauses());
    reason.map_or_else(String::new, |reason| reason.to_string())
}

/// The attributes with which a route is sent, or why it is kept back.
pub(super) fn sent(policy: &PeeringPolicy, set: &AttributeSet) -> Result<AttributeSet, String> {
    policy.export(&facts()).attributes(set).map_err(|reason| reason.to_string())
}
