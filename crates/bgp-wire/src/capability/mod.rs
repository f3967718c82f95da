//! Capabilities (RFC 5492): what a speaker says in its OPEN that it can do.
//!
//! ```text
//! +---------------+---------------+-------------------------------+
//! |     Code      |    Length     |       Value (variable)        |
//! +---------------+---------------+-------------------------------+
//! ```
//!
//! A capability that is not known here is kept as it came. So is a known one whose value has no meaning,
//! such as a wrong length: it then counts as not understood.

mod add_path;
mod graceful_restart;
mod role;

pub use add_path::{AddPathEntry, AddPathMode};
pub use graceful_restart::{GracefulRestart, RestartFamily, RestartTime};
pub use role::Role;

use crate::iana::capability;
use crate::{AfiSafi, OutOfRange};
use model::Asn;
use std::fmt;

/// A capability.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Routes of a family (RFC 4760, section 8).
    ///
    /// ```text
    /// | AFI (2 octets) | reserved (1) | SAFI (1) |
    /// ```
    Multiprotocol(AfiSafi),
    /// ROUTE-REFRESH messages (RFC 2918). No value.
    RouteRefresh,
    /// Messages of up to 65,535 bytes are taken (RFC 8654). No value.
    ExtendedMessage,
    /// What the sender is to the receiver (RFC 9234). One octet.
    Role(Role),
    /// Graceful restart (RFC 4724).
    GracefulRestart(GracefulRestart),
    /// AS numbers of four octets, and the sender's (RFC 6793). Four octets.
    FourOctetAs(Asn),
    /// Several paths for a prefix (RFC 7911).
    AddPath(Vec<AddPathEntry>),
    /// ROUTE-REFRESH with beginning and end (RFC 7313). No value.
    EnhancedRouteRefresh,
    /// Anything else.
    Other(OtherCapability),
}

/// A capability that is not understood: its code and its value, at most 255 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherCapability {
    code: u8,
    value: Vec<u8>,
}

impl OtherCapability {
    /// A capability by its bytes.
    ///
    /// # Errors
    ///
    /// When the value is longer than 255 bytes.
    pub fn new(code: u8, value: impl Into<Vec<u8>>) -> Result<Self, OutOfRange> {
        let value = value.into();
        if value.len() > 255 {
            let value = u32::try_from(value.len()).unwrap_or(u32::MAX);
            return Err(OutOfRange { what: "the length of a capability,", value, allowed: "0..=255 bytes" });
        }
        Ok(Self { code, value })
    }

    /// The capability code.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// The value as sent.
    pub fn value(&self) -> &[u8] {
        &self.value
    }
}

impl Capability {
    /// Reads a value by its code. The length of the value comes from one octet.
    pub(crate) fn read(code: u8, value: &[u8]) -> Self {
        Self::understand(code, value).unwrap_or_else(|| Self::Other(OtherCapability { code, value: value.to_vec() }))
    }

    fn understand(code: u8, value: &[u8]) -> Option<Self> {
        Some(match (code, value) {
            (capability::MULTIPROTOCOL, &[high, low, _, safi]) => {
                Self::Multiprotocol(AfiSafi { afi: u16::from_be_bytes([high, low]), safi })
            }
            (capability::ROUTE_REFRESH, []) => Self::RouteRefresh,
            (capability::EXTENDED_MESSAGE, []) => Self::ExtendedMessage,
            (capability::ROLE, &[role]) => Self::Role(Role(role)),
            (capability::GRACEFUL_RESTART, value) => Self::GracefulRestart(GracefulRestart::read(value)?),
            (capability::FOUR_OCTET_AS, value) => Self::FourOctetAs(Asn(u32::from_be_bytes(value.try_into().ok()?))),
            (capability::ADD_PATH, value) => Self::AddPath(add_path::read(value)?),
            (capability::ENHANCED_ROUTE_REFRESH, []) => Self::EnhancedRouteRefresh,
            _ => return None,
        })
    }

    /// The capability code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Multiprotocol(_) => capability::MULTIPROTOCOL,
            Self::RouteRefresh => capability::ROUTE_REFRESH,
            Self::ExtendedMessage => capability::EXTENDED_MESSAGE,
            Self::Role(_) => capability::ROLE,
            Self::GracefulRestart(_) => capability::GRACEFUL_RESTART,
            Self::FourOctetAs(_) => capability::FOUR_OCTET_AS,
            Self::AddPath(_) => capability::ADD_PATH,
            Self::EnhancedRouteRefresh => capability::ENHANCED_ROUTE_REFRESH,
            Self::Other(other) => other.code,
        }
    }

    /// Appends code, length and value. A list of families that exceeds 255 bytes is cut: there are two
    /// families that this system routes.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.code(), 0]);
        let start = out.len();
        match self {
            Self::Multiprotocol(family) => {
                let [high, low] = family.afi.to_be_bytes();
                out.extend_from_slice(&[high, low, 0, family.safi]);
            }
            Self::RouteRefresh | Self::ExtendedMessage | Self::EnhancedRouteRefresh => {}
            Self::Role(role) => out.push(role.0),
            Self::GracefulRestart(restart) => restart.write(out),
            Self::FourOctetAs(asn) => out.extend_from_slice(&asn.0.to_be_bytes()),
            Self::AddPath(entries) => add_path::write(entries, out),
            Self::Other(other) => out.extend_from_slice(&other.value),
        }
        let length = out.len() - start;
        debug_assert!(length <= 255, "every arm keeps within one octet");
        if let Some(place) = out.get_mut(start - 1) {
            *place = length as u8;
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Multiprotocol(family) => family.fmt(f),
            Self::RouteRefresh => f.write_str("route refresh"),
            Self::ExtendedMessage => f.write_str("extended messages"),
            Self::Role(role) => write!(f, "role {role}"),
            Self::GracefulRestart(restart) => write!(f, "graceful restart {} s", restart.time.seconds()),
            Self::FourOctetAs(asn) => write!(f, "4-octet AS {asn}"),
            Self::AddPath(_) => f.write_str("add-path"),
            Self::EnhancedRouteRefresh => f.write_str("enhanced route refresh"),
            Self::Other(other) => write!(f, "capability {}", other.code),
        }
    }
}
