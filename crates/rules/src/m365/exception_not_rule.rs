//! Rule: Microsoft 365 over ExpressRoute is the exception.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Nothing; it reminds you that Microsoft advises the Internet for Microsoft 365. It never fails.
    /// ## Why it matters
    /// Microsoft 365 is built to be reached over the Internet, close to each user. A circuit leads everybody
    /// through one or two locations instead, which is seldom the better way. For Azure itself ExpressRoute is
    /// recommended; for software as a service it suits special cases only.
    /// ## How to mend it
    /// Where no law, contract or measurement asks for the private path, set `services.m365: false` and let
    /// Microsoft 365 take the Internet.
    pub(crate) static RULE = {
        id: "M365-003",
        name: "exception-not-rule",
        title: "Microsoft 365 over ExpressRoute is the exception, the Internet the rule",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025, SEED_M365],
        evidence: [Plan],
        reads: ["services.m365"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let spot = at(facts, "services.m365");
    let place = facts.design.services.m365.place();
    let mut tally = Tally::new();
    tally.note(spot.finding(place, "Microsoft 365 over ExpressRoute", "the Internet, which Microsoft advises"));
    tally.verdict("")
}
