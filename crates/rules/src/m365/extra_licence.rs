//! Rule: no licence of Microsoft 365 is needed for ExpressRoute.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Nothing; it states that Microsoft 365 has no licence of its own for ExpressRoute. It never fails.
    /// ## Why it matters
    /// The costs are those of the circuits, their Premium tier and the provider. A budget that waits for another
    /// licence waits in vain.
    /// ## How to mend it
    /// There is nothing to mend.
    pub(crate) static RULE = {
        id: "M365-012",
        name: "extra-licence",
        title: "Microsoft 365 needs no extra licence for ExpressRoute",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
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
    let place = facts.design.services.m365.place();
    let mut tally = Tally::new();
    let spot = at(facts, "services.m365");
    tally.note(spot.finding(
        place,
        "Microsoft 365 over ExpressRoute",
        "no licence beyond circuits of the tier premium",
    ));
    tally.verdict("")
}
