//! Rule: Microsoft 365 is to use ExpressRoute, and there is no usable Azure account.

use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// A project that brings Microsoft 365 onto ExpressRoute has a valid Azure account. The answer is that of
    /// ACC-001.
    /// ## Why it matters
    /// The account is one of the eight things that such a project must have in hand. Teams who know Microsoft
    /// 365 but not Azure tend to miss it, for none of their own licences brings one.
    /// ## How to mend it
    /// As for ACC-001: create the account or make it active, and set `azure.account: active`.
    pub(crate) static RULE = {
        id: "ACC-005",
        name: "m365-without-account",
        title: "a valid Azure account exists before Microsoft 365 moves to ExpressRoute",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan, Control],
        reads: ["services.m365", "azure.account"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "azure: {account: disabled}";
            unknown "azure: {account: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let mut tally = Tally::new();
    tally.rely(facts, "ACC-001");
    tally.verdict("")
}
