//! Rule: BGP ends on a stateful device.

use super::routers::routers;
use crate::{Answer, Facts, Subject, Tally};
use model::DeviceKind;

rule! {
    /// ## What it asks
    /// The sessions with Microsoft end on routers, which keep no state of the flows they forward, not on firewalls or
    /// load balancers.
    /// ## Why it matters
    /// Microsoft uses both links at once and may send the answer of a flow on the other link than its question. A device
    /// that keeps state drops what it has not seen begin. And when a pair of firewalls fails over, its BGP session often
    /// falls with it, so that maintenance on one side becomes an outage on both.
    /// ## How to mend it
    /// End BGP on routers and put the firewalls behind them. Where that is not possible, share state between the
    /// firewalls and prove by a test that a failover keeps flows and sessions.
    pub(crate) static RULE = {
        id: "NET-RED-009",
        name: "stateful-edge-router",
        title: "BGP ends on stateless devices",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [MAINTENANCE_ALERTS, DESIGN_HA],
        evidence: [Plan],
        reads: [
            "edges.*.kind",
            "circuits.*.cpe.primary|secondary",
            "connectivity.layer3",
            "circuits.*.connectivity.layer3",
        ],
        guard: "the provider runs layer 3 on every circuit",
        check: check,
        cases: [
            pass;
            fail "edges: {'*': {kind: firewall}}";
            fail "edges: {'*': {kind: load balancer}}";
            unknown "edges: {'*': {kind: null}}";
            unknown "{edges: null, sites: {'*': {edges: null}}, circuits: {'*': {cpe: null}}}";
            none "connectivity: {layer3: provider}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for (name, edge) in routers(facts)? {
        let spot = Subject::Named("edges", name).at("kind", edge.and_then(|edge| edge.place));
        match edge {
            None => tally.unknown(spot),
            Some(edge) => tally.expect(spot, &edge.kind, |kind| *kind == DeviceKind::Router, "a router"),
        }
    }
    tally.verdict("no router ends BGP")
}
