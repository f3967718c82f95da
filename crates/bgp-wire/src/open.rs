//! OPEN (RFC 4271, section 4.2): who speaks, and what it can do.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   Version 4   |             My AS             |   Hold time   :
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! :   (seconds)   |               BGP identifier                  :
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! :               | Params length |    Optional parameters        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! A parameter is a type, a length and a value; the only type in use holds capabilities (RFC 5492). Where
//! one octet of length does not do, RFC 9072 puts `255, 255` in place of the length, then a length of two
//! octets, and gives each parameter a length of two octets.

use crate::frame::{begin, finish, put_u16};
use crate::iana::{asn, open_parameter};
use crate::reader::Reader;
use crate::{
    AfiSafi, Capability, Families, Fault, GracefulRestart, Kind, OutOfRange, Oversize, Role, STANDARD_LIMIT, iana,
};
use model::{Asn, Family};
use std::fmt;
use std::net::Ipv4Addr;
use std::num::NonZeroU32;

/// An OPEN message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The sender's AS: of the four-octet capability if it is there, else of the fixed field.
    pub asn: Asn,
    /// The hold time that the sender proposes.
    pub hold_time: HoldTime,
    /// The sender's BGP identifier.
    pub router_id: RouterId,
    /// What it can do, in the order sent. A [`Capability::FourOctetAs`] in it holds the same number as `asn`.
    pub capabilities: Vec<Capability>,
}

impl Open {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// The OPEN message errors of RFC 4271, section 6.2, as far as they need no configuration; router id
    /// zero (RFC 6286) and AS 0 (RFC 7607) among them. A four-octet AS capability of a wrong length is
    /// refused, since without it the meaning of all that follows is open.
    pub fn read(body: &[u8]) -> Result<Self, Fault> {
        let short = || Fault::Open("it ends within its fixed fields");
        let mut reader = Reader::new(body);
        let version = reader.u8().ok_or_else(short)?;
        if version != VERSION {
            return Err(Fault::Version(version));
        }
        let my_as = reader.u16().ok_or_else(short)?;
        let hold_time = reader.u16().ok_or_else(short)?;
        let router_id = reader.u32().ok_or_else(short)?;
        let length = reader.u8().ok_or_else(short)?;
        let capabilities = read_parameters(length, reader)?;

        let four_octet = capabilities.iter().find(|capability| capability.code() == iana::capability::FOUR_OCTET_AS);
        let asn = match four_octet {
            Some(Capability::FourOctetAs(asn)) => *asn,
            Some(_) => return Err(Fault::Open("the 4-octet AS capability is not 4 octets long")),
            None => Asn(my_as.into()),
        };
        // Both fields, since AS 0 in the fixed one is wrong beside a capability too.
        if asn.0 == 0 || my_as == 0 {
            return Err(Fault::PeerAs(Asn(0)));
        }
        let hold_time = HoldTime::try_from(hold_time).map_err(|_| Fault::HoldTime(hold_time))?;
        let router_id = RouterId::try_from(router_id).map_err(|_| Fault::RouterId(router_id.into()))?;
        Ok(Self { asn, hold_time, router_id, capabilities })
    }

    /// Appends the message.
    ///
    /// # Errors
    ///
    /// When the capabilities do not fit into 4,096 bytes; nothing is appended then.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Oversize> {
        let mut capabilities = Vec::new();
        self.capabilities.iter().for_each(|capability| capability.write(&mut capabilities));
        let start = begin(Kind::Open, out);
        let my_as = u16::try_from(self.asn.0).unwrap_or(asn::AS_TRANS.0 as u16);
        out.push(VERSION);
        out.extend_from_slice(&my_as.to_be_bytes());
        out.extend_from_slice(&self.hold_time.0.to_be_bytes());
        out.extend_from_slice(&self.router_id.0.get().to_be_bytes());
        match capabilities.len() {
            0 => out.push(0),
            length @ 1..=252 => out.extend_from_slice(&[length as u8 + 2, open_parameter::CAPABILITIES, length as u8]),
            length => {
                out.extend_from_slice(&[
                    255,
                    open_parameter::EXTENDED_LENGTH,
                    0,
                    0,
                    open_parameter::CAPABILITIES,
                    0,
                    0,
                ]);
                let total = out.len() - start + length;
                if total > STANDARD_LIMIT {
                    out.truncate(start);
                    return Err(Oversize { what: "an OPEN", length: total, limit: STANDARD_LIMIT });
                }
                let end = out.len();
                put_u16(out, end - 5, length + 3);
                put_u16(out, end - 2, length);
            }
        }
        out.extend_from_slice(&capabilities);
        finish(start, out);
        Ok(())
    }

    /// Whether it holds exactly this capability.
    pub fn offers(&self, capability: &Capability) -> bool {
        self.capabilities.contains(capability)
    }

    /// The families, as far as this system routes them. Without any multiprotocol capability that is IPv4
    /// unicast (RFC 4760, section 8).
    pub fn families(&self) -> Families {
        let named: Vec<AfiSafi> = self
            .capabilities
            .iter()
            .filter_map(|capability| match capability {
                Capability::Multiprotocol(family) => Some(*family),
                _ => None,
            })
            .collect();
        if named.is_empty() {
            return Families::V4;
        }
        named.into_iter().filter_map(AfiSafi::family).collect::<Vec<Family>>().into_iter().collect()
    }

    /// What it says of restarts: the last time it says it (RFC 4724, section 3).
    pub fn graceful_restart(&self) -> Option<&GracefulRestart> {
        self.capabilities.iter().rev().find_map(|capability| match capability {
            Capability::GracefulRestart(restart) => Some(restart),
            _ => None,
        })
    }

    /// The role it names, held against ours (RFC 9234, section 4.2): `Ok(None)` when it names none.
    ///
    /// # Errors
    ///
    /// [`Fault::RoleMismatch`] for a role that does not fit ours, and for two roles that differ.
    pub fn role_beside(&self, ours: Role) -> Result<Option<Role>, Fault> {
        let mut roles = self.capabilities.iter().filter_map(|capability| match capability {
            Capability::Role(role) => Some(*role),
            _ => None,
        });
        let Some(first) = roles.next() else { return Ok(None) };
        match roles.find(|role| *role != first) {
            Some(theirs) => Err(Fault::RoleMismatch { ours, theirs }),
            None if !ours.fits(first) => Err(Fault::RoleMismatch { ours, theirs: first }),
            None => Ok(Some(first)),
        }
    }
}

