//! A stream: numbered datagrams from one node to another, at a steady rate, in one class.

use super::{Arrival, Stamp};
use model::Dscp;
use serde::{Deserialize, Serialize};
use socket::Namespace;
use std::fmt;
use std::net::IpAddr;

/// Which way a stream goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the customer's premises to Microsoft.
    Out,
    /// From Microsoft to the customer's premises.
    Back,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Out => "out",
            Self::Back => "back",
        })
    }
}

/// One end of a stream or flow.
#[derive(Debug, Clone)]
pub struct End {
    /// The name of the node.
    pub node: String,
    /// Where its sockets are born; here when there is none.
    pub namespace: Option<Namespace>,
    /// Its address.
    pub address: IpAddr,
}

/// What to send.
#[derive(Debug, Clone)]
pub struct Stream {
    /// What it shows, for people: `ams → hub-weu`.
    pub path: String,
    /// Which way it goes.
    pub direction: Direction,
    /// How its packets are marked.
    pub class: Dscp,
    /// Who sends.
    pub from: End,
    /// Who receives.
    pub to: End,
    /// Packets a second, at least 1.
    pub rate: u32,
    /// Octets of a datagram without its headers; no less than a probe needs.
    pub octets: u16,
    /// The stream before it that this one answers, by its place; its ends are that one's, the other way round. No two
    /// answer the same one.
    pub answers: Option<usize>,
}

/// What became of a stream.
#[derive(Debug, Clone, Default)]
pub struct StreamRecord {
    /// When each number left, or was to leave when the kernel refused it. An answer's first one leaves when what it
    /// answers arrives.
    pub sent: Vec<Stamp>,
    /// What arrived, in that order.
    pub arrivals: Vec<Arrival>,
    /// Packets that the sender's kernel refused: no route, no link, a full queue. They count as lost.
    pub refused: u32,
    /// When the hop limit of what arrives changed, and to what: the way became longer or shorter.
    pub hop_limits: Vec<(Stamp, u8)>,
    /// Something came in after the memory set aside for it was used up; the rest was not looked at.
    pub overran: bool,
}
