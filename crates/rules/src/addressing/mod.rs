//! Addressing: subnets of the links, VLAN ids, address spaces, gateway subnets.
//!
//! A peering has two links, and each link a subnet of its own: a /30, or a /126 for IPv6. A design gives
//! both as one /29 or /125, whose lower half is the primary link's, or as two subnets, or link by link;
//! the reader has shared blocks out before a rule looks, so most rules ask [`model::Link::subnet_of`].
//! A rule here asks one thing of those subnets, and leaves the others to its neighbours: size to
//! `wrong_subnet_size`, order to `swapped_link_subnets`, ownership to `microsoft_subnet_not_own`, clashes
//! with the networks they join to `overlapping_peering_subnet`.

mod duplicate_vlan;
mod microsoft_subnet_not_own;
mod overlapping_peering_subnet;
mod overlapping_vnet_space;
mod private_peering_address_space;
mod routing_block_too_small;
mod swapped_link_addresses;
mod swapped_link_subnets;
mod unfit_gateway_subnet;
mod wrong_subnet_size;

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &duplicate_vlan::RULE,
    &microsoft_subnet_not_own::RULE,
    &overlapping_peering_subnet::RULE,
    &overlapping_vnet_space::RULE,
    &private_peering_address_space::RULE,
    &routing_block_too_small::RULE,
    &swapped_link_addresses::RULE,
    &swapped_link_subnets::RULE,
    &unfit_gateway_subnet::RULE,
    &wrong_subnet_size::RULE,
];

/// Why a rule about peerings has nothing to ask.
const NO_PEERING: &str = "no circuit has a peering";
/// Why a rule about Microsoft peering has nothing to ask.
const NO_MICROSOFT_PEERING: &str = "no circuit has Microsoft peering";
/// Why a rule about private peering has nothing to ask.
const NO_PRIVATE_PEERING: &str = "no circuit has private peering";
