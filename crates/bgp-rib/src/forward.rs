//! What packets follow: the next hops of each prefix, for whoever puts them into a kernel.
//!
//! The log of a table tells readers of the *best* path, which is what peers are told. Packets follow all paths that are as
//! good ([`PathState::Multipath`](crate::PathState::Multipath)), so a table that is forwarded keeps beside the log a list of
//! the prefixes whose paths changed in any way, each once. Nothing is worked out before [`Rib::forwarding`] asks, so a
//! route that comes and goes costs the kernel nothing, and the list is never longer than the table.

use crate::Rib;
use crate::decision::{Ranking, Scale, rank};
use crate::domain::Domain;
use crate::hash::Seeds;
use crate::id::DomainId;
use crate::intern::Interner;
use crate::key::Key;
use crate::slot::{OWN, Path};
use crate::table::Table;
use bgp_wire::{NextHop, Prefix4, Prefix6};
use model::Prefix;
use std::net::IpAddr;

/// The most next hops of a prefix; those of the most preferred peers are taken.
pub const MOST_HOPS: usize = 16;

/// The prefixes of a table that packets may follow otherwise than before.
#[derive(Debug)]
pub(crate) struct Changes<P> {
    prefixes: Vec<P>,
    /// By slot, a bit each: its prefix is in the list.
    listed: Vec<u64>,
}

impl<P> Changes<P> {
    fn new() -> Self {
        Self { prefixes: Vec::new(), listed: Vec::new() }
    }

    #[inline]
    fn list(&mut self, slot: u32, prefix: P) {
        let (word, bit) = (slot as usize / 64, 1 << (slot % 64));
        if self.listed.len() <= word {
            self.listed.resize(word + 1, 0);
        }
        if let Some(word) = self.listed.get_mut(word)
            && *word & bit == 0
        {
            *word |= bit;
            self.prefixes.push(prefix);
        }
    }

    /// The slot is another prefix's from now on.
    fn unlist(&mut self, slot: u32) {
        if let Some(word) = self.listed.get_mut(slot as usize / 64) {
            *word &= !(1 << (slot % 64));
        }
    }
}

impl<P: Key> Table<P> {
    /// Notes that the paths of a slot are others.
    #[inline]
    pub(crate) fn turned(&mut self, slot: u32) {
        if self.forwarded.is_some() {
            let prefix = self.prefix(slot);
            if let Some(changes) = &mut self.forwarded {
                changes.list(slot, prefix);
            }
        }
    }

    /// Notes that a slot has no prefix any more.
    #[inline]
    pub(crate) fn retired(&mut self, slot: u32) {
        if let Some(changes) = &mut self.forwarded {
            changes.unlist(slot);
        }
    }

    /// Begins to note changes, or ends it. What is there already counts as changed.
    fn forward(&mut self, on: bool) {
        if !on {
            self.forwarded = None;
        } else if self.forwarded.is_none() {
            self.forwarded = Some(Box::new(Changes::new()));
            for slot in 0..self.slots.len() {
                if self.slots.get(slot).is_some_and(|slot| !slot.is_empty() && !slot.is_retired()) {
                    self.turned(slot);
                }
            }
        }
    }

    fn has_turned(&self) -> bool {
        self.forwarded.as_ref().is_some_and(|changes| !changes.prefixes.is_empty())
    }

    /// Takes a prefix off the list.
    fn next_turned(&mut self, seeds: &Seeds) -> Option<(P, Option<u32>)> {
        let prefix = self.forwarded.as_mut()?.prefixes.pop()?;
        let slot = self.find(seeds, prefix);
        if let (Some(slot), Some(changes)) = (slot, &mut self.forwarded) {
            changes.unlist(slot);
        }
        Some((prefix, slot))
    }
}

impl Rib {
    /// From now on keeps account of what packets follow in a domain, or no more. What is there already is told first.
    pub fn forward(&mut self, domain: DomainId, on: bool) {
        if let Some(found) = self.domains.get_mut(domain) {
            found.tables.v4.forward(on);
            found.tables.v6.forward(on);
        }
        self.forwarding_changed(domain);
    }

    /// Whether any domain has something that [`Rib::forwarding`] would tell.
    pub fn has_forwarding(&self) -> bool {
        !self.turned.is_empty()
    }

    /// Tells of prefixes that packets follow otherwise than when they were last told, of `limit` prefixes at most: the
    /// domain, the prefix, and the next hops in order. No next hops: nothing of a peer's is followed any more, be it
    /// that there is no path or that the best one is our own.
    pub fn forwarding(&mut self, limit: usize, mut take: impl FnMut(DomainId, Prefix, &[IpAddr])) {
        let mut left = limit;
        let mut hops = Vec::new();
        while left > 0
            && let Some(&id) = self.turned.last()
        {
            if let Some(domain) = self.domains.get_mut(id) {
                let mut tell = |prefix: Prefix, hops: &[IpAddr]| take(id, prefix, hops);
                left = drain::<Prefix4>(domain, &self.seeds, &self.interner, left, &mut hops, &mut tell);
                left = drain::<Prefix6>(domain, &self.seeds, &self.interner, left, &mut hops, &mut tell);
                if domain.tables.v4.has_turned() || domain.tables.v6.has_turned() {
                    return;
                }
                domain.is_turned = false;
            }
            self.turned.pop();
        }
    }

    /// Puts a domain on the list of those that packets follow otherwise, if they do.
    #[inline]
    pub(crate) fn forwarding_changed(&mut self, id: DomainId) {
        if let Some(domain) = self.domains.get_mut(id)
            && !domain.is_turned
            && (domain.tables.v4.has_turned() || domain.tables.v6.has_turned())
        {
            domain.is_turned = true;
            self.turned.push(id);
        }
    }
}

/// Tells of one table; how many prefixes may still be told.
fn drain<P: Key>(
    domain: &mut Domain,
    seeds: &Seeds,
    interner: &Interner,
    mut left: usize,
    hops: &mut Vec<IpAddr>,
    tell: &mut impl FnMut(Prefix, &[IpAddr]),
) -> usize {
    while left > 0
        && let Some((prefix, slot)) = P::table_mut(&mut domain.tables).next_turned(seeds)
    {
        hops.clear();
        if let Some(slot) = slot {
            next_hops(&P::table(&domain.tables).paths(slot), &Scale { interner, ranks: &domain.ranks }, hops);
        }
        tell(prefix.into(), hops);
        left -= 1;
    }
    left
}

/// The next hops of the best path and of those as good, in order and each once.
fn next_hops(paths: &[Path], scale: &Scale<'_>, hops: &mut Vec<IpAddr>) {
    let ranking = rank(paths, scale);
    let mut used: Vec<(&Path, Ranking)> =
        paths.iter().zip(ranking).filter(|(_, r)| matches!(r, Ranking::Best | Ranking::Multipath(_))).collect();
    used.sort_by_key(|(_, ranking)| ranking.order());
    // What is our own is not sent to a neighbour, whatever else is as good.
    if used.first().is_none_or(|(path, _)| path.peer == OWN) {
        return;
    }
    let next_hop = |path: &Path| match scale.interner.get(path.attr).next_hop()? {
        NextHop::V4(address) => Some(IpAddr::V4(address)),
        NextHop::V6(next_hop) => Some(IpAddr::V6(next_hop.global)),
    };
    hops.extend(
        used.iter().filter(|(path, _)| path.peer != OWN).filter_map(|(path, _)| next_hop(path)).take(MOST_HOPS),
    );
    hops.sort_unstable();
    hops.dedup();
}
