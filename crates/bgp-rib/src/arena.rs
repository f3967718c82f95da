//! Things with numbers that are never mistaken for one another.
//!
//! A number holds a place and how often the place has been given out, so that the number of something removed
//! finds nothing, though its place has been taken by something new. A place whose count has run out is not
//! given out again.

use std::marker::PhantomData;

/// A number that an [`Arena`] gives out.
pub(crate) trait Id: Copy {
    fn new(number: u32) -> Self;
    fn number(self) -> u32;
}

/// At most so many places: 262,144.
const PLACE_BITS: u32 = 18;
const PLACES: u32 = 1 << PLACE_BITS;
const ROUNDS: u32 = 1 << (32 - PLACE_BITS);

/// The place in a number; numbers of things that are there at the same time have different ones.
pub(crate) fn place(number: u32) -> usize {
    (number & (PLACES - 1)) as usize
}

#[derive(Debug)]
pub(crate) struct Arena<I, T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
    id: PhantomData<I>,
}

impl<I: Id, T> Arena<I, T> {
    pub(crate) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new(), id: PhantomData }
    }

    /// # Panics
    ///
    /// When 262,144 things are there already.
    pub(crate) fn insert(&mut self, thing: T) -> I {
        let place = match self.free.pop() {
            Some(place) => place,
            None => {
                assert!(self.places.len() < PLACES as usize, "all {PLACES} places are taken");
                self.places.push((0, None));
                self.places.len() as u32 - 1
            }
        };
        let (round, content) = &mut self.places[place as usize];
        *content = Some(thing);
        I::new(*round << PLACE_BITS | place)
    }

    pub(crate) fn remove(&mut self, id: I) -> Option<T> {
        let place = id.number() & (PLACES - 1);
        let (round, content) = self.places.get_mut(place as usize)?;
        if *round != id.number() >> PLACE_BITS {
            return None;
        }
        let thing = content.take()?;
        *round += 1;
        if *round < ROUNDS {
            self.free.push(place);
        }
        Some(thing)
    }

    #[inline]
    pub(crate) fn get(&self, id: I) -> Option<&T> {
        let (round, content) = self.places.get((id.number() & (PLACES - 1)) as usize)?;
        content.as_ref().filter(|_| *round == id.number() >> PLACE_BITS)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: I) -> Option<&mut T> {
        let (round, content) = self.places.get_mut((id.number() & (PLACES - 1)) as usize)?;
        content.as_mut().filter(|_| *round == id.number() >> PLACE_BITS)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (I, &T)> {
        (0..).zip(&self.places).filter_map(|(place, (round, content))| {
            content.as_ref().map(|thing| (I::new(*round << PLACE_BITS | place), thing))
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<(u32, Option<T>)>() + self.free.capacity() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Number(u32);

    impl Id for Number {
        fn new(number: u32) -> Self {
            Self(number)
        }

        fn number(self) -> u32 {
            self.0
        }
    }

    #[test]
    fn a_removed_number_finds_nothing_though_its_place_is_taken() {
        let mut arena = Arena::<Number, char>::new();
        let a = arena.insert('a');
        assert_eq!(arena.remove(a), Some('a'));
        let b = arena.insert('b');
        assert_ne!(a, b);
        assert_eq!(arena.remove(a), None);
        assert_eq!((arena.get(a), arena.get(b)), (None, Some(&'b')));
        assert_eq!(arena.places.len(), 1);
    }

    #[test]
    fn a_place_is_given_up_before_its_numbers_repeat() {
        let mut arena = Arena::<Number, ()>::new();
        let first = arena.insert(());
        arena.remove(first);
        for _ in 1..ROUNDS {
            let id = arena.insert(());
            assert_eq!(id.0 & (PLACES - 1), 0);
            arena.remove(id);
        }
        let next = arena.insert(());
        assert_eq!(next, Number(1));
        assert_eq!(arena.get(first), None);
    }
}
