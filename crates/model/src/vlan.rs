//! VLAN ids.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// An 802.1Q tag usable on a circuit: 1 to 4094.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanId(u16);

impl VlanId {
    /// The tag as a number.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for VlanId {
    type Error = ValueError;

    fn try_from(id: u16) -> Result<Self, ValueError> {
        match id {
            1..=4094 => Ok(Self(id)),
            _ => Err(ValueError::new(format!("vlan {id} is outside 1..=4094"))),
        }
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Value for VlanId {
    const EXPECTED: &'static str = "a VLAN id, 1 to 4094";
    const SHAPE: Shape = Shape::Number { min: 1, max: 4094 };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let id: u16 = text.parse().map_err(|_| ValueError::new(format!("`{text}` is no VLAN id")))?;
        Self::try_from(id)
    }
}
