//! Names and identifiers.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// The name of a thing in a design: a circuit, site, VNet, pool. Compared as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Name {
    const EXPECTED: &'static str = "a name";
    const SHAPE: Shape = Shape::Text;

    fn parse(text: &str) -> Result<Self, ValueError> {
        if text.trim().is_empty() {
            return Err(ValueError::new("a name must not be empty"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A GUID, in lower case: a subscription, a tenant, a service key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(String);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Guid {
    const EXPECTED: &'static str = "a GUID like `11111111-2222-3333-4444-555555555555`";
    const SHAPE: Shape = Shape::Form { example: "11111111-2222-3333-4444-555555555555" };

    fn parse(text: &str) -> Result<Self, ValueError> {
        let lengths = [8, 4, 4, 4, 12];
        let mut groups = text.split('-');
        let fits = lengths.iter().all(|&length| {
            groups.next().is_some_and(|group| group.len() == length && group.bytes().all(|b| b.is_ascii_hexdigit()))
        });
        if !fits || groups.next().is_some() {
            return Err(ValueError::new(format!("`{text}` is no GUID")));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}
