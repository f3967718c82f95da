//! From prefix to slot.
//!
//! An open table of slot numbers in the order of their hashes, two bytes each while there are few slots. The keys lie in
//! the slots, which have to be looked at anyway; what of a cell the number does not need holds bits of the hash, so that
//! hardly any other slot is looked at on the way.
//!
//! A general hash table keeps four bytes and a control byte for each place and doubles. For tables of a thousand
//! prefixes that came to nine bytes a prefix, where this takes three.

/// Slots by the hash of their prefix.
#[derive(Debug)]
pub(crate) struct Index {
    cells: Cells,
    filled: u32,
}

#[derive(Debug)]
enum Cells {
    Narrow(Ring<u16>),
    Wide(Ring<u32>),
}

macro_rules! each {
    ($cells:expr, $ring:ident => $body:expr) => {
        match $cells {
            Cells::Narrow($ring) => $body,
            Cells::Wide($ring) => $body,
        }
    };
}

impl Index {
    pub(crate) fn new() -> Self {
        Self { cells: Cells::Narrow(Ring::new(0)), filled: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// How many slots are in it.
    pub(crate) fn len(&self) -> u32 {
        self.filled
    }

    /// The slot with this hash that `is` recognizes.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, is: impl FnMut(u32) -> bool) -> Option<u32> {
        each!(&self.cells, ring => ring.seek(hash, is).ok())
    }

    /// The same, or the place where a slot with this hash would go. There has to be [room](Self::make_room).
    #[inline(always)]
    pub(crate) fn seek(&self, hash: u64, is: impl FnMut(u32) -> bool) -> Result<u32, usize> {
        each!(&self.cells, ring => ring.seek(hash, is))
    }

    /// Puts a slot where [`seek`](Self::seek) said.
    #[inline(always)]
    pub(crate) fn put(&mut self, at: usize, hash: u64, slot: u32) {
        each!(&mut self.cells, ring => ring.put(at, hash, slot));
        self.filled += 1;
    }

    /// Makes room for so many more slots. All slots, those in the index too, are below `bound`. `hash` is that of a slot in the index, and `None` for a
    /// number that is not in it.
    #[inline(always)]
    pub(crate) fn make_room(&mut self, more: u32, bound: u32, hash: impl Fn(u32) -> Option<u64>) {
        let (room, most) = each!(&self.cells, ring => (ring.cells.len(), ring.bound()));
        // One place in five stays empty: the fuller, the longer the way to an empty one.
        let filled = (self.filled + more) as usize;
        if filled * 5 > room * 4 || bound > most {
            self.grow(filled, bound, hash);
        }
    }

    #[cold]
    fn grow(&mut self, filled: usize, bound: u32, hash: impl Fn(u32) -> Option<u64>) {
        let room = (filled * 5 / 4 + 2).max(each!(&self.cells, ring => ring.cells.len()) * 3 / 2).max(8);
        let largest = room.max(bound as usize + 1);
        self.cells = match u16::try_from(largest) {
            Ok(_) => Cells::Narrow(Ring::new(room).for_slots(largest)),
            Err(_) => Cells::Wide(Ring::new(room).for_slots(largest)),
        };
        // In the order of slots, not of hashes: slots are many and lie far apart in memory.
        each!(&mut self.cells, ring => for slot in 0..bound {
            if let Some(hash) = hash(slot)
                && let Err(at) = ring.seek(hash, |_| false)
            {
                ring.put(at, hash, slot);
            }
        });
    }

    /// Takes a slot out; whether it was there.
    pub(crate) fn remove(&mut self, slot: u32, hash: impl Fn(u32) -> u64) -> bool {
        let removed = each!(&mut self.cells, ring => ring.remove(slot, hash));
        self.filled -= u32::from(removed);
        removed
    }

    pub(crate) fn bytes(&self) -> usize {
        each!(&self.cells, ring => size_of_val(&*ring.cells))
    }
}

/// A place for a slot number.
trait Cell: Copy + PartialEq {
    const WIDTH: u32;
    const EMPTY: Self;
    fn new(bits: u32) -> Self;
    fn bits(self) -> u32;
}

impl Cell for u16 {
    const WIDTH: u32 = 16;
    const EMPTY: Self = Self::MAX;

    #[inline(always)]
    fn new(bits: u32) -> Self {
        bits as Self
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self.into()
    }
}

impl Cell for u32 {
    const WIDTH: u32 = 32;
    const EMPTY: Self = Self::MAX;

    #[inline(always)]
    fn new(bits: u32) -> Self {
        bits
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self
    }
}

/// The cells, each with some of its hash in the high bits and a slot number in the low ones.
#[derive(Debug)]
struct Ring<C> {
    cells: Box<[C]>,
    /// How many bits the slot number has.
    bits: u32,
}

impl<C: Cell> Ring<C> {
    fn new(room: usize) -> Self {
        Self { cells: vec![C::EMPTY; room].into(), bits: 0 }
    }

