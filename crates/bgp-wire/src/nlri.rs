//! Lists of prefixes, walked where they lie.
//!
//! ```text
//! +---------------------------+
//! | Path identifier (4)       |   only where it was agreed on (RFC 7911)
//! | Length (1)                |
//! | Prefix (variable)         |
//! +---------------------------+   and so on to the end of the field
//! ```
//!
//! A [`Nlri`] has been checked to its end when it comes to exist (RFC 7606, section 5.3), so that walking
//! it cannot fail half way and its count is known before the first prefix is looked at.

use crate::prefix::sealed::Wire;
use crate::{Fault, Prefix4, Prefix6, WirePrefix};
use model::Family;
use std::marker::PhantomData;

/// Tells apart several paths to one prefix (RFC 7911, section 3); 0 where none was agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PathId(pub u32);

/// A field of routes that is known to be well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nlri<'a, P> {
    bytes: &'a [u8],
    with_ids: bool,
    count: u32,
    of: PhantomData<P>,
}

impl<'a, P: WirePrefix> Nlri<'a, P> {
    /// No routes.
    pub const EMPTY: Self = Self { bytes: &[], with_ids: false, count: 0, of: PhantomData };

    /// Checks a field to its end.
    ///
    /// # Errors
    ///
    /// The offset of the first route that has a length out of range or is cut off.
    pub(crate) fn check(bytes: &'a [u8], with_ids: bool) -> Result<Self, usize> {
        let mut walk = Walk::<P> { rest: bytes, with_ids, of: PhantomData };
        let mut count = 0;
        while walk.next().is_some() {
            count += 1;
        }
        match walk.rest {
            [] => Ok(Self { bytes, with_ids, count, of: PhantomData }),
            rest => Err(bytes.len() - rest.len()),
        }
    }

    /// How many routes there are.
    pub fn count(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The field as received.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The routes in order.
    pub fn iter(&self) -> Walk<'a, P> {
        Walk { rest: self.bytes, with_ids: self.with_ids, of: PhantomData }
    }
}

impl<'a, P: WirePrefix> IntoIterator for Nlri<'a, P> {
    type Item = (PathId, P);
    type IntoIter = Walk<'a, P>;

    fn into_iter(self) -> Walk<'a, P> {
        self.iter()
    }
}

/// A walk over a field of routes.
#[derive(Debug, Clone)]
pub struct Walk<'a, P> {
    rest: &'a [u8],
    with_ids: bool,
    of: PhantomData<P>,
}

impl<P: WirePrefix> Iterator for Walk<'_, P> {
    type Item = (PathId, P);

    #[inline(always)]
    fn next(&mut self) -> Option<(PathId, P)> {
        let (id, rest) = if self.with_ids {
            let (id, rest) = self.rest.split_first_chunk()?;
            (u32::from_be_bytes(*id), rest)
        } else {
            (0, self.rest)
        };
        let (prefix, rest) = <P as Wire>::split(rest)?;
        self.rest = rest;
        Some((PathId(id), prefix))
    }
}

/// Routes of either family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routes<'a> {
    /// IPv4 unicast.
    V4(Nlri<'a, Prefix4>),
    /// IPv6 unicast.
    V6(Nlri<'a, Prefix6>),
}

impl<'a> Routes<'a> {
    /// Checks a field of a family.
    pub(crate) fn check(family: Family, bytes: &'a [u8], with_ids: bool) -> Result<Self, usize> {
        match family {
            Family::V4 => Nlri::check(bytes, with_ids).map(Self::V4),
            Family::V6 => Nlri::check(bytes, with_ids).map(Self::V6),
        }
    }

    /// The family.
    pub fn family(&self) -> Family {
        match self {
            Self::V4(_) => Family::V4,
            Self::V6(_) => Family::V6,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Self::V4(nlri) => nlri.count(),
            Self::V6(nlri) => nlri.count(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }
}

/// A field of the UPDATE itself, which is IPv4 unicast.
pub(crate) fn check_field<'a>(
    field: &'static str,
    bytes: &'a [u8],
    with_ids: bool,
) -> Result<Nlri<'a, Prefix4>, Fault> {
    Nlri::check(bytes, with_ids).map_err(|offset| Fault::Routes { field, offset })
}
