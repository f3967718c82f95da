//! What is recorded: every input of a speaker, one JSON object a line.
//!
//! ```text
//! {"at":0,"start":{"edge":"msee-a","worker":0,"seed":42}}
//! {"at":0,"config":{"revision":0,"text":"…","files":{}}}
//! {"at":3,"command":{"add-peer":{"domain":0,"peer":0,"from":{…}}}}
//! {"at":57,"accepted":{"peer":0}}
//! {"at":57,"received":{"conn":0,"bytes":"ffff…"}}
//! {"at":58,"fill":{"conn":0,"budget":32768}}
//! ```
//!
//! A configuration is recorded as it was read, with `redacted` in the place of each key; a command names the revision that
//! its peer's settings are made from. So a recording holds what peers sent, and no secret.

use crate::process::Recorded;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A line of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Milliseconds since the process started.
    pub(crate) at: u64,
    #[serde(flatten)]
    pub(crate) event: Event,
}

/// An input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Event {
    /// The first line: a speaker was made.
    Start { edge: String, worker: usize, seed: u64, monitored: bool },
    /// A configuration was read.
    Config(Text),
    /// The rim commanded something.
    Command(Recorded),
    /// A peer called.
    Accepted { peer: u32 },
    /// A connection was made.
    Connected { conn: u32 },
    /// A connection could not be made.
    Failed { conn: u32 },
    /// A connection ended.
    Closed { conn: u32 },
    /// Bytes came.
    Received { conn: u32, bytes: String },
    /// The socket took what waited, up to so many bytes of routes.
    Fill { conn: u32, budget: usize },
    /// The socket took no more.
    Blocked { conn: u32 },
    /// The socket took some of what waited.
    Progress { conn: u32 },
    /// The path to a peer was lost, and so many groups of next hops were replaced, that long after it was seen. No input.
    Switched { peer: u32, groups: usize, micros: u64 },
    /// An alarm was due.
    Tick,
}

/// A configuration as text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// How many were read before it.
    pub revision: u32,
    /// The file, with `redacted` in the place of each key.
    pub text: String,
    /// The lists of prefixes that it names.
    pub files: BTreeMap<String, String>,
}
