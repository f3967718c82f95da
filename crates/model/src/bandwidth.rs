//! Bandwidths.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// A bandwidth in whole Mbit/s, as circuits are sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(u32);

impl Bandwidth {
    /// A bandwidth of so many Mbit/s.
    pub fn mbps(mbps: u32) -> Self {
        Self(mbps)
    }

    /// The bandwidth in Mbit/s.
    pub fn as_mbps(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            mbps if mbps >= 1000 && mbps % 1000 == 0 => write!(f, "{} Gbps", mbps / 1000),
            mbps => write!(f, "{mbps} Mbps"),
        }
    }
}

impl Value for Bandwidth {
    const EXPECTED: &'static str = "a bandwidth like `50 Mbps` or `1 Gbps`";
    const SHAPE: Shape = Shape::Form { example: "1 Gbps" };

    /// Reads `1 Gbps`, `1Gbps`, `1.5 G`, `500 Mbps`, `500M`; a bare number is Mbit/s.
    fn parse(text: &str) -> Result<Self, ValueError> {
        let error = || ValueError::new(format!("`{text}` is no bandwidth"));
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let factor = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "m" | "mbps" | "mbit/s" | "mb/s" => 1u64,
            "g" | "gbps" | "gbit/s" | "gb/s" => 1000,
            _ => return Err(error()),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() || whole.len() > 7 || fraction.len() > 3 {
            return Err(error());
        }
        let whole: u64 = whole.parse().map_err(|_| error())?;
        let thousandths: u64 = format!("{fraction:0<3}").parse().map_err(|_| error())?;
        let mbps = whole * factor + thousandths * factor / 1000;
        if !(thousandths * factor).is_multiple_of(1000) {
            return Err(ValueError::new(format!("`{text}` is no whole number of Mbps")));
        }
        u32::try_from(mbps).map(Self).map_err(|_| error())
    }
}
