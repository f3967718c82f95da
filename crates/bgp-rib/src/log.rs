//! What changed, in order, for readers that go at their own pace.
//!
//! An entry says that the best path of a slot is another than before, and whose the one before was: a reader that
//! was told of it has to be told that it is gone, and a peer is never told its own routes. Entries have
//! numbers that only grow; a slot remembers the number of its last one, so that a reader skips entries whose slot
//! has a later one, and is told of what changed twice once.

use crate::slot::Local;
use std::collections::VecDeque;

/// A change of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) slot: u32,
    /// Whose the best path was before.
    pub(crate) prior: Local,
}

/// Entries from `base` on.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    base: u32,
}

impl Log {
    /// The number of the first entry.
    #[inline]
    pub(crate) fn base(&self) -> u32 {
        self.base
    }

    /// The number that the next entry will have.
    #[inline]
    pub(crate) fn head(&self) -> u32 {
        self.base + self.entries.len() as u32
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(crate) fn get(&self, seq: u32) -> Option<Entry> {
        self.entries.get(seq.checked_sub(self.base)? as usize).copied()
    }

    #[inline]
    pub(crate) fn push(&mut self, entry: Entry) -> u32 {
        let seq = self.head();
        self.entries.push_back(entry);
        seq
    }

    /// Takes the first entry off.
    pub(crate) fn pop(&mut self) -> Option<(u32, Entry)> {
        let entry = self.entries.pop_front()?;
        self.base += 1;
        if self.entries.is_empty() {
            // A peer that is up to date needs no room.
            self.entries = VecDeque::new();
        }
        Some((self.base - 1, entry))
    }

    /// Keeps the entries for which `keep` says so and numbers them from 0 on. Returns, for each number from the old
    /// base to the old head, the new one of the first entry kept from there on.
    pub(crate) fn compact(&mut self, mut keep: impl FnMut(u32, Entry) -> bool) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(self.entries.len() + 1);
        let mut kept = 0;
        let mut seq = self.base;
        self.entries.retain(|entry| {
            numbers.push(kept);
            let keep = keep(seq, *entry);
            seq += 1;
            kept += u32::from(keep);
            keep
        });
        numbers.push(kept);
        self.entries.shrink_to_fit();
        self.base = 0;
        numbers
    }

    pub(crate) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }
}
