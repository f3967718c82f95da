//! What a codec made of an UPDATE, in words that all have in common.

use bgp_wire::*;
use model::Community;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What an UPDATE comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Fine,
    Discard,
    Withdraw,
    Reset,
}

pub(crate) type Routes4 = Vec<(u32, Prefix4)>;
pub(crate) type Routes6 = Vec<(u32, Prefix6)>;

/// A path: sets as sets, sequences that follow each other as one.
pub(crate) type Path = Vec<(bool, Vec<u32>)>;

/// The values. `None` is what the codec does not tell; our own are all told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Seen {
    /// IPv4 routes of the UPDATE itself and of MP_UNREACH_NLRI.
    pub(crate) withdrawn: Option<Routes4>,
    /// IPv4 routes of the UPDATE itself and of MP_REACH_NLRI.
    pub(crate) announced: Option<Routes4>,
    pub(crate) reach: Option<Routes6>,
    pub(crate) unreach: Option<Routes6>,
    pub(crate) next_hop6: Option<Option<Ipv6Addr>>,
    pub(crate) link_local: Option<Option<Ipv6Addr>>,
    pub(crate) origin: Option<Option<u8>>,
    pub(crate) as_path: Option<Option<Path>>,
    pub(crate) next_hop: Option<Option<Ipv4Addr>>,
    pub(crate) med: Option<Option<u32>>,
    pub(crate) local_pref: Option<Option<u32>>,
    pub(crate) atomic_aggregate: Option<bool>,
    pub(crate) aggregator: Option<Option<(u32, Ipv4Addr)>>,
    pub(crate) communities: Option<BTreeSet<u32>>,
    pub(crate) extended: Option<BTreeSet<[u8; 8]>>,
    pub(crate) large: Option<BTreeSet<(u32, u32, u32)>>,
    pub(crate) originator_id: Option<Option<Ipv4Addr>>,
    pub(crate) cluster_list: Option<Vec<Ipv4Addr>>,
    pub(crate) only_to_customer: Option<Option<u32>>,
    pub(crate) others: Option<Vec<(u8, Vec<u8>)>>,
}

impl Seen {
    /// What we make of it.
    pub(crate) fn ours(body: &[u8], session: &Session) -> (Outcome, Option<Self>) {
        let reading = match Update::split(body).and_then(|update| update.read(session)) {
            Ok(reading) => reading,
            Err(_) => return (Outcome::Reset, None),
        };
        let outcome = match reading.attributes.faults.strongest() {
            _ if reading.treat_as_withdraw => Outcome::Withdraw,
            Some(_) => Outcome::Discard,
            None => Outcome::Fine,
        };
        let a = &reading.attributes;
        let hop = a.reach.map(|reach| reach.next_hop);
        let (hop6, link_local) = match hop {
            Some(NextHop::V6(hop)) => (Some(hop.global), hop.link_local),
            Some(NextHop::V4(_)) | None => (None, None),
        };
        let path = |path: AsPath| {
            let segments = path.to_segments().into_iter();
            segments.map(|s| (s.kind == SegmentKind::Set, s.asns.into_iter().map(|asn| asn.0).collect())).collect()
        };
        let large = |c: LargeCommunity| (c.administrator.0, c.data1, c.data2);
        let seen = Self {
            withdrawn: Some(four([Some(Routes::V4(reading.withdrawn)), a.unreach])),
            announced: Some(four([Some(Routes::V4(reading.announced)), a.reach.map(|reach| reach.routes)])),
            reach: Some(six(a.reach.map(|reach| reach.routes))),
            unreach: Some(six(a.unreach)),
            next_hop6: Some(hop6),
            link_local: Some(link_local),
            origin: Some(a.origin.map(Origin::code)),
            as_path: Some(a.as_path.map(path)),
            next_hop: Some(a.next_hop),
            med: Some(a.med),
            local_pref: Some(a.local_pref),
            atomic_aggregate: Some(a.atomic_aggregate),
            aggregator: Some(a.aggregator.map(|aggregator| (aggregator.asn.0, aggregator.address))),
            communities: Some(a.communities.iter().map(community).collect()),
            extended: Some(a.extended_communities.iter().map(|community| community.0).collect()),
            large: Some(a.large_communities.iter().map(large).collect()),
            originator_id: Some(a.originator_id),
            cluster_list: Some(a.cluster_list.iter().collect()),
            only_to_customer: Some(a.only_to_customer.map(|asn| asn.0)),
            others: Some(a.others().map(|other| (other.code, other.value.to_vec())).collect()),
        };
        (outcome, Some(seen.normalized()))
    }

