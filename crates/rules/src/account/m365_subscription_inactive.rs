//! Rule: Microsoft 365 is in scope and has no active subscription.

use crate::{Answer, Facts, Subject, Tally};
use model::SubscriptionState;

rule! {
    /// ## What it asks
    /// Where Microsoft 365 is to use the circuit, the tenant has an active Microsoft 365 subscription.
    /// ## Why it matters
    /// The circuit only leads to the service. Without a subscription there is nothing at its far end, and no
    /// account team to ask for the permission that Microsoft 365 needs.
    /// ## How to mend it
    /// Activate or renew the Microsoft 365 subscription and set `m365.subscription: active`.
    pub(crate) static RULE = {
        id: "ACC-004",
        name: "m365-subscription-inactive",
        title: "Microsoft 365 has an active subscription",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan],
        reads: ["services.m365", "m365.subscription"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {subscription: none}";
            fail "m365: {subscription: expired}";
            unknown "m365: {subscription: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    let spot = Subject::Design.at("m365.subscription", m365.place.or(facts.design.place));
    let mut tally = Tally::new();
    tally.expect(
        spot,
        &m365.subscription,
        |state| *state == SubscriptionState::Active,
        "an active Microsoft 365 subscription",
    );
    tally.verdict("")
}
