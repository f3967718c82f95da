//! Rule: no plan for perimeter controls is older than the cutover.

use super::at;
use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// Where Microsoft 365 takes the circuit, a plan for security and perimeter controls bears a date before the
    /// cutover.
    /// ## Why it matters
    /// From the cutover on, Microsoft's services stand at your perimeter by a way that no proxy or firewall has
    /// seen. A plan written later describes what already happened.
    /// ## How to mend it
    /// Write the plan first. Record it as `security.plan` with its date, and the day of the move as `cutover`.
    pub(crate) static RULE = {
        id: "SEC-002",
        name: "no-perimeter-plan",
        title: "a plan for perimeter controls precedes the cutover",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Attestation],
        reads: ["services.m365", "security.plan", "cutover"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "security: {plan: no}";
            fail "{cutover: 2027-02-01, security: {plan: 2027-03-01 perimeter plan}}";
            fail "{cutover: 2026-09-25, security: {plan: 2026-09-25 perimeter plan}}";
            unknown "security: {plan: null}";
            unknown "security: {plan: yes}";
            unknown "cutover: null";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let spot = at(facts, "security.plan");
    let mut tally = Tally::new();
    let cutover = Subject::Design.at("cutover", facts.design.place);
    tally.timely(
        (spot, &facts.design.security.plan),
        (cutover, &facts.design.cutover),
        |dated, cutover| dated < cutover,
        "a plan dated before the cutover",
    );
    tally.verdict("")
}
