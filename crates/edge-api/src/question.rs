//! What the service asks an edge at the wish of a client.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A table that a client wants to see. Its id is that of the operation that waits for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Question {
    /// The operation.
    pub id: Uuid,
    /// The key of the intent.
    pub key: String,
    /// Which table.
    pub table: Table,
}

/// Which table of a routing domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Table {
    /// Neighbours of the link.
    Arp,
    /// Routes of the domain.
    Routes,
    /// Sessions, a line each.
    Summary,
}

/// What an edge answers; rows are shaped as ARM answers them (spec 07, 10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "table", content = "rows")]
pub enum Answer {
    /// Neighbours.
    Arp(Vec<ArpRow>),
    /// Routes.
    Routes(Vec<RouteRow>),
    /// Sessions.
    Summary(Vec<SummaryRow>),
    /// The edge does not run that domain, or cannot look: why.
    Unknown(String),
}

/// A row of an ARP table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArpRow {
    /// Minutes.
    pub age: u32,
    /// `On-Prem` or `Microsoft`.
    pub interface: String,
    /// The address.
    pub ip_address: String,
    /// The MAC address, like `ffff.eeee.dddd`.
    pub mac_address: String,
}

/// A row of a route table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteRow {
    /// The prefix.
    pub network: String,
    /// The next hop.
    pub next_hop: String,
    /// The local preference, as text; empty when there is none.
    pub loc_prf: String,
    /// The weight.
    pub weight: u32,
    /// The AS path, like `65020 65010`.
    pub path: String,
}

/// A row of a summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryRow {
    /// The neighbour's address.
    pub neighbor: String,
    /// The version of BGP.
    pub v: u32,
    /// Its AS number.
    #[serde(rename = "as")]
    pub asn: u32,
    /// For how long, like `1d2h`, or `never`.
    pub up_down: String,
    /// The number of routes when it is up, else its state.
    pub state_pfx_rcd: String,
}
