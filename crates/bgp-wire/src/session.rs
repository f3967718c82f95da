//! What two speakers agreed on, as far as the meaning of bytes depends on it.

use crate::frame::{EXTENDED_LIMIT, STANDARD_LIMIT};
use crate::iana::{afi, safi};
use crate::{AddPathMode, Capability, Open};
use model::Family;
use std::fmt;

/// Whether the neighbour is in our own AS. RFC 7606 reads some attributes by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Neighbor {
    /// Of another AS (eBGP).
    External,
    /// Of our own AS (iBGP).
    Internal,
}

/// An address family as on the wire, known to us or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AfiSafi {
    /// Address family identifier, see [`afi`].
    pub afi: u16,
    /// Subsequent address family identifier, see [`safi`].
    pub safi: u8,
}

impl AfiSafi {
    /// Ours, if it is one of the two families that this system routes.
    pub fn family(self) -> Option<Family> {
        match (self.afi, self.safi) {
            (afi::IPV4, safi::UNICAST) => Some(Family::V4),
            (afi::IPV6, safi::UNICAST) => Some(Family::V6),
            _ => None,
        }
    }
}

impl From<Family> for AfiSafi {
    fn from(family: Family) -> Self {
        let afi = match family {
            Family::V4 => afi::IPV4,
            Family::V6 => afi::IPV6,
        };
        Self { afi, safi: safi::UNICAST }
    }
}

impl fmt::Display for AfiSafi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family() {
            Some(Family::V4) => f.write_str("IPv4 unicast"),
            Some(Family::V6) => f.write_str("IPv6 unicast"),
            None => write!(f, "AFI {} SAFI {}", self.afi, self.safi),
        }
    }
}

/// A set of families.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Families {
    /// IPv4 unicast is in it.
    pub v4: bool,
    /// IPv6 unicast is in it.
    pub v6: bool,
}

impl Families {
    /// No family.
    pub const NONE: Self = Self { v4: false, v6: false };
    /// IPv4 unicast alone.
    pub const V4: Self = Self { v4: true, v6: false };
    /// IPv6 unicast alone.
    pub const V6: Self = Self { v4: false, v6: true };
    /// Both.
    pub const BOTH: Self = Self { v4: true, v6: true };

    /// Whether the family is in the set.
    pub fn contains(self, family: Family) -> bool {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }

    /// The families that both sets hold.
    pub fn and(self, other: Self) -> Self {
        Self { v4: self.v4 && other.v4, v6: self.v6 && other.v6 }
    }

    /// The families of this set that the other does not hold.
    pub fn without(self, other: Self) -> Self {
        Self { v4: self.v4 && !other.v4, v6: self.v6 && !other.v6 }
    }

    /// Whether no family is in the set.
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// The families in the set, IPv4 first.
    pub fn iter(self) -> impl Iterator<Item = Family> {
        [Family::V4, Family::V6].into_iter().filter(move |family| self.contains(*family))
    }
}

impl FromIterator<Family> for Families {
    fn from_iter<I: IntoIterator<Item = Family>>(families: I) -> Self {
        families.into_iter().fold(Self::NONE, |set, family| match family {
            Family::V4 => Self { v4: true, ..set },
            Family::V6 => Self { v6: true, ..set },
        })
    }
}

/// The parameters of an established session that reading and writing depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Session {
    /// External or internal.
    pub neighbor: Neighbor,
    /// AS numbers in AS_PATH and AGGREGATOR have four octets (RFC 6793).
    pub four_octet_as: bool,
    /// The families whose routes are exchanged (RFC 4760).
    pub families: Families,
    /// The families whose routes the peer sends with a path identifier (RFC 7911).
    pub add_path: Families,
    /// We said that we take messages of up to 65,535 bytes (RFC 8654).
    pub receive_extended: bool,
    /// Both sides said so: FRR and ExaBGP announce the capability and take long messages only when we did too.
    pub send_extended: bool,
}

/// The part of a [`Session`] that the meaning of attributes other than MP_REACH_NLRI and
/// MP_UNREACH_NLRI depends on. It belongs into the key of any memory of attributes already read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttributeClass {
    /// External or internal.
    pub neighbor: Neighbor,
    /// AS numbers have four octets.
    pub four_octet_as: bool,
}

impl AttributeClass {
    /// A session of this class that exchanges no family: enough to read remembered attributes, and to write
    /// a [`Template`](crate::Template).
    pub fn session(self) -> Session {
        Session {
            neighbor: self.neighbor,
            four_octet_as: self.four_octet_as,
            families: Families::NONE,
            add_path: Families::NONE,
            receive_extended: false,
            send_extended: false,
        }
    }
}

impl Session {
    /// What our OPEN and the peer's agree on.
    ///
    /// Without any multiprotocol capability a speaker means IPv4 unicast (RFC 4760, section 8).
    pub fn agreed(ours: &Open, theirs: &Open) -> Self {
        let add_path = |open: &Open, wanted: fn(AddPathMode) -> bool| -> Families {
            let capabilities = open.capabilities.iter();
            let entries = capabilities.filter_map(|capability| match capability {
                Capability::AddPath(entries) => Some(entries),
                _ => None,
            });
            entries.flatten().filter(|entry| wanted(entry.mode)).filter_map(|entry| entry.family.family()).collect()
        };
        let four_octet = |open: &Open| open.capabilities.iter().any(|c| matches!(c, Capability::FourOctetAs(_)));
        let families = ours.families().and(theirs.families());
        Self {
            neighbor: if ours.asn == theirs.asn { Neighbor::Internal } else { Neighbor::External },
            four_octet_as: four_octet(ours) && four_octet(theirs),
            families,
            add_path: families.and(add_path(ours, AddPathMode::receives)).and(add_path(theirs, AddPathMode::sends)),
            receive_extended: ours.offers(&Capability::ExtendedMessage),
            send_extended: [ours, theirs].iter().all(|open| open.offers(&Capability::ExtendedMessage)),
        }
    }

    /// The longest UPDATE, NOTIFICATION or ROUTE-REFRESH that the peer takes, in bytes.
    pub fn send_limit(&self) -> usize {
        if self.send_extended { EXTENDED_LIMIT } else { STANDARD_LIMIT }
    }

    /// What the meaning of attributes depends on.
    pub fn class(&self) -> AttributeClass {
        AttributeClass { neighbor: self.neighbor, four_octet_as: self.four_octet_as }
    }
}
