//! Rule: more circuits are linked to a VNet than its gateway takes.

use super::links::vnet_links;
use crate::{Answer, CircuitView, Facts, Tally};
use std::collections::BTreeMap;

rule! {
    /// ## What it asks
    /// A VNet is linked to no more circuits of one peering location than allowed, and over all locations to no more than
    /// the SKU of its gateway takes. ErGwScale takes more with more scale units.
    /// ## Why it matters
    /// The service refuses the connection beyond the limit. A design with several circuits for each of several sites
    /// reaches it sooner than one thinks.
    /// ## How to mend it
    /// Take a larger gateway SKU, or more scale units, where the sum is too large. Where one location has too many,
    /// replace circuits by one of more bandwidth, or move one to another location.
    pub(crate) static RULE = {
        id: "CAP-003",
        name: "too-many-circuits",
        title: "a VNet is linked to no more circuits than its gateway takes",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [ABOUT_GATEWAYS, LIMITS],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.private.vnets",
            "circuits.*.location",
            "circuits.*.port",
            "ports.*.location",
            "vnets.*.gateway",
            "vnets.*.gateway_units",
        ],
        guard: "no VNet is linked",
        check: check,
        cases: [
            pass;
            pass "vnets: {hub-weu: {gateway: ErGwScale, gateway_units: 1}}";
            fail "{vnets: {hub-weu: {gateway: ErGw3AZ}}, circuits: {
                a: {location: Amsterdam, private: {vnets: [hub-weu]}}, b: {location: amsterdam, private: {vnets: [hub-weu]}},
                c: {location: Amsterdam, private: {vnets: [hub-weu]}}, d: {location: Amsterdam, private: {vnets: [hub-weu]}}}}";
            fail "{vnets: {hub-weu: {gateway: ErGwScale, gateway_units: 1}}, circuits: {
                a: {location: London, private: {vnets: [hub-weu]}}, b: {location: Paris, private: {vnets: [hub-weu]}},
                c: {location: Madrid, private: {vnets: [hub-weu]}}}}";
            pass "{vnets: {hub-weu: {gateway: ErGwScale, gateway_units: 2}}, circuits: {
                a: {location: London, private: {vnets: [hub-weu]}}, b: {location: Paris, private: {vnets: [hub-weu]}},
                c: {location: Madrid, private: {vnets: [hub-weu]}}}}";
            unknown "{vnets: {hub-weu: {gateway: ErGw3AZ}}, circuits: {
                a: {location: Amsterdam, private: {vnets: [hub-weu]}}, b: {location: Amsterdam, private: {vnets: [hub-weu]}},
                c: {location: Amsterdam, private: {vnets: [hub-weu]}}, d: {private: {vnets: [hub-weu]}}}}";
            unknown "vnets: {'*': {gateway: null}}";
            unknown "vnets: {'*': {gateway: ErGwScale, gateway_units: null}}";
            unknown "circuits: {'*': {private: {vnets: null}}}";
            none "circuits: {'*': {private: {vnets: []}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let at_one_location = facts.limit("circuit", "circuits-same-location-per-vnet", "")?;
    let mut tally = Tally::new();
    let mut vnets: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for link in vnet_links(facts, &mut tally) {
        vnets.entry(link.name).or_default().push(link);
    }
    for links in vnets.into_values() {
        let Some(link) = links.first().copied() else { continue };
        let circuits: BTreeMap<_, CircuitView<'_>> =
            links.iter().map(|link| (link.peering.circuit.name, link.peering.circuit)).collect();

        let mut locations: BTreeMap<&str, u64> = BTreeMap::new();
        let mut nowhere = Vec::new();
        for view in circuits.values() {
            match (view.location(facts.catalog), view.location_fact().value()) {
                (Some(location), _) => *locations.entry(location.name.as_str()).or_default() += 1,
                (None, Some(written)) => *locations.entry(written.as_str()).or_default() += 1,
                (None, None) => nowhere.push(view.at("location")),
            }
        }
        let (location, most) = locations.into_iter().max_by_key(|(_, count)| *count).unwrap_or_default();
        if most > at_one_location {
            let seen = format!("{most} circuits of {location}");
            tally.fail(link.at("").finding(None, seen, format_args!("at most {at_one_location} of one location")));
        } else if most + nowhere.len() as u64 > at_one_location {
            nowhere.into_iter().for_each(|spot| tally.unknown(spot));
        }

        let Some(gateway) = link.vnet.and_then(|vnet| vnet.gateway.known()) else {
            tally.unknown(link.at("gateway"));
            continue;
        };
        let units = link.vnet.and_then(|vnet| vnet.gateway_units.get());
        match facts.catalog.gateway_circuits(gateway.value, units) {
            None => tally.unknown(link.at("gateway_units")),
            Some(limit) if circuits.len() as u64 > limit => {
                let size = units.map_or_else(String::new, |units| format!(" (scale units: {units})"));
                let seen = format!("{} circuits on {}{size}", circuits.len(), gateway.value);
                tally.fail(link.at("gateway").finding(Some(gateway.place), seen, format_args!("at most {limit}")));
            }
            Some(_) => tally.pass(gateway),
        }
    }
    tally.verdict("no VNet is linked")
}
