//! The numbers by which the owner of a [`Rib`](crate::Rib) names what is in it.

use crate::arena::Id;

/// A routing domain. The id of one removed finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(pub(crate) u32);

/// A peer. The id of one removed finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub(crate) u32);

/// A feed: prefixes of our own that peers of many domains are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId(pub(crate) u32);

macro_rules! id {
    ($($id:ident)+) => {
        $(impl Id for $id {
            fn new(number: u32) -> Self {
                Self(number)
            }

            fn number(self) -> u32 {
                self.0
            }
        })+
    };
}

id! { DomainId PeerId FeedId }
