//! DSCP marks.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// A differentiated services code point, 0 to 63 (RFC 2474), by number or by the name of its behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dscp(u8);

impl Dscp {
    /// Expedited forwarding (RFC 3246), the mark of voice.
    pub const EF: Self = Self(46);
    /// Best effort.
    pub const DEFAULT: Self = Self(0);

    /// The code point as a number.
    pub fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Dscp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.0 >> 3, self.0 & 7) {
            (46, ..) => f.write_str("EF"),
            (_, class, 0) => write!(f, "CS{class}"),
            (_, class @ 1..=4, drop @ (2 | 4 | 6)) => write!(f, "AF{class}{}", drop / 2),
            (number, ..) => number.fmt(f),
        }
    }
}

impl Value for Dscp {
    const EXPECTED: &'static str = "a DSCP, 0 to 63 or a name like EF, AF41, CS0";
    const SHAPE: Shape = Shape::Form { example: "EF" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let error = || ValueError::new(format!("`{text}` is no DSCP"));
        let upper = text.trim().to_ascii_uppercase();
        let digits = |text: &str| text.bytes().map(|b| b.wrapping_sub(b'0')).collect::<Vec<_>>();
        if upper == "EF" {
            return Ok(Self::EF);
        }
        if let Some(rest) = upper.strip_prefix("AF") {
            return match digits(rest)[..] {
                [class @ 1..=4, drop @ 1..=3] => Ok(Self(class << 3 | drop << 1)),
                _ => Err(error()),
            };
        }
        if let Some(rest) = upper.strip_prefix("CS") {
            return match digits(rest)[..] {
                [class @ 0..=7] => Ok(Self(class << 3)),
                _ => Err(error()),
            };
        }
        upper.parse().ok().filter(|number| *number < 64).map(Self).ok_or_else(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_point_prints_and_parses_back() {
        for number in 0..64 {
            let dscp = Dscp(number);
            assert_eq!(Dscp::parse(&dscp.to_string()), Ok(dscp));
        }
    }

    #[test]
    fn the_names_of_the_qos_table_have_its_numbers() {
        let numbers = ["EF", "AF41", "AF21", "AF11", "CS0", "CS3"].map(|name| Dscp::parse(name).unwrap().number());
        assert_eq!(numbers, [46, 34, 18, 10, 0, 24]);
    }
}
