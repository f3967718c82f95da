//! Rule: a circuit has not exactly one provider and one location.

use crate::{Answer, CircuitView, Facts, Tally};

rule! {
    /// ## What it asks
    /// Each circuit comes from one provider or runs on one pair of ExpressRoute Direct ports, never both, and
    /// has one peering location.
    /// ## Why it matters
    /// Provider, location and bandwidth are what a circuit is; none of the first two can be changed later. Two
    /// providers or two locations mean two circuits, with two service keys and two bills.
    /// ## How to mend it
    /// Split the circuit in two, or remove the provider or port that is not meant. A circuit on Direct ports
    /// lies where its ports lie: leave its own location out or make the two agree.
    pub(crate) static RULE = {
        id: "PROV-011",
        name: "ambiguous-provider-or-location",
        title: "each circuit has one provider and one peering location",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [CIRCUIT_PEERINGS, FAQS],
        evidence: [Plan, Control],
        reads: ["circuits.*.provider|port|location", "ports.*.location"],
        guard: "the design has no circuit",
        check: check,
        cases: [
            pass;
            pass "{ports: {pair: {location: Amsterdam}}, circuits: {'*': {port: pair, provider: null, location: null}}}";
            fail "{ports: {pair: {location: Amsterdam}}, circuits: {'*': {port: pair, provider: Equinix, location: Amsterdam}}}";
            fail "{ports: {pair: {location: Frankfurt}}, circuits: {'*': {port: pair, provider: null, location: Amsterdam}}}";
            unknown "circuits: {'*': {provider: null}}";
            unknown "circuits: {'*': {location: null}}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        provider(&mut tally, view);
        location(&mut tally, facts, view);
    }
    tally.verdict("the design has no circuit")
}

fn provider(tally: &mut Tally, view: CircuitView<'_>) {
    match (view.circuit.provider.known(), view.circuit.port.known()) {
        (Some(provider), Some(port)) => tally.fail(view.at("port").finding(
            Some(port.place),
            format!("the port pair {} beside the provider {}", port.value, provider.value),
            "a provider or a port pair, not both",
        )),
        (Some(provider), None) => tally.pass(provider),
        (None, Some(port)) => tally.pass(port),
        (None, None) => tally.unknown(view.at("provider")),
    }
}

fn location(tally: &mut Tally, facts: &Facts<'_>, view: CircuitView<'_>) {
    let port = view.circuit.port.value().and_then(|name| facts.design.ports.get(name));
    match (view.circuit.location.known(), port.and_then(|port| port.location.known())) {
        (Some(own), Some(port)) if !same(facts, &own.value, &port.value) => tally.fail(view.at("location").finding(
            Some(own.place),
            &own.value,
            format!("{}, where its port pair lies", port.value),
        )),
        (Some(stated), _) | (None, Some(stated)) => tally.pass(stated),
        (None, None) => tally.unknown(view.at("location")),
    }
}

/// Whether two names mean one location, however they are written.
fn same(facts: &Facts<'_>, a: &str, b: &str) -> bool {
    match (facts.catalog.location(a), facts.catalog.location(b)) {
        (Some(a), Some(b)) => a.id == b.id,
        _ => a.eq_ignore_ascii_case(b),
    }
}
