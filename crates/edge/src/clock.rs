//! The one clock of the process.

use bgp_speaker::Time;
use std::time::{Duration, Instant};

/// Tells the time since it was made, the same on all threads that it is copied to.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that stands at zero now.
    #[allow(clippy::disallowed_methods, reason = "this is the rim, and the only place in it that starts a clock")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Time {
        Time(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// How long it is until a moment, rounded up to whole milliseconds, so that whoever sleeps that long
    /// does not wake just before it.
    pub fn until(&self, moment: Time) -> Duration {
        moment.since(self.now())
    }
}
