//! Calendar dates.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// A calendar date, without time or zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// A date known to exist, for constants.
    ///
    /// # Panics
    /// At compile time, when used in a constant and the calendar has no such day.
    pub const fn constant(year: i16, month: i8, day: i8) -> Self {
        Self(jiff::civil::date(year, month, day))
    }

    /// How many days later this date is than `earlier`; negative when it is before it.
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.duration_since(earlier.0).as_hours() / 24
    }

    /// The date so many days later; the last day of the calendar when there is none.
    pub fn plus_days(self, days: u32) -> Self {
        Self(self.0.saturating_add(jiff::SignedDuration::from_hours(i64::from(days) * 24)))
    }

    /// The year.
    pub fn year(self) -> i16 {
        self.0.year()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value for Date {
    const EXPECTED: &'static str = "a date like `2026-11-21`";
    const SHAPE: Shape = Shape::Form { example: "2026-11-21" };

    /// Reads `2026-11-21`, and the date of an RFC 3339 time stamp as APIs write it.
    fn parse(text: &str) -> Result<Self, ValueError> {
        let day = text.split_once(['T', ' ']).map_or(text, |(day, _)| day);
        day.parse().map(Self).map_err(|_| ValueError::new(format!("`{text}` is no date")))
    }
}
