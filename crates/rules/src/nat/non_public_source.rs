//! Rule: an address that is not public enters Microsoft peering.

use super::serves_microsoft_peering;
use crate::{Answer, Facts, Tally};
use catalog::Catalog;
use model::{PeeringKind, Prefix};

rule! {
    /// ## What it asks
    /// Every NAT pool of Microsoft peering and every prefix advertised on it is public address space.
    /// ## Why it matters
    /// Behind Microsoft peering stand services that all customers share. Only a public address tells them
    /// whom to answer; packets from private or special-purpose space are dropped.
    /// ## How to mend it
    /// Put public addresses, your own or your provider's, in the pool, and advertise just those.
    pub(crate) static RULE = {
        id: "NAT-001",
        name: "non-public-source",
        title: "only public addresses enter Microsoft peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017B, SEED_2025, NAT],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.microsoft.advertise",
            "circuits.*.microsoft.primary|secondary.received",
            "nat.pools.*.peering|prefixes",
        ],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass(live);
            pass "nat: {pools: null}";
            fail "nat: {pools: {'*': {prefixes: [10.20.0.0/24]}}}";
            fail "circuits: {'*': {microsoft: {advertise: [100.64.0.0/24]}}}";
            fail "circuits: {'*': {microsoft: {advertise: [168.0.0.0/6]}}}";
            fail(live) "circuits: {'*': {microsoft: {primary: {received: [192.168.8.0/24 65020]}}}}";
            unknown "nat: {pools: {'*': {prefixes: null}}}";
            unknown "circuits: {'*': {microsoft: {advertise: null}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.microsoft_peering()?;
    let expected = "public addresses only";
    let mut tally = Tally::new();
    for view in facts.pools().filter(serves_microsoft_peering) {
        let spot = view.at("prefixes");
        let Some(prefixes) = view.pool.prefixes.known() else {
            tally.unknown(spot);
            continue;
        };
        tally.pass(prefixes);
        for item in prefixes.value.iter().filter(|item| !facts.catalog.is_public(item.value)) {
            tally.fail(spot.finding(Some(item.place), describe(facts.catalog, item.value), expected));
        }
    }
    for view in facts.peerings_of(PeeringKind::Microsoft) {
        let spot = view.at("advertise");
        let Some(routes) = view.advertised() else {
            tally.unknown(spot);
            continue;
        };
        tally.hold();
        for route in routes {
            if facts.catalog.is_public(route.value) {
                tally.pass(&route);
            } else {
                tally.fail(spot.finding(Some(route.place), describe(facts.catalog, route.value), expected));
            }
        }
    }
    tally.verdict("")
}

/// A prefix with the reason why it is not public.
fn describe(catalog: &Catalog, prefix: Prefix) -> String {
    match catalog.bogon(prefix) {
        Some(special) => format!("{prefix}: {}, {}", special.name, special.rfc),
        None => format!("{prefix}, which holds special-purpose space"),
    }
}
