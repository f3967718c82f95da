//! Prefixes as disjoint ranges, the longest prefix of each address decided beforehand.

use model::{Family, Prefix};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Disjoint ranges of addresses, in order, each with a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges {
    v4: Vec<(u32, u32, u16)>,
    v6: Vec<(u128, u128, u16)>,
}

impl Ranges {
    /// Cuts the address space at the borders of prefixes, and asks the number of each piece by its first address.
    pub(super) fn new(prefixes: impl Iterator<Item = Prefix>, mut number: impl FnMut(IpAddr) -> Option<u16>) -> Self {
        let mut cuts: [BTreeSet<u128>; 2] = Default::default();
        for prefix in prefixes {
            let (cuts, first) = match prefix.network() {
                IpAddr::V4(network) => (&mut cuts[0], u128::from(u32::from(network))),
                IpAddr::V6(network) => (&mut cuts[1], u128::from(network)),
            };
            cuts.insert(first);
            // The piece after the last address of all needs no cut.
            cuts.extend(first.checked_add(prefix.addresses()));
        }
        let mut ranges = Self::default();
        for (family, cuts) in [Family::V4, Family::V6].into_iter().zip(cuts) {
            let cuts: Vec<u128> = cuts.into_iter().collect();
            for (index, &first) in cuts.iter().enumerate() {
                let last = cuts.get(index + 1).map(|next| next - 1);
                match family {
                    Family::V4 => {
                        let Ok(first) = u32::try_from(first) else { continue };
                        let last = last.and_then(|last| u32::try_from(last).ok()).unwrap_or(u32::MAX);
                        if let Some(number) = number(IpAddr::V4(first.into())) {
                            join(&mut ranges.v4, first, last, number, |last| last.checked_add(1));
                        }
                    }
                    Family::V6 => {
                        let last = last.unwrap_or(u128::MAX);
                        if let Some(number) = number(IpAddr::V6(first.into())) {
                            join(&mut ranges.v6, first, last, number, |last| last.checked_add(1));
                        }
                    }
                }
            }
        }
        ranges
    }

    /// The number of an address.
    pub(super) fn find(&self, address: IpAddr) -> Option<u16> {
        match address {
            IpAddr::V4(address) => search(&self.v4, address.into()),
            IpAddr::V6(address) => search(&self.v6, address.into()),
        }
    }

    /// The ranges of IPv4: first, last, number.
    pub(super) fn v4(&self) -> &[(u32, u32, u16)] {
        &self.v4
    }

    /// The ranges of IPv6.
    pub(super) fn v6(&self) -> &[(u128, u128, u16)] {
        &self.v6
    }
}

/// Adds a range, to the one before it where that ends just there with the same number.
fn join<A: PartialEq + Copy>(
    list: &mut Vec<(A, A, u16)>,
    first: A,
    last: A,
    number: u16,
    next: impl Fn(A) -> Option<A>,
) {
    match list.last_mut() {
        Some((_, end, own)) if *own == number && next(*end) == Some(first) => *end = last,
        _ => list.push((first, last, number)),
    }
}

fn search<A: PartialOrd + Copy>(list: &[(A, A, u16)], address: A) -> Option<u16> {
    let after = list.partition_point(|(first, ..)| *first <= address);
    let (_, last, number) = list.get(after.checked_sub(1)?)?;
    (address <= *last).then_some(*number)
}
