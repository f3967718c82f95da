//! UPDATEs of the common form, for a table that remembers attributes.
//!
//! Most UPDATEs carry attributes that came before, byte for byte. A table that remembers what
//! [`Update::read`] made of them needs three things of the next UPDATE: its routes, checked; the bytes of its
//! attributes to look up; and the certainty that the same bytes mean the same again. [`Plain`] is these
//! three. MP_REACH_NLRI and MP_UNREACH_NLRI are set apart, since their routes differ each time.
//!
//! The promise: two plain UPDATEs with equal [`Announced::attributes`], both with or both without
//! [`Announced::next_hop`], on sessions of the same [`class`](Session::class), get the same of
//! [`Update::read`]: the same attributes but for the routes set apart, the same `treat_as_withdraw`, or the
//! same fault. What depends on more than that (our own AS in the path, the first AS being the peer's, a next
//! hop on the common link) is the table's to ask each time.
//!
//! [`Judged::read`] is what full reading says of the bytes alone: for the first time they are seen, and for
//! every time that policy changes.

use crate::attribute::{Multiprotocol, NextHop, RawAttributes, reach, unreach};
use crate::iana::attribute::{MP_REACH_NLRI, MP_UNREACH_NLRI};
use crate::iana::attribute_flag::{OPTIONAL, TRANSITIVE};
use crate::update::judge;
use crate::{AttributeClass, Attributes, Fault, Nlri, Prefix4, Routes, Session, Update};

/// An UPDATE that announces routes of at most one family, and whose attribute list is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plain<'a> {
    /// Withdrawn IPv4 routes, of the field of the UPDATE.
    pub withdrawn: Nlri<'a, Prefix4>,
    /// Withdrawn routes of MP_UNREACH_NLRI.
    pub unreach: Option<Routes<'a>>,
    /// What is announced, if anything.
    pub announced: Option<Announced<'a>>,
}

/// The routes that a plain UPDATE announces, before their attributes are known to be good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced<'a> {
    /// The routes; at least one.
    pub routes: Routes<'a>,
    /// The next hop of MP_REACH_NLRI; `None` when the routes are in the UPDATE itself and their next hop is
    /// the attribute NEXT_HOP.
    pub next_hop: Option<NextHop>,
    /// The attributes without MP_REACH_NLRI and MP_UNREACH_NLRI.
    pub attributes: AttributeBytes<'a>,
}

/// Attributes without MP_REACH_NLRI and MP_UNREACH_NLRI, read and judged as those of routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The attributes, and what is malformed.
    pub attributes: Attributes<'a>,
    /// A malformed attribute makes the routes withdrawn ones. When not, ORIGIN and AS_PATH are there.
    pub treat_as_withdraw: bool,
}

impl<'a> Judged<'a> {
    /// Reads [`Announced::attributes`]. `next_hop_apart` says that [`Announced::next_hop`] was there.
    ///
    /// # Errors
    ///
    /// The fault that ends the session, as [`Update::read`] finds it.
    pub fn read(bytes: &'a [u8], class: AttributeClass, next_hop_apart: bool) -> Result<Self, Fault> {
        let mut attributes = Attributes::read(bytes, &class.session());
        attributes.demand(!next_hop_apart, class.neighbor);
        let treat_as_withdraw = judge(&attributes, true)?;
        Ok(Self { attributes, treat_as_withdraw })
    }
}

/// The bytes of attributes, in up to three pieces with what was between them taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AttributeBytes<'a>([&'a [u8]; 3]);

impl<'a> AttributeBytes<'a> {
    /// All of them, if they are in one piece, as they are unless MP_REACH_NLRI is among others.
    pub fn as_slice(&self) -> Option<&'a [u8]> {
        match self.0 {
            [piece, [], []] | [[], piece, []] | [[], [], piece] => Some(piece),
            _ => None,
        }
    }

    /// Appends all of them to a buffer.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        self.0.iter().for_each(|piece| out.extend_from_slice(piece));
    }

    fn is_empty(&self) -> bool {
        self.as_slice().is_some_and(<[u8]>::is_empty)
    }
}

impl<'a> Update<'a> {
    /// The UPDATE as a plain one; `None` when it has to be [read](Update::read) in full to be judged.
    pub fn plain(&self, session: &Session) -> Option<Plain<'a>> {
        let with_ids = session.add_path.v4;
        let withdrawn = Nlri::<Prefix4>::check(self.withdrawn, with_ids).ok()?;
        let announced = Nlri::<Prefix4>::check(self.nlri, with_ids).ok()?;
        let empty = withdrawn.is_empty() && announced.is_empty();
        if !empty && !session.families.v4 {
            return None;
        }
        let apart = Apart::of(self.attributes, session)?;
        let announced = match (announced.is_empty(), apart.reach) {
            (false, None) => Some(Announced { routes: Routes::V4(announced), next_hop: None, attributes: apart.rest }),
            (true, Some((next_hop, routes))) if !routes.is_empty() => {
                Some(Announced { routes, next_hop: Some(next_hop), attributes: apart.rest })
            }
            (true, None) if apart.rest.is_empty() => None,
            _ => return None,
        };
        Some(Plain { withdrawn, unreach: apart.unreach, announced })
    }
}

/// An attribute list with MP_REACH_NLRI and MP_UNREACH_NLRI set apart.
struct Apart<'a> {
    reach: Option<(NextHop, Routes<'a>)>,
    unreach: Option<Routes<'a>>,
    rest: AttributeBytes<'a>,
}

impl<'a> Apart<'a> {
    /// `None` for a list that is cut off, or with an attribute of the two that is malformed, of a family
    /// that was not agreed on, or there twice.
    fn of(attributes: &'a [u8], session: &Session) -> Option<Self> {
        let mut apart = Self { reach: None, unreach: None, rest: AttributeBytes::default() };
        let mut list = RawAttributes(attributes);
        let mut piece = attributes;
        let mut pieces = apart.rest.0.iter_mut();
        while let Some(raw) = list.next() {
            let raw = raw.ok()?;
            if !matches!(raw.code, MP_REACH_NLRI | MP_UNREACH_NLRI) {
                continue;
            }
            if raw.flags & (OPTIONAL | TRANSITIVE) != OPTIONAL {
                return None;
            }
            match raw.code {
                MP_REACH_NLRI if apart.reach.is_none() => match reach(raw.value, session).ok()? {
                    Multiprotocol::Ours(reach, None) => apart.reach = Some((reach.next_hop, reach.routes)),
                    _ => return None,
                },
                MP_UNREACH_NLRI if apart.unreach.is_none() => match unreach(raw.value, session).ok()? {
                    Multiprotocol::Ours(routes, _) => apart.unreach = Some(routes),
                    Multiprotocol::Foreign(_) => return None,
                },
                _ => return None,
            }
            let before = piece.len() - list.0.len() - raw.bytes.len();
            *pieces.next()? = piece.get(..before)?;
            piece = list.0;
        }
        *pieces.next()? = piece;
        Some(apart)
    }
}
