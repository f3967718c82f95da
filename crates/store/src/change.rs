//! All that is written at once.

use crate::{Operation, Resource, Secrets};
use jiff::Timestamp;
use serde_json::Value;

/// Everything that one request, or one step of an operation, writes. Committed whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Who changes it, for the audit log.
    pub who: String,
    /// The request or operation on whose behalf.
    pub request: String,
    /// When.
    pub at: Timestamp,
    /// What has to be as it was read.
    pub guards: Vec<Guard>,
    /// Resources to write; their `revision` is ignored and set by the store.
    pub puts: Vec<Resource>,
    /// Keys of resources to delete, with everything below them and all claims that they hold.
    pub deletes: Vec<String>,
    /// Claims to take, after those to give up were given up.
    pub claims: Vec<Claim>,
    /// Claims to give up. One that nobody holds is none to complain about.
    pub releases: Vec<String>,
    /// Operations to write. `version` is the one read (0 for a new one); the store writes one more.
    pub operations: Vec<Operation>,
    /// What edges shall run, or shall run no more.
    pub intents: Vec<IntentWrite>,
}

/// Something that was read and must not have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// The key of a resource.
    pub key: String,
    /// The revision it had, or nothing when it was not there.
    pub revision: Option<u64>,
}

/// A unique thing and who shall have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What, like `vlan/<circuit>/100` or `busy/<circuit>`.
    pub key: String,
    /// Who: the key of a resource, which gives it up when it is deleted, or the id of an operation. Who has it
    /// already may claim it again.
    pub holder: String,
}

/// An intent to write.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentWrite {
    /// The edge.
    pub edge: String,
    /// What it is about.
    pub key: String,
    /// What shall run; nothing to take it back.
    pub body: Option<Value>,
    /// Secret values of the body.
    pub secrets: Secrets,
}
