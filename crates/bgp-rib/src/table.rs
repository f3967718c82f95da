//! The routes of one domain and family.
//!
//! Slots lie dense in a vector and keep their place, a hash index leads from prefix to slot, the [`Pool`] holds the
//! paths of prefixes that have several, and the [`Log`] what readers have still to be told. A slot without paths stays
//! until every reader has passed its last entry in the log, since the withdrawal needs the prefix.

use crate::chunks::Chunks;
use crate::decision::{self, Rank, Scale};
use crate::forward::Changes;
use crate::hash::Seeds;
use crate::index::Index;
use crate::intern::{AttrId, Interner};
use crate::key::Key;
use crate::log::Log;
use crate::reader::Reader;
use crate::slot::{Content, Local, MOST_PATHS, NOBODY, Path, Pool, REFUSED, STALE, Slot};

/// The most paths to a prefix that one peer may bring (RFC 7911 sets no bound); more are ignored.
const MOST_PATHS_OF_PEER: usize = 16;

/// One table.
#[derive(Debug)]
pub(crate) struct Table<P: Key> {
    pub(crate) slots: Chunks<Slot<P::Bits>>,
    free: Vec<u32>,
    index: Index,
    pool: Pool,
    pub(crate) log: Log,
    pub(crate) readers: Vec<Option<Reader>>,
    pub(crate) reading: u32,
    /// No reader is further than this in the log.
    pub(crate) fastest: u32,
    /// How many prefixes have a path that may be used.
    pub(crate) usable: u32,
    /// The readers have something new since this was last cleared.
    pub(crate) changed: bool,
    /// What packets follow otherwise than was last told, where they follow the table at all.
    pub(crate) forwarded: Option<Box<Changes<P>>>,
}

/// What a table needs of its surroundings to change.
pub(crate) struct Context<'a> {
    pub(crate) seeds: &'a Seeds,
    pub(crate) interner: &'a mut Interner,
    pub(crate) ranks: &'a mut [Rank],
}

/// What announcing a path did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is a new one.
    New,
    /// It took the place of one, which could be used or not.
    Replaced { was_usable: bool },
    /// It was there as it is. Nothing uses the attributes once more.
    Same,
    /// The peer has too many paths to the prefix already.
    Surplus,
}

/// Paths that were removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Removed {
    pub(crate) paths: u32,
    pub(crate) usable: u32,
}

impl<P: Key> Table<P> {
    pub(crate) fn new() -> Self {
        Self {
            slots: Chunks::new(),
            free: Vec::new(),
            index: Index::new(),
            pool: Pool::new(),
            log: Log::default(),
            readers: Vec::new(),
            reading: 0,
            fastest: 0,
            usable: 0,
            changed: false,
            forwarded: None,
        }
    }

    /// Makes room for so many prefixes in all.
    pub(crate) fn reserve(&mut self, seeds: &Seeds, prefixes: usize) {
        let slots = &self.slots;
        let more = (prefixes as u32).saturating_sub(self.index.len());
        let bound = slots.len().max(prefixes as u32);
        self.index.make_room(more, bound, |slot| live_hash::<P>(slots.get(slot)?, seeds));
    }

    pub(crate) fn prefix(&self, slot: u32) -> P {
        let slot = &self.slots[slot];
        P::restore(slot.bits, slot.length)
    }

    /// The slot of a prefix.
    pub(crate) fn find(&self, seeds: &Seeds, prefix: P) -> Option<u32> {
        let (bits, length) = (prefix.packed(), prefix.size());
        self.index.find(P::seeded(bits, length, seeds), |slot| {
            let slot = &self.slots[slot];
            slot.bits == bits && slot.length == length
        })
    }

    /// The best path of a slot.
    #[inline]
    pub(crate) fn best(&self, slot: u32) -> Option<Path> {
        match self.slots[slot].content() {
            Content::Empty => None,
            Content::One(path) => Some(path).filter(Path::is_usable),
            Content::Many(block) => self.pool.paths(block).first().copied().filter(Path::is_usable),
        }
    }

    /// The paths of a slot.
    pub(crate) fn paths(&self, slot: u32) -> Vec<Path> {
        match self.slots[slot].content() {
            Content::Empty => Vec::new(),
            Content::One(path) => vec![path],
            Content::Many(block) => self.pool.paths(block).to_vec(),
        }
    }

