//! The SKU of a circuit: tier and billing family.

use crate::{Billing, Shape, Tier, Value, ValueError};
use std::fmt;

/// Tier and billing family of a circuit, `premium metered` in a design,
/// `Premium_MeteredData` in the API (spec 02, 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sku {
    /// Which regions the circuit reaches.
    pub tier: Tier,
    /// How transfers are billed.
    pub billing: Billing,
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.tier, self.billing)
    }
}

impl Value for Sku {
    const EXPECTED: &'static str =
        "a tier (local, standard, premium) and a billing family (metered, unlimited), like `premium metered`";
    const SHAPE: Shape = Shape::Form { example: "premium metered" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let mut words = text.split(|c: char| c.is_whitespace() || c == '_').filter(|word| !word.is_empty());
        let (Some(tier), Some(billing), None) = (words.next(), words.next(), words.next()) else {
            return Err(ValueError::new(format!("`{text}` is not a tier and a billing family")));
        };
        Ok(Self { tier: Tier::parse(tier)?, billing: Billing::parse(billing)? })
    }
}
