//! A list that grows without moving.
//!
//! A vector that doubles leaves up to half of itself unused and copies all it holds each time; thousands of tables
//! would make that a large part of the memory. Here elements lie in chunks of one size, which the allocator can also
//! give to another list when this one is done.

use std::ops::{Index, IndexMut};

/// Elements in a chunk.
const CHUNK: usize = 64;

#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
}

impl<T> Chunks<T> {
    pub(crate) fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    pub(crate) fn len(&self) -> u32 {
        match self.chunks.as_slice() {
            [] => 0,
            [full @ .., last] => (full.len() * CHUNK + last.len()) as u32,
        }
    }

    #[inline(always)]
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        self.chunks.get(at as usize / CHUNK)?.get(at as usize % CHUNK)
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.chunks.get_mut(at as usize / CHUNK)?.get_mut(at as usize % CHUNK)
    }

    #[inline]
    pub(crate) fn push(&mut self, element: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(element),
            _ => self.push_chunk(element),
        }
    }

    #[cold]
    fn push_chunk(&mut self, element: T) {
        let mut chunk = Vec::with_capacity(CHUNK);
        chunk.push(element);
        self.chunks.push(chunk);
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.chunks.len() * CHUNK * size_of::<T>() + self.chunks.capacity() * size_of::<Vec<T>>()
    }
}

impl<T> Index<u32> for Chunks<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, at: u32) -> &T {
        &self.chunks[at as usize / CHUNK][at as usize % CHUNK]
    }
}

impl<T> IndexMut<u32> for Chunks<T> {
    #[inline(always)]
    fn index_mut(&mut self, at: u32) -> &mut T {
        &mut self.chunks[at as usize / CHUNK][at as usize % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_their_places() {
        let mut chunks = Chunks::new();
        (0..1000u32).for_each(|n| chunks.push(n));
        assert_eq!(chunks.len(), 1000);
        assert!((0..1000).all(|n| chunks[n] == n));
        chunks[64] = 7;
        assert_eq!((chunks.get(64), chunks.get(999), chunks.get(1000)), (Some(&7), Some(&999), None));
        assert_eq!(chunks.iter_mut().count(), 1000);
    }
}
