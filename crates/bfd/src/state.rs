//! The states of a session, and the step from one to the next on hearing the neighbour's.
//!
//! ```text
//!                              +--+
//!                              |  | hears Up, AdminDown; silence
//!                              |  V
//!              hears Down   +------+   hears Init
//!              +------------|      |------------+
//!              |            | Down |            |
//!              |  +-------->|      |<--------+  |
//!              |  |         +------+         |  |
//!              |  | hears               hears|  |
//!              |  | AdminDown,     AdminDown,|  |
//!              V  | silence   Down, silence  |  V
//!             +------+                      +------+
//!        +----|      | hears Init, Up       |      |----+
//!  hears |    | Init |--------------------->|  Up  |    | hears
//!   Down +--->|      |                      |      |<---+ Init, Up
//!             +------+                      +------+
//! ```
//!
//! RFC 5880 section 6.2. AdminDown stands apart: an operator enters and leaves it, packets do not.

use std::fmt;

/// The state of one end of a session. The numbers are those on the wire (RFC 5880 section 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// An operator holds the session down. It says nothing about the path.
    AdminDown = 0,
    /// The session is down, or was just made.
    Down = 1,
    /// The neighbour is heard, but may not hear us yet.
    Init = 2,
    /// Both ends hear each other.
    Up = 3,
}

impl State {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::AdminDown, Self::Down, Self::Init, Self::Up];

    /// The state in the low two bits of `bits`.
    pub(crate) fn from_bits(bits: u8) -> Self {
        match bits & 3 {
            0 => Self::AdminDown,
            1 => Self::Down,
            2 => Self::Init,
            _ => Self::Up,
        }
    }

    /// The state after hearing that the neighbour is in `remote` (RFC 5880 section 6.8.6).
    pub(crate) fn on_hearing(self, remote: Self) -> Self {
        use State::{AdminDown, Down, Init, Up};
        match (self, remote) {
            (AdminDown, _) => AdminDown,
            (Down | Init | Up, AdminDown) => Down,
            (Down, Down) => Init,
            (Down, Init) => Up,
            (Down, Up) => Down,
            (Init, Down) => Init,
            (Init, Init | Up) => Up,
            (Up, Down) => Down,
            (Up, Init | Up) => Up,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AdminDown => "AdminDown",
            Self::Down => "Down",
            Self::Init => "Init",
            Self::Up => "Up",
        })
    }
}
