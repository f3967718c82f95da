//! Rule: a carrier that is no partner does not reach Microsoft through an exchange yet.

use super::{provider_circuits, way};
use crate::{Answer, CircuitView, Facts, Tally};
use model::ConnectivityPath;

rule! {
    /// ## What it asks
    /// Where the own carrier is no ExpressRoute partner, three things are done: the carrier is present at a
    /// listed exchange location, it has been ordered to extend your network to that exchange, and the circuit
    /// is ordered through an exchange provider that sells at the location of the circuit.
    /// ## Why it matters
    /// Such a carrier has no connection to Microsoft of its own. Each of the three is a part of the way; with
    /// one of them missing the circuit can be paid for but not used.
    /// ## How to mend it
    /// Ask the carrier at which exchanges it is present, order the extension to one of them, and order the
    /// circuit from the exchange provider there. If it is at none, take a partner (PROV-002).
    pub(crate) static RULE = {
        id: "PROV-005",
        name: "exchange-path-incomplete",
        title: "a carrier that is no partner reaches Microsoft through an exchange",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, SEED_2017A, SEED_2017B, SEED_2025, FAQS],
        evidence: [Plan],
        reads: [
            "circuits.*.provider|location|port",
            "circuits.*.connectivity.path|model|exchange_location|extension_ordered",
            "connectivity.path|model|exchange_location|extension_ordered",
        ],
        guard: "no circuit comes from a carrier that is no partner",
        check: check,
        cases: [
            pass "{connectivity: {path: exchange, exchange_location: Amsterdam, extension_ordered: true}, circuits: {'*': {provider: Equinix}}}";
            fail "{connectivity: {path: exchange, exchange_location: none, extension_ordered: true}, circuits: {'*': {provider: Equinix}}}";
            fail "{connectivity: {path: exchange, exchange_location: Atlantis, extension_ordered: true}, circuits: {'*': {provider: Equinix}}}";
            fail "{connectivity: {path: exchange, exchange_location: Amsterdam, extension_ordered: false}, circuits: {'*': {provider: Equinix}}}";
            fail "{connectivity: {path: exchange, exchange_location: Amsterdam, extension_ordered: true}, circuits: {'*': {provider: Colt}}}";
            fail "{connectivity: {path: exchange, exchange_location: Amsterdam, extension_ordered: true}, circuits: {'*': {provider: Teraco}}}";
            unknown "{connectivity: {path: exchange, extension_ordered: true}, circuits: {'*': {provider: Equinix}}}";
            unknown "{connectivity: {path: exchange, exchange_location: Amsterdam}, circuits: {'*': {provider: Equinix}}}";
            unknown "{connectivity: {path: exchange, exchange_location: Amsterdam, extension_ordered: true}, circuits: {'*': {provider: null}}}";
            unknown "{connectivity: {path: null}, circuits: {'*': {provider: null}}}";
            none;
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in provider_circuits(facts) {
        let (spot, path) = way(view, "connectivity.path", |way| &way.path);
        match path.get() {
            Some(ConnectivityPath::Exchange) => ask(&mut tally, facts, view),
            Some(ConnectivityPath::Partner | ConnectivityPath::Direct | ConnectivityPath::None) => {}
            // Whoever names a provider and nothing else means a partner.
            None if view.circuit.provider.is_known() => {}
            None => tally.unknown(spot),
        }
    }
    tally.verdict("no circuit comes from a carrier that is no partner")
}

fn ask(tally: &mut Tally, facts: &Facts<'_>, view: CircuitView<'_>) {
    let (spot, exchange) = way(view, "connectivity.exchange_location", |way| &way.exchange_location);
    tally.expect(spot, exchange, |name| facts.catalog.location(name).is_some(), "a peering location of the list");

    let (spot, extension) = way(view, "connectivity.extension_ordered", |way| &way.extension_ordered);
    tally.expect(spot, extension, |ordered| *ordered, "the extension to the exchange ordered from the carrier");

    let sells = |name: &String| {
        let location = view.location(facts.catalog);
        facts.catalog.provider(name).is_some_and(|provider| {
            provider.exchange_provider && location.is_none_or(|location| provider.is_at(&location.name))
        })
    };
    let expected = match view.circuit.location.value() {
        Some(location) => format!("an exchange provider at {location}"),
        None => "an exchange provider".to_owned(),
    };
    tally.expect(view.at("provider"), &view.circuit.provider, sells, expected);
}
