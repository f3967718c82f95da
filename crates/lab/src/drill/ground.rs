//! What there is to fail, and what watches it: a world as the planner of failures sees it.

use crate::probe::Direction;
use edge_api::Side;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A world's inventory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ground {
    /// Circuits, in the order of the design. Failures take the first that fits.
    pub circuits: Vec<Circuit>,
    /// Their links.
    pub links: Vec<Link>,
    /// Streams that run while something fails, in the order of the recordings.
    pub streams: Vec<StreamInfo>,
    /// Paths of the flows, in the order of the recordings.
    pub flows: Vec<String>,
}

/// A circuit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circuit {
    /// Its name.
    pub name: String,
    /// The peering location.
    pub location: String,
    /// It has Microsoft peering behind a route filter.
    pub has_filter: bool,
    /// Microsoft peering translates addresses to a pool that the world runs, one for both links.
    pub has_pool: bool,
    /// Its bandwidth in bit/s, where the world enforces it.
    pub bandwidth: Option<u64>,
}

/// One of the two links of a circuit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// The circuit.
    pub circuit: String,
    /// Which of the two.
    pub side: Side,
    /// The node at the near end: the customer's edge, or the provider's where layer 3 is managed.
    pub customer_edge: String,
    /// The node at Microsoft's end.
    pub msee: String,
    /// Who notices that nothing comes any more.
    pub detection: Detection,
    /// The cable that goes on from the provider to Microsoft's port, where it can be cut for itself.
    pub trunk: Option<String>,
}

/// Who notices that nothing comes any more, when the link stays up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detection {
    /// BFD.
    Bfd {
        /// Milliseconds between packets, as both sides agree.
        interval_ms: u32,
        /// How many may be missing.
        multiplier: u8,
    },
    /// The hold timer of BGP.
    Hold {
        /// Its time, as both sides agree.
        seconds: u16,
    },
}

impl Detection {
    /// How long it takes at most.
    pub fn longest(self) -> Duration {
        match self {
            Self::Bfd { interval_ms, multiplier } => {
                Duration::from_millis((interval_ms * u32::from(multiplier)).into())
            }
            Self::Hold { seconds } => Duration::from_secs(seconds.into()),
        }
    }
}

impl std::fmt::Display for Detection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bfd { interval_ms, multiplier } => write!(f, "BFD {interval_ms} ms × {multiplier}"),
            Self::Hold { seconds } => write!(f, "hold timer {seconds} s"),
        }
    }
}

/// Which peering a path takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Private peering: to virtual networks.
    Private,
    /// Microsoft peering: to Microsoft's services.
    Microsoft,
}

/// A stream, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamInfo {
    /// What it shows: `ams → hub-weu`.
    pub path: String,
    /// Which way it goes.
    pub direction: Direction,
    /// How it is marked: `EF`.
    pub class: String,
    /// Which peering it takes.
    pub kind: Kind,
    /// Packets a second.
    pub rate: u32,
}

impl StreamInfo {
    /// Whether it is the other half of the stream before it: over Microsoft peering, where customers' addresses are
    /// translated, nobody of Microsoft's side can begin.
    pub fn is_answer(&self) -> bool {
        self.kind == Kind::Microsoft && self.direction == Direction::Back
    }
}

impl Ground {
    /// The link of a circuit.
    pub fn link(&self, circuit: &str, side: Side) -> Option<&Link> {
        self.links.iter().find(|link| link.circuit == circuit && link.side == side)
    }
}
