//! Lists of prefixes, asked by longest match.

use bgp_wire::{Prefix4, Prefix6, WirePrefix};
use model::Prefix;
use std::sync::Arc;

/// Prefixes of both families, each refused or let pass.
///
/// The longest entry that covers a prefix decides, so that a list can hold a range and exceptions from it.
/// Cheap to clone: what thousands of sessions share is held once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrefixList {
    v4: Arc<Entries<Prefix4>>,
    v6: Arc<Entries<Prefix6>>,
}

/// A prefix as policy asks it: [`Prefix4`] and [`Prefix6`].
pub trait Net: WirePrefix + Into<Prefix> {
    /// The first eight bits of the address.
    fn octet(self) -> u8;
    /// The length in bits.
    fn bits(self) -> u8;
    /// The entries of its family.
    #[doc(hidden)]
    fn entries(list: &PrefixList) -> &Entries<Self>;
    /// Whether every address of the other is in this one.
    fn covers(self, other: Self) -> bool;
}

impl Net for Prefix4 {
    fn octet(self) -> u8 {
        self.address().octets()[0]
    }

    fn bits(self) -> u8 {
        self.length()
    }

    fn entries(list: &PrefixList) -> &Entries<Self> {
        &list.v4
    }

    fn covers(self, other: Self) -> bool {
        let differ = u32::from(self.address()) ^ u32::from(other.address());
        self.length() <= other.length() && u64::from(differ) >> (32 - self.length()) == 0
    }
}

impl Net for Prefix6 {
    fn octet(self) -> u8 {
        self.address().octets()[0]
    }

    fn bits(self) -> u8 {
        self.length()
    }

    fn entries(list: &PrefixList) -> &Entries<Self> {
        &list.v6
    }

    fn covers(self, other: Self) -> bool {
        let differ = u128::from(self.address()) ^ u128::from(other.address());
        self.length() <= other.length() && differ.checked_shr(128 - u32::from(self.length())).unwrap_or(0) == 0
    }
}

/// The entries of one family, a prefix before what it covers.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries<P> {
    sorted: Vec<Entry<P>>,
    octets: Octets,
}

/// The first octets of all addresses of the entries. Most prefixes that are asked have another one, and need no
/// search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Octets([u64; 4]);

impl Octets {
    fn add<P: Net>(&mut self, prefix: P) {
        let count = 1usize << 8u8.saturating_sub(prefix.bits());
        for octet in usize::from(prefix.octet())..usize::from(prefix.octet()) + count {
            if let Some(word) = self.0.get_mut(octet / 64) {
                *word |= 1 << (octet % 64);
            }
        }
    }

