//! Takes the steps of operations.
//!
//! An operation has a kind, and a kind has steps. Each step decides in a [`Tx`] of its own, and its writes are
//! committed together with the operation's next step number, so that a kill between two steps loses nothing and does
//! nothing twice. When a step refuses, the steps before it are undone, last first, then what the request itself wrote,
//! and the operation has failed.
//!
//! - [`start`] promises an operation in the transaction of the request;
//! - [`step`] takes one step;
//! - [`run`] takes steps of whatever is due, for as long as the service lives;
//! - [`settle`] takes all steps that are due at a time, for tests.
//!
//! Which kinds there are is said beside the resources ([`crate::app::KINDS`]). How long an operation waits before its
//! first step is the operator's standing order ([`delay`]).

mod delay;
mod run;
mod start;
mod take;
#[cfg(test)]
mod tests;

pub(crate) use delay::delay;
pub use run::{run, settle};
pub(crate) use start::{HOLDER, aside, busy, in_progress};
pub use start::{start, start_for};
pub use take::step;

use crate::{Fault, Tx};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use store::Operation;

/// A kind of operation.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name, like `put-peering`: stored, so it is for ever.
    pub name: &'static str,
    /// Its steps, in order. The number of a step is stored, so that steps are only added at the end.
    pub steps: &'static [Step],
    /// Takes back what the request itself wrote, when all steps are undone.
    pub undo: Option<StepFn>,
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
    /// With this step again, after so long. What the step wrote is kept.
    Wait(Duration),
}

/// A kind and its steps, each with what takes it back where there is such a thing, as has the request itself:
/// `kind!("put-peering" / restore => validate, announce / withdraw)`.
macro_rules! kind {
    ($name:literal $(/ $request:ident)? => $($run:ident $(/ $undo:ident)?),+ $(,)?) => {
        $crate::engine::Kind {
            name: $name,
            steps: &[$($crate::engine::Step {
                name: stringify!($run),
                run: |tx, operation| Box::pin($run(tx, operation)),
                undo: $crate::engine::kind!(@undo $($undo)?),
            }),+],
            undo: $crate::engine::kind!(@undo $($request)?),
        }
    };
    (@undo) => { None };
    (@undo $undo:ident) => { Some(|tx, operation| Box::pin($undo(tx, operation))) };
}

pub(crate) use kind;

/// The kind of a name.
fn find(kinds: &[&'static [Kind]], name: &str) -> Option<Kind> {
    kinds.iter().flat_map(|kinds| kinds.iter()).find(|kind| kind.name == name).copied()
}
