//! Work that was promised to a client.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Work on a resource that goes on after its request was answered, in steps, across restarts.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its id, as in the address that clients poll.
    pub id: Uuid,
    /// How often it was written; a writer names the number it read, and only one gets to write the next.
    pub version: u64,
    /// The lower-case subscription whose callers may read it.
    pub subscription: String,
    /// The key of the resource that it is about.
    pub resource: String,
    /// What is done, like `put-peering`.
    pub kind: String,
    /// The step that comes next; steps are numbered from 0.
    pub step: u32,
    /// Steps are being taken back, since one was refused.
    pub undoing: bool,
    /// Where it stands.
    pub state: State,
    /// Not before this time is the next step taken.
    pub due: Timestamp,
    /// Nobody else takes it before this time.
    pub leased_until: Option<Timestamp>,
    /// The edge that owes the answer; the service itself when there is none.
    pub edge: Option<String>,
    /// What the steps need to know. No secrets.
    pub input: Value,
    /// What came of it, for actions that answer something.
    pub result: Option<Value>,
    /// Why it failed: an ARM error, with its status.
    pub error: Option<Value>,
    /// When it was promised.
    pub created: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// Steps are still to be taken.
    InProgress,
    /// Done.
    Succeeded,
    /// Refused at some step; what was done is undone.
    Failed,
    /// Given up on request.
    Canceled,
}
