//! Prefixes as the tables hold them: an address and a length in one register, host bits zero.
//!
//! [`model::Prefix`] is the prefix of people and files; these are the prefixes of messages and tables.
//! They convert into each other without loss.

use model::{Family, Prefix};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 prefix; host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix4 {
    bits: u32,
    length: u8,
}

/// An IPv6 prefix; host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix6 {
    bits: u128,
    length: u8,
}

impl Prefix4 {
    /// The prefix of this length around an address; `None` for a length above 32.
    pub fn new(address: Ipv4Addr, length: u8) -> Option<Self> {
        (length <= 32).then(|| Self::masked(address.into(), length))
    }

    /// The network address.
    pub fn address(self) -> Ipv4Addr {
        self.bits.into()
    }

    /// The length in bits, 0 to 32.
    pub fn length(self) -> u8 {
        self.length
    }

    /// Address and length in one number, the same for no two prefixes.
    pub fn key(self) -> u64 {
        u64::from(self.bits) << 8 | u64::from(self.length)
    }

    #[inline]
    fn masked(bits: u32, length: u8) -> Self {
        // One shift more than the type is wide for /0, hence the wider type.
        let mask = (!0u64 << (32 - length)) as u32;
        Self { bits: bits & mask, length }
    }
}

impl Prefix6 {
    /// The prefix of this length around an address; `None` for a length above 128.
    pub fn new(address: Ipv6Addr, length: u8) -> Option<Self> {
        (length <= 128).then(|| Self::masked(address.into(), length))
    }

    /// The network address.
    pub fn address(self) -> Ipv6Addr {
        self.bits.into()
    }

    /// The length in bits, 0 to 128.
    pub fn length(self) -> u8 {
        self.length
    }

    #[inline]
    fn masked(bits: u128, length: u8) -> Self {
        let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        Self { bits: bits & mask, length }
    }
}

/// A prefix that has a form on the wire: [`Prefix4`] and [`Prefix6`], and nothing else.
///
/// ```text
/// +---------------------------+
/// |   Length in bits (1)      |
/// |   Prefix (variable)       |   as many octets as the length needs
/// +---------------------------+
/// ```
pub trait WirePrefix: sealed::Wire + Copy + Eq + Ord + std::hash::Hash + fmt::Debug + fmt::Display {
    /// The family it belongs to.
    const FAMILY: Family;
}

impl WirePrefix for Prefix4 {
    const FAMILY: Family = Family::V4;
}

impl WirePrefix for Prefix6 {
    const FAMILY: Family = Family::V6;
}

pub(crate) mod sealed {
    /// Reading and writing, kept from other crates.
    pub trait Wire: Sized {
        /// The most octets that one takes.
        const MOST: usize;
        /// Takes a prefix off the front; `None` when its length is out of range or its octets are missing.
        fn split(bytes: &[u8]) -> Option<(Self, &[u8])>;
        /// Writes the octets and zeros up to [`Self::MOST`]; returns how many count.
        fn put(self, out: &mut [u8]) -> Option<usize>;
    }
}

impl sealed::Wire for Prefix4 {
    const MOST: usize = 5;

    // Every arm takes a number of octets known at compile time. The processor then predicts where the next
    // prefix begins instead of waiting for the length octet; see docs/decisions/005-own-bgp-codec.md.
    #[inline(always)]
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&length, rest) = bytes.split_first()?;
        let (bits, rest) = match length {
            17..=24 => {
                let (&[a, b, c], rest) = rest.split_first_chunk()?;
                (u32::from_be_bytes([a, b, c, 0]), rest)
            }
            25..=32 => {
                let (octets, rest) = rest.split_first_chunk()?;
                (u32::from_be_bytes(*octets), rest)
            }
            9..=16 => {
                let (&[a, b], rest) = rest.split_first_chunk()?;
                (u32::from_be_bytes([a, b, 0, 0]), rest)
            }
            1..=8 => {
                let (&a, rest) = rest.split_first()?;
                (u32::from_be_bytes([a, 0, 0, 0]), rest)
            }
            0 => (0, rest),
            _ => return None,
        };
        Some((Self::masked(bits, length), rest))
    }

    #[inline(always)]
    fn put(self, out: &mut [u8]) -> Option<usize> {
        let place = out.first_chunk_mut::<{ Self::MOST }>()?;
        let [a, b, c, d] = self.bits.to_be_bytes();
        *place = [self.length, a, b, c, d];
        Some(1 + octets(self.length))
    }
}

impl sealed::Wire for Prefix6 {
    const MOST: usize = 17;

    #[inline(always)]
    fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&length, rest) = bytes.split_first()?;
        if length > 128 {
            return None;
        }
        let (given, rest) = rest.split_at_checked(octets(length))?;
        let mut address = [0; 16];
        address.get_mut(..given.len())?.copy_from_slice(given);
        Some((Self::masked(u128::from_be_bytes(address), length), rest))
    }

    #[inline(always)]
    fn put(self, out: &mut [u8]) -> Option<usize> {
        let place = out.first_chunk_mut::<{ Self::MOST }>()?;
        let (length, address) = place.split_first_mut()?;
        *length = self.length;
        address.copy_from_slice(&self.bits.to_be_bytes());
        Some(1 + octets(self.length))
    }
}

/// How many octets a length in bits needs.
#[inline(always)]
fn octets(length: u8) -> usize {
    usize::from(length).div_ceil(8)
}

impl From<Prefix4> for Prefix {
    fn from(prefix: Prefix4) -> Self {
        Self::new(IpAddr::V4(prefix.address()), prefix.length).expect("an IPv4 prefix has at most 32 bits")
    }
}

impl From<Prefix6> for Prefix {
    fn from(prefix: Prefix6) -> Self {
        Self::new(IpAddr::V6(prefix.address()), prefix.length).expect("an IPv6 prefix has at most 128 bits")
    }
}

/// The prefix is of the other family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is of the other family")]
pub struct OtherFamily(pub Prefix);

impl TryFrom<Prefix> for Prefix4 {
    type Error = OtherFamily;

    fn try_from(prefix: Prefix) -> Result<Self, OtherFamily> {
        match prefix.network() {
            IpAddr::V4(address) => Ok(Self::masked(address.into(), prefix.length())),
            IpAddr::V6(_) => Err(OtherFamily(prefix)),
        }
    }
}

impl TryFrom<Prefix> for Prefix6 {
    type Error = OtherFamily;

    fn try_from(prefix: Prefix) -> Result<Self, OtherFamily> {
        match prefix.network() {
            IpAddr::V4(_) => Err(OtherFamily(prefix)),
            IpAddr::V6(address) => Ok(Self::masked(address.into(), prefix.length())),
        }
    }
}

impl fmt::Display for Prefix4 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address(), self.length)
    }
}

impl fmt::Display for Prefix6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address(), self.length)
    }
}
