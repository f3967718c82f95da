//! Routing: sessions, AS numbers, prefixes, paths.
//!
//! Each peering is a routing domain with two BGP sessions, one for each link, and each may carry both
//! address families. What is advertised to Microsoft is asked by [`crate::PeeringView::advertised`]: the
//! routes that the edges receive when they report any, else the planned list, so the rules about
//! prefixes hold before and after the order. Rules about a session look at each link by itself, since
//! one link's evidence says nothing of the other.
//!
//! Two rules are of 2015 only (`low_private_peer_asn`, `public_peering_asn_not_own`); their successors
//! take the ranges of AS numbers and what becomes of them from the catalogue.

mod as_path_ignored;
mod bfd_missing;
mod default_route_unplanned;
mod documentation_asn_in_path;
mod links_advertise_differently;
mod low_private_peer_asn;
mod md5_key_mismatch;
mod microsoft_peer_asn_not_validated;
mod microsoft_routes_leaked;
mod numbers_not_reserved;
mod prefix_also_on_internet;
mod prefix_too_long;
mod prefixes_not_validated;
mod private_or_default_route_to_microsoft;
mod public_peering_asn_not_own;
mod reserved_peer_asn;
mod route_filter_missing;
mod routes_not_followed;
mod session_not_operated;
mod too_many_prefixes;
mod transit_expected;
mod wrong_microsoft_asn;

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &as_path_ignored::RULE,
    &bfd_missing::RULE,
    &default_route_unplanned::RULE,
    &documentation_asn_in_path::RULE,
    &links_advertise_differently::RULE,
    &low_private_peer_asn::RULE,
    &md5_key_mismatch::RULE,
    &microsoft_peer_asn_not_validated::RULE,
    &microsoft_routes_leaked::RULE,
    &numbers_not_reserved::RULE,
    &prefix_also_on_internet::RULE,
    &prefix_too_long::RULE,
    &prefixes_not_validated::RULE,
    &private_or_default_route_to_microsoft::RULE,
    &public_peering_asn_not_own::RULE,
    &reserved_peer_asn::RULE,
    &route_filter_missing::RULE,
    &routes_not_followed::RULE,
    &session_not_operated::RULE,
    &too_many_prefixes::RULE,
    &transit_expected::RULE,
    &wrong_microsoft_asn::RULE,
];

/// Why a rule about peerings has nothing to ask.
const NO_PEERING: &str = "no circuit has a peering";
/// Why a rule about private peering has nothing to ask.
const NO_PRIVATE_PEERING: &str = "no circuit has private peering";
/// Why a rule about Microsoft peering has nothing to ask.
const NO_MICROSOFT_PEERING: &str = "no circuit has Microsoft peering";
