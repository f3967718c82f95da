//! Traffic classes of the QoS page.

use crate::table::{CatalogError, rows, value};
use model::Dscp;
use serde::Deserialize;

/// A traffic class and its mark.
#[derive(Debug, Clone, Deserialize)]
pub struct QosFact {
    /// Voice, Interactive or Default.
    pub traffic_class: String,
    /// Its mark.
    #[serde(deserialize_with = "value")]
    pub dscp: Dscp,
    /// What runs in it.
    pub workload: String,
    /// Source ports of the clients.
    pub client_source_ports: String,
    /// The transport.
    pub protocol: String,
    /// How it is to be treated.
    pub treatment: String,
    /// The first year in which the table no longer had it; `None` while it is there.
    #[serde(default)]
    pub until: Option<i16>,
}

pub(crate) fn parse(file: &'static str, text: &str) -> Result<Vec<QosFact>, CatalogError> {
    rows(file, text)
}
