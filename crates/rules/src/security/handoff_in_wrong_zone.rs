//! Rule: a peering ends in the wrong zone of the customer's network.

use super::at;
use crate::{Answer, Facts, Tally};
use model::{PeeringKind, Zone};

rule! {
    /// ## What it asks
    /// Private peering ends in the core network, Microsoft peering in the DMZ.
    /// ## Why it matters
    /// A VNet is part of your network and belongs inside. Behind Microsoft peering stand services that other
    /// customers use too; to your network that is the outside.
    /// ## How to mend it
    /// Move the hand-off to the right side of the perimeter.
    pub(crate) static RULE = {
        id: "SEC-003",
        name: "handoff-in-wrong-zone",
        title: "private peering ends in the core, Microsoft peering in the DMZ",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [CIRCUIT_PEERINGS],
        evidence: [Plan],
        reads: ["circuits.*.private|microsoft", "security.private_zone|microsoft_zone"],
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass;
            pass "{circuits: {'*': {microsoft: null}}, security: {microsoft_zone: null}}";
            fail "security: {private_zone: dmz}";
            fail "security: {microsoft_zone: core}";
            fail "security: {microsoft_zone: other}";
            unknown "security: {private_zone: null}";
            unknown "security: {microsoft_zone: null}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let security = &facts.design.security;
    let mut tally = Tally::new();
    for (kind, key, zone, wanted) in [
        (PeeringKind::Private, "security.private_zone", &security.private_zone, Zone::Core),
        (PeeringKind::Microsoft, "security.microsoft_zone", &security.microsoft_zone, Zone::Dmz),
    ] {
        if facts.peerings_of(kind).next().is_some() {
            tally.expect(at(facts, key), zone, |zone| *zone == wanted, wanted);
        }
    }
    tally.verdict("no circuit has a peering")
}
