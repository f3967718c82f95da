//! UPDATE (RFC 4271, section 4.3): routes withdrawn and announced.
//!
//! ```text
//! +-----------------------------------------------------+
//! |   Length of withdrawn routes (2)                    |
//! |   Withdrawn routes (variable), IPv4                 |
//! |   Length of path attributes (2)                     |
//! |   Path attributes (variable)                        |
//! |   Announced routes (variable), IPv4                 |
//! +-----------------------------------------------------+
//! ```
//!
//! There are two ways to read one. [`Update::read`] reads all of it and judges it by RFC 7606.
//! [`Update::plain`] does for a table that remembers attributes it has read before: it yields checked routes
//! and the bytes of the attributes, and stands aside (`None`) for any UPDATE that is not of the common form.

use crate::attribute::{Action, Attributes};
use crate::iana::attribute::MP_UNREACH_NLRI;
use crate::iana::attribute_flag::{EXTENDED_LENGTH, OPTIONAL, TRANSITIVE};
use crate::nlri::check_field;
use crate::reader::Reader;
use crate::{AfiSafi, Fault, NextHop, Nlri, Prefix4, Routes, Session};
use model::Family;

/// An UPDATE cut into its three fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Update<'a> {
    /// The withdrawn routes.
    pub withdrawn: &'a [u8],
    /// The path attributes.
    pub attributes: &'a [u8],
    /// The announced routes.
    pub nlri: &'a [u8],
}

/// An UPDATE, read and judged.
///
/// Withdrawals come first: a prefix may be in both. When `treat_as_withdraw` is set, what is announced is
/// to be withdrawn as well. When it is not, the attributes that RFC 4271 demands are all there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<'a> {
    /// Withdrawn IPv4 routes.
    pub withdrawn: Nlri<'a, Prefix4>,
    /// Announced IPv4 routes; their next hop is the attribute NEXT_HOP.
    pub announced: Nlri<'a, Prefix4>,
    /// The attributes; among them the routes of MP_REACH_NLRI and MP_UNREACH_NLRI, and what is malformed.
    pub attributes: Attributes<'a>,
    /// A malformed attribute makes all announced routes withdrawn ones (RFC 7606, section 2).
    pub treat_as_withdraw: bool,
}

impl<'a> Reading<'a> {
    /// Routes that are withdrawn, those that RFC 7606 makes so included.
    pub fn withdrawals(&self) -> impl Iterator<Item = Routes<'a>> + use<'a> {
        let revised = self.treat_as_withdraw.then(|| [Routes::V4(self.announced)].into_iter().chain(self.reach()));
        let named = [Routes::V4(self.withdrawn)].into_iter().chain(self.attributes.unreach);
        named.chain(revised.into_iter().flatten()).filter(|routes| !routes.is_empty())
    }

    /// Routes that are announced, with their next hop; none when they are treated as withdrawn.
    pub fn announcements(&self) -> impl Iterator<Item = (NextHop, Routes<'a>)> + use<'a> {
        let next_hop = self.attributes.next_hop.map(NextHop::V4);
        let field = next_hop.map(|next_hop| (next_hop, Routes::V4(self.announced)));
        let reach = self.attributes.reach.map(|reach| (reach.next_hop, reach.routes));
        let all = (!self.treat_as_withdraw).then_some([field, reach]);
        all.into_iter().flatten().flatten().filter(|(_, routes)| !routes.is_empty())
    }

    fn reach(&self) -> Option<Routes<'a>> {
        self.attributes.reach.map(|reach| reach.routes)
    }
}

impl<'a> Update<'a> {
    /// Cuts a body into its fields.
    ///
    /// # Errors
    ///
    /// [`Fault::UpdateLength`] when a length field exceeds the body (RFC 4271, section 6.3).
    pub fn split(body: &'a [u8]) -> Result<Self, Fault> {
        let (withdrawn, rest) = sized("Withdrawn Routes Length", body)?;
        let (attributes, nlri) = sized("Total Path Attribute Length", rest)?;
        Ok(Self { withdrawn, attributes, nlri })
    }

