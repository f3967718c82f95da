//! Attributes as a value of their own, to be changed and sent on.
//!
//! The next hop is not among them: it differs from session to session where all else is the same, so
//! [`crate::pack`] puts it in. What is written is therefore a [`Template`]: the bytes of all other
//! attributes, and where in them NEXT_HOP belongs.

use super::as_path::{narrow, write as write_path};
use super::{
    Aggregator, Attributes, ExtendedCommunity, Item, LargeCommunity, Origin, PathSegment, SegmentKind, TypeSet, flags,
};
use crate::frame::EXTENDED_LIMIT;
use crate::iana::attribute::*;
use crate::iana::attribute_flag::{EXTENDED_LENGTH, OPTIONAL, PARTIAL, TRANSITIVE};
use crate::{Neighbor, Oversize, Session};
use model::{Asn, Community};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// The attributes of a route, without its next hop.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AttributeSet {
    /// ORIGIN.
    pub origin: Origin,
    /// AS_PATH, the nearest AS first. Sequences that follow each other are one.
    pub as_path: Vec<PathSegment>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF. Written to internal neighbours only.
    pub local_pref: Option<u32>,
    /// ATOMIC_AGGREGATE.
    pub atomic_aggregate: bool,
    /// AGGREGATOR.
    pub aggregator: Option<Aggregator>,
    /// COMMUNITIES. Not written when empty, as the other lists.
    pub communities: Vec<Community>,
    /// ORIGINATOR_ID. Written to internal neighbours only.
    pub originator_id: Option<Ipv4Addr>,
    /// CLUSTER_LIST. Written to internal neighbours only.
    pub cluster_list: Vec<Ipv4Addr>,
    /// EXTENDED COMMUNITIES.
    pub extended_communities: Vec<ExtendedCommunity>,
    /// LARGE_COMMUNITY. What is in it twice is written once.
    pub large_communities: Vec<LargeCommunity>,
    /// OTC.
    pub only_to_customer: Option<Asn>,
    /// Which of the above are written with the Partial bit.
    pub partial: TypeSet,
    /// What is not known and passed on, by ascending type as [`Attributes::to_set`] has it.
    pub others: Vec<OtherAttribute>,
}

/// An optional transitive attribute that is not known. It is written with the Partial bit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherAttribute {
    /// The type code.
    pub code: u8,
    /// The value.
    pub value: Vec<u8>,
}

impl Attributes<'_> {
    /// The same as a value of its own; `None` without ORIGIN or AS_PATH, which an UPDATE that announces
    /// routes and is not treated as a withdrawal has.
    ///
    /// Two lists that mean the same give equal sets: unknown attributes are sorted by type, and a large
    /// community that is there twice is there once (RFC 8092, section 5).
    pub fn to_set(&self) -> Option<AttributeSet> {
        let mut others: Vec<OtherAttribute> =
            self.others().map(|other| OtherAttribute { code: other.code, value: other.value.to_vec() }).collect();
        others.sort_by_key(|other| other.code);
        Some(AttributeSet {
            origin: self.origin?,
            as_path: self.as_path?.to_segments(),
            med: self.med,
            local_pref: self.local_pref,
            atomic_aggregate: self.atomic_aggregate,
            aggregator: self.aggregator,
            communities: self.communities.iter().collect(),
            originator_id: self.originator_id,
            cluster_list: self.cluster_list.iter().collect(),
            extended_communities: self.extended_communities.iter().collect(),
            large_communities: once_each(self.large_communities.iter()),
            only_to_customer: self.only_to_customer,
            partial: self.partial,
            others,
        })
    }
}

impl AttributeSet {
    /// Origin and path, and nothing else.
    pub fn new(origin: Origin, as_path: Vec<PathSegment>) -> Self {
        Self {
            origin,
            as_path,
            med: None,
            local_pref: None,
            atomic_aggregate: false,
            aggregator: None,
            communities: Vec::new(),
            originator_id: None,
            cluster_list: Vec::new(),
            extended_communities: Vec::new(),
            large_communities: Vec::new(),
            only_to_customer: None,
            partial: TypeSet::default(),
            others: Vec::new(),
        }
    }

    /// Puts an AS in front of the path, so many times (RFC 4271, section 5.1.2).
    pub fn prepend(&mut self, asn: Asn, times: usize) {
        let front = std::iter::repeat_n(asn, times);
        match self.as_path.first_mut() {
            Some(PathSegment { kind: SegmentKind::Sequence, asns }) => drop(asns.splice(0..0, front)),
            _ if times == 0 => {}
            _ => self.as_path.insert(0, PathSegment::sequence(front)),
        }
    }

    /// Takes out what a route that was learned must not carry into the next AS: MULTI_EXIT_DISC (RFC 4271,
    /// section 5.1.4), what is for internal neighbours only, and extended communities that are not
    /// transitive (RFC 4360, section 2). Policy may put a MULTI_EXIT_DISC of our own in again.
    pub fn leave_as(&mut self) {
        self.med = None;
        self.local_pref = None;
        self.originator_id = None;
        self.cluster_list.clear();
        self.extended_communities.retain(|community| community.is_transitive());
        if self.extended_communities.is_empty() {
            self.partial.remove(EXTENDED_COMMUNITIES);
        }
    }

