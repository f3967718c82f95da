//! What the service keeps: resources, operations, intents for edges, reports of edges, the audit log.
//!
//! - [`Resource`]: one row a resource and one a child, as a JSON document with its secrets apart.
//! - [`Operation`]: work that was promised to a client and goes on across restarts.
//! - [`Change`]: everything that one request or one step of an operation writes, as a value. [`Store::commit`] takes
//!   it whole or not at all, and only if what it was decided upon still stands ([`Change::guards`]).
//! - [`Store`]: what every backend can do; [`open`] gives SQLite in one file or PostgreSQL by the address.
//!
//! Nobody decides here: whoever commits has read, judged and says what shall be. What must exist once (a VLAN on a
//! circuit, a service key, an operation at work on a circuit) is a *claim*, a row with a unique key, so that two
//! writers cannot both have it.

mod backup;
mod change;
mod database;
mod error;
mod open;
mod operation;
mod resource;
mod rows;
mod schema;
mod sql;
mod write;
mod writer;

pub use backup::{Rows, backup, restore};
pub use change::{Change, Claim, Guard, IntentWrite};
pub use error::{CommitError, StoreError};
pub use open::{exists, open};
pub use operation::{Operation, State};
pub use resource::{AuditEntry, Intent, Query, Resource, Secrets};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// A place where the service keeps everything.
///
/// All keys are in lower case (ARM is case-insensitive); the spelling that was given is in the documents.
#[async_trait]
pub trait Store: Send + Sync + std::fmt::Debug {
    /// A resource by its key, the lower-case resource id.
    async fn get(&self, key: &str) -> Result<Option<Resource>, StoreError>;

    /// Resources in the order of their keys, at most `query.limit`, after `query.after`.
    async fn list(&self, query: &Query) -> Result<Vec<Resource>, StoreError>;

    /// Who holds a claim, if anyone does: the key of a resource, or the id of an operation.
    async fn holder(&self, claim: &str) -> Result<Option<String>, StoreError>;

    /// Which of some claims are held.
    async fn held(&self, claims: &[String]) -> Result<BTreeSet<String>, StoreError>;

    /// Writes all of a change, or nothing. Gives the revision it became.
    ///
    /// # Errors
    ///
    /// [`CommitError::Stale`] and [`CommitError::Taken`] are the caller's to answer: read again, or refuse.
    async fn commit(&self, change: &Change) -> Result<u64, CommitError>;

    /// An operation by its id.
    async fn operation(&self, id: Uuid) -> Result<Option<Operation>, StoreError>;

    /// Takes up to `limit` operations that are due and that nobody works on, for as long as `lease`. Those for an
    /// edge ([`Operation::edge`]) are not among them.
    async fn take_due(&self, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Operation>, StoreError>;

    /// When the next operation is due, if any waits.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Running operations whose answer an edge owes.
    async fn questions(&self, edge: &str) -> Result<Vec<Operation>, StoreError>;

    /// Running operations on a resource or below it.
    async fn running(&self, key: &str) -> Result<Vec<Operation>, StoreError>;

    /// Intents of an edge with a revision above `after`, in the order of revisions, at most `limit`; an intent
    /// without a body was taken back. From 0 on, those taken back are left out.
    async fn intents(&self, edge: &str, after: u64, limit: u32) -> Result<Vec<Intent>, StoreError>;

    /// What an edge shall run of one thing, if anything.
    async fn intent(&self, edge: &str, key: &str) -> Result<Option<Intent>, StoreError>;

    /// What all edges shall run of a thing and of what is below it (`""` for all), by edge and key.
    async fn intended(&self, key_prefix: &str) -> Result<Vec<Intent>, StoreError>;

    /// Every edge that has an intent.
    async fn edges(&self) -> Result<Vec<String>, StoreError>;

    /// Keeps the newest report of each of an edge's things, by key: the edge itself (`""`), or a peering.
    async fn report(&self, edge: &str, at: Timestamp, rows: &[(String, Value)]) -> Result<(), StoreError>;

    /// The newest reports of an edge on a thing and on what is below it (`""` for all things): key, when, what; by key.
    async fn reports(&self, edge: &str, key_prefix: &str) -> Result<Vec<(String, Timestamp, Value)>, StoreError>;

    /// Adds to the history of a thing's counters, and forgets what is older than `keep`.
    async fn sample(&self, at: Timestamp, rows: &[(String, Value)], keep: Duration) -> Result<(), StoreError>;

    /// The history of a thing's counters in `[from, to)`.
    async fn samples(&self, key: &str, from: Timestamp, to: Timestamp) -> Result<Vec<(Timestamp, Value)>, StoreError>;

    /// What was changed by whom: newest first, at most `limit`, of a resource and what is below it (`""` for all).
    async fn audit(&self, key_prefix: &str, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError>;

    /// Waits until something was committed after `revision`, here or by another replica, or for `patience`. Gives
    /// the newest revision known.
    async fn changed(&self, revision: u64, patience: Duration) -> u64;

    /// The revision that this life of the store began at, 0 unless it was restored from a backup. What an edge learned at
    /// a lower one may never have been: it has to be told everything anew.
    fn floor(&self) -> u64;

    /// Forgets operations that ended before `before`.
    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Whether the store answers: for readiness.
    async fn ping(&self) -> Result<(), StoreError>;
}
