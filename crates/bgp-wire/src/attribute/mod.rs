//! Path attributes: read where they lie, judged by RFC 7606.
//!
//! [`Attributes::read`] goes once over the attribute field of an UPDATE and never fails: what is malformed
//! is left out and put on the list of [`AttributeFaults`], each with its [`Action`]. [`AttributeSet`] is the
//! same as a value of its own, for those that change attributes and send them on.

mod as_path;
mod community;
mod fault;
mod multiprotocol;
mod raw;
mod set;

pub use as_path::{AsPath, Asns, PathSegment, Segment, SegmentKind, Segments};
pub use community::{ExtendedCommunity, Item, LargeCommunity, List};
pub use fault::{Action, AttributeFault, AttributeFaults, Problem};
pub use multiprotocol::{NextHop, NextHop6, Reach};
pub use raw::{RawAttribute, TypeSet};
pub use set::{AttributeSet, OtherAttribute, Template};

use crate::iana::attribute::*;
use crate::iana::attribute_flag::{OPTIONAL, TRANSITIVE};
use crate::iana::{asn, origin};
use crate::{Neighbor, Routes, Session};
use model::{Asn, Community};
pub(crate) use multiprotocol::Multiprotocol;
pub(crate) use multiprotocol::{reach, unreach};
pub(crate) use raw::RawAttributes;
use std::net::Ipv4Addr;

/// How a route came into BGP (RFC 4271, section 5.1.1), the preferred first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// From inside the originating AS.
    Igp,
    /// By EGP.
    Egp,
    /// By other means.
    Incomplete,
}

impl Origin {
    /// The octet.
    pub fn code(self) -> u8 {
        match self {
            Self::Igp => origin::IGP,
            Self::Egp => origin::EGP,
            Self::Incomplete => origin::INCOMPLETE,
        }
    }
}

/// Who aggregated the route (RFC 4271, section 5.1.7).
///
/// ```text
/// | AS (2 or 4 octets) | Address (4) |
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aggregator {
    /// The AS.
    pub asn: Asn,
    /// The speaker's address.
    pub address: Ipv4Addr,
}

/// The attributes of an UPDATE, read where they lie.
///
/// Only what is well formed and meant for us is in a field; the rest is in `faults`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes<'a> {
    /// ORIGIN.
    pub origin: Option<Origin>,
    /// AS_PATH, with AS4_PATH merged into it.
    pub as_path: Option<AsPath<'a>>,
    /// NEXT_HOP, of the IPv4 routes of the UPDATE itself. That it is a host's address is asked only with such
    /// routes.
    pub next_hop: Option<Ipv4Addr>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF, of an internal neighbour.
    pub local_pref: Option<u32>,
    /// ATOMIC_AGGREGATE is there.
    pub atomic_aggregate: bool,
    /// AGGREGATOR, with AS4_AGGREGATOR merged into it.
    pub aggregator: Option<Aggregator>,
    /// COMMUNITIES.
    pub communities: List<'a, Community>,
    /// ORIGINATOR_ID, of an internal neighbour.
    pub originator_id: Option<Ipv4Addr>,
    /// CLUSTER_LIST, of an internal neighbour.
    pub cluster_list: List<'a, Ipv4Addr>,
    /// MP_REACH_NLRI of a family that was agreed on.
    pub reach: Option<Reach<'a>>,
    /// MP_UNREACH_NLRI of a family that was agreed on.
    pub unreach: Option<Routes<'a>>,
    /// EXTENDED COMMUNITIES.
    pub extended_communities: List<'a, ExtendedCommunity>,
    /// LARGE_COMMUNITY.
    pub large_communities: List<'a, LargeCommunity>,
    /// OTC: the AS that first sent the route to a customer or peer (RFC 9234).
    pub only_to_customer: Option<Asn>,
    /// The known attributes that came with the Partial bit, which has to go on with them.
    pub partial: TypeSet,
    /// What is malformed.
    pub faults: AttributeFaults<'a>,
    /// MP_REACH_NLRI of another family is there.
    pub(crate) foreign_reach: bool,
    /// The type codes that are there, well formed or not.
    seen: TypeSet,
    /// The whole field, for what is not known.
    bytes: &'a [u8],
}

/// What of AS numbers came in two attributes, before they are merged.
#[derive(Default)]
struct Wide<'a> {
    as4_path: Option<&'a [u8]>,
    as4_aggregator: Option<Aggregator>,
}

