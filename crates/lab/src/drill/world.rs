//! What failures are done to.

use super::{Act, Ground, Way};
use crate::probe::{Recording, Stamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A world that can be failed: a lab, or a model of one.
pub trait World {
    /// What there is to fail.
    fn ground(&self) -> &Ground;

    /// Why an act cannot be done here, in words; nothing when it can.
    fn obstacle(&self, act: &Act) -> Option<String>;

    /// Whether all is as it should be: sessions up, every path whole.
    ///
    /// # Errors
    /// What is missing, in words.
    fn is_whole(&mut self) -> Result<(), String>;

    /// Starts streams and flows, and with them the clock of [`Self::now`].
    ///
    /// # Errors
    /// They cannot be started.
    fn begin(&mut self) -> Result<(), WorldError>;

    /// The time since the probes began.
    fn now(&self) -> Stamp;

    /// Lets time pass.
    ///
    /// # Errors
    /// The drill was interrupted.
    fn wait(&mut self, span: Duration) -> Result<(), WorldError>;

    /// Does something.
    ///
    /// # Errors
    /// It was not done.
    fn act(&mut self, act: &Act) -> Result<(), WorldError>;

    /// The way of each stream, as routers tell it.
    fn ways(&mut self) -> Vec<Way>;

    /// Stops streams and flows and gives what was seen.
    ///
    /// # Errors
    /// Nothing can be said about what was seen.
    fn end(&mut self) -> Result<Observed, WorldError>;
}

/// Why a world did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// Somebody wants the drill to end.
    #[error("interrupted")]
    Interrupted,
    /// Something cannot be done.
    #[error("{doing}")]
    Failed {
        /// What was being done.
        doing: String,
        /// Why it failed.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl WorldError {
    /// A failure while doing something.
    pub fn failed(doing: impl Into<String>) -> impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> Self {
        let doing = doing.into();
        move |cause| Self::Failed { doing, cause }
    }

    /// The error and its causes in a line.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}

/// What was seen from beginning to end.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Streams and flows.
    pub recording: Recording,
    /// What routers noticed, in order.
    pub seen: Vec<Seen>,
    /// What became of the load on a circuit's links, when there was one.
    pub loads: Vec<Load>,
}

/// Best effort that was sent over a link of a circuit, and what it got. All in bits a second, with the headers of a link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    /// The bandwidth of the circuit, which each link has.
    pub line: u64,
    /// What voice needs of it in the same direction.
    pub voice: u64,
    /// What was to be sent.
    pub wanted: u64,
    /// What was sent.
    pub sent: u64,
    /// What arrived.
    pub arrived: u64,
}

impl Load {
    /// Whether there was more than the link takes: what was wanted was sent, and some of it was lost. A twentieth is
    /// left for how a rate is measured.
    pub fn is_full(&self) -> bool {
        let part = self.wanted / 20;
        self.sent + part >= self.wanted && self.arrived + part < self.sent
    }

    /// What arrived, in percent of what voice leaves.
    #[expect(clippy::cast_precision_loss, reason = "rates far below 2 to the 52nd")]
    pub fn share(&self) -> f64 {
        self.arrived as f64 * 100.0 / self.line.saturating_sub(self.voice).max(1) as f64
    }
}

/// Something that a router noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When.
    pub at: Stamp,
    /// Who: a node.
    pub by: String,
    /// What.
    pub kind: SeenKind,
    /// About what, in the words of who saw it.
    pub about: String,
}

/// What a router notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeenKind {
    /// A link lost its carrier.
    LinkDown,
    /// A link has a carrier again.
    LinkUp,
    /// BFD lost its neighbour.
    BfdDown,
    /// BFD has its neighbour.
    BfdUp,
    /// A session ended.
    SessionDown,
    /// A session is up.
    SessionUp,
    /// A NAT pool has no room left.
    PoolExhausted,
}

impl SeenKind {
    /// Whether it tells that something failed.
    pub fn is_detection(self) -> bool {
        match self {
            Self::LinkDown | Self::BfdDown | Self::SessionDown => true,
            Self::LinkUp | Self::BfdUp | Self::SessionUp | Self::PoolExhausted => false,
        }
    }
}

impl fmt::Display for SeenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LinkDown => "link down",
            Self::LinkUp => "link up",
            Self::BfdDown => "BFD down",
            Self::BfdUp => "BFD up",
            Self::SessionDown => "session down",
            Self::SessionUp => "session up",
            Self::PoolExhausted => "NAT pool exhausted",
        })
    }
}
