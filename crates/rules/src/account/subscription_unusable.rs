//! Rule: no enabled Azure subscription owns the circuits.

use crate::{Answer, Facts, Subject, Tally};
use model::SubscriptionState;

rule! {
    /// ## What it asks
    /// The circuits belong to an Azure subscription that exists before they do and is enabled.
    /// ## Why it matters
    /// A circuit lives in a subscription and is billed to it. The order needs the subscription's id, and a
    /// subscription that is disabled, expired or merely warned takes no new resources.
    /// ## How to mend it
    /// Pick or create the subscription that is to own and pay for the circuits, settle what keeps it from being
    /// active, and write its id and state under `azure.subscription` and `azure.subscription_state`.
    pub(crate) static RULE = {
        id: "ACC-002",
        name: "subscription-unusable",
        title: "an enabled Azure subscription owns the circuits",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan, Control],
        reads: ["azure.subscription", "azure.subscription_state", "circuits.*.id"],
        check: check,
        cases: [
            pass;
            pass(ordered) "design: {azure: {subscription: null}}";
            fail "azure: {subscription_state: none}";
            fail "azure: {subscription_state: disabled}";
            fail(ordered) "azure: {subscription_state: warned}";
            unknown "azure: {subscription: null}";
            unknown "azure: {subscription_state: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let azure = &facts.design.azure;
    let spot = |key| Subject::Design.at(key, azure.place.or(facts.design.place));
    let mut tally = Tally::new();
    tally.expect(
        spot("azure.subscription_state"),
        &azure.subscription_state,
        |state| *state == SubscriptionState::Active,
        "an active subscription",
    );
    // The id of a circuit that exists names its subscription as well as the design does.
    let circuit_id = facts
        .circuits()
        .filter_map(|view| view.circuit.id.known())
        .find(|id| id.value.to_ascii_lowercase().contains("/subscriptions/"));
    match (azure.subscription.known(), circuit_id) {
        (Some(subscription), _) => tally.pass(subscription),
        (None, Some(id)) => tally.pass(id),
        (None, None) => tally.unknown(spot("azure.subscription")),
    }
    tally.verdict("")
}
