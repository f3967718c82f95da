//! Rule: provider and location were not looked up in the list of partners.

use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Provider and peering location were looked up in Microsoft's list and stand there together. The answer is
    /// that of PROV-002.
    /// ## Why it matters
    /// It is the first of the steps that the prerequisites pages close with: what follows is ordered from that
    /// provider, at that location.
    /// ## How to mend it
    /// As for PROV-002: take another location of the provider, or another provider at the location.
    pub(crate) static RULE = {
        id: "CFG-002",
        name: "provider-not-looked-up",
        title: "provider and location were looked up",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.provider|location|port",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
        ],
        guard: "no circuit comes from a partner",
        check: check,
        cases: [
            pass;
            fail "circuits: {'*': {provider: Umbrella Telecom}}";
            unknown "circuits: {'*': {location: null}}";
            none "connectivity: {path: direct, model: direct}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    tally.rely(facts, "PROV-002");
    tally.verdict("no circuit comes from a partner")
}