impl<'a> Attributes<'a> {
    /// Reads the attribute field of an UPDATE. What an announcement demands is not asked here; [`Update::read`]
    /// does, and [`Judged::read`] of attributes that were remembered.
    ///
    /// [`Update::read`]: crate::Update::read
    /// [`Judged::read`]: crate::Judged::read
    ///
    /// The meaning of all but MP_REACH_NLRI and MP_UNREACH_NLRI depends on [`Session::class`] and nothing
    /// else of the session.
    pub fn read(bytes: &'a [u8], session: &Session) -> Self {
        let mut attributes = Self { bytes, ..Self::default() };
        let mut wide = Wide::default();
        for raw in RawAttributes(bytes) {
            let (code, problem, bytes) = match raw {
                Err(cut) => {
                    let problem = if cut.overrun { Problem::Overrun } else { Problem::CutOff };
                    (cut.code(), problem, cut.bytes)
                }
                Ok(raw) if !attributes.seen.insert(raw.code) => (raw.code, Problem::Duplicate, raw.bytes),
                Ok(raw) => match attributes.take(&raw, session, &mut wide) {
                    Ok(()) => continue,
                    Err(problem) => (raw.code, problem, raw.bytes),
                },
            };
            attributes.fail(code, problem, bytes);
        }
        attributes.merge(wide);
        attributes
    }

    fn fail(&mut self, code: u8, problem: Problem, bytes: &'a [u8]) {
        self.faults.push(AttributeFault { code, problem, action: problem.action(code), bytes });
    }

    /// Asks for what an announcement cannot be without (RFC 4271, section 5; RFC 7606, section 3 (d)):
    /// LOCAL_PREF is among it inside an AS, and NEXT_HOP for IPv4 routes in the UPDATE itself. Without such
    /// routes NEXT_HOP is ignored (RFC 4760, section 3).
    pub(crate) fn demand(&mut self, next_hop: bool, neighbor: Neighbor) {
        let internal = neighbor == Neighbor::Internal;
        // One that is there and malformed has its fault already.
        for (code, demanded) in [(ORIGIN, true), (AS_PATH, true), (NEXT_HOP, next_hop), (LOCAL_PREF, internal)] {
            if demanded && !self.seen.contains(code) {
                self.fail(code, Problem::Missing, &[]);
            }
        }
        if next_hop && self.next_hop.is_some_and(|address| !multiprotocol::is_host(address)) {
            let raw = RawAttributes(self.bytes).map_while(Result::ok).find(|raw| raw.code == NEXT_HOP);
            self.fail(NEXT_HOP, Problem::NextHop, raw.map_or(&[], |raw| raw.bytes));
        }
    }

    /// Reads one attribute into its field.
    fn take(&mut self, raw: &RawAttribute<'a>, session: &Session, wide: &mut Wide<'a>) -> Result<(), Problem> {
        let value = raw.value;
        let length = Problem::Length(value.len() as u16);
        let Some(flags) = flags(raw.code) else {
            return if raw.is_optional() { Ok(()) } else { Err(Problem::UnknownWellKnown(raw.code)) };
        };
        let external = session.neighbor == Neighbor::External;
        match raw.code {
            LOCAL_PREF | ORIGINATOR_ID | CLUSTER_LIST if external => return Err(Problem::Unexpected),
            AS4_PATH | AS4_AGGREGATOR if session.four_octet_as => return Err(Problem::Unexpected),
            _ => {}
        }
        if raw.flags & (OPTIONAL | TRANSITIVE) != flags {
            return Err(Problem::Flags(raw.flags));
        }
        match raw.code {
            ORIGIN => {
                let &[code] = value else { return Err(length) };
                self.origin = Some(match code {
                    origin::IGP => Origin::Igp,
                    origin::EGP => Origin::Egp,
                    origin::INCOMPLETE => Origin::Incomplete,
                    _ => return Err(Problem::Value(code)),
                });
            }
            AS_PATH => self.as_path = Some(AsPath::check(value, session.four_octet_as)?),
            // Whether it is a host's address matters only to routes that it is the next hop of.
            NEXT_HOP => self.next_hop = Some(Ipv4Addr::read(value).ok_or(length)?),
            MULTI_EXIT_DISC => self.med = Some(number(value)?),
            LOCAL_PREF => self.local_pref = Some(number(value)?),
            ATOMIC_AGGREGATE => match value {
                [] => self.atomic_aggregate = true,
                _ => return Err(length),
            },
            AGGREGATOR => self.aggregator = Some(aggregator(value, session.four_octet_as)?),
            COMMUNITIES => self.communities = List::check(value)?,
            ORIGINATOR_ID => self.originator_id = Some(Ipv4Addr::read(value).ok_or(length)?),
            CLUSTER_LIST => self.cluster_list = List::check(value)?,
            MP_REACH_NLRI => match multiprotocol::reach(value, session)? {
                Multiprotocol::Ours(reach, wrong) => {
                    self.reach = Some(reach);
                    wrong.map_or(Ok(()), Err)?;
                }
                Multiprotocol::Foreign(family) => {
                    self.foreign_reach = true;
                    return Err(Problem::Family(family));
                }
            },
            MP_UNREACH_NLRI => match multiprotocol::unreach(value, session)? {
                Multiprotocol::Ours(routes, _) => self.unreach = Some(routes),
                Multiprotocol::Foreign(family) => return Err(Problem::Family(family)),
            },
            EXTENDED_COMMUNITIES => self.extended_communities = List::check(value)?,
            AS4_PATH => {
                as_path::check_as4_path(value)?;
                wide.as4_path = Some(value);
            }
            AS4_AGGREGATOR => wide.as4_aggregator = Some(aggregator(value, true)?),
            LARGE_COMMUNITY => self.large_communities = List::check(value)?,
            OTC => self.only_to_customer = Some(Asn(number(value)?)),
            _ => {}
        }
        // AS4_PATH and AS4_AGGREGATOR are made anew from what they are merged into.
        let merged = matches!(raw.code, AS4_PATH | AS4_AGGREGATOR);
        if raw.is_partial() && raw.is_transitive() && raw.is_optional() && !merged {
            self.partial.insert(raw.code);
        }
        Ok(())
    }

