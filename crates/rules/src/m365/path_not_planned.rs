//! Rule: capacity, security or availability of one of the two paths is not planned.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Capacity, security and high availability are planned for both paths: the Internet and ExpressRoute.
    /// ## Why it matters
    /// Part of Microsoft 365 always takes the Internet, and more of it when the circuit fails. A plan for the
    /// circuit alone leaves the other half of the traffic to chance.
    /// ## How to mend it
    /// Write the missing plan and note it under `m365.internet` or `m365.expressroute`, each with `capacity`,
    /// `security` and `availability`.
    pub(crate) static RULE = {
        id: "M365-005",
        name: "path-not-planned",
        title: "capacity, security and availability are planned for both paths",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Attestation],
        reads: ["services.m365", "m365.internet|expressroute"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {internet: {capacity: none}}";
            fail "m365: {internet: {security: none}}";
            fail "m365: {internet: {availability: none}}";
            fail "m365: {expressroute: {capacity: none}}";
            fail "m365: {expressroute: {security: none}}";
            fail "m365: {expressroute: {availability: none}}";
            unknown "m365: {internet: {availability: null}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let (internet, expressroute) = (&facts.design.m365.internet, &facts.design.m365.expressroute);
    let mut tally = Tally::new();
    for (path, plan) in [
        ("m365.internet.capacity", &internet.capacity),
        ("m365.internet.security", &internet.security),
        ("m365.internet.availability", &internet.availability),
        ("m365.expressroute.capacity", &expressroute.capacity),
        ("m365.expressroute.security", &expressroute.security),
        ("m365.expressroute.availability", &expressroute.availability),
    ] {
        tally.attested(at(facts, path), plan, "a plan");
    }
    tally.verdict("")
}
