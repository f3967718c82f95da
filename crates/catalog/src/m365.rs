//! Microsoft 365: services and whether each may take the circuit, the areas of the endpoint service, and what that
//! service answered on some days.

use crate::table::{CatalogError, builtin, rows};
use model::{Community, Value as _};
use serde::Deserialize;
use serde::de::Error as _;
use std::borrow::Cow;
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

/// An area of the endpoint service in one of its instances.
#[derive(Debug, Clone, Deserialize)]
pub struct M365Area {
    /// The instance, like `Worldwide`.
    pub instance: String,
    /// The area, as its sets name it: `Exchange`.
    pub area: String,
    /// The community that a route filter needs for it; `None` where there is none.
    #[serde(deserialize_with = "community")]
    pub community: Option<Community>,
    /// The services in it, by the names of [`M365ServiceFact`], separated by `;`.
    pub services: String,
}

/// What the endpoint service answered for an instance.
#[derive(Debug, Clone, Deserialize)]
pub struct M365Snapshot {
    /// The instance, like `Worldwide`.
    pub instance: String,
    /// Its version, ten digits: year, month, day and a number.
    pub version: String,
    /// The file.
    pub file: String,
    /// Remarks.
    pub notes: String,
    /// The answer, as JSON.
    #[serde(skip)]
    pub text: Cow<'static, str>,
}

/// Reads the index of snapshots and takes the text of each. Rooms above read the JSON, as they read that of any service.
pub(crate) fn snapshots(
    text: &str,
    replacement: impl Fn(&str) -> Option<String>,
) -> Result<Vec<M365Snapshot>, CatalogError> {
    const FILE: &str = "m365-snapshots.csv";
    let mut all: Vec<M365Snapshot> = rows(FILE, text)?;
    for (index, row) in all.iter_mut().enumerate() {
        let bad = |reason| CatalogError { file: FILE, line: index as u64 + 2, reason };
        if row.version.len() != 10 || !row.version.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad(format!("version `{}` has not ten digits, like 2025120100", row.version)));
        }
        row.text = match replacement(&row.file) {
            Some(text) => text.into(),
            None => builtin(&row.file).into(),
        };
        if row.text.is_empty() {
            return Err(bad(format!("`{}` is neither in the folder nor compiled in", row.file)));
        }
    }
    all.sort_by(|a, b| (&a.instance, &a.version).cmp(&(&b.instance, &b.version)));
    Ok(all)
}

fn community<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Community>, D::Error> {
    match Cow::<str>::deserialize(deserializer)?.as_ref() {
        "" => Ok(None),
        text => Community::parse(text).map(Some).map_err(D::Error::custom),
    }
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
