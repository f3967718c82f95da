//! Rule: the addresses from which requests leave for Microsoft 365 do not fit.

use crate::{Answer, CircuitView, Facts, PoolView, Stage, Subject, Tally, Verdict};
use model::{PeeringKind, PrefixState};

rule! {
    /// ## What it asks
    /// Every prefix from which requests leave for Microsoft 365 is public, is validated by Microsoft, is not
    /// announced to the Internet at the same or a greater length, and is not used towards Microsoft services
    /// outside ExpressRoute.
    /// ## Why it matters
    /// Microsoft answers to the source address, by the best route that it has. If the Internet offers one as
    /// good as the circuit's, answers come back outside; if other Microsoft services see the same source, theirs
    /// come back on the circuit.
    /// ## How to mend it
    /// Take a pool of its own for Microsoft 365 over the circuit, announce it nowhere else, and have it validated.
    pub(crate) static RULE = {
        id: "M365-023",
        name: "source-prefix-unfit",
        title: "source prefixes are public, validated and used on the circuit only",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [IMPLEMENTING_M365],
        evidence: [Plan, Control],
        reads: [
            "services.m365",
            "nat.private_sources",
            "nat.pools",
            "routing.internet_prefixes",
            "circuits.*.microsoft.prefix_state",
        ],
        guard: "Microsoft 365 is not in scope, or no source is translated",
        check: check,
        cases: [
            pass;
            pass(ordered);
            pass "routing: {internet_prefixes: [131.107.240.0/24]}";
            fail "nat: {pools: {'*': {prefixes: [10.1.0.0/24]}}}";
            fail "nat: {pools: {'*': {other_microsoft: true}}}";
            fail "routing: {internet_prefixes: [131.107.240.0/27]}";
            fail "routing: {internet_prefixes: [131.107.240.0/28]}";
            fail(ordered) "circuits: {'*': {microsoft: {prefix_state: validation needed}}}";
            unknown "nat: {pools: {pool-ams: {other_microsoft: null}}}";
            unknown "routing: {internet_prefixes: null}";
            unknown "nat: {pools: null}";
            unknown(ordered) "circuits: {dublin: {microsoft: {prefix_state: configuring}}}";
            unknown(ordered) "circuits: {dublin: {microsoft: {prefix_state: null}}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
            none "nat: {private_sources: false, pools: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let nat = &facts.design.nat;
    if nat.pools.is_empty() {
        return Err(match nat.private_sources.get() {
            Some(false) => Verdict::guard("no source is translated"),
            Some(true) | None => Verdict::missing(Subject::Design.at("nat.pools", nat.place.or(facts.design.place))),
        });
    }
    let mut tally = Tally::new();
    for view in facts.pools() {
        // Pools of other peerings are the concern of NAT-008.
        if view.pool.peering.get().is_some_and(|kind| kind != PeeringKind::Microsoft) {
            continue;
        }
        ask_prefixes(facts, &mut tally, view);
        let expected = "false: sources of the circuit serve nothing else";
        tally.expect(view.at("other_microsoft"), &view.pool.other_microsoft, |other| !other, expected);
        for circuit in view.pool.circuits.values().filter_map(|name| facts.circuit(name.as_str())) {
            ask_validation(facts, &mut tally, circuit);
        }
    }
    tally.verdict("no pool serves Microsoft peering")
}

fn ask_prefixes(facts: &Facts<'_>, tally: &mut Tally, view: PoolView<'_>) {
    let spot = view.at("prefixes");
    let routing = &facts.design.routing;
    let (Some(prefixes), Some(announced)) = (view.pool.prefixes.known(), routing.internet_prefixes.known()) else {
        if !view.pool.prefixes.is_known() {
            tally.unknown(spot);
        }
        if !routing.internet_prefixes.is_known() {
            tally.unknown(Subject::Design.at("routing.internet_prefixes", routing.place.or(facts.design.place)));
        }
        return;
    };
    for prefix in &prefixes.value {
        // A shorter prefix on the Internet does no harm: the longer one on the circuit wins.
        let rival = announced.value.iter().find(|announced| prefix.value.covers(announced.value));
        if !facts.catalog.is_public(prefix.value) {
            tally.fail(spot.finding(Some(prefix.place), prefix.value, "a public prefix"));
        } else if let Some(rival) = rival {
            let seen = format!("{}, while the Internet hears {}", prefix.value, rival.value);
            tally.fail(spot.finding(Some(prefix.place), seen, "a prefix that the circuit alone announces so long"));
        } else {
            tally.pass(prefixes);
        }
    }
}

/// Before the order there is nothing that Microsoft could have validated.
fn ask_validation(facts: &Facts<'_>, tally: &mut Tally, circuit: CircuitView<'_>) {
    let Some(view) = circuit.peering(PeeringKind::Microsoft) else { return };
    let spot = view.at("prefix_state");
    match view.peering.prefix_state.known() {
        Some(state) => match state.value {
            PrefixState::Configured => tally.pass(state),
            PrefixState::ValidationNeeded => tally.fail(spot.finding(Some(state.place), state.value, "configured")),
            PrefixState::NotConfigured | PrefixState::Configuring => tally.unknown(spot),
        },
        None if facts.stage < Stage::Ordered => {}
        None => tally.unknown(spot),
    }
}
