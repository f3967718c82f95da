//! Why a route was refused: the policy, and what it saw.

use super::Policy;
use model::{Asn, Community, Prefix, PrefixState};
use std::fmt;

/// Why a route was refused.
///
/// Prints as `private-space: 10.1.0.0/16 lies in 10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// The policy that refused it.
    pub policy: &'static Policy,
    /// What it saw.
    pub seen: Seen,
}

/// What a policy saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Anything at all.
    Anything,
    /// An AS number in the path.
    InPath(Asn),
    /// The neighbour's AS number.
    Neighbor(Asn),
    /// An AS_PATH of this length, where the limit is the second.
    PathLength(usize, usize),
    /// An AS_SET in the path.
    Set,
    /// OTC with this AS.
    OnlyToCustomer(Asn),
    /// A community.
    Carries(Community),
    /// None of the communities that would let it pass.
    CarriesNone,
    /// A default route.
    Default(Prefix),
    /// A prefix longer than this.
    Longer(Prefix, u8),
    /// A prefix inside a range.
    Within(Prefix, Prefix),
    /// A prefix that holds a range.
    Holds(Prefix, Prefix),
    /// A prefix that is in no validated one.
    NotListed(Prefix),
    /// How far validation has come.
    Validation(PrefixState),
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anything => f.write_str("the session takes nothing"),
            Self::InPath(asn) => write!(f, "AS {asn} is in the path"),
            Self::Neighbor(asn) => write!(f, "the neighbour's AS is {asn}"),
            Self::PathLength(length, limit) => write!(f, "the path has {length} ASes, more than {limit}"),
            Self::Set => f.write_str("the path has an AS_SET"),
            Self::OnlyToCustomer(asn) => write!(f, "OTC with AS {asn}"),
            Self::Carries(community) => write!(f, "it carries {community}"),
            Self::CarriesNone => f.write_str("it carries no community that is asked for"),
            Self::Default(prefix) => write!(f, "{prefix} is a default route"),
            Self::Longer(prefix, limit) => write!(f, "{prefix} is longer than /{limit}"),
            Self::Within(prefix, range) => write!(f, "{prefix} lies in {range}"),
            Self::Holds(prefix, range) => write!(f, "{prefix} holds {range}"),
            Self::NotListed(prefix) => write!(f, "{prefix} is in no validated prefix"),
            Self::Validation(state) => write!(f, "the prefixes are {state}"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.policy.name, self.seen)
    }
}

impl Policy {
    /// A reason of this policy.
    pub(crate) fn saw(&'static self, seen: Seen) -> Reason {
        Reason { policy: self, seen }
    }
}