    /// With numbers up to so many.
    fn for_slots(self, slots: usize) -> Self {
        Self { bits: usize::BITS - slots.leading_zeros(), ..self }
    }

    /// All slot numbers are below this. The cell of the greatest number could be taken for an empty one.
    fn bound(&self) -> u32 {
        self.mask()
    }

    #[inline(always)]
    fn mask(&self) -> u32 {
        (1u32 << self.bits) - 1
    }

    /// The bits of a hash that a cell holds. The way begins by the high ones, so these are the low ones.
    #[inline(always)]
    fn tag(&self, hash: u64) -> u32 {
        (hash as u32) << self.bits & (u32::MAX >> (u32::BITS - C::WIDTH))
    }

    /// Where the way to a slot begins: as far into the cells as its hash is into all hashes.
    #[inline(always)]
    fn home(&self, hash: u64) -> usize {
        ((u128::from(hash) * self.cells.len() as u128) >> 64) as usize
    }

    #[inline(always)]
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.cells.len() { 0 } else { at + 1 }
    }

    #[inline(always)]
    fn seek(&self, hash: u64, mut is: impl FnMut(u32) -> bool) -> Result<u32, usize> {
        let tag = self.tag(hash);
        let mut at = self.home(hash);
        while let Some(&cell) = self.cells.get(at) {
            if cell == C::EMPTY {
                return Err(at);
            }
            let slot = cell.bits() ^ tag;
            if slot <= self.mask() && is(slot) {
                return Ok(slot);
            }
            at = self.after(at);
        }
        // There are no cells at all.
        Err(0)
    }

    #[inline(always)]
    fn put(&mut self, at: usize, hash: u64, slot: u32) {
        self.cells[at] = C::new(self.tag(hash) | slot);
    }

    /// Takes a slot out and moves up those behind it that would not be found past the hole.
    fn remove(&mut self, slot: u32, hash: impl Fn(u32) -> u64) -> bool {
        let room = self.cells.len();
        let mut hole = self.home(hash(slot));
        loop {
            match self.cells.get(hole) {
                None => return false,
                Some(cell) if *cell == C::EMPTY => return false,
                Some(cell) if cell.bits() & self.mask() == slot => break,
                Some(_) => hole = self.after(hole),
            }
        }
        let mut at = hole;
        loop {
            at = self.after(at);
            let cell = self.cells[at];
            if cell == C::EMPTY {
                self.cells[hole] = C::EMPTY;
                return true;
            }
            // How far the cell is from where its way begins, and from the hole.
            let way = |from: usize| if at >= from { at - from } else { at + room - from };
            if way(self.home(hash(cell.bits() & self.mask()))) >= way(hole) {
                self.cells[hole] = cell;
                hole = at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Few different hashes, some at the very end, so that ways are long and go round it.
    fn hash(slot: u32) -> u64 {
        u64::from(slot % 5).wrapping_mul(u64::MAX / 4) ^ u64::from(slot % 7)
    }

    proptest! {
        #[test]
        fn it_holds_what_was_put_in_and_not_taken_out(ops in prop::collection::vec((any::<bool>(), 0..60u32), 0..200)) {
            let mut index = Index::new();
            let mut model = BTreeSet::new();
            for (put, slot) in ops {
                if put {
                    index.make_room(1, 60, |other| model.contains(&other).then(|| hash(other)));
                    match index.seek(hash(slot), |other| other == slot) {
                        Ok(_) => prop_assert!(!model.insert(slot)),
                        Err(at) => {
                            prop_assert!(model.insert(slot));
                            index.put(at, hash(slot), slot);
                        }
                    }
                } else {
                    prop_assert_eq!(index.remove(slot, hash), model.remove(&slot));
                }
                prop_assert_eq!(index.len() as usize, model.len());
                for slot in 0..60u32 {
                    let found = index.find(hash(slot), |other| other == slot);
                    prop_assert_eq!(found, model.contains(&slot).then_some(slot));
                }
            }
        }
    }

    #[test]
    fn it_grows_wide_when_slots_do() {
        let spread = |slot: u32| u64::from(slot).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut index = Index::new();
        for slot in 0..70_000 {
            index.make_room(1, slot + 1, |other| (other < slot).then(|| spread(other)));
            let at = index.seek(spread(slot), |other| other == slot).unwrap_err();
            index.put(at, spread(slot), slot);
        }
        assert!((0..70_000).all(|slot| index.find(spread(slot), |other| other == slot) == Some(slot)));
        assert_eq!(index.find(spread(70_000), |other| other == 70_000), None);
        assert!(index.bytes() < 70_000 * 8);
    }
}
