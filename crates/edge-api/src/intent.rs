//! What an edge shall run.

use crate::Question;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What changed after the revision that was asked about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intents {
    /// Where to go on from.
    pub revision: u64,
    /// Whether these are all that the edge shall run, and what it runs beside them shall end.
    pub whole: bool,
    /// What shall run.
    pub intents: Vec<Intent>,
    /// Keys of what shall run no more.
    pub removed: Vec<String>,
    /// What the service wants to know.
    pub questions: Vec<Question>,
}

/// One routing domain that an edge shall run: a peering of a circuit, with the routes of the cloud behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Intent {
    /// The revision it was written at.
    #[serde(default)]
    pub revision: u64,
    /// The lower-case resource id of the peering.
    pub key: String,
    /// The name of the circuit, for people.
    pub circuit: String,
    /// The service key of the circuit.
    pub service_key: String,
    /// The peering location.
    pub location: String,
    /// Which policy holds.
    pub peering: Peering,
    /// The tier of the circuit: `local`, `standard` or `premium`.
    pub sku: String,
    /// Which of the two links ends at this edge.
    pub side: Side,
    /// The outer tag of the circuit on the port pair.
    pub s_tag: u16,
    /// The inner tag of the peering.
    pub vlan: u16,
    /// The bandwidth of the link in Mbit/s.
    pub bandwidth_mbps: u32,
    /// `false` keeps its sessions closed.
    pub enabled: bool,
    /// Under maintenance: what is announced gets our AS number eight times more.
    pub drain: bool,
    /// The port or the link was taken down by the operator: no session is to come up.
    pub down: bool,
    /// Sessions with the customer: one for each family.
    pub sessions: Vec<Session>,
    /// Prefixes that the customer registered; Microsoft peering only.
    #[serde(default)]
    pub advertised_prefixes: Vec<String>,
    /// How far their validation has come; Microsoft peering only.
    #[serde(default)]
    pub validation: Option<Validation>,
    /// Communities whose prefixes are announced; nothing is without a filter. Microsoft peering only.
    #[serde(default)]
    pub filter: Option<Filter>,
    /// Routes that the edge announces itself: the prefixes of linked VNets, of other circuits by Global Reach.
    #[serde(default)]
    pub own: Vec<Own>,
    /// Gateways of linked VNets, of a private peering. An edge that forwards packets has a session with each, which announces
    /// the VNet's prefixes; any other announces them itself, from `own`.
    #[serde(default)]
    pub gateways: Vec<Gateway>,
}

/// A VNet gateway, and the way to it from one edge: a VXLAN of its own with a BGP session inside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gateway {
    /// Its lower-case resource id.
    pub id: String,
    /// Its AS number.
    pub asn: u32,
    /// Its address in the cloud's network.
    pub underlay: IpAddr,
    /// The number of the VXLAN, which no other tunnel of any edge has.
    pub vni: u32,
    /// Sessions inside: one for each family.
    pub sessions: Vec<GatewaySession>,
    /// The prefixes of the VNets behind it.
    pub prefixes: Vec<String>,
    /// Communities that its routes get: the VNet's own first, then its region's.
    #[serde(default)]
    pub communities: Vec<String>,
}

/// A BGP session with a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySession {
    /// What is exchanged.
    pub family: Family,
    /// The subnet inside the VXLAN, like `100.64.0.8/30`.
    pub subnet: String,
    /// The edge's address in it.
    pub edge: IpAddr,
    /// The gateway's address in it.
    pub gateway: IpAddr,
}

/// Which routing domain of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Peering {
    /// Azure private peering.
    Private,
    /// Microsoft peering.
    Microsoft,
}

/// Which edge of the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// The first.
    Primary,
    /// The second.
    Secondary,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        })
    }
}

/// One BGP session with a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// What is exchanged.
    pub family: Family,
    /// The subnet of the link, like `192.168.15.16/30`.
    pub subnet: String,
    /// The customer's address in it.
    pub customer: IpAddr,
    /// The edge's address in it.
    pub edge: IpAddr,
    /// How packets get from one to the other.
    pub carrier: Carrier,
    /// The customer's AS number.
    pub asn: u32,
    /// The key of TCP MD5.
    #[serde(default)]
    pub md5: Option<Secret>,
    /// How many routes it may announce, where the SKU does not say.
    #[serde(default)]
    pub prefix_limit: Option<u32>,
    /// Whether its liveness is watched by BFD.
    #[serde(default)]
    pub bfd: bool,
}

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Family {
    /// IPv4 unicast.
    Ipv4,
    /// IPv6 unicast.
    Ipv6,
}

/// How a session's packets travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
pub enum Carrier {
    /// Over loopback: each side has an address of 127.0.0.0/8 in place of its own, and both speak of their real ones.
    Loopback {
        /// The customer's stand-in, from which it connects or is connected to.
        customer: IpAddr,
        /// The port on which the customer may be called; without one it is waited for.
        #[serde(default)]
        port: Option<u16>,
    },
    /// In a network namespace of its own on the edge's machine.
    Namespace {
        /// The name of the namespace.
        name: String,
    },
}

/// How far the validation of advertised prefixes has come (spec 03, 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Validation {
    /// No prefixes were given.
    NotConfigured,
    /// They are being looked at.
    Configuring,
    /// They are proven.
    Configured,
    /// A person has to look.
    ValidationNeeded,
}

/// A route filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Filter {
    /// Communities like `12076:51004`.
    pub communities: Vec<String>,
}

/// A route that the edge announces itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Own {
    /// The prefix.
    pub prefix: String,
    /// Its communities.
    #[serde(default)]
    pub communities: Vec<String>,
    /// AS numbers of its path behind ours.
    #[serde(default)]
    pub as_path: Vec<u32>,
}

/// A secret value. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("hidden")
    }
}
