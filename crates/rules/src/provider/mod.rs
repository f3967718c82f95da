//! Connectivity provider: the way from the customer to Microsoft, and who builds it.
//!
//! A way is chosen (a listed partner, a carrier that is none through an exchange, or own ports), then a
//! provider, a location and a bandwidth that are really sold together; the provider is bound by
//! contract and reachable, gets the service key, and provisions. Most of that is one answer for the
//! whole design under `connectivity`, which a circuit may give otherwise for itself: [`way`] finds it.
//! Circuits on ExpressRoute Direct have no provider, and most of these rules pass them over.

mod ambiguous_provider_or_location;
mod bandwidth_not_offered;
mod circuit_not_provisioned;
mod customer_wrote_managed_peering;
mod exchange_path_incomplete;
mod key_not_handed_over;
mod layer3_unsettled;
mod no_connectivity_model;
mod no_connectivity_path;
mod no_last_mile;
mod no_provider_contract;
mod provider_not_at_location;
mod service_not_compatible;
mod several_providers;

use crate::{CircuitView, Facts, Rule, Spot};
use model::{Connectivity, Fact};

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &ambiguous_provider_or_location::RULE,
    &bandwidth_not_offered::RULE,
    &circuit_not_provisioned::RULE,
    &customer_wrote_managed_peering::RULE,
    &exchange_path_incomplete::RULE,
    &key_not_handed_over::RULE,
    &layer3_unsettled::RULE,
    &no_connectivity_model::RULE,
    &no_connectivity_path::RULE,
    &no_last_mile::RULE,
    &no_provider_contract::RULE,
    &provider_not_at_location::RULE,
    &several_providers::RULE,
    &service_not_compatible::RULE,
];

/// A fact about the way of a circuit and where it stands: with the circuit when it says so itself, else with the
/// design.
fn way<'a, T>(
    view: CircuitView<'a>,
    key: &'a str,
    fact: impl Fn(&'a Connectivity) -> &'a Fact<T>,
) -> (Spot<'a>, &'a Fact<T>) {
    match fact(&view.circuit.connectivity) {
        own if own.is_known() => (view.at(key), own),
        _ => (view.connectivity_at(key), view.connectivity(fact)),
    }
}

/// The circuits that a provider builds: all but those on ExpressRoute Direct. One that says neither counts, so
/// that what is missing gets asked for.
fn provider_circuits<'a>(facts: &Facts<'a>) -> impl Iterator<Item = CircuitView<'a>> + use<'a> {
    facts.circuits().filter(|view| view.is_direct() != Some(true))
}