    /// Puts a path in, or in place of the one that the peer has there.
    #[inline]
    pub(crate) fn announce(&mut self, context: &mut Context<'_>, prefix: P, path: Path) -> Outcome {
        let (bits, length) = (prefix.packed(), prefix.size());
        let slots = &self.slots;
        self.index.make_room(1, slots.len() + 1, |slot| live_hash::<P>(slots.get(slot)?, context.seeds));
        let hash = P::seeded(bits, length, context.seeds);
        let found = self.index.seek(hash, |slot| {
            let slot = &slots[slot];
            slot.bits == bits && slot.length == length
        });
        let place = found.unwrap_or_else(|at| {
            let place = self.free.pop().unwrap_or(self.slots.len());
            self.index.put(at, hash, place);
            match self.slots.get_mut(place) {
                Some(slot) => *slot = Slot::new(bits, length),
                None => self.slots.push(Slot::new(bits, length)),
            }
            place
        });
        let slot = &mut self.slots[place];
        match slot.content() {
            Content::Empty if path.path_id == 0 => {
                slot.put_one(path);
                if path.is_usable() {
                    self.turn(context, place, NOBODY, path.peer);
                }
                Outcome::New
            }
            Content::One(old) if (old.peer, path.path_id) == (path.peer, 0) => {
                slot.set_flags(path.flags);
                if (old.attr, old.is_usable()) == (path.attr, path.is_usable()) {
                    return Outcome::Same;
                }
                slot.put_one(path);
                let owner = |path: Path| if path.is_usable() { path.peer } else { NOBODY };
                if old.is_usable() || path.is_usable() {
                    self.turn(context, place, owner(old), owner(path));
                }
                context.interner.release(context.seeds, old.attr, 1);
                Outcome::Replaced { was_usable: old.is_usable() }
            }
            Content::Empty | Content::One(_) | Content::Many(_) => self.announce_beside(context, place, path),
        }
    }

    /// Puts a path in beside others.
    fn announce_beside(&mut self, context: &mut Context<'_>, place: u32, path: Path) -> Outcome {
        let before = self.best(place);
        let block = match self.slots[place].content() {
            Content::Many(block) => block,
            Content::One(old) => {
                let block = self.pool.pair([old, path]);
                self.slots[place].put_many(block, old.peer);
                self.elect(context, place, before);
                return Outcome::New;
            }
            // The second place stays free: a path with an identifier needs a block of its own.
            Content::Empty => {
                let block = self.pool.pair([path, path]);
                self.pool.swap_remove(block, 1);
                self.slots[place].put_many(block, path.peer);
                self.elect(context, place, before);
                return Outcome::New;
            }
        };
        let paths = self.pool.paths_mut(block);
        if let Some(old) = paths.iter_mut().find(|old| (old.peer, old.path_id) == (path.peer, path.path_id)) {
            let was = *old;
            *old = path;
            if (was.attr, was.is_usable()) == (path.attr, path.is_usable()) {
                return Outcome::Same;
            }
            self.elect(context, place, before);
            context.interner.release(context.seeds, was.attr, 1);
            return Outcome::Replaced { was_usable: was.is_usable() };
        }
        let of_peer = paths.iter().filter(|other| other.peer == path.peer).count();
        if of_peer >= MOST_PATHS_OF_PEER || paths.len() >= MOST_PATHS {
            return Outcome::Surplus;
        }
        let Some(block) = self.pool.push(block, path) else { return Outcome::Surplus };
        let leader = self.pool.paths(block)[0].peer;
        self.slots[place].put_many(block, leader);
        self.elect(context, place, before);
        Outcome::New
    }

