//! Who follows a table, and how far each has come.
//!
//! A reader that is new, or to which another policy applies, walks once over all slots and then follows the [log]. What
//! happens during a walk is in the log as well, but what an entry says of the path before holds only for those who were
//! not walking: the walk may have told of another path since. A reader remembers up to which entry that is so.
//!
//! [log]: crate::log

use crate::hash::Seeds;
use crate::id::PeerId;
use crate::key::Key;
use crate::log::Entry;
use crate::policy::Export;
use crate::slot::{ANYBODY, Local, NOBODY};
use crate::table::Table;

/// Somebody who follows a table.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) peer: PeerId,
    /// Whose routes it is not told.
    pub(crate) local: Local,
    /// The next entry of the log to look at.
    cursor: u32,
    /// Below this number, what the log says of the path before is not to be trusted: the reader was walking then.
    unsure_until: u32,
    /// All slots have to be looked at before the log.
    pub(crate) walk: Option<Walk>,
}

/// A walk over all slots.
#[derive(Debug)]
pub(crate) struct Walk {
    next: u32,
    /// What the reader is told meanwhile.
    pub(crate) purpose: Purpose,
}

/// What a walk is for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    /// Tell all there is to a reader that knows nothing.
    First,
    /// Tell all there is again. What is not there any more, the log says.
    Tell,
    /// Tell all there is, and of what is not to be told, that it is gone.
    Replace,
    /// Another policy than this one is in force now: tell what differs.
    Differ(Option<Export>),
}

/// What a reader has to look at next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) slot: u32,
    /// The reader may have been told of a path to the prefix.
    pub(crate) told: bool,
}

/// How much longer than twice the slots a log may get. Small tables should not be at it all the time; tests should.
const SLACK: usize = if cfg!(test) { 0 } else { 64 };

/// How far a reader has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is on a walk still.
    Walking,
    /// It has just finished a walk.
    Walked,
    /// There are entries in the log still.
    Following,
    /// It is up to date.
    Done,
}

impl<P: Key> Table<P> {
    /// Writes a change to the log, for those who read it.
    #[inline]
    pub(crate) fn note(&mut self, place: u32, mut prior: Local) {
        if self.reading == 0 {
            return;
        }
        let slot = &mut self.slots[place];
        if let Some(entry) = self.log.get(slot.seq) {
            if slot.seq >= self.fastest {
                // Nobody has seen the entry yet: it stands for this change too.
                return;
            }
            // Who has seen it and who has not were told of different paths.
            if entry.prior != prior {
                prior = ANYBODY;
            }
        }
        slot.seq = self.log.push(Entry { slot: place, prior });
        self.changed = true;
        if self.log.len() > 2 * self.slots.len() as usize + SLACK || self.log.head() > u32::MAX / 2 {
            self.compact();
        }
    }

    /// Drops the entries whose slots have later ones.
    #[cold]
    fn compact(&mut self) {
        let (base, head) = (self.log.base(), self.log.head());
        for slot in self.slots.iter_mut() {
            if !(base..head).contains(&slot.seq) {
                slot.seq = u32::MAX;
            }
        }
        let slots = &mut self.slots;
        let mut next = 0;
        // A slot that got its new number already may seem to have that of a later entry.
        let mut renumbered = vec![false; slots.len() as usize];
        let numbers = self.log.compact(|seq, entry| {
            let slot = &mut slots[entry.slot];
            let last = slot.seq == seq && !renumbered[entry.slot as usize];
            if last {
                slot.seq = next;
                renumbered[entry.slot as usize] = true;
                next += 1;
            }
            last
        });
        let number = |seq: u32| numbers[(seq.clamp(base, head) - base) as usize];
        self.fastest = 0;
        for reader in self.readers.iter_mut().flatten() {
            reader.cursor = number(reader.cursor);
            reader.unsure_until = number(reader.unsure_until);
            self.fastest = self.fastest.max(reader.cursor);
        }
    }

    /// Lets somebody follow the table, from a walk over all of it on.
    pub(crate) fn follow(&mut self, peer: PeerId, local: Local) -> usize {
        let head = self.log.head();
        let walk = Some(Walk { next: 0, purpose: Purpose::First });
        let reader = Reader { peer, local, cursor: head, unsure_until: head, walk };
        self.reading += 1;
        self.fastest = head;
        let free = self.readers.iter().position(Option::is_none);
        match free {
            Some(place) => {
                self.readers[place] = Some(reader);
                place
            }
            None => {
                self.readers.push(Some(reader));
                self.readers.len() - 1
            }
        }
    }

