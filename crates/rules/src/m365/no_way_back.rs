//! Rule: there is no plan for the way back or for a rollout in stages.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// A plan says how to go back, and another how the rollout goes in stages: one host, one segment, one region
    /// after the other.
    /// ## Why it matters
    /// Routes of Microsoft 365 reach everybody who hears them. A mistake made in stages meets a few people; with
    /// a written way back it lasts minutes.
    /// ## How to mend it
    /// Write both plans and note them in `m365.rollback` and `m365.stages`.
    pub(crate) static RULE = {
        id: "M365-027",
        name: "no-way-back",
        title: "the rollout goes in stages and has a way back",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [IMPLEMENTING_M365],
        evidence: [Attestation],
        reads: ["services.m365", "m365.rollback|stages"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {rollback: none}";
            fail "m365: {stages: none}";
            unknown "m365: {rollback: null}";
            unknown "m365: {stages: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    let mut tally = Tally::new();
    tally.attested(at(facts, "m365.rollback"), &m365.rollback, "a plan for the way back");
    tally.attested(at(facts, "m365.stages"), &m365.stages, "a plan of the stages");
    tally.verdict("")
}
