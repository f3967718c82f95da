//! How long it takes from the news that a path is lost to the group replaced in the kernel.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets in microseconds.
pub(crate) const BOUNDS: [u64; 9] = [50, 100, 250, 500, 1_000, 2_500, 10_000, 50_000, 250_000];

/// A histogram of such times.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

impl Switches {
    /// Counts one.
    pub(super) fn add(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        for (bucket, _) in self.buckets.iter().zip(BOUNDS).filter(|(_, bound)| micros <= *bound) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// How many took no longer than each bound, how many there were, and all times together in microseconds.
    pub(crate) fn read(&self) -> ([u64; BOUNDS.len()], u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (self.buckets.each_ref().map(read), read(&self.count), read(&self.micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_in_every_bucket_that_holds_it() {
        let switches = Switches::default();
        switches.add(Duration::from_micros(60));
        switches.add(Duration::from_millis(300));
        assert_eq!(switches.read(), ([0, 1, 1, 1, 1, 1, 1, 1, 1], 2, 300_060));
    }
}
