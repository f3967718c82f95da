//! The files of the catalogue and how their rows are read.

use model::{Date, Value};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};

/// The names of the files, as `--catalog DIR` looks for them.
pub const FILES: &[&str] = &[
    "sources.csv",
    "peering-locations.json",
    "providers.json",
    "bgp-communities.csv",
    "community-prefixes.csv",
    "azure-regions.csv",
    "circuit-limits.csv",
    "lead-times.csv",
    "bogons.csv",
    "asn-reserved.csv",
    "qos-classes.csv",
    "m365-services.csv",
    "m365-areas.csv",
    "m365-snapshots.csv",
];

/// A catalogue file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {reason}")]
pub struct CatalogError {
    /// The file.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong there.
    pub reason: String,
}

/// Where a table comes from.
#[derive(Debug, Clone, Deserialize)]
pub struct Provenance {
    /// The file.
    pub file: String,
    /// The date of its facts.
    #[serde(deserialize_with = "value")]
    pub date: Date,
    /// Under which licence its text stands.
    pub licence: String,
    /// The documents it was made from.
    pub source: String,
}

pub(crate) fn builtin(file: &str) -> &'static str {
    match file {
        "sources.csv" => include_str!("../data/sources.csv"),
        "peering-locations.json" => include_str!("../data/peering-locations.json"),
        "providers.json" => include_str!("../data/providers.json"),
        "bgp-communities.csv" => include_str!("../data/bgp-communities.csv"),
        "community-prefixes.csv" => include_str!("../data/community-prefixes.csv"),
        "azure-regions.csv" => include_str!("../data/azure-regions.csv"),
        "circuit-limits.csv" => include_str!("../data/circuit-limits.csv"),
        "lead-times.csv" => include_str!("../data/lead-times.csv"),
        "bogons.csv" => include_str!("../data/bogons.csv"),
        "asn-reserved.csv" => include_str!("../data/asn-reserved.csv"),
        "qos-classes.csv" => include_str!("../data/qos-classes.csv"),
        "m365-services.csv" => include_str!("../data/m365-services.csv"),
        "m365-areas.csv" => include_str!("../data/m365-areas.csv"),
        "m365-snapshots.csv" => include_str!("../data/m365-snapshots.csv"),
        "m365-endpoints-worldwide-2020122300.json" => {
            include_str!("../data/m365-endpoints-worldwide-2020122300.json")
        }
        "m365-endpoints-worldwide-2025120100.json" => {
            include_str!("../data/m365-endpoints-worldwide-2025120100.json")
        }
        "m365-endpoints-worldwide-2026082300.json" => {
            include_str!("../data/m365-endpoints-worldwide-2026082300.json")
        }
        "m365-endpoints-china-2025120100.json" => {
            include_str!("../data/m365-endpoints-china-2025120100.json")
        }
        "m365-endpoints-usgovdod-2025120100.json" => {
            include_str!("../data/m365-endpoints-usgovdod-2025120100.json")
        }
        "m365-endpoints-usgovgcchigh-2025120100.json" => {
            include_str!("../data/m365-endpoints-usgovgcchigh-2025120100.json")
        }
        _ => "",
    }
}

/// Reads every row of a CSV file with a header.
pub(crate) fn rows<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<T>, CatalogError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader
        .deserialize()
        .map(|row| {
            row.map_err(|error| CatalogError {
                file,
                line: error.position().map_or(1, csv::Position::line),
                reason: reason(error),
            })
        })
        .collect()
}

/// Reads a JSON file.
pub(crate) fn json<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, CatalogError> {
    serde_json::from_str(text).map_err(|error| CatalogError {
        file,
        line: error.line() as u64,
        reason: error.to_string(),
    })
}

/// The reason of a CSV error without its position, which we show ourselves.
fn reason(error: csv::Error) -> String {
    match error.into_kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.kind().to_string(),
        other => format!("{other:?}"),
    }
}

/// Deserializes a model value from its text.
pub(crate) fn value<'de, D: serde::Deserializer<'de>, T: Value>(deserializer: D) -> Result<T, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    T::parse(&text).map_err(D::Error::custom)
}

/// Deserializes `yes`, anything else is false.
pub(crate) fn yes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(std::borrow::Cow::<str>::deserialize(deserializer)? == "yes")
}

/// The key under which a name is looked up: lower case, without blanks and hyphens.
pub(crate) fn fold(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_lowercase).collect()
}
