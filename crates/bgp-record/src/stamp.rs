//! When something happened.

/// A moment since 1970-01-01 00:00 UTC, as both formats write it. All zero means that it is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp {
    /// Whole seconds. The formats have 32 bits, which last until 2106.
    pub seconds: u32,
    /// Microseconds within the second, 0 to 999,999.
    pub microseconds: u32,
}
