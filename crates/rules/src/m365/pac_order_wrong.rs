//! Rule: the PAC file decides in the wrong order.

use super::at;
use crate::{Answer, Facts, Tally};
use model::PacStep;

rule! {
    /// ## What it asks
    /// A PAC file, where one is used, decides in this order: first the Internet-only names that lie under names
    /// of the circuit, then the names of the circuit, then the rest.
    /// ## Why it matters
    /// The first match decides. Microsoft lists wildcards for the circuit with single names below them that are
    /// not reachable there; when the wildcard comes first, these names go nowhere.
    /// ## How to mend it
    /// Reorder the file and set `m365.pac.order: [internet-only, expressroute, rest]`.
    pub(crate) static RULE = {
        id: "M365-025",
        name: "pac-order-wrong",
        title: "the PAC file decides from the narrow to the wide",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [ROUTING_M365],
        evidence: [Plan],
        reads: ["services.m365", "m365.pac.used|order"],
        guard: "Microsoft 365 is not in scope, or no PAC file is used",
        check: check,
        cases: [
            pass;
            fail "m365: {pac: {used: true, order: [expressroute, internet-only, rest]}}";
            fail "m365: {pac: {used: true, order: [expressroute, rest]}}";
            unknown "m365: {pac: {order: null}}";
            unknown "m365: {pac: {used: null}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
            none "m365: {pac: {used: false}}";
        ],
    }
}

const ORDER: [PacStep; 3] = [PacStep::InternetOnly, PacStep::ExpressRoute, PacStep::Rest];

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    facts.guard(&m365.pac.used, "m365.pac.used", m365.pac.place.or(m365.place), "no PAC file is used")?;
    let spot = at(facts, "m365.pac.order");
    let words = |steps: &[PacStep]| steps.iter().map(PacStep::to_string).collect::<Vec<_>>().join(", ");
    let mut tally = Tally::new();
    match m365.pac.order.known() {
        None => tally.unknown(spot),
        Some(order) => {
            let steps: Vec<PacStep> = order.value.iter().map(|item| item.value).collect();
            if steps == ORDER {
                tally.pass(order);
            } else {
                tally.fail(spot.finding(Some(order.place), words(&steps), words(&ORDER)));
            }
        }
    }
    tally.verdict("")
}