    #[inline]
    fn has(&self, octet: u8) -> bool {
        let [a, b, c, d] = self.0;
        let word = match octet / 64 {
            0 => a,
            1 => b,
            2 => c,
            _ => d,
        };
        word >> (octet % 64) & 1 == 1
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry<P> {
    prefix: P,
    refused: bool,
    /// The index of the narrowest entry around this one.
    around: Option<u32>,
}

impl<P> Default for Entries<P> {
    fn default() -> Self {
        Self { sorted: Vec::new(), octets: Octets::default() }
    }
}

impl<P: Net> Entries<P> {
    fn new(mut prefixes: Vec<(P, bool)>) -> Self {
        prefixes.sort_by_key(|(prefix, _)| *prefix);
        prefixes.dedup_by_key(|(prefix, _)| *prefix);
        let mut sorted: Vec<Entry<P>> = Vec::with_capacity(prefixes.len());
        let mut octets = Octets::default();
        for (prefix, refused) in prefixes {
            octets.add(prefix);
            let mut around = sorted.len().checked_sub(1);
            while let Some(entry) = around.and_then(|index| sorted.get(index)) {
                if entry.prefix.covers(prefix) {
                    break;
                }
                around = entry.around.map(|index| index as usize);
            }
            sorted.push(Entry { prefix, refused, around: around.map(|index| index as u32) });
        }
        Self { sorted, octets }
    }

    /// How many entries come before or at a prefix, in the order of the list.
    fn up_to(&self, prefix: P) -> usize {
        self.sorted.partition_point(|entry| entry.prefix <= prefix)
    }

    #[inline]
    fn around(&self, prefix: P) -> Option<&Entry<P>> {
        if self.octets.has(prefix.octet()) { self.find(prefix) } else { None }
    }

    fn find(&self, prefix: P) -> Option<&Entry<P>> {
        let mut index = self.up_to(prefix).checked_sub(1)?;
        loop {
            let entry = self.sorted.get(index)?;
            if entry.prefix.covers(prefix) {
                return Some(entry);
            }
            index = entry.around? as usize;
        }
    }

    fn inside(&self, prefix: P) -> impl Iterator<Item = &Entry<P>> {
        let none = prefix.bits() >= 8 && !self.octets.has(prefix.octet());
        let rest = if none { &[] } else { self.sorted.get(self.up_to(prefix)..).unwrap_or_default() };
        rest.iter().take_while(move |entry| prefix.covers(entry.prefix))
    }
}

impl PrefixList {
    /// A list of prefixes, all of them refused (or listed, where the list says what is allowed).
    pub fn new(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        Self::with_exceptions(prefixes.into_iter().map(|prefix| (prefix, true)))
    }

    /// A list of prefixes that are refused (`true`), and exceptions within them (`false`).
    pub fn with_exceptions(prefixes: impl IntoIterator<Item = (Prefix, bool)>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (prefix, refused) in prefixes {
            match Prefix4::try_from(prefix) {
                Ok(prefix) => v4.push((prefix, refused)),
                Err(_) => v6.extend(Prefix6::try_from(prefix).ok().map(|prefix| (prefix, refused))),
            }
        }
        Self { v4: Arc::new(Entries::new(v4)), v6: Arc::new(Entries::new(v6)) }
    }

    /// Whether there are no prefixes in it.
    pub fn is_empty(&self) -> bool {
        self.v4.sorted.is_empty() && self.v6.sorted.is_empty()
    }

    /// The entry that a prefix lies in, if the longest of them is no exception.
    pub fn covering<P: Net>(&self, prefix: P) -> Option<P> {
        P::entries(self).around(prefix).filter(|entry| entry.refused).map(|entry| entry.prefix)
    }

    /// An entry that a prefix holds without lying in it, exceptions apart.
    pub fn held_by<P: Net>(&self, prefix: P) -> Option<P> {
        P::entries(self).inside(prefix).find(|entry| entry.refused).map(|entry| entry.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prefix(bits: u8, length: u8) -> Prefix4 {
        Prefix4::new([10, 0, 0, bits].into(), 24 + length).unwrap()
    }

    #[test]
    fn wide_entries_and_wide_questions_meet() {
        let net = |text: &str| Prefix4::try_from(<Prefix as model::Value>::parse(text).unwrap()).unwrap();
        let list = PrefixList::new(["240.0.0.0/4", "10.0.0.0/8"].map(|text| net(text).into()));
        assert_eq!(list.covering(net("241.0.0.0/16")), Some(net("240.0.0.0/4")));
        assert_eq!(list.covering(net("255.0.0.0/8")), Some(net("240.0.0.0/4")));
        assert_eq!(list.covering(net("239.0.0.0/8")), None);
        assert_eq!(list.held_by(net("8.0.0.0/5")), Some(net("10.0.0.0/8")));
        assert_eq!(list.held_by(net("128.0.0.0/1")), Some(net("240.0.0.0/4")));
        assert_eq!(list.held_by(net("16.0.0.0/4")), None);
        let all = PrefixList::new([net("0.0.0.0/0").into()]);
        assert_eq!(all.covering(net("255.255.255.255/32")), Some(net("0.0.0.0/0")));
    }

    proptest! {
        #[test]
        fn covering_is_having_all_addresses(a in any::<u32>(), b in any::<u32>(), m in 0u8..=32, n in 0u8..=32, near in any::<bool>()) {
            let b = if near { a ^ (b >> 20) } else { b };
            let (x, y) = (Prefix4::new(a.into(), m).unwrap(), Prefix4::new(b.into(), n).unwrap());
            prop_assert_eq!(x.covers(y), Prefix::from(x).covers(y.into()));
            let wide = |bits: u32, length: u8| Prefix6::new((u128::from(bits) << 96).into(), length).unwrap();
            let (x, y) = (wide(a, m), wide(b, n * 4));
            prop_assert_eq!(x.covers(y), Prefix::from(x).covers(y.into()));
        }
    }

    fn brute(list: &[(Prefix4, bool)], asked: Prefix4) -> Option<Prefix4> {
        let around = list.iter().filter(|(entry, _)| entry.covers(asked));
        around.max_by_key(|(entry, _)| entry.length()).filter(|(_, refused)| *refused).map(|(entry, _)| *entry)
    }

    proptest! {
        #[test]
        fn the_longest_entry_around_a_prefix_decides(
            entries in proptest::collection::btree_map((any::<u8>(), 0u8..=8), any::<bool>(), 0..24),
            bits in any::<u8>(), length in 0u8..=8,
        ) {
            let entries: std::collections::BTreeMap<Prefix4, bool> =
                entries.into_iter().map(|((bits, length), refused)| (prefix(bits, length), refused)).collect();
            let entries: Vec<_> = entries.into_iter().collect();
            let list = PrefixList::with_exceptions(entries.iter().map(|&(entry, refused)| (entry.into(), refused)));
            let asked = prefix(bits, length);
            prop_assert_eq!(list.covering(asked), brute(&entries, asked));
            let holds = entries.iter().any(|(entry, refused)| *refused && asked != *entry && asked.covers(*entry));
            prop_assert_eq!(list.held_by(asked).is_some(), holds);
        }
    }

    #[test]
    fn a_list_without_prefixes_covers_nothing() {
        let list = PrefixList::default();
        assert_eq!(list.covering(prefix(0, 0)), None);
        assert_eq!(list.held_by(prefix(0, 0)), None);
    }

    #[test]
    fn default_routes_hold_all_of_their_family_only() {
        let list = PrefixList::new(["10.0.0.0/8", "fc00::/7"].map(|text| model::Value::parse(text).unwrap()));
        let all4 = Prefix4::new([0; 4].into(), 0).unwrap();
        let all6 = Prefix6::new(0u128.to_be_bytes().into(), 0).unwrap();
        assert_eq!(list.held_by(all4).unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(list.held_by(all6).unwrap().to_string(), "fc00::/7");
    }
}
