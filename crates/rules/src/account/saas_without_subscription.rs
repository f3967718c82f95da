//! Rule: only Microsoft 365 or Dynamics 365 is used, and no Azure subscription stands behind it.

use crate::{Answer, Facts, Subject, Tally, Verdict};

rule! {
    /// ## What it asks
    /// Whoever wants ExpressRoute for Microsoft 365 or Dynamics 365 has an Azure subscription too, even when
    /// nothing else in Azure is used. The answer is that of ACC-002.
    /// ## Why it matters
    /// The licences of those services buy no circuit. The circuit is an Azure resource in every case, so a
    /// company without Azure finds out only when it tries to order.
    /// ## How to mend it
    /// Open an Azure subscription for the circuits and name it under `azure.subscription`.
    pub(crate) static RULE = {
        id: "ACC-003",
        name: "saas-without-subscription",
        title: "an Azure subscription exists even for Microsoft 365 or Dynamics 365 alone",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan, Control],
        reads: [
            "services.m365",
            "services.dynamics",
            "azure.subscription",
            "azure.subscription_state",
            "circuits.*.id",
        ],
        guard: "neither Microsoft 365 nor Dynamics 365 is in scope",
        check: check,
        cases: [
            pass;
            pass "services: {m365: false, dynamics: true}";
            fail "azure: {subscription_state: none}";
            unknown "azure: {subscription: null}";
            unknown "services: {m365: null, dynamics: false}";
            none "services: {m365: false, dynamics: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let services = &facts.design.services;
    let spot = |key| Subject::Design.at(key, services.place.or(facts.design.place));
    match (services.m365.get(), services.dynamics.get()) {
        (Some(true), _) | (_, Some(true)) => {
            let mut tally = Tally::new();
            tally.rely(facts, "ACC-002");
            tally.verdict("")
        }
        (Some(false), Some(false)) => Err(Verdict::guard("neither Microsoft 365 nor Dynamics 365 is in scope")),
        (None, _) => Err(Verdict::missing(spot("services.m365"))),
        (_, None) => Err(Verdict::missing(spot("services.dynamics"))),
    }
}
