//! The local control socket: how people and programs ask a running edge and command it.
//!
//! A Unix socket that only its owner may use (mode 0600). A client sends one line of JSON, a [`Request`], and gets lines
//! of JSON back: any number of `{"row": …}`, then `{"end": "…"}` with a sentence or `{"error": "…"}`. Rows are
//! made a page at a time while they are read, so that a table of a million routes is nowhere as a whole, and a worker
//! is held up for one page only.
//!
//! [`ask`] is the client; [`Request`] and the rows are the contract of both.

pub(crate) mod answer;
mod arp;
mod client;
mod netlink;
mod row;
mod server;

use serde::{Deserialize, Serialize};

pub use client::{Answer, AskError, ask};
pub use row::{ArpRow, BfdRow, Family, NeighborRow, PathRow, RouteRow, SessionRow, SummaryRow};
pub(crate) use server::serve;

/// The longest line of a request in bytes.
pub(crate) const LONGEST_REQUEST: usize = 64 << 10;

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// All sessions; rows are [`SessionRow`]s.
    Sessions {
        /// Of this domain only.
        domain: Option<String>,
    },
    /// The sessions as Azure's route table summary has them; rows are [`SummaryRow`]s.
    Summary {
        /// Of this domain only.
        domain: Option<String>,
    },
    /// Everything about sessions; rows are [`NeighborRow`]s.
    Neighbors {
        /// This one only, `PEER` or `DOMAIN/PEER`.
        peer: Option<String>,
    },
    /// Routes; rows are [`RouteRow`]s.
    Routes(RoutesRequest),
    /// Why a prefix goes where it goes; rows are [`PathRow`]s.
    Why {
        /// The domain; not needed where there is one only.
        domain: Option<String>,
        /// The prefix.
        prefix: String,
    },
    /// Liveness of peers; rows are [`BfdRow`]s.
    Bfd {
        /// Of this domain only.
        domain: Option<String>,
    },
    /// The neighbour table of the kernel; rows are [`ArpRow`]s.
    Arp {
        /// Of this domain only.
        domain: Option<String>,
    },
    /// Tables as MRT (RFC 6396); rows are parts of the file as hexadecimal digits.
    Dump {
        /// Of this domain only.
        domain: Option<String>,
    },
    /// Read the configuration again.
    Reload,
    /// Keep a session down.
    Shutdown {
        /// The peer.
        peer: String,
        /// What it is told (RFC 9003).
        message: Option<String>,
    },
    /// Bring a session up that was shut down, or try at once what waits.
    Start {
        /// The peer.
        peer: String,
    },
    /// Make a domain unattractive for maintenance, or attractive again.
    Drain {
        /// The domain; all when there is none.
        domain: Option<String>,
        /// On or off.
        on: bool,
    },
    /// Ask a peer for its routes again, and tell it ours (RFC 2918).
    Refresh {
        /// The peer.
        peer: String,
    },
    /// End the process so that another one takes over and peers keep our routes (RFC 4724).
    Restart,
    /// End the process.
    Stop,
}

/// Which routes are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RoutesRequest {
    /// Of this domain only.
    pub domain: Option<String>,
    /// Those of this peer, by `side`.
    pub peer: Option<String>,
    /// With a peer: what it sent or what it is told.
    #[serde(default)]
    pub side: RouteSide,
    /// Of this family only.
    pub family: Option<Family>,
    /// Inside this prefix.
    pub within: Option<String>,
    /// With this AS in the path.
    pub asn: Option<u32>,
    /// With this community.
    pub community: Option<String>,
    /// The best of each prefix only.
    #[serde(default)]
    pub best: bool,
    /// No more than so many rows.
    pub limit: Option<u64>,
}

/// Which routes of a peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteSide {
    /// What it sent, before policy.
    #[default]
    Received,
    /// What it is told, after policy.
    Advertised,
}

/// A line of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Line {
    /// One of many.
    Row(serde_json::Value),
    /// That was all.
    End(String),
    /// It could not be done.
    Error(String),
}
