//! MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760): routes of any family as attributes.
//!
//! ```text
//! MP_REACH_NLRI                        MP_UNREACH_NLRI
//! +--------------------------------+   +--------------------------------+
//! | AFI (2)                        |   | AFI (2)                        |
//! | SAFI (1)                       |   | SAFI (1)                       |
//! | Length of next hop (1)         |   | Withdrawn routes (variable)    |
//! | Next hop (variable)            |   +--------------------------------+
//! | Reserved (1)                   |
//! | Routes (variable)              |
//! +--------------------------------+
//! ```
//!
//! The next hop of IPv6 is one address of 16 octets, or two: a global one and a link-local one (RFC 2545).

use super::fault::Problem;
use crate::reader::Reader;
use crate::{AfiSafi, Routes, Session};
use model::Family;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Where to send packets for the routes of an UPDATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NextHop {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, or two.
    V6(NextHop6),
}

/// The next hop of IPv6 routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NextHop6 {
    /// The first or only address: global, unless the peer has nothing but a link-local one.
    pub global: Ipv6Addr,
    /// The second address, good on the common link only; `None` as well for one that is not link-local,
    /// which is ignored.
    pub link_local: Option<Ipv6Addr>,
}

impl NextHop {
    /// Whether the addresses can be a host's at all.
    fn is_host(&self) -> bool {
        match self {
            Self::V4(address) => is_host(*address),
            Self::V6(hop) => !hop.global.is_unspecified() && !hop.global.is_multicast(),
        }
    }
}

/// Neither 0.0.0.0 nor of class D or E. 127.0.0.0/8 passes: there are laboratories on one machine.
pub(super) fn is_host(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    !address.is_unspecified() && first < 224
}

/// What MP_REACH_NLRI announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach<'a> {
    /// The next hop of all its routes.
    pub next_hop: NextHop,
    /// The routes.
    pub routes: Routes<'a>,
}

/// What came of reading one of the two attributes.
pub(crate) enum Multiprotocol<T> {
    /// Of a family that was agreed on, with what is wrong with the next hop.
    Ours(T, Option<Problem>),
    /// Of another family. Nothing behind the family is looked at.
    Foreign(AfiSafi),
}

fn family(reader: &mut Reader<'_>, session: &Session) -> Option<Result<Family, AfiSafi>> {
    let family = AfiSafi { afi: reader.u16()?, safi: reader.u8()? };
    Some(family.family().filter(|ours| session.families.contains(*ours)).ok_or(family))
}

/// Reads MP_REACH_NLRI.
pub(crate) fn reach<'a>(value: &'a [u8], session: &Session) -> Result<Multiprotocol<Reach<'a>>, Problem> {
    let short = || Problem::Length(value.len() as u16);
    let mut reader = Reader::new(value);
    let family = match family(&mut reader, session).ok_or_else(short)? {
        Ok(family) => family,
        Err(_) if value.len() < 5 => return Err(short()),
        Err(foreign) => return Ok(Multiprotocol::Foreign(foreign)),
    };
    let length = reader.u8().ok_or_else(short)?;
    let next_hop = match (family, length) {
        (Family::V4, 4) => NextHop::V4(reader.array().map(Ipv4Addr::from).ok_or_else(short)?),
        (Family::V6, 16 | 32) => NextHop::V6(NextHop6 {
            global: reader.array().map(Ipv6Addr::from).ok_or_else(short)?,
            link_local: match length {
                16 => None,
                // Some speakers fill the place with zeros or a global address when they have no other.
                _ => Some(Ipv6Addr::from(reader.array().ok_or_else(short)?)).filter(Ipv6Addr::is_unicast_link_local),
            },
        }),
        _ => return Err(Problem::NextHopLength(length)),
    };
    // Reserved, to be ignored.
    reader.u8().ok_or_else(short)?;
    let routes = routes(family, reader.rest(), value, session)?;
    let wrong = (!next_hop.is_host()).then_some(Problem::NextHop);
    Ok(Multiprotocol::Ours(Reach { next_hop, routes }, wrong))
}

/// Reads MP_UNREACH_NLRI.
pub(crate) fn unreach<'a>(value: &'a [u8], session: &Session) -> Result<Multiprotocol<Routes<'a>>, Problem> {
    let mut reader = Reader::new(value);
    let family = match family(&mut reader, session).ok_or(Problem::Length(value.len() as u16))? {
        Ok(family) => family,
        Err(foreign) => return Ok(Multiprotocol::Foreign(foreign)),
    };
    routes(family, reader.rest(), value, session).map(|routes| Multiprotocol::Ours(routes, None))
}

fn routes<'a>(family: Family, rest: &'a [u8], value: &[u8], session: &Session) -> Result<Routes<'a>, Problem> {
    let with_ids = session.add_path.contains(family);
    Routes::check(family, rest, with_ids).map_err(|offset| Problem::Routes((value.len() - rest.len() + offset) as u16))
}
