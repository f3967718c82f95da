//! Microsoft 365 over the circuit, as values.
//!
//! A [`Snapshot`] is one answer of Microsoft's endpoint service: [`EndpointSet`]s of names, addresses and ports. A
//! [`Policy`] says which areas the design may send over the circuit. Together they make a [`Split`]: for each set, host
//! and address the [`Way`] it goes, and why. [`Outputs`] are what devices hold of a split, routes, filters, firewall,
//! NAT and PAC file; the difference of two is a list of [`Edit`]s, each with the day by which it is due. [`history`]
//! keeps the snapshots that are known, and [`service`] answers from them as the endpoint service does. [`flow`]
//! reads flow records, and [`capacity`] counts them by the split.
//!
//! Nothing here reads a file or asks a network.

pub mod arithmetic;
pub mod capacity;
mod diff;
pub mod flow;
pub mod history;
pub mod list;
mod outputs;
pub mod pac;
mod pattern;
mod policy;
pub mod service;
mod set;
mod snapshot;
mod split;

pub use diff::{Due, Edit, Item, Side, diff};
pub use outputs::{Destination, FirewallRule, Outputs};
pub use pattern::{Pattern, PatternError, host};
pub use policy::{Carried, Policy, Refusal, authorized};
pub use set::{Category, EndpointSet, Ports, Protocol};
pub use snapshot::{Snapshot, SnapshotError};
pub use split::{Answer, Decision, Split, Way, Why};
