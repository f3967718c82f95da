//! Rule: the Azure account is missing or not usable.

use crate::{Answer, Facts, Subject, Tally};
use model::AccountState;

rule! {
    /// ## What it asks
    /// A valid and active Azure account exists.
    /// ## Why it matters
    /// Circuits are resources of a subscription, and a subscription belongs to an account. Without an
    /// active account nothing can be ordered; if it lapses later, the circuit is disabled with it.
    /// ## How to mend it
    /// Create an account, or settle what keeps it from being active, and set `azure.account: active`.
    pub(crate) static RULE = {
        id: "ACC-001",
        name: "account-inactive",
        title: "a valid, active Azure account exists",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan, Control],
        reads: ["azure.account"],
        check: check,
        cases: [
            pass;
            fail "azure: {account: expired}";
            fail "azure: {account: none}";
            unknown "azure: {account: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let azure = &facts.design.azure;
    let spot = Subject::Design.at("azure.account", azure.place.or(facts.design.place));
    let mut tally = Tally::new();
    tally.expect(spot, &azure.account, |state| *state == AccountState::Active, "an active account");
    tally.verdict("")
}
