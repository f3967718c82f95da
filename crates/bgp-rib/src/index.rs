//! From prefix to slot.
//!
//! An open table of slot numbers, in the order of their hashes, two bytes each while there are few slots: the keys lie in
//! the slots, which have to be looked at anyway. A general hash table keeps a control byte and four bytes for each
//! place and doubles; for tables of a thousand prefixes that came to nine bytes a prefix, where this takes three.

/// Slots by the hash of their prefix.
#[derive(Debug)]
pub(crate) struct Index {
    cells: Cells,
    filled: u32,
}

#[derive(Debug)]
enum Cells {
    Narrow(Box<[u16]>),
    Wide(Box<[u32]>),
}

/// A place for a slot number.
trait Cell: Copy + PartialEq {
    const EMPTY: Self;
    fn new(slot: u32) -> Self;
    fn slot(self) -> u32;
}

impl Cell for u16 {
    const EMPTY: Self = Self::MAX;

    #[inline(always)]
    fn new(slot: u32) -> Self {
        slot as Self
    }

    #[inline(always)]
    fn slot(self) -> u32 {
        self.into()
    }
}

impl Cell for u32 {
    const EMPTY: Self = Self::MAX;

    #[inline(always)]
    fn new(slot: u32) -> Self {
        slot
    }

    #[inline(always)]
    fn slot(self) -> u32 {
        self
    }
}

macro_rules! each {
    ($cells:expr, $name:ident => $body:expr) => {
        match $cells {
            Cells::Narrow($name) => $body,
            Cells::Wide($name) => $body,
        }
    };
}

impl Index {
    pub(crate) fn new() -> Self {
        Self { cells: Cells::Narrow(Box::default()), filled: 0 }
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
        each!(&self.cells, cells => seek(cells, hash, is).ok())
    }

    /// The same, or the place where a slot with this hash would go. There has to be [room](Self::make_room).
    #[inline(always)]
    pub(crate) fn seek(&self, hash: u64, is: impl FnMut(u32) -> bool) -> Result<u32, usize> {
        each!(&self.cells, cells => seek(cells, hash, is))
    }

    /// Puts a slot where [`seek`](Self::seek) said.
    #[inline(always)]
    pub(crate) fn put(&mut self, at: usize, slot: u32) {
        each!(&mut self.cells, cells => put(cells, at, slot));
        self.filled += 1;
    }

    /// Makes room for so many more slots, none of them above `highest`.
    #[inline(always)]
    pub(crate) fn make_room(&mut self, more: u32, highest: u32, hash: impl Fn(u32) -> u64) {
        let (room, widest) = match &self.cells {
            Cells::Narrow(cells) => (cells.len(), u32::from(u16::EMPTY) - 1),
            Cells::Wide(cells) => (cells.len(), u32::EMPTY - 1),
        };
        // One place in five stays empty: the fuller, the longer the way to an empty one.
        let filled = (self.filled + more) as usize;
        if filled * 5 > room * 4 || highest > widest {
            self.grow(filled, highest, hash);
        }
    }

    #[cold]
    fn grow(&mut self, filled: usize, highest: u32, hash: impl Fn(u32) -> u64) {
        let room = (filled * 5 / 4 + 2).max(each!(&self.cells, cells => cells.len()) * 3 / 2).max(8);
        let old = if highest < u32::from(u16::EMPTY) {
            std::mem::replace(&mut self.cells, Cells::Narrow(vec![u16::EMPTY; room].into()))
        } else {
            std::mem::replace(&mut self.cells, Cells::Wide(vec![u32::EMPTY; room].into()))
        };
        let mut again = |slot: u32| {
            each!(&mut self.cells, cells => {
                if let Err(at) = seek(cells, hash(slot), |_| false) {
                    put(cells, at, slot);
                }
            });
        };
        each!(&old, cells => cells.iter().filter(|cell| **cell != Cell::EMPTY).for_each(|cell| again(cell.slot())));
    }

    /// Takes a slot out; whether it was there.
    pub(crate) fn remove(&mut self, slot: u32, hash: impl Fn(u32) -> u64) -> bool {
        let removed = each!(&mut self.cells, cells => remove(cells, slot, hash));
        self.filled -= u32::from(removed);
        removed
    }

    pub(crate) fn bytes(&self) -> usize {
        each!(&self.cells, cells => size_of_val(&**cells))
    }
}

/// Where the way to a slot begins: as far into the cells as its hash is into all hashes.
#[inline(always)]
fn home(hash: u64, room: usize) -> usize {
    ((u128::from(hash) * room as u128) >> 64) as usize
}

#[inline(always)]
fn after(at: usize, room: usize) -> usize {
    if at + 1 == room { 0 } else { at + 1 }
}

#[inline(always)]
fn seek<C: Cell>(cells: &[C], hash: u64, mut is: impl FnMut(u32) -> bool) -> Result<u32, usize> {
    let mut at = home(hash, cells.len());
    while let Some(&cell) = cells.get(at) {
        if cell == C::EMPTY {
            return Err(at);
        }
        if is(cell.slot()) {
            return Ok(cell.slot());
        }
        at = after(at, cells.len());
    }
    // There are no cells at all.
    Err(0)
}

#[inline(always)]
fn put<C: Cell>(cells: &mut [C], at: usize, slot: u32) {
    cells[at] = C::new(slot);
}

/// Takes a slot out and moves up those behind it that would not be found past the hole.
fn remove<C: Cell>(cells: &mut [C], slot: u32, hash: impl Fn(u32) -> u64) -> bool {
    let room = cells.len();
    let mut hole = home(hash(slot), room);
    loop {
        match cells.get(hole) {
            None => return false,
            Some(cell) if *cell == C::EMPTY => return false,
            Some(cell) if cell.slot() == slot => break,
            Some(_) => hole = after(hole, room),
        }
    }
    let mut at = hole;
    loop {
        at = after(at, room);
        let cell = cells[at];
        if cell == C::EMPTY {
            cells[hole] = C::EMPTY;
            return true;
        }
        // How far the cell is from where its way begins, and from the hole.
        let way = |from: usize| (at + room - from) % room;
        if way(home(hash(cell.slot()), room)) >= way(hole) {
            cells[hole] = cell;
            hole = at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// Few different hashes at both ends, so that ways are long and go round the end.
    fn hash(slot: u32) -> u64 {
        u64::from(slot % 5).wrapping_mul(u64::MAX / 4) ^ u64::from(slot)
    }

    proptest! {
        #[test]
        fn it_holds_what_was_put_in_and_not_taken_out(ops in prop::collection::vec((any::<bool>(), 0..60u32), 0..200)) {
            let mut index = Index::new();
            let mut model = BTreeSet::new();
            for (put, slot) in ops {
                if put {
                    index.make_room(1, slot, hash);
                    match index.seek(hash(slot), |other| other == slot) {
                        Ok(_) => prop_assert!(!model.insert(slot)),
                        Err(at) => {
                            prop_assert!(model.insert(slot));
                            index.put(at, slot);
                        }
                    }
                } else {
                    prop_assert_eq!(index.remove(slot, hash), model.remove(&slot));
                }
                prop_assert_eq!(index.len() as usize, model.len());
                for slot in 0..60 {
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
            index.make_room(1, slot, spread);
            let at = index.seek(spread(slot), |other| other == slot).unwrap_err();
            index.put(at, slot);
        }
        assert!((0..70_000).all(|slot| index.find(spread(slot), |other| other == slot) == Some(slot)));
        assert_eq!(index.find(spread(70_000), |other| other == 70_000), None);
        assert!(index.bytes() < 70_000 * 8);
    }
}
