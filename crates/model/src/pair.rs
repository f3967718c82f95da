//! The redundant pair: every peering has exactly two links.

use std::fmt;

/// Which of the two links of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkRole {
    /// The link to the first Microsoft edge router.
    Primary,
    /// The link to the second Microsoft edge router.
    Secondary,
}

impl LinkRole {
    /// Both, primary first.
    pub const BOTH: [Self; 2] = [Self::Primary, Self::Secondary];

    /// The key of the link in a design file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

impl fmt::Display for LinkRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// One value for each link of a peering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair<T> {
    /// Of the primary link.
    pub primary: T,
    /// Of the secondary link.
    pub secondary: T,
}

impl<T> Pair<T> {
    /// The value of one link.
    pub fn of(&self, link: LinkRole) -> &T {
        match link {
            LinkRole::Primary => &self.primary,
            LinkRole::Secondary => &self.secondary,
        }
    }
}

/// The address family of a prefix or session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4 unicast.
    V4,
    /// IPv6 unicast.
    V6,
}

impl Family {
    /// Both, IPv4 first.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The length of a subnet that holds both links: /29 or /125 (spec 03, 3.1 and 3.2).
    pub fn block_length(self) -> u8 {
        self.link_length() - 1
    }

    /// The length of the subnet of one link: /30 or /126 (spec 03, 3.1 and 3.2).
    pub fn link_length(self) -> u8 {
        match self {
            Self::V4 => 30,
            Self::V6 => 126,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}