    /// Reads all of it.
    ///
    /// IPv4 routes in the fields of the UPDATE are left out when IPv4 was not agreed on, after their form
    /// has been checked.
    ///
    /// # Errors
    ///
    /// A fault that ends the session: routes that cannot be read (RFC 7606, sections 3 (j) and 5.3), an
    /// attribute whose fault asks for it, or any malformed attribute that asks for more than to be discarded
    /// when the UPDATE announces nothing (section 5.2).
    pub fn read(&self, session: &Session) -> Result<Reading<'a>, Fault> {
        let (withdrawn, announced) = self.fields(session)?;
        let mut attributes = Attributes::read(self.attributes, session);
        let multiprotocol = attributes.foreign_reach || attributes.reach.is_some_and(|reach| !reach.routes.is_empty());
        let announces = multiprotocol || !announced.is_empty();
        if announces {
            attributes.demand(!announced.is_empty(), session.neighbor);
        }
        let treat_as_withdraw = judge(&attributes, announces)?;
        let (withdrawn, announced) =
            if session.families.v4 { (withdrawn, announced) } else { (Nlri::EMPTY, Nlri::EMPTY) };
        Ok(Reading { withdrawn, announced, attributes, treat_as_withdraw })
    }

    fn fields(&self, session: &Session) -> Result<(Nlri<'a, Prefix4>, Nlri<'a, Prefix4>), Fault> {
        let with_ids = session.add_path.v4;
        let withdrawn = check_field("Withdrawn Routes", self.withdrawn, with_ids)?;
        let announced = check_field("Network Layer Reachability Information", self.nlri, with_ids)?;
        Ok((withdrawn, announced))
    }

    /// The family whose routes have all been sent, if that is what the UPDATE says (RFC 4724, section 2).
    pub fn end_of_rib(&self) -> Option<AfiSafi> {
        let ([], []) = (self.withdrawn, self.nlri) else { return None };
        let (flags, family) = match self.attributes {
            [] => return Some(Family::V4.into()),
            &[flags, MP_UNREACH_NLRI, 3, ref family @ ..] if flags & EXTENDED_LENGTH == 0 => (flags, family),
            &[flags, MP_UNREACH_NLRI, 0, 3, ref family @ ..] if flags & EXTENDED_LENGTH != 0 => (flags, family),
            _ => return None,
        };
        let &[high, low, safi] = family else { return None };
        (flags & (OPTIONAL | TRANSITIVE) == OPTIONAL).then_some(AfiSafi { afi: u16::from_be_bytes([high, low]), safi })
    }
}

/// Whether the routes are treated as withdrawn (RFC 7606, section 2).
///
/// # Errors
///
/// The strongest fault, if it ends the session: as its attribute asks, or since without routes there is
/// nothing to withdraw (section 5.2).
pub(crate) fn judge(attributes: &Attributes<'_>, announces: bool) -> Result<bool, Fault> {
    match attributes.faults.strongest().map(|fault| (fault.action, fault)) {
        None | Some((Action::Discard, _)) => Ok(false),
        Some((Action::TreatAsWithdraw, _)) if announces => Ok(true),
        Some((Action::TreatAsWithdraw | Action::SessionReset, fault)) => Err(fault.to_fault()),
    }
}

fn sized<'a>(field: &'static str, bytes: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Fault> {
    let mut reader = Reader::new(bytes);
    let length = reader.u16().ok_or(Fault::UpdateLength { field, length: 2, room: bytes.len() })?;
    let taken = reader.take(length.into());
    let room = reader.rest();
    let taken = taken.ok_or(Fault::UpdateLength { field, length: length.into(), room: room.len() })?;
    Ok((taken, room))
}
