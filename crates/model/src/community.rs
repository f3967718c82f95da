//! BGP communities.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// A BGP community as two 16-bit halves (RFC 1997), `12076:5010`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Community {
    /// The AS that gives the value its meaning.
    pub asn: u16,
    /// The value.
    pub value: u16,
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.asn, self.value)
    }
}

impl Value for Community {
    const EXPECTED: &'static str = "a community like `12076:5010`";
    const SHAPE: Shape = Shape::Form { example: "12076:5010" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let error = || ValueError::new(format!("`{text}` is no community"));
        let (asn, value) = text.split_once(':').ok_or_else(error)?;
        Ok(Self { asn: asn.parse().map_err(|_| error())?, value: value.parse().map_err(|_| error())? })
    }
}

/// A community by its value or by the name of the service or region it stands for.
///
/// The catalogue turns names into values; a name that it does not know stays a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CommunityRef {
    /// By value.
    Value(Community),
    /// By name, `exchange` or `westeurope`.
    Name(String),
}

impl fmt::Display for CommunityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(community) => community.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Value for CommunityRef {
    const EXPECTED: &'static str = "a community like `12076:5010`, or the name of a service or region";
    const SHAPE: Shape = Shape::Form { example: "12076:5010" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            return Community::parse(text).map(Self::Value);
        }
        Ok(Self::Name(text.to_owned()))
    }
}
