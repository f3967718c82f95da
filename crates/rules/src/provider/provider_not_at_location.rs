//! Rule: the provider is not listed at the peering location.

use super::provider_circuits;
use crate::{Answer, CircuitView, Facts, Tally};
use model::ConnectivityPath;

rule! {
    /// ## What it asks
    /// The provider of each circuit is an ExpressRoute partner, and Microsoft lists it at the peering location
    /// of the circuit. A partner whose start there is only announced does not count.
    /// ## Why it matters
    /// A circuit is created by naming provider and location together. Azure refuses a pair that it does not
    /// list.
    /// ## How to mend it
    /// Take another location of the provider or another provider at the location. With a carrier that is no
    /// partner, go through an exchange provider (PROV-005).
    pub(crate) static RULE = {
        id: "PROV-002",
        name: "provider-not-at-location",
        title: "the provider is listed at the peering location",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, SEED_2017A, SEED_2017B, SEED_2025, SEED_M365],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.provider|location|port",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
        ],
        guard: "no circuit comes from a partner",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {provider: equinix, location: AMSTERDAM}}";
            fail "circuits: {'*': {provider: Umbrella Telecom}}";
            fail "circuits: {'*': {location: Atlantis}}";
            fail "circuits: {'*': {provider: AARNet, location: Amsterdam}}";
            fail(ordered) "circuits: {'*': {provider: AARNet, location: Amsterdam}}";
            unknown "circuits: {'*': {provider: null}}";
            unknown "circuits: {'*': {location: null}}";
            none "connectivity: {path: exchange}";
            none "connectivity: {path: direct, model: direct}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in provider_circuits(facts) {
        // The exchange provider of a carrier that is no partner is the business of PROV-005.
        if !view.connectivity(|way| &way.path).is(&ConnectivityPath::Exchange) {
            ask(&mut tally, facts, view);
        }
    }
    tally.verdict("no circuit comes from a partner")
}

fn ask(tally: &mut Tally, facts: &Facts<'_>, view: CircuitView<'_>) {
    let (at_provider, at_location) = (view.at("provider"), view.at("location"));
    let (provider, location) = (view.circuit.provider.known(), view.circuit.location.known());
    let listed = provider.and_then(|stated| facts.catalog.provider(&stated.value));
    let place = location.and_then(|stated| facts.catalog.location(&stated.value));

    match provider {
        None => tally.unknown(at_provider),
        Some(stated) if listed.is_none() => {
            tally.fail(at_provider.finding(Some(stated.place), &stated.value, "a provider of the partner list"));
        }
        Some(_) => {}
    }
    match location {
        None => tally.unknown(at_location),
        Some(stated) if place.is_none() => {
            tally.fail(at_location.finding(Some(stated.place), &stated.value, "a peering location of the list"));
        }
        Some(_) => {}
    }
    if let (Some(stated), Some(listed), Some(place)) = (provider, listed, place) {
        match listed.is_at(&place.name) {
            true => tally.pass(stated),
            false => tally.fail(at_provider.finding(
                Some(stated.place),
                format!("{} does not sell at {}", listed.name, place.name),
                format!(
                    "one of the {} providers at {}, or one of the {} locations of {}",
                    place.providers.len(),
                    place.name,
                    listed.all_locations().count(),
                    listed.name
                ),
            )),
        }
    }
}
