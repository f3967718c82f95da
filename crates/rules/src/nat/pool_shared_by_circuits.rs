//! Rule: several circuits share a NAT pool.

use crate::{Answer, Facts, Finding, PoolView, Severity, Subject, Tally};
use model::Name;

rule! {
    /// ## What it asks
    /// Each NAT pool serves one circuit, and the pools of different circuits share no address. Where stateful
    /// devices stand at each edge this is required, else it is advice.
    /// ## Why it matters
    /// Microsoft sends a reply to the nearest circuit that advertises its address. With a shared pool that
    /// may be another circuit than the one the flow left by, where no firewall or NAT knows the flow.
    /// ## How to mend it
    /// Split the pool, and advertise each part on its own circuit.
    pub(crate) static RULE = {
        id: "NAT-005",
        name: "pool-shared-by-circuits",
        title: "each circuit has a pool of its own",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [ROUTING_M365, IMPLEMENTING_M365],
        evidence: [Plan],
        reads: [
            "circuits.*.microsoft",
            "nat.private_sources",
            "nat.stateful_edge",
            "nat.pools.*.peering|prefixes|circuits",
        ],
        guard: "no private source uses Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "nat: {stateful_edge: null}";
            fail "nat: {pools: {'*': {circuits: [amsterdam, dublin]}}}";
            fail "nat: {pools: {pool-dub: {prefixes: [131.107.240.16/28]}}}";
            fail "nat: {stateful_edge: true, pools: {pool-ams: {circuits: [amsterdam, dublin]}}}";
            unknown "nat: {pools: {'*': {circuits: null}}}";
            none "nat: {private_sources: false, pools: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let nat = &facts.design.nat;
    let pools = super::pools(facts)?;
    let severity = match nat.stateful_edge.get() {
        Some(true) => Severity::Required,
        Some(false) | None => Severity::Recommended,
    };
    let mut tally = Tally::new();
    for (index, view) in pools.iter().enumerate() {
        match view.pool.circuits.known() {
            None => tally.unknown(view.at("circuits")),
            Some(circuits) if circuits.value.len() > 1 => {
                tally.fail_as(
                    severity,
                    view.at("circuits").finding(Some(circuits.place), circuits_of(view), "one circuit"),
                );
            }
            Some(circuits) => tally.pass(circuits),
        }
        for finding in pools[index + 1..].iter().filter_map(|other| overlap(view, other)) {
            tally.fail_as(severity, finding);
        }
    }
    if tally.has_failed() && !nat.stateful_edge.is_known() {
        tally.unknown(Subject::Design.at("nat.stateful_edge", nat.place));
    }
    tally.verdict("")
}

/// The address space that two pools of different circuits share.
fn overlap(one: &PoolView<'_>, other: &PoolView<'_>) -> Option<Finding> {
    let (ours, theirs) = (one.pool.circuits.value()?, other.pool.circuits.value()?);
    if ours == theirs {
        return None;
    }
    let shared = |prefix| one.pool.prefixes.values().any(|ours| ours.overlaps(prefix));
    let item = other.pool.prefixes.items().find(|item| shared(item.value))?;
    let seen = format!("{} of {}, shared with {} of {}", item.value, circuits_of(other), one.name, circuits_of(one));
    Some(other.at("prefixes").finding(Some(item.place), seen, "addresses of its own for each circuit"))
}

fn circuits_of(view: &PoolView<'_>) -> String {
    view.pool.circuits.values().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
