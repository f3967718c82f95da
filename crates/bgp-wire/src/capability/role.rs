//! BGP roles (RFC 9234).

use crate::iana::role;
use std::fmt;

/// What the sender of an OPEN is to its receiver. A number without a meaning is kept; it fits no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Role(pub u8);

impl Role {
    /// Sells transit to the receiver.
    pub const PROVIDER: Self = Self(role::PROVIDER);
    /// A route server.
    pub const RS: Self = Self(role::RS);
    /// A client of a route server.
    pub const RS_CLIENT: Self = Self(role::RS_CLIENT);
    /// Buys transit from the receiver.
    pub const CUSTOMER: Self = Self(role::CUSTOMER);
    /// A lateral peer.
    pub const PEER: Self = Self(role::PEER);

    /// Whether the two make a pair of RFC 9234, section 4.2, table 2.
    pub fn fits(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::PROVIDER, Self::CUSTOMER)
                | (Self::CUSTOMER, Self::PROVIDER)
                | (Self::RS, Self::RS_CLIENT)
                | (Self::RS_CLIENT, Self::RS)
                | (Self::PEER, Self::PEER)
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::PROVIDER => f.write_str("provider"),
            Self::RS => f.write_str("route server"),
            Self::RS_CLIENT => f.write_str("route server client"),
            Self::CUSTOMER => f.write_str("customer"),
            Self::PEER => f.write_str("peer"),
            Self(number) => write!(f, "{number}"),
        }
    }
}
