//! Prefixes as a table keeps them: bits and length apart, so that a slot wastes no byte.

use crate::domain::Tables;
use crate::hash::Seeds;
use crate::policy::Net;
use crate::table::Table;
use bgp_wire::{Prefix4, Prefix6, WirePrefix};
use model::Prefix;
use std::fmt::Debug;

/// A prefix that a table can be keyed by.
pub(crate) trait Key: WirePrefix + Net + Into<Prefix> {
    /// The address, aligned to four bytes at most.
    type Bits: Copy + Eq + Debug;

    fn packed(self) -> Self::Bits;
    /// The length in bits.
    fn size(self) -> u8;
    fn restore(bits: Self::Bits, length: u8) -> Self;
    fn seeded(bits: Self::Bits, length: u8, seeds: &Seeds) -> u64;
    fn table(tables: &Tables) -> &Table<Self>;
    fn table_mut(tables: &mut Tables) -> &mut Table<Self>;
    /// The same prefix, if it is of this family.
    fn of(prefix: Prefix) -> Option<Self>;
}

impl Key for Prefix4 {
    type Bits = u32;

    #[inline(always)]
    fn packed(self) -> u32 {
        self.address().into()
    }

    #[inline(always)]
    fn size(self) -> u8 {
        self.length()
    }

    #[inline(always)]
    fn restore(bits: u32, length: u8) -> Self {
        Self::new(bits.into(), length).expect("the length was that of a prefix when it was stored")
    }

    #[inline(always)]
    fn seeded(bits: u32, length: u8, seeds: &Seeds) -> u64 {
        seeds.number(u64::from(bits) << 8 | u64::from(length))
    }

    #[inline(always)]
    fn table(tables: &Tables) -> &Table<Self> {
        &tables.v4
    }

    #[inline(always)]
    fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.v4
    }

    fn of(prefix: Prefix) -> Option<Self> {
        Self::try_from(prefix).ok()
    }
}

impl Key for Prefix6 {
    type Bits = [u32; 4];

    #[inline(always)]
    fn packed(self) -> [u32; 4] {
        let bits = u128::from(self.address());
        [(bits >> 96) as u32, (bits >> 64) as u32, (bits >> 32) as u32, bits as u32]
    }

    #[inline(always)]
    fn size(self) -> u8 {
        self.length()
    }

    #[inline(always)]
    fn restore([a, b, c, d]: [u32; 4], length: u8) -> Self {
        let bits = u128::from(a) << 96 | u128::from(b) << 64 | u128::from(c) << 32 | u128::from(d);
        Self::new(bits.into(), length).expect("the length was that of a prefix when it was stored")
    }

    #[inline(always)]
    fn seeded([a, b, c, d]: [u32; 4], length: u8, seeds: &Seeds) -> u64 {
        let high = seeds.number(u64::from(a) << 32 | u64::from(b));
        seeds.number(high.rotate_left(u32::from(length)) ^ (u64::from(c) << 32 | u64::from(d)))
    }

    #[inline(always)]
    fn table(tables: &Tables) -> &Table<Self> {
        &tables.v6
    }

    #[inline(always)]
    fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
        &mut tables.v6
    }

    fn of(prefix: Prefix) -> Option<Self> {
        Self::try_from(prefix).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_come_back_as_they_were() {
        for text in ["0.0.0.0/0", "10.0.0.0/8", "255.255.255.255/32", "192.0.2.4/30"] {
            let (address, length) = text.split_once('/').unwrap();
            let prefix = Prefix4::new(address.parse().unwrap(), length.parse().unwrap()).unwrap();
            assert_eq!(Prefix4::restore(prefix.packed(), prefix.length()), prefix);
        }
        for text in ["::/0", "2001:db8::/32", "2001:db8:1:2:3:4:5:6/128"] {
            let (address, length) = text.split_once('/').unwrap();
            let prefix = Prefix6::new(address.parse().unwrap(), length.parse().unwrap()).unwrap();
            assert_eq!(Prefix6::restore(prefix.packed(), prefix.length()), prefix);
        }
    }
}
