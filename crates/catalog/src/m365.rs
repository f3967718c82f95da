//! Microsoft 365 services, and whether each may take the circuit.

use crate::table::{CatalogError, rows};
use serde::Deserialize;
use std::collections::HashMap;

/// A service of Microsoft 365, as the page on ExpressRoute names it.
#[derive(Debug, Clone, Deserialize)]
pub struct M365ServiceFact {
    /// Its name.
    pub service: String,
    /// Other names that people use, separated by `;`.
    pub names: String,
    /// Whether it may take the circuit.
    pub support: M365Support,
    /// The page it stands on.
    pub source: String,
    /// Remarks.
    pub notes: String,
}

/// Whether a service of Microsoft 365 may take the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum M365Support {
    /// It may.
    Included,
    /// The page names it among those that may not.
    Excluded,
    /// It may, by routes that the customer keeps up without help from Microsoft.
    OwnRules,
    /// It may not, as another page says.
    Unsupported,
}

#[derive(Debug)]
pub(crate) struct M365Services {
    all: Vec<M365ServiceFact>,
    by_name: HashMap<String, usize>,
}

impl M365Services {
    pub(crate) fn parse(file: &'static str, text: &str) -> Result<Self, CatalogError> {
        let all: Vec<M365ServiceFact> = rows(file, text)?;
        let mut by_name = HashMap::new();
        for (index, row) in all.iter().enumerate() {
            for name in std::iter::once(row.service.as_str()).chain(row.names.split(';')) {
                by_name.entry(key(name)).or_insert(index);
            }
        }
        by_name.remove("");
        Ok(Self { all, by_name })
    }

    pub(crate) fn all(&self) -> &[M365ServiceFact] {
        &self.all
    }

    pub(crate) fn find(&self, name: &str) -> Option<&M365ServiceFact> {
        self.by_name.get(&key(name)).map(|&index| &self.all[index])
    }
}

/// Letters and digits in lower case, without the maker's name in front: `Microsoft Teams` is `teams`.
fn key(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match letters.strip_prefix("microsoft") {
        // `Microsoft 365 Apps` is not `365 Apps`.
        Some(rest) if !rest.starts_with(|c: char| c.is_ascii_digit()) => rest.to_owned(),
        Some(_) | None => letters,
    }
}
