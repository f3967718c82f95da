//! The virtual network side of circuits: virtual networks, public addresses, gateways and their connections.
//!
//! Rows keep the body of a resource without what says who it is, without secrets and without children, which are rows
//! of their own. Who uses whom is noted at what is used (`ipConfigurations` of a subnet, `ipConfiguration` of a public
//! address, the private field [`PLANT`] of gateways and circuits) in the same transaction, so that two writers who
//! disagree about it come one after the other.
//!
//! - [`change`]: writes and deletions that go on after their answer;
//! - [`common`]: what the routes of all of them share;
//! - [`space`]: prefixes of networks and subnets, and whether they go together.

pub(super) mod change;
mod common;
pub(super) mod connection;
pub(super) mod gateway;
pub(super) mod local_gateway;
pub(super) mod outside;
pub(super) mod public_ip;
pub(super) mod routes;
mod space;
pub(super) mod subnet;
#[cfg(test)]
mod tests;
pub(super) mod virtual_network;
pub(super) mod vnet_peering;

use super::{Handled, Route, Verb, route};

/// The private field of a document: what the service keeps for itself.
pub(crate) const PLANT: &str = "plant";
