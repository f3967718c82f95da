//! Capacity: what fits into a circuit, a gateway and a packet.
//!
//! Three kinds of limit meet here. How much may be linked: VNets to a circuit (`CAP-001`, `CAP-002`), circuits to a
//! VNet (`CAP-003`). How many prefixes the VNets may bring along (`CAP-004`, `CAP-005`). How much traffic the links
//! carry with one of them lost (`CAP-006`, `CAP-007`), in packets of which size (`CAP-008`), and that a bandwidth once
//! bought stays (`CAP-009`). What the premises may advertise is asked in `bgp`.
//!
//! Every number is a row of the catalogue's `circuit-limits.csv`. Two helpers serve several rules: `links` says which
//! VNet is linked to which circuit, `load` how much a circuit carries.

mod irreversible_bandwidth;
mod links;
mod load;
mod overfull_link;
mod oversized_packets;
mod scant_headroom;
mod too_many_circuits;
mod too_many_gateway_routes;
mod too_many_vnet_links;
mod too_many_vnet_prefixes;
mod vnet_out_of_reach;

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &irreversible_bandwidth::RULE,
    &overfull_link::RULE,
    &oversized_packets::RULE,
    &scant_headroom::RULE,
    &too_many_circuits::RULE,
    &too_many_gateway_routes::RULE,
    &too_many_vnet_links::RULE,
    &too_many_vnet_prefixes::RULE,
    &vnet_out_of_reach::RULE,
];
