//! A route as seen on a session.

use crate::{Asn, Prefix, Shape, Value, ValueError};
use std::fmt;

/// A prefix with the AS path it was seen with, `10.10.0.0/16 65010 65010`; the nearest AS first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// The destination.
    pub prefix: Prefix,
    /// The AS path, nearest first; empty when the route came without one.
    pub path: Vec<Asn>,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.prefix.fmt(f)?;
        self.path.iter().try_for_each(|asn| write!(f, " {asn}"))
    }
}

impl Value for Route {
    const EXPECTED: &'static str = "a prefix and its AS path, like `10.10.0.0/16 65010 65010`";
    const SHAPE: Shape = Shape::Form { example: "10.10.0.0/16 65010" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let mut words = text.split_whitespace();
        let prefix = Prefix::parse(words.next().unwrap_or_default())?;
        let path = words.map(Asn::parse).collect::<Result<_, _>>()?;
        Ok(Self { prefix, path })
    }
}
