//! What an edge runs.

use crate::{Family, Side};
use serde::{Deserialize, Serialize};

/// What an edge tells of itself: when something changed, and every few seconds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The edge's version.
    pub version: String,
    /// Where peers connect to, like `127.64.0.1:10179`; empty with namespaces.
    pub listen: Vec<String>,
    /// Its address in the cloud's network, when it forwards packets: where gateways send theirs.
    #[serde(default)]
    pub cloud: Option<std::net::IpAddr>,
    /// The last revision that it runs.
    pub revision: u64,
    /// Its routing domains: all of them when `whole`, else those that changed.
    pub domains: Vec<DomainReport>,
    /// Whether `domains` are all.
    pub whole: bool,
}

/// What runs of an intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainReport {
    /// The key of the intent.
    pub key: String,
    /// The revision of the intent that runs.
    pub revision: u64,
    /// Which link.
    pub side: Side,
    /// Why the intent cannot be run, when it cannot.
    #[serde(default)]
    pub refused: Option<String>,
    /// Its sessions.
    pub sessions: Vec<SessionReport>,
    /// What the kernel counted on the link, where it counts.
    #[serde(default)]
    pub counters: Option<Counters>,
}

/// A session as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionReport {
    /// What it exchanges.
    pub family: Family,
    /// Its state.
    pub state: SessionState,
    /// For how many seconds; nothing when it was never up.
    #[serde(default)]
    pub since_seconds: Option<u64>,
    /// How many routes the customer announces.
    pub received: u64,
    /// How many routes it was sent.
    pub sent: u64,
    /// Why it ended last, in words.
    #[serde(default)]
    pub last_error: Option<String>,
    /// Whether BFD sees the customer; nothing where it does not look.
    #[serde(default)]
    pub bfd_up: Option<bool>,
    /// Octets of BGP that came in.
    pub bytes_in: u64,
    /// Octets of BGP that went out.
    pub bytes_out: u64,
}

/// States of a session (RFC 4271, section 8.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionState {
    /// Refuses or waits.
    Idle,
    /// A connection is being made.
    Connect,
    /// Listens.
    Active,
    /// OPEN was sent.
    OpenSent,
    /// OPEN was taken.
    OpenConfirm,
    /// Up.
    Established,
}

/// Octets and packets of a link since the domain began to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counters {
    /// Octets from the customer.
    pub bytes_in: u64,
    /// Octets to the customer.
    pub bytes_out: u64,
    /// Octets from the customer that exceeded the bandwidth.
    pub dropped_in: u64,
    /// Octets to the customer that exceeded the bandwidth.
    pub dropped_out: u64,
}