    /// Writes them for a session, in ascending order of type. Of the session only its
    /// [`class`](Session::class) counts.
    ///
    /// Where AS numbers have two octets, numbers that do not fit are written as 23456 and the true ones in
    /// AS4_PATH and AS4_AGGREGATOR (RFC 6793, section 4.2.2).
    ///
    /// # Errors
    ///
    /// When they are longer than the longest UPDATE there can be.
    pub fn template(&self, session: &Session) -> Result<Template, Oversize> {
        let internal = session.neighbor == Neighbor::Internal;
        let mut others: Vec<&OtherAttribute> = self.others.iter().collect();
        others.sort_by_key(|other| other.code);
        let mut writer = Writer { out: Vec::new(), partial: self.partial, others: &others };

        writer.put(ORIGIN, |out| out.push(self.origin.code()));
        writer.put(AS_PATH, |out| write_path(&self.as_path, session.four_octet_as, out));
        writer.others_before(NEXT_HOP);
        let cut = writer.out.len();
        writer.put_some(MULTI_EXIT_DISC, self.med, u32::to_be_bytes);
        writer.put_some(LOCAL_PREF, self.local_pref.filter(|_| internal), u32::to_be_bytes);
        if self.atomic_aggregate {
            writer.put(ATOMIC_AGGREGATE, |_| ());
        }
        if let Some(aggregator) = self.aggregator {
            writer.put(AGGREGATOR, |out| write_aggregator(aggregator, session.four_octet_as, out));
        }
        writer.put_list(COMMUNITIES, &self.communities);
        writer.put_some(ORIGINATOR_ID, self.originator_id.filter(|_| internal), |id| id.octets());
        writer.put_list(CLUSTER_LIST, if internal { &self.cluster_list } else { &[] });
        writer.put_list(EXTENDED_COMMUNITIES, &self.extended_communities);
        if !session.four_octet_as {
            let too_wide = |asn: &Asn| asn.0 > u32::from(u16::MAX);
            if self.as_path.iter().flat_map(|segment| &segment.asns).any(too_wide) {
                writer.put(AS4_PATH, |out| write_path(&self.as_path, true, out));
            }
            if let Some(aggregator) = self.aggregator.filter(|aggregator| too_wide(&aggregator.asn)) {
                writer.put(AS4_AGGREGATOR, |out| write_aggregator(aggregator, true, out));
            }
        }
        writer.put_list(LARGE_COMMUNITY, &once_each(self.large_communities.iter().copied()));
        writer.put_some(OTC, self.only_to_customer, |asn| asn.0.to_be_bytes());
        writer.others_before(u8::MAX);

        let bytes = writer.out;
        if bytes.len() > EXTENDED_LIMIT {
            return Err(Oversize { what: "path attributes", length: bytes.len(), limit: EXTENDED_LIMIT });
        }
        Ok(Template { bytes, cut })
    }
}

/// The items in order without those that came before. A list may be as long as a message, hence the tree.
fn once_each<T: Ord + Copy>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items.filter(|item| seen.insert(*item)).collect()
}

fn write_aggregator(aggregator: Aggregator, wide: bool, out: &mut Vec<u8>) {
    if wide {
        out.extend_from_slice(&aggregator.asn.0.to_be_bytes());
    } else {
        out.extend_from_slice(&narrow(aggregator.asn.0).to_be_bytes());
    }
    out.extend_from_slice(&aggregator.address.octets());
}

/// Attributes as they are sent, all but the next hop. The same bytes serve every session that they suit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Template {
    bytes: Vec<u8>,
    cut: usize,
}

impl Template {
    /// What goes before NEXT_HOP.
    pub fn head(&self) -> &[u8] {
        self.bytes.get(..self.cut).unwrap_or_default()
    }

    /// What goes behind it.
    pub fn tail(&self) -> &[u8] {
        self.bytes.get(self.cut..).unwrap_or_default()
    }

    /// Both together: what goes beside MP_REACH_NLRI.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Writes attributes in ascending order of type, the unknown ones in their places between.
struct Writer<'a> {
    out: Vec<u8>,
    partial: TypeSet,
    others: &'a [&'a OtherAttribute],
}

impl Writer<'_> {
    fn others_before(&mut self, code: u8) {
        while let Some((other, rest)) = self.others.split_first().filter(|(other, _)| other.code <= code) {
            self.others = rest;
            write(&mut self.out, OPTIONAL | TRANSITIVE | PARTIAL, other.code, |out| {
                out.extend_from_slice(&other.value)
            });
        }
    }

    fn put(&mut self, code: u8, value: impl FnOnce(&mut Vec<u8>)) {
        self.others_before(code);
        let partial = if self.partial.contains(code) { PARTIAL } else { 0 };
        write(&mut self.out, flags(code).unwrap_or_default() | partial, code, value);
    }

    fn put_some<T, const N: usize>(&mut self, code: u8, value: Option<T>, bytes: impl FnOnce(T) -> [u8; N]) {
        if let Some(value) = value {
            self.put(code, |out| out.extend_from_slice(&bytes(value)));
        }
    }

    fn put_list<T: Item>(&mut self, code: u8, list: &[T]) {
        if !list.is_empty() {
            self.put(code, |out| list.iter().for_each(|item| item.write(out)));
        }
    }
}

/// Appends an attribute, with a length of two octets where one does not do. A value of more than 65,535
/// octets leaves a length that is wrong; [`AttributeSet::template`] refuses the whole then.
fn write(out: &mut Vec<u8>, flags: u8, code: u8, value: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[flags, code, 0]);
    value(out);
    let length = out.len() - start - 3;
    let [high, low] = (length as u16).to_be_bytes();
    let header: &[u8] = if length > 255 { &[flags | EXTENDED_LENGTH, code, high, low] } else { &[flags, code, low] };
    out.splice(start..start + 3, header.iter().copied());
}
