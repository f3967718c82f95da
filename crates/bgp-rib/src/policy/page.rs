//! What a policy is to a reader: a name, the point at which it acts, and a manual page.

use std::fmt;

/// One policy of the list.
#[derive(PartialEq, Eq)]
pub struct Policy {
    /// Its name in kebab case; for ever.
    pub name: &'static str,
    /// Where it acts.
    pub point: Point,
    /// The manual page: what it does and why.
    pub doc: &'static str,
    /// The documents that it comes from, never none.
    pub sources: &'static [&'static str],
}

/// Where on the way of a route a policy acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Before routes: whether the session may be, or go on.
    Session,
    /// On the attributes of a received route, once for each set.
    Received,
    /// On the prefix of a received route.
    Prefix,
    /// On the attributes of a route that is sent.
    Sent,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Session => "session",
            Self::Received => "received attributes",
            Self::Prefix => "received prefix",
            Self::Sent => "sent attributes",
        })
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Declares a policy and keeps its doc comment as the manual page.
macro_rules! policy {
    ($(#[doc = $doc:literal])+ $id:ident = $name:literal at $point:ident, from $($source:literal),+ $(,)? ;) => {
        $(#[doc = $doc])+
        pub(crate) static $id: $crate::policy::Policy = $crate::policy::Policy {
            name: $name,
            point: $crate::policy::Point::$point,
            doc: concat!($($doc, "\n"),+),
            sources: &[$($source),+],
        };
    };
}
