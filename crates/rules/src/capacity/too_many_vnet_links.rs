//! Rule: more VNets are linked to a circuit than its tier and bandwidth allow.

use crate::{Answer, Facts, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// The VNets linked to a circuit, and the circuits joined with it by Global Reach, are together no more than the
    /// limit for its tier and bandwidth: the same small number for Local and Standard at every bandwidth, more with
    /// every step of bandwidth for Premium. VNets planned and gateways connected are compared, the greater number
    /// counts.
    /// ## Why it matters
    /// The service refuses the link beyond the limit, most often on the day when a new VNet is to go into production.
    /// ## How to mend it
    /// Upgrade the circuit to Premium or to more bandwidth, let spoke VNets use the gateway of a hub VNet by peering, or
    /// share the VNets out among several circuits. Write `global_reach: []` when no circuits are joined.
    pub(crate) static RULE = {
        id: "CAP-001",
        name: "too-many-vnet-links",
        title: "VNet and Global Reach links stay within the limit of tier and bandwidth",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [LIMITS],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.private.vnets",
            "circuits.*.private.connections",
            "circuits.*.global_reach",
            "circuits.*.sku",
            "circuits.*.bandwidth",
        ],
        guard: "no circuit has private peering",
        check: check,
        cases: [
            pass;
            pass(ordered);
            fail "circuits: {'*': {sku: standard metered, private: {vnets: [hub-weu, hub-weu, hub-weu, hub-weu, hub-weu,
                hub-weu, hub-weu, hub-weu, hub-weu, hub-weu, hub-weu]}}}";
            fail(ordered) "circuits: {'*': {private: {connections: 51}}}";
            fail(ordered) "circuits: {amsterdam: {global_reach: [dublin], private: {connections: 50}}}";
            unknown "circuits: {'*': {private: {vnets: null}}}";
            unknown "circuits: {'*': {global_reach: null}}";
            unknown "circuits: {'*': {sku: null}}";
            unknown "circuits: {'*': {bandwidth: null}}";
            none "circuits: {'*': {private: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for peering in facts.peerings_of(PeeringKind::Private) {
        let view = peering.circuit;
        let planned = peering.peering.vnets.value().map(|vnets| vnets.len() as u64);
        let connected = peering.peering.connections.get().map(u64::from);
        let Some(vnets) = planned.max(connected) else {
            tally.unknown(peering.at("vnets"));
            continue;
        };
        // A join is configured on one of the two circuits and counts on both.
        let joined = facts.circuits().filter(|other| {
            let own = view.circuit.global_reach.values().any(|name| name == other.name);
            let theirs = other.circuit.global_reach.values().any(|name| name == view.name);
            other.name != view.name && (own || theirs)
        });
        let joined = joined.count() as u64;

        let (Some(tier), Some(bandwidth)) = (view.tier(), view.circuit.bandwidth.known()) else {
            for (key, known) in [("sku", view.tier().is_some()), ("bandwidth", view.circuit.bandwidth.is_known())] {
                if !known {
                    tally.unknown(view.at(key));
                }
            }
            continue;
        };
        // A bandwidth that nobody sells is PROV-012's to tell; here it counts as the next step below.
        let steps = facts.catalog.provider_bandwidths().iter().copied().filter(|step| *step <= bandwidth.value);
        let limit = std::iter::once(bandwidth.value).chain(steps.max()).find_map(|step| {
            let key = format!("bandwidth-{}", step.as_mbps());
            facts.catalog.limit("vnet-links", &key, &tier.value.to_string())
        });
        let Some(limit) = limit else {
            tally.unknown(view.at("bandwidth"));
            continue;
        };
        if vnets + joined > limit {
            let place = peering.peering.vnets.place().or(peering.peering.connections.place());
            let seen = format!("VNet links: {vnets}, Global Reach links: {joined}");
            let expected = format!("at most {limit} together, for {} at {}", tier.value, bandwidth.value);
            tally.fail(peering.at("vnets").finding(place, seen, expected));
        } else if view.circuit.global_reach.is_known() {
            tally.pass(bandwidth);
        } else {
            tally.unknown(view.at("global_reach"));
        }
    }
    tally.verdict("no circuit has private peering")
}
