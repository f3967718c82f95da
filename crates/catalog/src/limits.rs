//! Limits: bandwidths, links, routes, gateways.

use crate::table::{CatalogError, rows};
use serde::Deserialize;
use std::collections::HashMap;

/// One row of the limits table.
#[derive(Debug, Clone, Deserialize)]
pub struct LimitRow {
    /// The group.
    pub category: String,
    /// The limit within the group.
    pub key: String,
    /// The SKU for which it holds; empty when for all.
    pub sku: String,
    /// The value, most often a number.
    pub value: String,
    /// Its unit.
    pub unit: String,
    /// The page it stands on.
    pub source: String,
    /// Remarks.
    pub notes: String,
}

#[derive(Debug)]
pub(crate) struct Limits {
    rows: Vec<LimitRow>,
    // category -> (key, SKU in lower case, number); the groups are short.
    numbers: HashMap<String, Vec<(String, String, u64)>>,
}

impl Limits {
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Self, CatalogError> {
        let rows: Vec<LimitRow> = rows(file, text)?;
        let mut numbers: HashMap<String, Vec<_>> = HashMap::new();
        for row in &rows {
            if let Ok(number) = row.value.parse() {
                numbers.entry(row.category.clone()).or_default().push((
                    row.key.clone(),
                    row.sku.to_lowercase(),
                    number,
                ));
            }
        }
        Ok(Self { rows, numbers })
    }

    pub(crate) fn rows(&self) -> &[LimitRow] {
        &self.rows
    }

    pub(crate) fn number(&self, category: &str, key: &str, sku: &str) -> Option<u64> {
        let group = self.numbers.get(category)?;
        group.iter().find(|(k, s, _)| k == key && s.eq_ignore_ascii_case(sku)).map(|(_, _, number)| *number)
    }
}
