//! Rule: the Well-Architected guidance for ExpressRoute was not reviewed.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// The guidance on ExpressRoute in the Azure Well-Architected Framework was reviewed against the design.
    /// ## Why it matters
    /// It collects what Microsoft's engineers advise on resilience, security, cost and operation, beyond what
    /// the service enforces.
    /// ## How to mend it
    /// Go through it with the people who will run the connection, and set `reading.well_architected`.
    pub(crate) static RULE = {
        id: "CFG-007",
        name: "well-architected-unread",
        title: "the Well-Architected guidance was reviewed",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2025,
        sources: [SEED_2025],
        evidence: [Attestation],
        reads: ["reading.well_architected"],
        check: check,
        cases: [
            pass;
            fail "reading: {well_architected: no}";
            unknown "reading: {well_architected: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let reading = &facts.design.reading;
    let spot = Subject::Design.at("reading.well_architected", reading.place.or(facts.design.place));
    let mut tally = Tally::new();
    tally.attested(spot, &reading.well_architected, "the Well-Architected guidance reviewed");
    tally.verdict("")
}
