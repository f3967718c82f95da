//! Rule: how much availability Microsoft promised for its part of the path.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Nothing; it shows the availability that Microsoft stated for the networking part of Microsoft 365 over
    /// ExpressRoute. It never fails.
    /// ## Why it matters
    /// The figure ends at Microsoft's edge. Provider and premises have their own, and the whole is less than each.
    /// It stood on the page of 2019; that of 2024 gives none, so a contract should not rest on it.
    /// ## How to mend it
    /// There is nothing to mend. Ask the provider for the figure of its part, and multiply.
    pub(crate) static RULE = {
        id: "M365-017",
        name: "sla-figure",
        title: "the availability stated for Microsoft's part is known",
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
    let mut tally = Tally::new();
    match facts.catalog.limits().iter().find(|row| row.category == "m365" && row.key == "sla") {
        Some(row) => {
            let seen = format!("{} {} stated in 2019", row.value, row.unit);
            let place = facts.design.services.m365.place();
            let expected = "no more than that for the whole, provider and premises included";
            tally.note(at(facts, "services.m365").finding(place, seen, expected));
        }
        None => tally.hold(),
    }
    tally.verdict("")
}