const VERSION: u8 = 4;

fn read_parameters(length: u8, mut reader: Reader<'_>) -> Result<Vec<Capability>, Fault> {
    let malformed = || Fault::Open("its optional parameters do not fit their lengths");
    // RFC 9072, section 2: the type octet decides; the length beside it is ignored unless it is zero.
    let extended = length != 0 && reader.rest().first() == Some(&open_parameter::EXTENDED_LENGTH);
    let length = if extended {
        reader.u8();
        reader.u16().ok_or_else(malformed)?
    } else {
        u16::from(length)
    };
    let mut parameters = Reader::new(reader.take(length.into()).ok_or_else(malformed)?);
    if !reader.is_empty() {
        return Err(malformed());
    }
    let mut capabilities = Vec::new();
    while !parameters.is_empty() {
        let kind = parameters.u8().ok_or_else(malformed)?;
        let length = if extended { parameters.u16() } else { parameters.u8().map(u16::from) };
        let value = parameters.take(length.ok_or_else(malformed)?.into()).ok_or_else(malformed)?;
        if kind != open_parameter::CAPABILITIES {
            return Err(Fault::Parameter(kind));
        }
        let mut list = Reader::new(value);
        while !list.is_empty() {
            let code = list.u8().ok_or_else(malformed)?;
            let length = list.u8().ok_or_else(malformed)?;
            let value = list.take(length.into()).ok_or_else(malformed)?;
            capabilities.push(Capability::read(code, value));
        }
    }
    Ok(capabilities)
}

/// A hold time: 0 for none, or at least 3 seconds (RFC 4271, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldTime(u16);

impl HoldTime {
    /// No hold timer and no keepalives.
    pub const NEVER: Self = Self(0);
    /// What RFC 4271, section 10, suggests.
    pub const SUGGESTED: Self = Self(90);

    /// The time in seconds, 0 for none.
    pub fn seconds(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for HoldTime {
    type Error = OutOfRange;

    fn try_from(seconds: u16) -> Result<Self, OutOfRange> {
        match seconds {
            1 | 2 => Err(OutOfRange { what: "a hold time of", value: seconds.into(), allowed: "0 and 3..=65535 s" }),
            _ => Ok(Self(seconds)),
        }
    }
}

/// A BGP identifier: any number but zero, unique within an AS (RFC 6286). It prints as an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(NonZeroU32);

impl RouterId {
    /// The number, which decides collisions and ties.
    pub fn number(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<u32> for RouterId {
    type Error = OutOfRange;

    fn try_from(number: u32) -> Result<Self, OutOfRange> {
        let error = OutOfRange { what: "a router id of", value: number, allowed: "1..=4294967295" };
        NonZeroU32::new(number).map(Self).ok_or(error)
    }
}

impl TryFrom<Ipv4Addr> for RouterId {
    type Error = OutOfRange;

    fn try_from(address: Ipv4Addr) -> Result<Self, OutOfRange> {
        Self::try_from(u32::from(address))
    }
}

impl From<RouterId> for Ipv4Addr {
    fn from(id: RouterId) -> Self {
        id.0.get().into()
    }
}

impl fmt::Display for RouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ipv4Addr::from(*self).fmt(f)
    }
}
