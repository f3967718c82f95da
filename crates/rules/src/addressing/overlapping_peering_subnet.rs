//! Rule: a link subnet overlaps a network that it joins.

use super::NO_PEERING;
use crate::{Answer, Facts, LinkView, Subject, Tally};
use model::{PeeringKind, Prefix};

rule! {
    /// ## What it asks
    /// No link subnet shares an address with a network on your premises, with the address space of a VNet, with the
    /// other link of its peering, or with a link of another private peering.
    ///
    /// Whether a subnet of Microsoft peering is used twice is asked by ADDR-007.
    /// ## Why it matters
    /// The link subnet is a route of its own on both sides. Where another network has the same addresses, one of
    /// the two cannot be reached, and the BGP session may be the one that loses.
    /// ## How to mend it
    /// Take a free subnet for the peering. `twinpath fix` looks for the next one that collides with nothing in the design.
    pub(crate) static RULE = {
        id: "ADDR-003",
        name: "overlapping-peering-subnet",
        title: "link subnets overlap neither the premises nor Azure nor each other",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, ROUTING],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.private|microsoft.subnets|subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet|subnet_v6",
            "circuits.*.private.vnets",
            "sites.*.prefixes",
            "vnets.*.space",
        ],
        guard: "no circuit has a peering",
        fixable: true,
        check: check,
        cases: [
            pass;
            pass "{circuits: {'*': {private: null}}, vnets: {hub-weu: {space: null}}}";
            pass(2015) "circuits: {'*': {private: {subnets: 192.168.240.0/28}, microsoft: null}, dublin: {private: null}}";
            fail "circuits: {amsterdam: {private: {subnets: 10.10.7.0/29}}}";
            fail "circuits: {amsterdam: {private: {subnets: 10.10.7.0/28}}}";
            fail "circuits: {amsterdam: {private: {subnets: 10.100.0.0/29}}}";
            fail "circuits: {amsterdam: {private: {subnets: 192.168.15.24/29}}}";
            fail "circuits: {'*': {private: {subnets: [172.16.0.0/30, 172.16.0.0/30]}}}";
            fail "circuits: {'*': {private: {subnets_v6: ['fd00:100::/126', 'fd00:100::/126']}}}";
            fail "sites: {'*': {prefixes: [192.168.0.0/16]}}";
            fail "vnets: {'*': {space: [192.168.0.0/16]}}";
            unknown "circuits: {amsterdam: {private: {subnets: null}}}";
            unknown "sites: {ams: {prefixes: null}}";
            unknown "vnets: {hub-weu: {space: null}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

/// A network that the links join: its name in words, and its prefix.
type Network = (String, Prefix);

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    if facts.peerings().next().is_none() {
        return tally.verdict(NO_PEERING);
    }
    let networks = networks(facts, &mut tally);
    let all: Vec<_> = facts.link_subnets().collect();
    for view in facts.peerings() {
        for (family, link) in view.families().flat_map(|family| view.links().map(|link| (family, link))) {
            let spot = link.subnet_at(family);
            let Some(subnet) = link.link.subnet_of(family).known() else {
                // A block too large to share out is judged as a whole, with the primary link.
                if !view.has_large_block(family) {
                    tally.unknown(spot);
                }
                continue;
            };
            let networks = networks.iter().filter(|(_, prefix)| prefix.overlaps(subnet.value));
            let links = all.iter().filter(|(other, taken)| joined(*other, link) && taken.value.overlaps(subnet.value));
            let links = links.map(|(other, taken)| {
                (format!("the {} link of the {}", other.role, other.peering.label()), taken.value)
            });
            let clashes: Vec<Network> = networks.cloned().chain(links).collect();
            for (name, prefix) in &clashes {
                let seen = format!("{}, which overlaps {prefix} of {name}", subnet.value);
                tally.fail(spot.finding(Some(subnet.place), seen, "a subnet that nothing else uses"));
            }
            if clashes.is_empty() {
                tally.pass(subnet);
            }
        }
    }
    tally.verdict(NO_PEERING)
}

/// Whether this rule compares the two links: those of one peering, and those of private peerings.
fn joined(other: LinkView<'_>, link: LinkView<'_>) -> bool {
    match other.peering.is(link.peering) {
        true => other.role != link.role,
        false => other.peering.kind == PeeringKind::Private && link.peering.kind == PeeringKind::Private,
    }
}

/// Every network on the premises and in Azure; what is not listed is missing.
fn networks(facts: &Facts<'_>, tally: &mut Tally) -> Vec<Network> {
    let design = facts.design;
    if design.sites.is_empty() {
        tally.unknown(Subject::Design.at("sites", design.place));
    }
    for (name, site) in design.sites.iter().filter(|(_, site)| !site.prefixes.is_known()) {
        tally.unknown(Subject::Named("sites", name.as_str()).at("prefixes", site.place.or(design.place)));
    }
    for view in facts.peerings_of(PeeringKind::Private) {
        if design.vnets.is_empty() && !view.peering.vnets.is_known() {
            tally.unknown(view.at("vnets"));
        }
    }
    for (name, vnet) in facts.linked_vnets() {
        if vnet.is_none_or(|vnet| !vnet.space.is_known()) {
            let place = vnet.and_then(|vnet| vnet.place).or(design.place);
            tally.unknown(Subject::Named("vnets", name.as_str()).at("space", place));
        }
    }
    let premises = facts.onprem_prefixes().map(|(name, item)| (format!("site {name}"), item.value));
    let azure = facts.vnet_spaces().map(|(name, item)| (format!("VNet {name}"), item.value));
    premises.chain(azure).collect()
}
