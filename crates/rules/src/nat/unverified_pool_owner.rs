//! Rule: nothing shows that the NAT pool is the customer's.

use super::route_to;
use crate::{Answer, Facts, PeeringView, PoolView, Tally};
use model::{Name, PeeringKind};

rule! {
    /// ## What it asks
    /// Each pool prefix lies within what its circuit advertises on Microsoft peering, and what is advertised there
    /// is registered to you or validated by hand, as NET-BGP-015 asks.
    /// ## Why it matters
    /// Microsoft takes a pool only from its owner, and looks that up in the routing registries by prefix and AS
    /// number. Replies to a pool that is not accepted, or never advertised, do not come back.
    /// ## How to mend it
    /// Advertise the pool on its circuit. Bring the registry up to date, or have Microsoft validate the prefix by
    /// hand.
    pub(crate) static RULE = {
        id: "NAT-006",
        name: "unverified-pool-owner",
        title: "the pool is shown to be the customer's",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [NAT],
        evidence: [Plan, Control, Live, Attestation],
        reads: [
            "circuits.*.microsoft.advertise|registry|manual_validation|prefix_state|prefix_state_since",
            "circuits.*.microsoft.primary|secondary.received",
            "nat.private_sources",
            "nat.pools.*.peering|prefixes|circuits",
        ],
        guard: "no private source uses Microsoft peering",
        check: check,
        cases: [
            pass;
            pass(ordered);
            pass(live);
            pass "nat: {pools: {pool-ams: {circuits: null}}}";
            fail "nat: {pools: {'*': {prefixes: [131.107.7.0/27]}}}";
            fail "nat: {pools: {pool-ams: {circuits: [dublin]}}}";
            fail "circuits: {'*': {microsoft: {registry: none, manual_validation: no}}}";
            fail(ordered) "circuits: {'*': {microsoft: {prefix_state: validation needed, prefix_state_since: 2026-10-01}}}";
            unknown "nat: {pools: {'*': {prefixes: null}}}";
            unknown "circuits: {amsterdam: {microsoft: {advertise: null}}}";
            unknown "circuits: {amsterdam: {microsoft: {registry: null, manual_validation: null}}}";
            unknown(ordered) "circuits: {amsterdam: {microsoft: {prefix_state: configuring}}}";
            none "nat: {private_sources: false, pools: null}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let pools = super::pools(facts)?;
    let mut tally = Tally::new();
    tally.rely(facts, "NET-BGP-015");
    for view in pools {
        let spot = view.at("prefixes");
        if !view.pool.prefixes.is_known() {
            tally.unknown(spot);
        }
        for item in view.pool.prefixes.items() {
            match route_to(item.value, peerings(facts, view)) {
                Ok(Some(route)) => tally.pass(&route),
                Ok(None) => {
                    let seen = format!("{}, not advertised on {}", item.value, circuits(view));
                    tally.fail(spot.finding(Some(item.place), seen, "a prefix that its circuit advertises"));
                }
                Err(silent) => tally.unknown(silent),
            }
        }
    }
    tally.verdict("")
}

/// The Microsoft peerings of the pool's circuits; all of them while the pool names no circuit.
fn peerings<'a>(facts: &Facts<'a>, view: PoolView<'a>) -> impl Iterator<Item = PeeringView<'a>> {
    let circuits = &view.pool.circuits;
    facts
        .peerings_of(PeeringKind::Microsoft)
        .filter(|peering| !circuits.is_known() || circuits.values().any(|name| name == peering.circuit.name))
}

fn circuits(view: PoolView<'_>) -> String {
    let names: Vec<_> = view.pool.circuits.values().map(Name::as_str).collect();
    if names.is_empty() { "any circuit".to_owned() } else { names.join(", ") }
}
