//! Rule: linked VNets overlap each other or the premises.

use crate::{Answer, Facts, Subject, Tally};
use model::{Item, Name, PeeringKind, Prefix};

rule! {
    /// ## What it asks
    /// The address spaces of all VNets linked to the circuits share no address with one another, nor with a
    /// network on your premises.
    ///
    /// What the sites have in common with each other is your own affair: an aggregate beside its parts is fine.
    /// ## Why it matters
    /// A private peering is one routing domain. Where two networks in it have the same addresses, the circuit
    /// carries one route, and the other network cannot be reached.
    /// ## How to mend it
    /// Readdress one of the two, or leave that VNet unlinked and reach it in another way.
    pub(crate) static RULE = {
        id: "ADDR-009",
        name: "overlapping-vnet-space",
        title: "linked VNets overlap neither each other nor the premises",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [FAQS],
        evidence: [Plan, Control],
        reads: ["circuits.*.private.vnets", "sites.*.prefixes", "vnets.*.space"],
        guard: "no VNet is linked",
        check: check,
        cases: [
            pass;
            fail "vnets: {'*': {space: [10.10.0.0/16]}}";
            fail "vnets: {'*': {space: [172.20.0.0/16, 172.20.4.0/24]}}";
            fail "vnets: {'*': {space: ['fd00:1::/48', 'fd00:1::/64']}}";
            fail "{vnets: {spoke: {space: [10.100.4.0/24]}}, circuits: {amsterdam: {private: {vnets: [hub-weu, spoke]}}}}";
            pass "vnets: {spoke: {space: [10.100.4.0/24]}}";
            unknown "vnets: {hub-weu: {space: null}}";
            unknown "sites: {ams: {prefixes: null}}";
            unknown "circuits: {amsterdam: {private: {vnets: null}}}";
            none "circuits: {'*': {private: {vnets: []}}}";
            none "circuits: {'*': {private: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Private).filter(|view| !view.peering.vnets.is_known()) {
        tally.unknown(view.at("vnets"));
    }
    let linked = facts.linked_vnets();
    if linked.is_empty() {
        return tally.verdict("no VNet is linked");
    }
    let premises = premises(facts, &mut tally);
    let mut spaces: Vec<(&Name, &Item<Prefix>)> = Vec::new();
    for (name, vnet) in linked {
        let Some((vnet, stated)) = vnet.and_then(|vnet| Some((vnet, vnet.space.known()?))) else {
            let place = vnet.and_then(|vnet| vnet.place).or(facts.design.place);
            tally.unknown(Subject::Named("vnets", name.as_str()).at("space", place));
            continue;
        };
        tally.pass(stated);
        let spot = Subject::Named("vnets", name.as_str()).at("space", vnet.place);
        for space in &stated.value {
            let sites = premises.iter().map(|(site, item)| (format!("site {site}"), item.value));
            let vnets = spaces.iter().map(|(other, item)| (format!("VNet {other}"), item.value));
            for (owner, prefix) in sites.chain(vnets).filter(|(_, prefix)| prefix.overlaps(space.value)) {
                let seen = format!("{}, which overlaps {prefix} of {owner}", space.value);
                tally.fail(spot.finding(Some(space.place), seen, "an address space that nothing else uses"));
            }
            spaces.push((name, space));
        }
    }
    tally.verdict("no VNet is linked")
}

/// The networks on the premises; a site that does not list them is missing.
fn premises<'a>(facts: &Facts<'a>, tally: &mut Tally) -> Vec<(&'a Name, &'a Item<Prefix>)> {
    let design = facts.design;
    if design.sites.is_empty() {
        tally.unknown(Subject::Design.at("sites", design.place));
    }
    for (name, site) in design.sites.iter().filter(|(_, site)| !site.prefixes.is_known()) {
        tally.unknown(Subject::Named("sites", name.as_str()).at("prefixes", site.place.or(design.place)));
    }
    facts.onprem_prefixes().collect()
}