    /// Takes a path out.
    #[inline]
    pub(crate) fn withdraw(
        &mut self,
        context: &mut Context<'_>,
        prefix: P,
        peer: Local,
        path_id: u32,
    ) -> Option<Removed> {
        let place = self.find(context.seeds, prefix)?;
        let slot = &mut self.slots[place];
        let path = match slot.content() {
            Content::Empty => return None,
            Content::One(path) if (path.peer, path_id) == (peer, 0) => {
                slot.clear();
                if path.is_usable() {
                    self.turn(context, place, peer, NOBODY);
                }
                context.interner.release(context.seeds, path.attr, 1);
                path
            }
            Content::One(_) => return None,
            Content::Many(block) => {
                let mut paths = self.pool.paths(block).iter();
                let at = paths.position(|path| (path.peer, path.path_id) == (peer, path_id))?;
                self.remove_from(context, place, at)
            }
        };
        self.settle(context.seeds, place);
        Some(Removed { paths: 1, usable: u32::from(path.is_usable()) })
    }

    /// Takes a path out of a block.
    fn remove_from(&mut self, context: &mut Context<'_>, place: u32, at: usize) -> Path {
        let slot = &mut self.slots[place];
        let Content::Many(block) = slot.content() else { unreachable!("the caller has seen the block") };
        let before = self.pool.paths(block).first().copied().filter(Path::is_usable);
        let path = self.pool.swap_remove(block, at);
        match *self.pool.paths(block) {
            [] => {
                self.pool.release(block);
                slot.clear();
            }
            [only] if only.path_id == 0 => {
                self.pool.release(block);
                slot.put_one(only);
            }
            _ => {}
        }
        self.elect(context, place, before);
        context.interner.release(context.seeds, path.attr, 1);
        path
    }

    /// Looks again which path is the best, and notes when it is another one than before.
    fn elect(&mut self, context: &mut Context<'_>, place: u32, before: Option<Path>) {
        let slot = &mut self.slots[place];
        let after = match slot.content() {
            Content::Empty => None,
            Content::One(path) => Some(path).filter(Path::is_usable),
            Content::Many(block) => {
                let scale = Scale { interner: context.interner, ranks: context.ranks };
                let best = decision::best(self.pool.paths(block), &scale);
                let paths = self.pool.paths_mut(block);
                if let Some(best) = best {
                    paths.swap(0, best);
                }
                slot.put_many(block, paths[0].peer);
                best.map(|_| paths[0])
            }
        };
        let same = |path: Path| (path.peer, path.path_id, path.attr);
        if before.map(same) != after.map(same) {
            let owner = |path: Option<Path>| path.map_or(NOBODY, |path| path.peer);
            self.turn(context, place, owner(before), owner(after));
        }
        // Packets follow those that are as good as the best, too.
        self.turned(place);
    }

    /// The best path of a slot is another one, or has other attributes.
    #[inline]
    fn turn(&mut self, context: &mut Context<'_>, place: u32, before: Local, after: Local) {
        if before != after {
            if before == NOBODY {
                self.usable += 1;
            } else {
                context.ranks[usize::from(before)].best[P::FAMILY as usize] -= 1;
            }
            if after == NOBODY {
                self.usable -= 1;
            } else {
                context.ranks[usize::from(after)].best[P::FAMILY as usize] += 1;
            }
        }
        self.note(place, before);
        self.turned(place);
    }

    /// Gives a slot back that has no path and that nobody has to be told of.
    pub(crate) fn settle(&mut self, seeds: &Seeds, place: u32) {
        let slot = &self.slots[place];
        if !slot.is_empty() || self.log.get(slot.seq).is_some() {
            return;
        }
        let slots = &self.slots;
        if self.index.remove(place, |slot| hash::<P>(&slots[slot], seeds)) {
            self.slots[place].retire();
            self.free.push(place);
            self.retired(place);
        }
        if self.index.is_empty() {
            self.slots = Chunks::new();
            self.free = Vec::new();
            self.index = Index::new();
            self.pool.clear();
        }
    }

