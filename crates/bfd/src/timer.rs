//! Time as this room counts it: moments, intervals, the two timers of a session, and jitter.
//!
//! The protocol speaks of microseconds in 32 bits; moments are 64 bits of them, which keeps a session
//! small. Nothing here reads a clock.

use std::fmt;
use std::time::Duration;

/// A moment: microseconds on a monotonic clock since a start of the caller's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The start.
    pub const ZERO: Self = Self(0);

    /// Later than any moment that is reached; stands for "not set" inside a session.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The moment that many microseconds after the start.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The moment `wait` later, at most the end of time.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        self.after_micros(micros(wait))
    }

    pub(crate) fn after_micros(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// The time passed since `earlier`; zero if that is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for Time {
    /// The moment that long after the start, the fraction of a microsecond cut off.
    fn from(since_start: Duration) -> Self {
        Self(micros(since_start))
    }
}

impl From<Time> for Duration {
    fn from(time: Time) -> Self {
        Self::from_micros(time.0)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A packet interval as the wire carries it: microseconds, 0 to 4,294,967,295 (71.6 minutes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(u32);

impl Interval {
    /// Zero, which in most fields of the wire means "none".
    pub const ZERO: Self = Self(0);

    /// The least interval at which a session that is not up sends (RFC 5880 section 6.8.3).
    pub const SLOW: Self = Self::from_millis(1000);

    /// An interval of that many microseconds.
    pub const fn from_micros(micros: u32) -> Self {
        Self(micros)
    }

    /// An interval of that many milliseconds, at most the longest there is.
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// The interval in microseconds.
    pub const fn as_micros(self) -> u32 {
        self.0
    }

    /// The time of `times` intervals.
    pub(crate) fn times(self, times: u8) -> u64 {
        u64::from(self.0) * u64::from(times)
    }
}

impl From<Interval> for Duration {
    fn from(interval: Interval) -> Self {
        Self::from_micros(u64::from(interval.0))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 1000 {
            0 => write!(f, "{} ms", self.0 / 1000),
            micros => write!(f, "{}.{micros:03} ms", self.0 / 1000),
        }
    }
}

/// Which timer of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The next periodic packet is due. Fires as [`Event::TransmitTimer`](crate::Event::TransmitTimer).
    Transmit,
    /// The neighbour may have been silent for too long. Fires as [`Event::DetectTimer`](crate::Event::DetectTimer).
    Detect,
}

/// A source of jitter, from a seed: the same seed gives the same packets at the same times.
///
/// The generator is splitmix64. It hides nothing and need not: jitter only keeps sessions from beating
/// in step.
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Microseconds to wait instead of `interval`: 75 to 100 % of it, or 75 to 90 % where the neighbour
    /// tolerates no lost packet because the detect multiplier that we send is 1 (RFC 5880 section 6.8.7).
    pub(crate) fn apply(&mut self, interval: Interval, detect_mult: u8) -> u64 {
        let whole = u64::from(interval.0);
        let least = whole - whole / 4;
        let most = if detect_mult == 1 { whole * 9 / 10 } else { whole };
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// A number of 0 to `interval`, to spread the first packets of many sessions.
    pub(crate) fn spread(&mut self, interval: Interval) -> u64 {
        self.below(u64::from(interval.0) + 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn jitter_takes_away_at_most_a_quarter(seed: u64, micros in 1000_u32.., mult in 2_u8..) {
            let wait = Jitter::new(seed).apply(Interval(micros), mult);
            let whole = u64::from(micros);
            prop_assert!(wait * 4 >= whole * 3 && wait <= whole, "{wait} of {whole}");
        }

        #[test]
        fn with_a_multiplier_of_one_jitter_leaves_a_tenth_to_spare(seed: u64, micros in 1000_u32..) {
            let wait = Jitter::new(seed).apply(Interval(micros), 1);
            let whole = u64::from(micros);
            prop_assert!(wait * 4 >= whole * 3 && wait * 10 <= whole * 9, "{wait} of {whole}");
        }
    }

    #[test]
    fn jitter_uses_its_whole_range() {
        let mut jitter = Jitter::new(7);
        let waits: Vec<u64> = (0..10_000).map(|_| jitter.apply(Interval::from_millis(300), 3)).collect();
        let mean = waits.iter().sum::<u64>() / 10_000;
        assert!(waits.iter().any(|&wait| wait < 226_000) && waits.iter().any(|&wait| wait > 299_000));
        assert!((262_000..263_000).contains(&mean), "mean {mean}");
    }

    #[test]
    fn intervals_without_room_for_jitter_do_not_fail() {
        for micros in 0..50 {
            for mult in [1, 3] {
                let wait = Jitter::new(1).apply(Interval(micros), mult);
                assert!(wait <= u64::from(micros));
            }
        }
        assert_eq!(Jitter::new(1).spread(Interval::ZERO), 0);
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        assert_eq!(Time::from(Duration::MAX).after_micros(1), Time::NEVER);
        assert_eq!(Interval::from_millis(u32::MAX).as_micros(), u32::MAX);
        assert_eq!(Time::ZERO.since(Time::from_micros(5)), Duration::ZERO);
    }

    #[test]
    fn intervals_print_in_milliseconds() {
        assert_eq!(Interval::from_millis(300).to_string(), "300 ms");
        assert_eq!(Interval::from_micros(1).to_string(), "0.001 ms");
    }
}
