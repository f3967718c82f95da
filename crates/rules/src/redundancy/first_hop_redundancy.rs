//! Rule: a first-hop redundancy protocol runs towards Microsoft.

use super::routers::routers;
use crate::{Answer, Facts, Subject, Tally};
use model::Fhrp;

rule! {
    /// ## What it asks
    /// No HSRP, VRRP or GLBP runs on the subnets of the peerings.
    /// ## Why it matters
    /// Each link is a point-to-point subnet with one address for you and one for Microsoft; there is no third for a
    /// virtual router to move. Redundancy comes from the two BGP sessions alone, and a protocol that shifts an address
    /// between boxes breaks the session that is bound to it.
    /// ## How to mend it
    /// Take the protocol off the interfaces towards Microsoft, give each router its own link and session, and keep
    /// first-hop redundancy for the inner side.
    pub(crate) static RULE = {
        id: "NET-RED-008",
        name: "first-hop-redundancy",
        title: "no HSRP or VRRP runs towards Microsoft",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [ROUTING],
        evidence: [Plan],
        reads: [
            "edges.*.fhrp",
            "circuits.*.cpe.primary|secondary",
            "connectivity.layer3",
            "circuits.*.connectivity.layer3",
        ],
        guard: "the provider runs layer 3 on every circuit",
        check: check,
        cases: [
            pass;
            fail "edges: {'*': {fhrp: vrrp}}";
            fail "edges: {'*': {fhrp: hsrp}}";
            unknown "edges: {'*': {fhrp: null}}";
            unknown "circuits: {amsterdam: {cpe: {primary: ce-new ge-0}}}";
            none "connectivity: {layer3: provider}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for (name, edge) in routers(facts)? {
        let spot = Subject::Named("edges", name).at("fhrp", edge.and_then(|edge| edge.place));
        match edge {
            None => tally.unknown(spot),
            Some(edge) => tally.expect(spot, &edge.fhrp, |fhrp| *fhrp == Fhrp::None, "none on the peering subnets"),
        }
    }
    tally.verdict("no router ends BGP")
}