    /// Paths in a form that does not depend on how a sequence was cut; sets sorted. IPv4 routes come in two
    /// places, so their order means nothing.
    pub(crate) fn normalized(mut self) -> Self {
        if let Some(Some(path)) = &mut self.as_path {
            let mut normal: Path = Vec::new();
            for (is_set, mut asns) in path.drain(..) {
                match normal.last_mut() {
                    Some((false, last)) if !is_set => last.append(&mut asns),
                    _ => {
                        if is_set {
                            asns.sort_unstable();
                            asns.dedup();
                        }
                        normal.push((is_set, asns));
                    }
                }
            }
            *path = normal;
        }
        self.others.iter_mut().for_each(|others| others.sort());
        self.withdrawn.iter_mut().chain(&mut self.announced).for_each(|routes| routes.sort());
        self
    }

    pub(crate) fn assert_routes_agree(&self, theirs: &Self, label: &str) {
        agree(&self.withdrawn, &theirs.withdrawn, "withdrawn", label);
        agree(&self.announced, &theirs.announced, "announced", label);
        agree(&self.reach, &theirs.reach, "reach", label);
        agree(&self.unreach, &theirs.unreach, "unreach", label);
    }

    pub(crate) fn assert_agrees(&self, theirs: &Self, label: &str) {
        self.assert_routes_agree(theirs, label);
        agree(&self.next_hop6, &theirs.next_hop6, "next hop of IPv6", label);
        // The others keep a second next hop of any kind.
        let link_local = theirs.link_local.map(|hop| hop.filter(Ipv6Addr::is_unicast_link_local));
        agree(&self.link_local, &link_local, "link-local next hop", label);
        agree(&self.origin, &theirs.origin, "origin", label);
        agree(&self.as_path, &theirs.as_path, "AS path", label);
        agree(&self.next_hop, &theirs.next_hop, "next hop", label);
        agree(&self.med, &theirs.med, "MED", label);
        agree(&self.local_pref, &theirs.local_pref, "local preference", label);
        agree(&self.atomic_aggregate, &theirs.atomic_aggregate, "atomic aggregate", label);
        agree(&self.aggregator, &theirs.aggregator, "aggregator", label);
        agree(&self.communities, &theirs.communities, "communities", label);
        agree(&self.extended, &theirs.extended, "extended communities", label);
        agree(&self.large, &theirs.large, "large communities", label);
        agree(&self.originator_id, &theirs.originator_id, "originator", label);
        agree(&self.cluster_list, &theirs.cluster_list, "cluster list", label);
        agree(&self.only_to_customer, &theirs.only_to_customer, "only to customer", label);
        agree(&self.others, &theirs.others, "unknown attributes", label);
    }
}

#[track_caller]
fn agree<T: PartialEq + std::fmt::Debug>(ours: &Option<T>, theirs: &Option<T>, what: &str, label: &str) {
    if theirs.is_some() {
        assert_eq!(ours, theirs, "{what}, {label}");
    }
}

fn community(community: Community) -> u32 {
    u32::from(community.asn) << 16 | u32::from(community.value)
}

fn four<'a>(routes: impl IntoIterator<Item = Option<Routes<'a>>>) -> Routes4 {
    let four = routes.into_iter().filter_map(|routes| match routes {
        Some(Routes::V4(routes)) => Some(routes),
        Some(Routes::V6(_)) | None => None,
    });
    four.flatten().map(|(id, prefix)| (id.0, prefix)).collect()
}

fn six(routes: Option<Routes>) -> Routes6 {
    match routes {
        Some(Routes::V6(routes)) => routes.iter().map(|(id, prefix)| (id.0, prefix)).collect(),
        Some(Routes::V4(_)) | None => Vec::new(),
    }
}

/// An attribute of the message.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    pub(crate) flags: u8,
    pub(crate) code: u8,
    pub(crate) value: Vec<u8>,
    /// It is the first of its type.
    pub(crate) first: bool,
}

/// The attributes as far as the list is whole.
pub(crate) fn raws(mut bytes: &[u8]) -> Vec<Raw> {
    let mut raws: Vec<Raw> = Vec::new();
    loop {
        let (flags, code, length, rest) = match *bytes {
            [flags, code, high, low, ref rest @ ..] if flags & 0x10 != 0 => {
                (flags, code, usize::from(u16::from_be_bytes([high, low])), rest)
            }
            [flags, code, length, ref rest @ ..] if flags & 0x10 == 0 => (flags, code, usize::from(length), rest),
            _ => return raws,
        };
        let Some((value, rest)) = rest.split_at_checked(length) else { return raws };
        let first = raws.iter().all(|raw| raw.code != code);
        raws.push(Raw { flags, code, value: value.to_vec(), first });
        bytes = rest;
    }
}
