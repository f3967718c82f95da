//! A bound on how many clients are served at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Places for a number of clients.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    taken: Arc<AtomicUsize>,
    most: usize,
}

/// A place that is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot(Arc<AtomicUsize>);

impl Slots {
    pub(crate) fn new(most: usize) -> Self {
        Self { taken: Arc::default(), most }
    }

    /// A place; `None` when none is free.
    pub(crate) fn take(&self) -> Option<Slot> {
        let slot = Slot(self.taken.clone());
        // Counted first and held against the bound after, so that two threads never take the last place both.
        (slot.0.fetch_add(1, Ordering::Relaxed) < self.most).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_client_leaves() {
        let slots = Slots::new(1);
        let slot = slots.take();
        assert!(slot.is_some() && slots.take().is_none());
        drop(slot);
        assert!(slots.take().is_some());
    }
}
