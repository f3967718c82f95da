//! Rule: a VNet lies outside the regions that the circuit's tier reaches.

use super::links::vnet_links;
use crate::{Answer, Facts, Tally};
use catalog::{Catalog, Location, Region};
use model::Tier;

rule! {
    /// ## What it asks
    /// Each VNet linked to a circuit lies in a region that the circuit's tier reaches: Local the one or two regions
    /// beside the peering location, Standard the geopolitical region of the location, Premium every region of the cloud.
    /// ## Why it matters
    /// The connection is refused. A circuit may well be in use for years before a VNet in another part of the world
    /// shows it.
    /// ## How to mend it
    /// Upgrade the circuit to the tier named, which interrupts nothing, or link the VNet to a circuit in its own region.
    pub(crate) static RULE = {
        id: "CAP-002",
        name: "vnet-out-of-reach",
        title: "every linked VNet lies within reach of the circuit's tier",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2020,
        sources: [FAQS, LINK_VNET],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.private.vnets",
            "circuits.*.sku",
            "circuits.*.location",
            "circuits.*.port",
            "ports.*.location",
            "vnets.*.region",
        ],
        guard: "no VNet is linked",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {sku: standard metered}}";
            pass "{circuits: {amsterdam: {sku: local unlimited}}, vnets: {hub-weu: {region: West Europe}}}";
            pass "vnets: {hub-weu: {region: eastus}}";
            fail "{circuits: {'*': {sku: standard metered}}, vnets: {hub-weu: {region: eastus}}}";
            fail "circuits: {dublin: {sku: local unlimited}}";
            fail "vnets: {hub-weu: {region: usgovvirginia}}";
            unknown "vnets: {hub-weu: {region: null}}";
            unknown "vnets: {hub-weu: {region: atlantis}}";
            unknown "circuits: {'*': {sku: null}}";
            unknown "circuits: {'*': {location: null}}";
            unknown "circuits: {'*': {private: {vnets: null}}}";
            none "circuits: {'*': {private: {vnets: []}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for link in vnet_links(facts, &mut tally) {
        let view = link.peering.circuit;
        let location = view.location(facts.catalog);
        let region = link.vnet.and_then(|vnet| vnet.region.value()).and_then(|name| facts.catalog.region(name));
        match (view.tier(), location, region) {
            (Some(tier), Some(location), Some(region)) if reaches(tier.value, location, region, facts.catalog) => {
                tally.pass(&tier);
            }
            (Some(tier), Some(location), Some(region)) => {
                let seen = format!(
                    "{} at {} ({}), with VNet {} in {} ({})",
                    tier.value,
                    location.name,
                    location.geopolitical_region,
                    link.name,
                    region.name,
                    region.geopolitical_region
                );
                tally.fail(view.at("sku").finding(Some(tier.place), seen, expected(location, region)));
            }
            (tier, location, region) => {
                for (spot, known) in [
                    (view.at("sku"), tier.is_some()),
                    (view.at("location"), location.is_some()),
                    (link.at("region"), region.is_some()),
                ] {
                    if !known {
                        tally.unknown(spot);
                    }
                }
            }
        }
    }
    tally.verdict("no VNet is linked")
}

fn reaches(tier: Tier, location: &Location, region: &Region, catalog: &Catalog) -> bool {
    match tier {
        Tier::Local => location
            .local_azure_regions
            .iter()
            .any(|name| catalog.region(name).is_some_and(|local| local.name == region.name)),
        Tier::Standard => location.geopolitical_region == region.geopolitical_region,
        Tier::Premium => location.cloud == region.cloud,
    }
}

fn expected(location: &Location, region: &Region) -> &'static str {
    match (location.cloud == region.cloud, location.geopolitical_region == region.geopolitical_region) {
        (false, _) => "a VNet of the same cloud",
        (true, false) => "the premium tier",
        (true, true) => "the standard or premium tier",
    }
}
