//! Rule: nobody runs the BGP sessions.

use super::way;
use crate::{Answer, Facts, Tally};
use model::Layer3;

rule! {
    /// ## What it asks
    /// It is settled who configures and runs the BGP sessions of each circuit with Microsoft: you, or the
    /// provider as a managed service.
    /// ## Why it matters
    /// If each side waits for the other, no session comes up. If both configure, they overwrite one another
    /// (PROV-010).
    /// ## How to mend it
    /// Ask the provider whether its service includes layer 3, agree on it, and set `connectivity.layer3` to
    /// `customer` or `provider`.
    pub(crate) static RULE = {
        id: "PROV-009",
        name: "layer3-unsettled",
        title: "it is settled who runs the BGP sessions",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025, WORKFLOWS],
        evidence: [Plan],
        reads: ["circuits.*.connectivity.layer3", "connectivity.layer3"],
        guard: "the design has no circuit",
        check: check,
        cases: [
            pass;
            pass "connectivity: {layer3: provider}";
            fail "connectivity: {layer3: nobody}";
            fail "circuits: {'*': {connectivity: {layer3: nobody}}}";
            unknown "connectivity: {layer3: null}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let (spot, layer3) = way(view, "connectivity.layer3", |way| &way.layer3);
        tally.expect(spot, layer3, |who| *who != Layer3::Nobody, "customer or provider");
    }
    tally.verdict("the design has no circuit")
}
