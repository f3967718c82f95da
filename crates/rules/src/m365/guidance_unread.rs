//! Rule: guidance that the prerequisites page lists for Microsoft 365 was not read.

use super::at;
use crate::{Answer, Facts, Profile, Tally};

rule! {
    /// ## What it asks
    /// The seven pages that the prerequisites page lists for Microsoft 365 were read. Today these are: ExpressRoute
    /// for Microsoft 365, high availability and failover, URLs and address ranges, network planning and tuning,
    /// migration planning, integration with the premises, and notice of address changes. In 2017 the routing guide
    /// and the training videos stood in the place of high availability and change notices.
    /// ## Why it matters
    /// Every design fault that this checklist finds has a page there that explains it better.
    /// ## How to mend it
    /// Read what is missing and tick it under `m365.reading`.
    pub(crate) static RULE = {
        id: "M365-019",
        name: "guidance-unread",
        title: "the guidance listed for Microsoft 365 was read",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017B, SEED_2025, SEED_M365],
        evidence: [Attestation],
        reads: ["services.m365", "m365.reading"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "m365: {reading: {training: no}}";
            pass(2017) "m365: {reading: {changes: no}}";
            fail "m365: {reading: {expressroute: no}}";
            fail "m365: {reading: {changes: no}}";
            fail(2017) "m365: {reading: {training: no}}";
            unknown "m365: {reading: {migration: null}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let reading = &facts.design.m365.reading;
    let of_2017 = [("m365.reading.routing", &reading.routing), ("m365.reading.training", &reading.training)];
    let of_2025 = [("m365.reading.availability", &reading.availability), ("m365.reading.changes", &reading.changes)];
    let of_both = [
        ("m365.reading.expressroute", &reading.expressroute),
        ("m365.reading.endpoints", &reading.endpoints),
        ("m365.reading.performance", &reading.performance),
        ("m365.reading.migration", &reading.migration),
        ("m365.reading.integration", &reading.integration),
    ];
    let edition = match facts.profile {
        Profile::Y2015 | Profile::Y2017 => of_2017,
        Profile::Y2025 | Profile::Current => of_2025,
    };
    let mut tally = Tally::new();
    for (path, read) in of_both.into_iter().chain(edition) {
        tally.attested(at(facts, path), read, "read");
    }
    tally.verdict("")
}
