//! How fast a session shall be.

use crate::{ConfigError, Interval};
use std::num::NonZeroU8;

/// The wishes of this end of a session: what is sent as Desired Min TX Interval, Required Min RX Interval
/// and Detect Mult once the session is up. What runs is the slower of both ends' wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Config {
    desired_min_tx: Interval,
    required_min_rx: Interval,
    detect_mult: NonZeroU8,
}

impl Config {
    /// The shortest interval to wish for: below it the scheduling of an ordinary machine looks like loss.
    /// Since the slower end decides, no peer can make a session faster than this either.
    pub const SHORTEST: Interval = Interval::from_millis(50);

    /// The longest interval to wish for.
    pub const LONGEST: Interval = Interval::from_millis(60_000);

    /// Wishes: send no faster than `desired_min_tx`, receive no faster than `required_min_rx`, and have the
    /// neighbour wait for `detect_mult` of our packets before it gives us up.
    ///
    /// # Errors
    ///
    /// An interval is outside [`Self::SHORTEST`] to [`Self::LONGEST`], or the multiplier is 0.
    pub fn new(desired_min_tx: Interval, required_min_rx: Interval, detect_mult: u8) -> Result<Self, ConfigError> {
        for interval in [desired_min_tx, required_min_rx] {
            if !(Self::SHORTEST..=Self::LONGEST).contains(&interval) {
                return Err(ConfigError::Interval(interval));
            }
        }
        let detect_mult = NonZeroU8::new(detect_mult).ok_or(ConfigError::DetectMult)?;
        Ok(Self { desired_min_tx, required_min_rx, detect_mult })
    }

    /// Desired Min TX Interval while up.
    pub fn desired_min_tx(&self) -> Interval {
        self.desired_min_tx
    }

    /// Required Min RX Interval.
    pub fn required_min_rx(&self) -> Interval {
        self.required_min_rx
    }

    /// Detect Mult, 1 to 255.
    pub fn detect_mult(&self) -> NonZeroU8 {
        self.detect_mult
    }
}

impl Default for Config {
    /// 300 ms both ways, three times: what Microsoft's edge asks for (expressroute-bfd.md).
    fn default() -> Self {
        let interval = Interval::from_millis(300);
        Self { desired_min_tx: interval, required_min_rx: interval, detect_mult: const { NonZeroU8::new(3).unwrap() } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_machine_can_keep_is_refused_with_its_number() {
        let ms = Interval::from_millis;
        assert!(Config::new(ms(50), ms(60_000), 255).is_ok());
        let short = Config::new(ms(10), ms(300), 3).unwrap_err();
        assert_eq!(short.to_string(), "bfd interval 10 ms is outside 50 ms to 60000 ms");
        assert!(Config::new(ms(300), ms(60_001), 3).is_err());
        assert_eq!(Config::new(ms(300), ms(300), 0), Err(ConfigError::DetectMult));
    }

    #[test]
    fn the_default_is_three_times_300_ms() {
        let ms = Interval::from_millis;
        assert_eq!(Config::default(), Config::new(ms(300), ms(300), 3).unwrap());
    }
}
