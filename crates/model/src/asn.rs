//! Autonomous system numbers.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// An autonomous system number, 16 or 32 bit (RFC 6793).
///
/// Any number is held, reserved ones too: a design under review may be wrong, and whether a
/// number may be used on a peering is asked by the rules with the catalogue's ranges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Asn(pub u32);

impl Asn {
    /// Microsoft's side of every ExpressRoute peering (expressroute-routing.md, 2026-03-12).
    pub const MICROSOFT_EDGE: Self = Self(12076);
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value for Asn {
    const EXPECTED: &'static str = "an AS number, 0 to 4294967295, or in asdot form like 1.10";
    const SHAPE: Shape = Shape::Number { min: 0, max: u32::MAX as u64 };

    /// Reads asplain (`65010`), `AS65010` and asdot (`1.10`, RFC 5396).
    fn parse(text: &str) -> Result<Self, ValueError> {
        let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
        let error = || ValueError::new(format!("`{text}` is no AS number"));
        if let Some((high, low)) = digits.split_once('.') {
            let high: u16 = high.parse().map_err(|_| error())?;
            let low: u16 = low.parse().map_err(|_| error())?;
            return Ok(Self(u32::from(high) << 16 | u32::from(low)));
        }
        digits.parse().map(Self).map_err(|_| error())
    }
}
