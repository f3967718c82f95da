//! Lists of fixed-size items: COMMUNITIES (RFC 1997), EXTENDED COMMUNITIES (RFC 4360), LARGE_COMMUNITY
//! (RFC 8092) and CLUSTER_LIST (RFC 4456).
//!
//! ```text
//! COMMUNITIES            | AS (2)      | Value (2)          |
//! EXTENDED COMMUNITIES   | Type (1)    | Subtype, value (7) |
//! LARGE_COMMUNITY        | Global administrator (4) | Local data 1 (4) | Local data 2 (4) |
//! CLUSTER_LIST           | Cluster id (4) |
//! ```
//!
//! Each holds at least one item when it is there at all (RFC 7606, sections 7.8, 7.10, 7.14).

use super::fault::Problem;
use model::{Asn, Community};
use std::fmt;
use std::marker::PhantomData;
use std::net::Ipv4Addr;

/// An item of a fixed size.
pub trait Item: Sized {
    /// How many octets one takes.
    const SIZE: usize;

    /// Reads one; `None` when there are not [`Self::SIZE`] octets.
    fn read(bytes: &[u8]) -> Option<Self>;

    /// Appends one.
    fn write(&self, out: &mut Vec<u8>);
}

/// A list of items, read where it lies; empty when the attribute is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List<'a, T> {
    bytes: &'a [u8],
    of: PhantomData<T>,
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self { bytes: &[], of: PhantomData }
    }
}

impl<'a, T: Item> List<'a, T> {
    pub(super) fn check(value: &'a [u8]) -> Result<Self, Problem> {
        if value.is_empty() || !value.len().is_multiple_of(T::SIZE) {
            return Err(Problem::Length(value.len() as u16));
        }
        Ok(Self { bytes: value, of: PhantomData })
    }

    /// The items in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        self.bytes.chunks_exact(T::SIZE).filter_map(T::read)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.bytes.len() / T::SIZE
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether the item is in it.
    pub fn contains(&self, item: &T) -> bool
    where
        T: PartialEq,
    {
        self.iter().any(|other| other == *item)
    }
}

impl Item for Community {
    const SIZE: usize = 4;

    fn read(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, d] = bytes else { return None };
        Some(Self { asn: u16::from_be_bytes([a, b]), value: u16::from_be_bytes([c, d]) })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.asn.to_be_bytes());
        out.extend_from_slice(&self.value.to_be_bytes());
    }
}

/// An extended community (RFC 4360), as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedCommunity(pub [u8; 8]);

impl ExtendedCommunity {
    /// Whether it is meant to pass from AS to AS (RFC 4360, section 2).
    pub fn is_transitive(self) -> bool {
        let [kind, ..] = self.0;
        kind & 0x40 == 0
    }

    /// The route target with a two-octet AS (RFC 4360, section 4).
    pub fn route_target(asn: u16, number: u32) -> Self {
        let ([a, b], [c, d, e, f]) = (asn.to_be_bytes(), number.to_be_bytes());
        Self([0x00, 0x02, a, b, c, d, e, f])
    }
}

impl fmt::Display for ExtendedCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, subtype, a, b, c, d, e, g] = self.0;
        let word = match subtype {
            0x02 => "target",
            0x03 => "origin",
            _ => return write!(f, "0x{:016x}", u64::from_be_bytes(self.0)),
        };
        match kind {
            0x00 => write!(f, "{word}:{}:{}", u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, g])),
            0x01 => write!(f, "{word}:{}:{}", Ipv4Addr::new(a, b, c, d), u16::from_be_bytes([e, g])),
            0x02 => write!(f, "{word}:{}:{}", u32::from_be_bytes([a, b, c, d]), u16::from_be_bytes([e, g])),
            _ => write!(f, "0x{:016x}", u64::from_be_bytes(self.0)),
        }
    }
}

impl Item for ExtendedCommunity {
    const SIZE: usize = 8;

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// A large community (RFC 8092).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LargeCommunity {
    /// The AS that gives the rest its meaning.
    pub administrator: Asn,
    /// The first value.
    pub data1: u32,
    /// The second value.
    pub data2: u32,
}

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.administrator, self.data1, self.data2)
    }
}

impl Item for LargeCommunity {
    const SIZE: usize = 12;

    fn read(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, d, e, f, g, h, i, j, k, l] = bytes else { return None };
        Some(Self {
            administrator: Asn(u32::from_be_bytes([a, b, c, d])),
            data1: u32::from_be_bytes([e, f, g, h]),
            data2: u32::from_be_bytes([i, j, k, l]),
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        for number in [self.administrator.0, self.data1, self.data2] {
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

/// A cluster id or an originator's id (RFC 4456): four octets that print as an address.
impl Item for Ipv4Addr {
    const SIZE: usize = 4;

    fn read(bytes: &[u8]) -> Option<Self> {
        <[u8; 4]>::try_from(bytes).ok().map(Self::from)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.octets());
    }
}
