//! A design as a network on this machine: built, ordered, verified, failed.
//!
//! [`Topology::of`] says what there will be; [`keeper`] makes the namespaces that are the lab; [`Lab`] is the handle on
//! one that runs, by which links are cut, processes stopped and the service asked. Nothing here prints: what a person
//! sees is made in `cli`, of what [`report`] lays out.
//!
//! [`probe`] sends packets and flows between nodes and says what became of them; [`drill`] fails parts of a world while
//! they run, heals it, and judges.

mod build;
mod carrier;
pub mod drill;
mod error;
mod gateways;
mod handle;
mod keep;
pub mod keeper;
pub mod node;
mod order;
pub mod probe;
mod program;
mod provider;
pub mod report;
mod routers;
mod secret;
mod service;
pub mod sight;
pub mod snapshot;
mod state;
pub mod topology;
pub mod up;
pub mod verify;
mod wait;

pub use carrier::carry;
pub use dataplane::QinqBackend;
pub use error::Error;
pub use handle::{Cut, Lab};
pub use keep::keep;
pub use order::Ordered;
pub use program::Program;
pub use routers::{find, has};
pub use state::{Identity, State, home, labs};
pub use topology::Topology;
