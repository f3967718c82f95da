//! Takes the steps of operations.
//!
//! An operation has a kind, and a kind has steps. Each step decides in a [`Tx`] of its own, and its writes are
//! committed together with the operation's next step number, so that a kill between two steps loses nothing and does
//! nothing twice. When a step refuses, the steps before it are undone, last first, and the operation has failed.

use crate::{Call, Fault, Tx};
use arm_api::ArmError;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use store::{Operation, State};
use uuid::Uuid;

/// A kind of operation.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name, like `put-peering`: stored, so it is for ever.
    pub name: &'static str,
    /// Its steps, in order.
    pub steps: &'static [Step],
}

/// A step: what it does, and what takes that back.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its name, for logs.
    pub name: &'static str,
    /// Does it.
    pub run: StepFn,
    /// Takes it back; nothing when there is nothing to take back.
    pub undo: Option<StepFn>,
}

/// What does or undoes a step.
pub type StepFn =
    for<'a> fn(&'a mut Tx<'_>, &'a mut Operation) -> Pin<Box<dyn Future<Output = Result<Next, Fault>> + Send + 'a>>;

/// How an operation goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// With the next step.
    Done,
    /// With this step again, after so long.
    Wait(Duration),
}

/// Promises an operation on a resource: writes it to the transaction and keeps others off the outermost resource
/// while it runs (`AnotherOperationInProgress`).
pub fn start(tx: &mut Tx<'_>, call: &Call, kind: &'static str, input: Value) -> Uuid {
    let id = Uuid::new_v4();
    let busy = ArmError::conflict(
        "AnotherOperationInProgress",
        format!("another operation on {} or a dependent resource is in progress; try again when it has ended", call.id),
    );
    tx.claim(format!("busy/{}", call.id.root().key()), &id.to_string(), busy);
    tx.operation(Operation {
        id,
        version: 0,
        subscription: call.id.subscription().to_lowercase(),
        resource: call.id.key().to_owned(),
        kind: kind.to_owned(),
        step: 0,
        undoing: false,
        state: State::InProgress,
        due: tx.now,
        leased_until: None,
        edge: None,
        input,
        result: None,
        error: None,
        created: tx.now,
        ended: None,
    });
    id
}
