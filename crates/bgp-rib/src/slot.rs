//! Paths as a table holds them.
//!
//! ```text
//! slot of an IPv4 prefix, 16 bytes
//! +-----------------+-----------------+-----------------+--------+----+-----+
//! | address (4)     | attributes (4)  | log entry (4)   | peer(2)| /n | flag|
//! +-----------------+-----------------+-----------------+--------+----+-----+
//! ```
//!
//! Most prefixes have one path, which lies in the slot itself. A prefix with several has a block of them in the
//! table's [`Pool`], the best one first, and the place of the block where the attributes would be. An IPv6
//! slot has 12 bytes more.

use crate::intern::{AttrId, grow};

/// Index of a peer within its domain.
pub(crate) type Local = u16;

/// Our own routes.
pub(crate) const OWN: Local = 0;
/// Nobody.
pub(crate) const NOBODY: Local = u16::MAX;
/// Anybody: who it was is not known.
pub(crate) const ANYBODY: Local = u16::MAX - 1;

/// Kept over a restart of the peer and not confirmed yet.
pub(crate) const STALE: u8 = 1;
/// Held and not used.
pub(crate) const REFUSED: u8 = 2;
/// Of a slot: there are several paths, in a block.
const MANY: u8 = 4;
/// Of a slot: the size of the block, in the high half.
const CLASS_SHIFT: u8 = 4;
/// In place of the length: the slot has no prefix.
const RETIRED: u8 = u8::MAX;

/// A path to a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) attr: AttrId,
    pub(crate) path_id: u32,
    pub(crate) peer: Local,
    pub(crate) flags: u8,
}

impl Path {
    const NONE: Self = Self { attr: AttrId::NONE, path_id: 0, peer: NOBODY, flags: 0 };

    #[inline(always)]
    pub(crate) fn is_usable(&self) -> bool {
        self.flags & REFUSED == 0
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.flags & STALE != 0
    }
}

/// A prefix and its paths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot<B> {
    pub(crate) bits: B,
    /// Attributes of the only path, or place of the block.
    attr: u32,
    /// The last entry of the log that is about this prefix, if the log still has it.
    pub(crate) seq: u32,
    /// The peer of the best path.
    peer: Local,
    pub(crate) length: u8,
    flags: u8,
}

/// What lies in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Empty,
    One(Path),
    Many(Block),
}

impl<B> Slot<B> {
    pub(crate) fn new(bits: B, length: u8) -> Self {
        Self { bits, attr: AttrId::NONE.0, seq: u32::MAX, peer: NOBODY, length, flags: 0 }
    }

    #[inline(always)]
    pub(crate) fn content(&self) -> Content {
        if self.flags & MANY != 0 {
            Content::Many(Block { at: self.attr, class: self.flags >> CLASS_SHIFT })
        } else if self.attr == AttrId::NONE.0 {
            Content::Empty
        } else {
            Content::One(Path { attr: AttrId(self.attr), path_id: 0, peer: self.peer, flags: self.flags })
        }
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.flags & MANY == 0 && self.attr == AttrId::NONE.0
    }

    /// Whether a path of the peer may be in it.
    #[inline(always)]
    pub(crate) fn may_hold(&self, peer: Local) -> bool {
        self.flags & MANY != 0 || self.peer == peer
    }

    #[inline(always)]
    pub(crate) fn put_one(&mut self, path: Path) {
        debug_assert_eq!(path.path_id, 0, "a path with an identifier needs a block");
        (self.attr, self.peer, self.flags) = (path.attr.0, path.peer, path.flags);
    }

    pub(crate) fn put_many(&mut self, block: Block, leader: Local) {
        (self.attr, self.peer, self.flags) = (block.at, leader, MANY | block.class << CLASS_SHIFT);
    }

    pub(crate) fn clear(&mut self) {
        (self.attr, self.peer, self.flags) = (AttrId::NONE.0, NOBODY, 0);
    }

    /// There is no prefix any more.
    pub(crate) fn retire(&mut self) {
        debug_assert!(self.is_empty(), "a prefix with paths stays");
        self.length = RETIRED;
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.length == RETIRED
    }

    /// Changes the flags of an only path.
    #[inline(always)]
    pub(crate) fn set_flags(&mut self, flags: u8) {
        debug_assert!(self.flags & MANY == 0, "the paths of a block have their own flags");
        self.flags = flags;
    }
}

/// Where the paths of a prefix are in the pool: room for `2 << class` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    at: u32,
    class: u8,
}

impl Block {
    fn room(self) -> usize {
        2 << self.class
    }
}

