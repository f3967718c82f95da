//! Rule: Azure and the premises prefer different circuits.

use super::several::several;
use crate::{Answer, Facts, Subject, Tally};
use model::Name;

rule! {
    /// ## What it asks
    /// Azure and your network prefer the same circuit, or both treat all circuits as equal.
    /// ## Why it matters
    /// With contrary preferences every flow leaves on one circuit and returns on the other. Stateful firewalls drop it,
    /// its delay is the sum of two half ways, and each circuit is in the way of the other's failure.
    /// ## How to mend it
    /// Choose one circuit, or none. Tell Azure by more specific prefixes, a connection weight or prepends, in this order
    /// of strength, and your network by local preference. Write both to `dr`: a circuit's name, or `equal`.
    pub(crate) static RULE = {
        id: "DR-006",
        name: "contrary-preference",
        title: "Azure and the premises prefer the same circuit",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2021,
        sources: [DESIGN_DR],
        evidence: [Plan],
        reads: ["circuits.*", "dr.azure_prefers", "dr.onprem_prefers"],
        guard: "there are no two circuits",
        check: check,
        cases: [
            pass;
            pass "dr: {azure_prefers: dublin, onprem_prefers: dublin}";
            fail "dr: {azure_prefers: amsterdam, onprem_prefers: dublin}";
            fail "dr: {onprem_prefers: dublin}";
            fail "dr: {azure_prefers: atlantis, onprem_prefers: atlantis}";
            unknown "dr: {azure_prefers: null}";
            unknown "dr: null";
            none "{circuits: {dublin: null}, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    several(facts)?;
    let dr = &facts.design.dr;
    let mut tally = Tally::new();
    for (key, prefers) in [("dr.azure_prefers", &dr.azure_prefers), ("dr.onprem_prefers", &dr.onprem_prefers)] {
        let exists = |name: &Name| name.as_str() == "equal" || facts.circuit(name.as_str()).is_some();
        let spot = Subject::Design.at(key, dr.place.or(facts.design.place));
        tally.expect(spot, prefers, exists, "a circuit of this design, or `equal`");
    }
    if let (Some(azure), Some(onprem)) = (dr.azure_prefers.known(), dr.onprem_prefers.known())
        && azure.value != onprem.value
    {
        let spot = Subject::Design.at("dr.onprem_prefers", None);
        tally.fail(spot.finding(Some(onprem.place), &onprem.value, format_args!("{}, as Azure prefers", azure.value)));
    }
    tally.verdict("there are no two circuits")
}
