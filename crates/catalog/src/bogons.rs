//! Special-purpose, reserved and default prefixes.

use crate::table::{CatalogError, rows, value, yes};
use model::Prefix;
use serde::Deserialize;

/// A prefix with a special meaning.
#[derive(Debug, Clone, Deserialize)]
pub struct Bogon {
    /// The prefix.
    #[serde(deserialize_with = "value")]
    pub prefix: Prefix,
    /// What it is for.
    pub name: String,
    /// The document that says so.
    pub rfc: String,
    /// `yes`, `no` or `n/a`.
    pub globally_reachable: String,
    /// Microsoft drops it on Microsoft peering. It says nothing of private peering, which takes RFC 1918 space.
    #[serde(deserialize_with = "yes")]
    pub drop_on_microsoft_peering: bool,
    /// No router forwards to it, so that private peering drops it as well. Azure names no such list: the choice
    /// is ours.
    #[serde(default, deserialize_with = "yes")]
    pub drop_on_private_peering: bool,
    /// It is private space of RFC 1918.
    #[serde(deserialize_with = "yes")]
    pub rfc1918: bool,
    /// `default-route`, `special-purpose`, `multicast`, `historic` or `ipv6-reserved-space`.
    pub category: String,
}

impl Bogon {
    /// Whether anybody may use it inside their own network: RFC 1918, or its IPv6 counterpart RFC 4193.
    pub fn is_private_use(&self) -> bool {
        self.rfc1918 || self.rfc == "RFC 4193"
    }
}

#[derive(Debug)]
pub(crate) struct Bogons {
    // Longest first, so that the first match is the longest.
    all: Vec<Bogon>,
}

impl Bogons {
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Self, CatalogError> {
        let mut all: Vec<Bogon> = rows(file, text)?;
        all.sort_by_key(|bogon| std::cmp::Reverse(bogon.prefix.length()));
        Ok(Self { all })
    }

    pub(crate) fn all(&self) -> &[Bogon] {
        &self.all
    }

    pub(crate) fn find(&self, prefix: Prefix) -> Option<&Bogon> {
        self.all.iter().find(|bogon| match bogon.prefix.is_default_route() {
            true => bogon.prefix == prefix,
            false => bogon.prefix.covers(prefix),
        })
    }

    pub(crate) fn private(&self, prefix: Prefix) -> Option<&Bogon> {
        self.all
            .iter()
            .find(|bogon| bogon.is_private_use() && bogon.prefix.overlaps(prefix) && !prefix.is_default_route())
    }

    pub(crate) fn is_public(&self, prefix: Prefix) -> bool {
        if let Some(bogon) = self.find(prefix) {
            return !bogon.drop_on_microsoft_peering;
        }
        !self.all.iter().any(|bogon| bogon.drop_on_microsoft_peering && prefix.covers(bogon.prefix))
    }
}
