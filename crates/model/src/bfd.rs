//! BFD settings of a peering.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// Bidirectional forwarding detection on a session, as configured (RFC 5880).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bfd {
    /// Not configured.
    Off,
    /// Configured with an interval and a multiplier.
    On {
        /// Transmit and receive interval in milliseconds.
        interval_ms: u32,
        /// Missed packets until the session is down.
        multiplier: u32,
    },
}

impl fmt::Display for Bfd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::On { interval_ms, multiplier } => write!(f, "{interval_ms} ms x {multiplier}"),
        }
    }
}

impl Value for Bfd {
    const EXPECTED: &'static str = "`off` or an interval and a multiplier, like `300 ms x 3`";
    const SHAPE: Shape = Shape::Form { example: "300 ms x 3" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        if matches!(text, "off" | "none" | "no" | "false") {
            return Ok(Self::Off);
        }
        let error = || ValueError::new(format!("`{text}` is no BFD interval and multiplier"));
        let (interval, multiplier) = text.split_once('x').ok_or_else(error)?;
        let interval = interval.trim().trim_end_matches("ms").trim();
        let interval_ms = interval.parse().map_err(|_| error())?;
        let multiplier = multiplier.trim().parse().map_err(|_| error())?;
        if interval_ms == 0 || multiplier == 0 {
            return Err(error());
        }
        Ok(Self::On { interval_ms, multiplier })
    }
}
