//! Redundancy of one circuit: two links, two sessions, two routers, all in use.
//!
//! A circuit ends on a pair of Microsoft's edge routers, and everything behind it counts on both.
//! The rules go from the sessions (`NET-RED-001` to `004`) over the wires (`005`, `006`) to the use of both
//! links (`007`) and the routers that carry them (`008` to `010`). What a second circuit adds is asked in
//! `recovery`.
//!
//! Two helpers serve several rules: `sessions` says what is known of one BGP session, `routers` which customer
//! routers end BGP.

mod bundled_direct_ports;
mod degraded_session_pair;
mod first_hop_redundancy;
mod idle_link;
mod missing_second_session;
mod routers;
mod session_interrupted;
mod sessions;
mod shared_cpe;
mod shared_outer_vlan;
mod single_physical_link;
mod stateful_edge_router;

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &bundled_direct_ports::RULE,
    &degraded_session_pair::RULE,
    &first_hop_redundancy::RULE,
    &idle_link::RULE,
    &missing_second_session::RULE,
    &session_interrupted::RULE,
    &shared_cpe::RULE,
    &shared_outer_vlan::RULE,
    &single_physical_link::RULE,
    &stateful_edge_router::RULE,
];