    /// Ends it.
    pub(crate) fn unfollow(&mut self, seeds: &Seeds, reader: usize) {
        if self.readers.get_mut(reader).and_then(Option::take).is_some() {
            self.reading -= 1;
            self.trim(seeds);
        }
    }

    pub(crate) fn readers(&self) -> impl Iterator<Item = &Reader> {
        self.readers.iter().flatten()
    }

    pub(crate) fn reader(&self, reader: usize) -> Option<&Reader> {
        self.readers.get(reader)?.as_ref()
    }

    /// Makes a reader walk over all slots again.
    pub(crate) fn walk_again(&mut self, reader: usize, purpose: Purpose) {
        let Some(Some(reader)) = self.readers.get_mut(reader) else { return };
        let purpose = match (&reader.walk, purpose) {
            (None, purpose) => purpose,
            (Some(Walk { next: 0, purpose: Purpose::First }), _) => Purpose::First,
            (Some(Walk { purpose: Purpose::First | Purpose::Tell, .. }), Purpose::Tell) => Purpose::Tell,
            // What the walk has passed follows one policy and the rest another.
            (Some(_), _) => Purpose::Replace,
        };
        reader.walk = Some(Walk { next: 0, purpose });
    }

    /// Gives a reader what it has to look at next, until `take` has enough; whether that was all.
    ///
    /// `take` is given the table, whether this is a walk, and each item, and says whether to go on.
    pub(crate) fn advance(
        &mut self,
        seeds: &Seeds,
        reader: usize,
        mut take: impl FnMut(&Self, Option<&Purpose>, Item) -> bool,
    ) -> Progress {
        let Some(mut state) = self.readers.get_mut(reader).and_then(Option::take) else { return Progress::Done };
        let start = state.cursor;
        let progress = self.advance_reader(&mut state, &mut take);
        self.fastest = self.fastest.max(state.cursor);
        // Only one of the slowest readers can be waited for.
        let frees = start == self.log.base() && state.cursor > start;
        self.readers[reader] = Some(state);
        if frees {
            self.trim(seeds);
        }
        progress
    }

    fn advance_reader(
        &self,
        reader: &mut Reader,
        take: &mut impl FnMut(&Self, Option<&Purpose>, Item) -> bool,
    ) -> Progress {
        if let Some(walk) = &mut reader.walk {
            if walk.next == 0 && matches!(walk.purpose, Purpose::First) {
                // All that the log holds is in the table.
                reader.cursor = self.log.head();
            }
            let told = !matches!(walk.purpose, Purpose::First | Purpose::Tell);
            while walk.next < self.slots.len() {
                let slot = walk.next;
                walk.next += 1;
                if !self.slots[slot].is_empty() && !take(self, Some(&walk.purpose), Item { slot, told }) {
                    return Progress::Walking;
                }
            }
            reader.walk = None;
            reader.unsure_until = self.log.head();
            return Progress::Walked;
        }
        while let Some(entry) = self.log.get(reader.cursor) {
            let seq = reader.cursor;
            reader.cursor += 1;
            if self.slots[entry.slot].seq != seq {
                continue;
            }
            let told = seq < reader.unsure_until || (entry.prior != NOBODY && entry.prior != reader.local);
            if !take(self, None, Item { slot: entry.slot, told }) {
                return Progress::Following;
            }
        }
        Progress::Done
    }

    /// Forgets the entries that every reader has passed.
    fn trim(&mut self, seeds: &Seeds) {
        let slowest = self.readers.iter().flatten().map(|reader| reader.cursor).min();
        let slowest = slowest.unwrap_or_else(|| self.log.head());
        while self.log.base() < slowest {
            let Some((seq, entry)) = self.log.pop() else { break };
            // When the table has emptied there is nothing left to settle.
            if self.slots.get(entry.slot).is_some_and(|slot| slot.seq == seq) {
                self.settle(seeds, entry.slot);
            }
        }
    }

    /// Whether a reader is up to date.
    pub(crate) fn is_done(&self, reader: usize) -> bool {
        self.reader(reader).is_none_or(|reader| reader.walk.is_none() && reader.cursor == self.log.head())
    }
}
