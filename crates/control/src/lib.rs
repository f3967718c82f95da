//! The service: customers order, peer and link circuits, providers hand them over, an operator stands in Microsoft's place.
//!
//! The life of a request: [`server`] reads it within bounds, [`auth`] says who it is, [`app`] finds its [`Route`] and
//! whether the caller may, and the handler of that route decides in a [`Tx`]: what it reads is remembered, what it
//! writes is kept back, and all of it is committed at once if what was read still stands. Work that a client polls is
//! an operation in the store; the [`engine`] takes its steps, also after a restart. What edges shall run follows from
//! what is stored ([`intent`]), in the same commit.
//!
//! Nothing that a restart may not lose lives in memory.

mod answer;
pub mod app;
pub mod auth;
mod call;
pub mod clock;
pub mod engine;
pub mod intent;
pub mod quirks;
#[cfg(test)]
mod refusals;
#[cfg(test)]
pub(crate) mod rig;
pub mod server;
mod settings;
pub mod trace;
mod tx;

pub use answer::Answer;
pub use app::Route;
pub use call::{Call, Caller, Role};
pub use settings::{Carriers, Settings};
pub use tx::{Fault, Tx};
