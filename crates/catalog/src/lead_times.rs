//! How long steps towards a connection take.

use crate::table::{CatalogError, rows, value};
use model::Date;
use serde::Deserialize;

/// How long one kind of step takes.
#[derive(Debug, Clone, Deserialize)]
pub struct LeadTime {
    /// The kind of step.
    pub action: String,
    /// Days that it takes; `None` when nobody has published a figure.
    pub days: Option<u32>,
    /// The page that says so, or that it varies; `Twinpath` for a figure of our own.
    pub source: String,
    /// The day of that page.
    #[serde(deserialize_with = "value")]
    pub date: Date,
    /// Remarks.
    pub notes: String,
}

pub(crate) fn parse(file: &'static str, text: &str) -> Result<Vec<LeadTime>, CatalogError> {
    rows(file, text)
}