    /// Puts together what came in two attributes (RFC 6793, section 4.2.3).
    fn merge(&mut self, wide: Wide<'a>) {
        if let Some(as4) = wide.as4_aggregator {
            match self.aggregator {
                // Somebody aggregated again who knew nothing of AS4_AGGREGATOR: both AS4 attributes are old.
                Some(narrow) if narrow.asn != asn::AS_TRANS => return,
                Some(_) | None => self.aggregator = Some(as4),
            }
        }
        if let (Some(path), Some(as4_path)) = (self.as_path, wide.as4_path) {
            self.as_path = Some(path.with_as4_path(as4_path));
        }
    }

    /// The attributes that are not known, and optional and transitive: to be sent on as they are, with the
    /// Partial bit set (RFC 4271, section 5).
    pub fn others(&self) -> impl Iterator<Item = RawAttribute<'a>> + use<'a> {
        let mut seen = TypeSet::default();
        RawAttributes(self.bytes)
            .map_while(Result::ok)
            .filter(move |raw| seen.insert(raw.code))
            .filter(|raw| flags(raw.code).is_none() && raw.is_optional() && raw.is_transitive())
    }
}

/// The Optional and Transitive bits of the attributes that are read here; `None` for others.
fn flags(code: u8) -> Option<u8> {
    match code {
        ORIGIN | AS_PATH | NEXT_HOP | LOCAL_PREF | ATOMIC_AGGREGATE => Some(TRANSITIVE),
        MULTI_EXIT_DISC | ORIGINATOR_ID | CLUSTER_LIST | MP_REACH_NLRI | MP_UNREACH_NLRI => Some(OPTIONAL),
        AGGREGATOR | COMMUNITIES | EXTENDED_COMMUNITIES | AS4_PATH | AS4_AGGREGATOR | LARGE_COMMUNITY | OTC => {
            Some(OPTIONAL | TRANSITIVE)
        }
        _ => None,
    }
}

fn number(value: &[u8]) -> Result<u32, Problem> {
    value.try_into().map(u32::from_be_bytes).map_err(|_| Problem::Length(value.len() as u16))
}

fn aggregator(value: &[u8], wide: bool) -> Result<Aggregator, Problem> {
    let (asn, address) = match (wide, value) {
        (false, &[a, b, ref address @ ..]) => (u32::from_be_bytes([0, 0, a, b]), address),
        (true, &[a, b, c, d, ref address @ ..]) => (u32::from_be_bytes([a, b, c, d]), address),
        _ => return Err(Problem::Length(value.len() as u16)),
    };
    let address = Ipv4Addr::read(address).ok_or(Problem::Length(value.len() as u16))?;
    if asn == 0 {
        return Err(Problem::AsZero);
    }
    Ok(Aggregator { asn: Asn(asn), address })
}
