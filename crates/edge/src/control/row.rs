//! The rows of answers.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// IPv4.
    #[serde(rename = "ipv4")]
    V4,
    /// IPv6.
    #[serde(rename = "ipv6")]
    V6,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionRow {
    /// The domain.
    pub domain: String,
    /// The peer.
    pub peer: String,
    /// Its address.
    pub address: IpAddr,
    /// Its AS number.
    pub asn: u32,
    /// Customer, gateway or open.
    pub role: String,
    /// The state of RFC 4271, section 8.2.2.
    pub state: String,
    /// Seconds since it came up, or went down; `None` when it never did either.
    pub for_seconds: Option<u64>,
    /// Routes held of it.
    pub received: u32,
    /// Of these, taken.
    pub accepted: u32,
    /// Routes that it is told.
    pub advertised: u32,
    /// Why it last went down or could not come up.
    pub last_error: Option<String>,
}

/// A session in the columns of Azure's route table summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryRow {
    /// The domain.
    pub domain: String,
    /// The address of the neighbour.
    pub neighbor: IpAddr,
    /// The version of BGP, 4.
    pub v: u8,
    /// Its AS number.
    #[serde(rename = "as")]
    pub asn: u32,
    /// How long it is up or down, `8w4d`; `never` if it was not up.
    pub up_down: String,
    /// How many prefixes came when it is up, else its state.
    pub state_pfx_rcd: String,
}

/// Everything about a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NeighborRow {
    /// What [`SessionRow`] says of it.
    #[serde(flatten)]
    pub session: SessionRow,
    /// For people, from the configuration.
    pub description: Option<String>,
    /// Its router id, while it is up.
    pub router_id: Option<String>,
    /// The agreed hold time in seconds, while it is up.
    pub hold_time: Option<u16>,
    /// Seconds since something was heard, while it is up.
    pub heard_seconds_ago: Option<u64>,
    /// Families that are exchanged.
    pub families: Vec<Family>,
    /// What was agreed on beside.
    pub agreed: Vec<String>,
    /// How often it came up.
    pub ups: u64,
    /// How often it went down.
    pub downs: u64,
    /// UPDATEs heard.
    pub updates_in: u64,
    /// UPDATEs written.
    pub updates_out: u64,
    /// Other messages heard.
    pub others_in: u64,
    /// Bytes heard.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// Routes announced to us, repeated ones counted each time.
    pub announced: u64,
    /// Routes withdrawn from us.
    pub withdrawn: u64,
    /// Malformed attributes that did not end the session (RFC 7606).
    pub malformed: u64,
    /// Different sets of attributes that it was the first to bring.
    pub attribute_sets: u32,
    /// Routes that were not taken.
    pub rejected: u32,
    /// The worker that it runs on.
    pub worker: usize,
}

/// A route in the columns of Azure's route table, and more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteRow {
    /// The domain.
    pub domain: String,
    /// The prefix.
    pub network: String,
    /// Its next hop; empty for a route of our own.
    pub next_hop: String,
    /// LOCAL_PREF as the decision sees it.
    pub loc_prf: u32,
    /// The weight of the connection.
    pub weight: u16,
    /// The AS path, with the origin behind it.
    pub path: String,
    /// `best`, `multipath`, `backup` or `rejected`.
    pub state: String,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Kept over a restart of the peer and not confirmed yet.
    pub stale: bool,
    /// The address of the peer that brought it; `None` for one of our own.
    pub from: Option<IpAddr>,
    /// Communities.
    pub communities: Vec<String>,
    /// Large communities.
    pub large_communities: Vec<String>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
}

/// A path of a prefix, in the order of the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PathRow {
    /// The path.
    #[serde(flatten)]
    pub route: RouteRow,
    /// The step at which it lost to the best.
    pub lost_at: Option<String>,
}

/// A line of the neighbour table, in the columns of Azure's ARP table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArpRow {
    /// The domain.
    pub domain: String,
    /// Minutes since the entry was confirmed.
    pub age: u64,
    /// `On-Prem` or `Microsoft`.
    pub interface: String,
    /// The address.
    pub ip_address: IpAddr,
    /// The hardware address, `ffff.eeee.dddd`, or `Incomplete`.
    pub mac_address: String,
    /// The device.
    pub device: Option<String>,
}

/// The liveness of a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BfdRow {
    /// The domain.
    pub domain: String,
    /// The peer.
    pub peer: String,
    /// Its address.
    pub address: IpAddr,
    /// The state of RFC 5880, section 6.2.
    pub state: String,
    /// For how many seconds.
    pub for_seconds: u64,
    /// Why it last went down.
    pub diagnostic: String,
    /// The peer's state as last heard.
    pub remote_state: String,
    /// The agreed interval between our packets in milliseconds.
    pub transmit_ms: Option<u64>,
    /// Silence after which the peer is given up, in milliseconds.
    pub detect_ms: Option<u64>,
    /// Packets sent.
    pub sent: u64,
    /// Packets received.
    pub received: u64,
    /// How often it came up.
    pub ups: u64,
    /// Why the peer cannot be watched now.
    pub fault: Option<String>,
}
