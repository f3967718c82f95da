//! Rule: the person who orders may not create network resources.

use crate::{Answer, Facts, Subject, Tally};
use model::Role;

rule! {
    /// ## What it asks
    /// Whoever creates the circuits is Network Contributor in the subscription, or more than that.
    /// ## Why it matters
    /// Azure refuses the creation to everyone else, most often on the day when the provider waits for the
    /// service key.
    /// ## How to mend it
    /// Have an owner of the subscription assign Network Contributor on the resource group of the circuits, or
    /// let someone order who has the role; then set `azure.role`.
    pub(crate) static RULE = {
        id: "ACC-006",
        name: "orderer-lacks-role",
        title: "the person who orders may create network resources",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2018,
        sources: [CIRCUIT_PORTAL],
        evidence: [Plan, Control],
        reads: ["azure.role"],
        check: check,
        cases: [
            pass;
            pass "azure: {role: owner}";
            fail "azure: {role: reader}";
            fail "azure: {role: none}";
            unknown "azure: {role: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let azure = &facts.design.azure;
    let spot = Subject::Design.at("azure.role", azure.place.or(facts.design.place));
    let mut tally = Tally::new();
    tally.expect(spot, &azure.role, may_order, "network contributor or a wider role");
    tally.verdict("")
}

fn may_order(role: &Role) -> bool {
    match role {
        Role::Owner | Role::Contributor | Role::NetworkContributor => true,
        Role::Reader | Role::None => false,
    }
}
