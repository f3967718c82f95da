//! How long to wait before the service is tried again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Longer and longer pauses, none of them the same for two edges.
#[derive(Debug, Default)]
pub(super) struct BackOff {
    failures: u32,
}

/// The first pause at most, in milliseconds.
const FIRST: u64 = 500;

/// The longest pause, in milliseconds.
const LONGEST: u64 = 15_000;

impl BackOff {
    /// Whether the last attempt failed.
    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// It went well: whether it had failed before.
    pub(super) fn reset(&mut self) -> bool {
        std::mem::take(&mut self.failures) > 0
    }

    /// It failed: how long to wait, from half of the pause to all of it.
    pub(super) fn failed(&mut self) -> Duration {
        let pause = (FIRST << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        // Drawn from the keys of the standard library's maps, so that edges do not come back all at once.
        let draw = RandomState::new().build_hasher().finish();
        Duration::from_millis(pause / 2 + draw % (pause / 2 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_begin_anew() {
        let mut back_off = BackOff::default();
        let first = back_off.failed();
        assert!((250..=500).contains(&first.as_millis()), "{first:?}");
        let longest = (0..100).map(|_| back_off.failed()).max().unwrap();
        assert!((7_500..=15_000).contains(&longest.as_millis()), "{longest:?}");
        assert!(back_off.is_failing() && back_off.reset() && !back_off.is_failing());
        assert!(back_off.failed().as_millis() <= 500);
    }
}
