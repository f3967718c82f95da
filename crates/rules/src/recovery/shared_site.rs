//! Rule: all circuits end at one site of the customer.

use super::several::{differ, several};
use crate::{Answer, CircuitView, Facts, Tally};
use model::Stated;

rule! {
    /// ## What it asks
    /// The circuits end at two sites of yours, at least.
    /// ## Why it matters
    /// Circuits in two peering locations that meet in one computer room share its power, its cooling and its entry for
    /// cables. When the room is lost, both are, and the users elsewhere have no way to Microsoft left.
    /// ## How to mend it
    /// End the second circuit at another site, and connect the two sites by a line of their own. Write the site of each
    /// circuit to `site`.
    pub(crate) static RULE = {
        id: "DR-004",
        name: "shared-site",
        title: "the circuits end at different sites of the customer",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2021,
        sources: [DESIGN_DR],
        evidence: [Plan],
        reads: ["circuits.*.site"],
        guard: "there are no two circuits",
        check: check,
        cases: [
            pass;
            fail "circuits: {dublin: {site: ams}}";
            unknown "circuits: {dublin: {site: null}}";
            unknown "circuits: {'*': {site: null}}";
            none "{circuits: {dublin: null}, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let site = |view: CircuitView<'_>| {
        let stated = view.circuit.site.known()?;
        Some(Stated { value: stated.value.to_string(), rank: stated.rank, place: stated.place })
    };
    let sites: Vec<_> = several(facts)?.into_iter().map(|view| (view, site(view))).collect();
    let mut tally = Tally::new();
    differ(&mut tally, "site", &sites, "2 or more sites");
    tally.verdict("there are no two circuits")
}