    /// Takes out all paths of a peer, or those that are stale.
    pub(crate) fn sweep(&mut self, context: &mut Context<'_>, peer: Local, stale_only: bool) -> Removed {
        let mut removed = Removed::default();
        let mut place = 0;
        while let Some(slot) = self.slots.get_mut(place) {
            let goes = |path: &Path| path.peer == peer && (!stale_only || path.is_stale());
            match slot.content() {
                _ if !slot.may_hold(peer) => {}
                Content::One(path) if goes(&path) => {
                    slot.clear();
                    if path.is_usable() {
                        self.turn(context, place, peer, NOBODY);
                    }
                    context.interner.release(context.seeds, path.attr, 1);
                    removed.paths += 1;
                    removed.usable += u32::from(path.is_usable());
                    self.settle(context.seeds, place);
                }
                Content::Empty | Content::One(_) => {}
                Content::Many(_) => {
                    while let Content::Many(block) = self.slots[place].content()
                        && let Some(at) = self.pool.paths(block).iter().position(goes)
                    {
                        let path = self.remove_from(context, place, at);
                        removed.paths += 1;
                        removed.usable += u32::from(path.is_usable());
                    }
                    if let Content::One(path) = self.slots[place].content()
                        && goes(&path)
                    {
                        // The block has shrunk to a last path of the peer: look at the slot once more.
                        continue;
                    }
                    self.settle(context.seeds, place);
                }
            }
            place += 1;
        }
        removed
    }

    /// Marks all paths of a peer as stale.
    pub(crate) fn mark_stale(&mut self, peer: Local) {
        for slot in self.slots.iter_mut() {
            match slot.content() {
                Content::One(path) if path.peer == peer => slot.set_flags(path.flags | STALE),
                Content::Empty | Content::One(_) => {}
                Content::Many(block) => {
                    let paths = self.pool.paths_mut(block);
                    paths.iter_mut().filter(|path| path.peer == peer).for_each(|path| path.flags |= STALE);
                }
            }
        }
    }

    /// Asks of each path of a peer anew whether it may be used, and notes what changes by that, and by attributes
    /// that are not what they were. Returns how many may be used.
    pub(crate) fn review(
        &mut self,
        context: &mut Context<'_>,
        peer: Local,
        mut judge: impl FnMut(&mut Interner, P, AttrId) -> Review,
    ) -> u32 {
        let mut usable = 0;
        for place in 0..self.slots.len() {
            let slot = &mut self.slots[place];
            if !slot.may_hold(peer) {
                continue;
            }
            let prefix = P::restore(slot.bits, slot.length);
            match slot.content() {
                Content::Empty => {}
                Content::One(path) if path.peer != peer => {}
                Content::One(path) => {
                    let review = judge(context.interner, prefix, path.attr);
                    slot.set_flags(review.flags(path.flags));
                    usable += u32::from(review.usable);
                    let owner = |usable: bool| if usable { peer } else { NOBODY };
                    if path.is_usable() != review.usable || (review.usable && review.changed) {
                        self.turn(context, place, owner(path.is_usable()), owner(review.usable));
                    }
                }
                Content::Many(block) => {
                    let before = self.best(place);
                    let mut changed = false;
                    for path in self.pool.paths_mut(block).iter_mut().filter(|path| path.peer == peer) {
                        let review = judge(context.interner, prefix, path.attr);
                        let first = before.is_some_and(|best| (best.peer, best.path_id) == (peer, path.path_id));
                        path.flags = review.flags(path.flags);
                        usable += u32::from(review.usable);
                        changed |= first && review.usable && review.changed;
                    }
                    // What has changed looks like another path to those who compare.
                    let before = before.map(|best| if changed { Path { attr: AttrId::NONE, ..best } } else { best });
                    self.elect(context, place, before);
                }
            }
        }
        usable
    }

    pub(crate) fn bytes(&self) -> crate::Memory {
        crate::Memory {
            slots: self.slots.bytes() + self.free.capacity() * 4,
            indices: self.index.bytes(),
            paths: self.pool.bytes(),
            logs: self.log.bytes(),
            attributes: 0,
            other: self.readers.capacity() * size_of::<Option<Reader>>(),
        }
    }
}

/// What a review says of a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Review {
    pub(crate) usable: bool,
    /// Its attributes are not what they were.
    pub(crate) changed: bool,
}

impl Review {
    fn flags(self, flags: u8) -> u8 {
        if self.usable { flags & !REFUSED } else { flags | REFUSED }
    }
}

#[inline]
fn hash<P: Key>(slot: &Slot<P::Bits>, seeds: &Seeds) -> u64 {
    P::seeded(slot.bits, slot.length, seeds)
}

/// The hash of a slot that is in use.
#[inline]
fn live_hash<P: Key>(slot: &Slot<P::Bits>, seeds: &Seeds) -> Option<u64> {
    (!slot.is_retired()).then(|| hash::<P>(slot, seeds))
}
