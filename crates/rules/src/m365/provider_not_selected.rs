//! Rule: no connectivity model or no approved provider is selected for Microsoft 365.

use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// A connectivity model and an approved provider are selected. Both questions are asked for every circuit
    /// (`PROV-002`, `PROV-007`); this rule brings their answers into the plan for Microsoft 365.
    /// ## Why it matters
    /// The model decides who runs routing and address translation, and with them most of the work ahead. The
    /// provider need not be the one you have now, and there may be several.
    /// ## How to mend it
    /// Mend `PROV-002` and `PROV-007`; their pages say how.
    pub(crate) static RULE = {
        id: "M365-008",
        name: "provider-not-selected",
        title: "a connectivity model and an approved provider are selected",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan, Control],
        reads: [
            "services.m365",
            "connectivity.path|model",
            "circuits.*.connectivity.path|model",
            "circuits.*.provider|port|location",
        ],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "circuits: {'*': {connectivity: {model: other}}}";
            fail "circuits: {'*': {provider: Nobody Networks}}";
            unknown "connectivity: {model: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let mut tally = Tally::new();
    tally.rely(facts, "PROV-002");
    tally.rely(facts, "PROV-007");
    tally.verdict("neither provider nor model is asked for")
}