/// The most paths that a block can hold.
pub(crate) const MOST_PATHS: usize = 2 << (CLASSES - 1);
const CLASSES: usize = 16;

/// The paths of prefixes that have several.
#[derive(Debug)]
pub(crate) struct Pool {
    paths: Vec<Path>,
    /// Blocks not in use, by class.
    free: Vec<Vec<u32>>,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self { paths: Vec::new(), free: Vec::new() }
    }

    /// A block that holds these two.
    pub(crate) fn pair(&mut self, pair: [Path; 2]) -> Block {
        let block = self.take(0);
        self.room_mut(block).copy_from_slice(&pair);
        block
    }

    /// The paths of a block.
    pub(crate) fn paths(&self, block: Block) -> &[Path] {
        let room = &self.paths[block.at as usize..][..block.room()];
        let count = room.iter().position(|path| path.attr == AttrId::NONE).unwrap_or(room.len());
        &room[..count]
    }

    pub(crate) fn paths_mut(&mut self, block: Block) -> &mut [Path] {
        let count = self.paths(block).len();
        &mut self.room_mut(block)[..count]
    }

    /// Adds a path; the block may move. `None` when it is as large as can be.
    pub(crate) fn push(&mut self, block: Block, path: Path) -> Option<Block> {
        let count = self.paths(block).len();
        if count < block.room() {
            self.room_mut(block)[count] = path;
            return Some(block);
        }
        if usize::from(block.class) + 1 == CLASSES {
            return None;
        }
        let larger = self.take(block.class + 1);
        let from = block.at as usize;
        self.paths.copy_within(from..from + count, larger.at as usize);
        self.room_mut(larger)[count] = path;
        self.release(block);
        Some(larger)
    }

    /// Takes a path out; the last one takes its place.
    pub(crate) fn swap_remove(&mut self, block: Block, place: usize) -> Path {
        let paths = self.paths_mut(block);
        let last = paths.len() - 1;
        paths.swap(place, last);
        std::mem::replace(&mut paths[last], Path::NONE)
    }

    /// Gives a block back.
    pub(crate) fn release(&mut self, block: Block) {
        self.room_mut(block).fill(Path::NONE);
        let class = usize::from(block.class);
        if self.free.len() <= class {
            self.free.resize(class + 1, Vec::new());
        }
        self.free[class].push(block.at);
    }

    /// Gives all memory back.
    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    pub(crate) fn bytes(&self) -> usize {
        let free: usize = self.free.iter().map(|list| list.capacity() * 4).sum();
        self.paths.capacity() * size_of::<Path>() + free
    }

    fn room_mut(&mut self, block: Block) -> &mut [Path] {
        &mut self.paths[block.at as usize..][..block.room()]
    }

    fn take(&mut self, class: u8) -> Block {
        if let Some(at) = self.free.get_mut(usize::from(class)).and_then(Vec::pop) {
            return Block { at, class };
        }
        let block = Block { at: self.paths.len() as u32, class };
        for _ in 0..block.room() {
            grow(&mut self.paths);
            self.paths.push(Path::NONE);
        }
        block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(peer: Local) -> Path {
        Path { attr: AttrId(u32::from(peer) + 100), path_id: 0, peer, flags: 0 }
    }

    #[test]
    fn a_slot_of_ipv4_takes_sixteen_bytes_and_a_path_twelve() {
        assert_eq!((size_of::<Slot<u32>>(), size_of::<Slot<[u32; 4]>>(), size_of::<Path>()), (16, 28, 12));
    }

    #[test]
    fn blocks_grow_keep_their_paths_and_are_used_again() {
        let mut pool = Pool::new();
        let mut block = pool.pair([path(1), path(2)]);
        for peer in 3..=9 {
            block = pool.push(block, path(peer)).unwrap();
        }
        assert_eq!(pool.paths(block).iter().map(|path| path.peer).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(pool.swap_remove(block, 0), path(1));
        assert_eq!(pool.paths(block)[0], path(9));
        let size = pool.paths.len();
        pool.release(block);
        let again = pool.pair([path(1), path(2)]);
        assert_eq!((pool.paths(again).len(), pool.paths.len()), (2, size));
    }

    #[test]
    fn a_slot_tells_what_lies_in_it() {
        let mut slot = Slot::new(0u32, 8);
        assert_eq!((slot.content(), slot.is_empty()), (Content::Empty, true));
        slot.put_one(Path { flags: STALE, ..path(3) });
        assert_eq!(slot.content(), Content::One(Path { flags: STALE, ..path(3) }));
        let block = Block { at: 7, class: 15 };
        slot.put_many(block, 3);
        assert_eq!((slot.content(), slot.is_empty()), (Content::Many(block), false));
    }
}
