//! Times of a drill: microseconds since its probes began.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// Microseconds since the probes began. Reaches 71 minutes; what lies behind is that end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub u32);

impl Stamp {
    /// The beginning.
    pub const ZERO: Self = Self(0);
    /// The end of what can be told apart.
    pub const MAX: Self = Self(u32::MAX);

    /// So many milliseconds after the beginning.
    pub const fn from_ms(ms: u32) -> Self {
        Self(ms.saturating_mul(1000))
    }

    /// Milliseconds since the beginning.
    pub fn ms(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// Microseconds from `earlier` to here; 0 when that is later.
    pub fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }

    /// The time so much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(Self::from(span).0))
    }
}

impl From<Duration> for Stamp {
    fn from(span: Duration) -> Self {
        Self(u32::try_from(span.as_micros()).unwrap_or(u32::MAX))
    }
}

impl From<Stamp> for Duration {
    fn from(stamp: Stamp) -> Self {
        Self::from_micros(stamp.0.into())
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} ms", self.ms())
    }
}

/// The clock that sender, receiver and runner share: a beginning, on the steady clock and on the wall clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self { began: instant() }
    }

    /// The time since the beginning.
    #[must_use]
    pub fn now(&self) -> Stamp {
        instant().saturating_duration_since(self.began).into()
    }

    /// When something happened that the kernel stamped with the wall clock. Asked right after the event was read, a
    /// wall clock that is being set moves it by little; it never lies in the future.
    #[must_use]
    pub fn of_wall(&self, at: SystemTime) -> Stamp {
        #[expect(clippy::disallowed_methods, reason = "the rim reads the clock")]
        let age = SystemTime::now().duration_since(at).unwrap_or_default();
        Stamp(self.now().0.saturating_sub(Stamp::from(age).0))
    }
}

#[expect(clippy::disallowed_methods, reason = "the rim reads the clock")]
fn instant() -> Instant {
    Instant::now()
}
