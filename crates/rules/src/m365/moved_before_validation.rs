//! Rule: traffic moves before the deployment has passed its tests.

use super::at;
use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// The deployment is validated on or before the day on which production traffic moves to the circuit.
    /// ## Why it matters
    /// Faults of routing and translation show as slow or one-sided connections, first for single users and
    /// single features. Found in a test they cost a change; found after the move they cost the way back.
    /// ## How to mend it
    /// Run the tests with one host, then one segment, and note the report with its date in `m365.validation`. Set
    /// `cutover` no earlier than that.
    pub(crate) static RULE = {
        id: "M365-009",
        name: "moved-before-validation",
        title: "the deployment is validated before traffic moves",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Attestation],
        reads: ["services.m365", "cutover", "m365.validation"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "{cutover: 2027-01-20, m365: {validation: 2027-01-20 test report TR-9}}";
            fail "{cutover: 2027-01-20, m365: {validation: 2027-01-21 test report TR-9}}";
            fail "m365: {validation: no}";
            unknown "m365: {validation: null}";
            unknown "m365: {validation: yes}";
            unknown "cutover: null";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let spot = at(facts, "m365.validation");
    let mut tally = Tally::new();
    let cutover = Subject::Design.at("cutover", facts.design.place);
    tally.timely(
        (spot, &facts.design.m365.validation),
        (cutover, &facts.design.cutover),
        |dated, cutover| dated <= cutover,
        "a test report dated by the cutover",
    );
    tally.verdict("")
}
