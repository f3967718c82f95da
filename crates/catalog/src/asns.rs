//! AS numbers with a special meaning.

use crate::table::{CatalogError, rows};
use model::Asn;
use serde::Deserialize;

/// A range of AS numbers with a special meaning.
#[derive(Debug, Clone, Deserialize)]
pub struct AsnRange {
    /// The first number.
    pub first_asn: u32,
    /// The last number.
    pub last_asn: u32,
    /// What the range is for.
    pub kind: AsnKind,
    /// The same in words.
    pub description: String,
    /// The document that says so.
    pub rfc: String,
    /// What becomes of such a number as peer ASN, words separated by `;`. Ask by the methods.
    pub peer_asn_policy: String,
}

impl AsnRange {
    /// Whether no peering takes such a number from the customer.
    pub fn is_refused(&self) -> bool {
        self.says("reject")
    }

    /// Whether Microsoft peering does not take it.
    pub fn is_refused_on_microsoft(&self) -> bool {
        self.is_refused() || self.says("reject-microsoft")
    }

    /// Whether it must stand nowhere in an AS path on Microsoft peering.
    pub fn is_refused_in_path(&self) -> bool {
        self.says("reject-in-path")
    }

    fn says(&self, policy: &str) -> bool {
        self.peer_asn_policy.split(';').any(|word| word.trim() == policy)
    }
}

/// The kinds of special AS numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AsnKind {
    /// Must not be used.
    Reserved,
    /// For one purpose only.
    Special,
    /// Microsoft's own.
    Microsoft,
    /// For documents.
    Documentation,
    /// Private use.
    Private,
    /// Microsoft's, inside the private range.
    AzureReserved,
}

#[derive(Debug)]
pub(crate) struct Asns {
    // Narrowest first, so that the first match is the narrowest.
    all: Vec<AsnRange>,
}

impl Asns {
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Self, CatalogError> {
        let mut all: Vec<AsnRange> = rows(file, text)?;
        all.sort_by_key(|range| range.last_asn.saturating_sub(range.first_asn));
        Ok(Self { all })
    }

    pub(crate) fn all(&self) -> &[AsnRange] {
        &self.all
    }

    pub(crate) fn find(&self, asn: Asn) -> Option<&AsnRange> {
        self.all.iter().find(|range| (range.first_asn..=range.last_asn).contains(&asn.0))
    }
}
