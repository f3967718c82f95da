//! Rule: all circuits come from one provider.

use super::several::{differ, several};
use crate::{Answer, CircuitView, Facts, Tally};
use model::Stated;

rule! {
    /// ## What it asks
    /// The circuits do not all come from the same connectivity provider. A circuit on your own Direct ports beside one of
    /// a provider counts as diverse.
    /// ## Why it matters
    /// Providers fail as a whole: a faulty release, a wrong route policy, an unpaid bill. Two circuits of one provider
    /// often share a duct or a core router too, whatever their locations.
    /// ## How to mend it
    /// Order the second circuit from another provider, and ask both for the way their lines take.
    pub(crate) static RULE = {
        id: "DR-003",
        name: "shared-provider",
        title: "the circuits come from different providers",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2021,
        sources: [DESIGN_DR],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.provider",
            "circuits.*.port",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
        ],
        guard: "there are no two circuits, or all run on Direct ports",
        check: check,
        cases: [
            pass;
            fail "circuits: {dublin: {provider: equinix}}";
            unknown "circuits: {dublin: {provider: null}}";
            none "{circuits: {dublin: null}, nat: null}";
            none "connectivity: {path: direct}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let circuits = several(facts)?;
    let provider = |view: CircuitView<'_>| {
        let stated = view.circuit.provider.known()?;
        let listed = facts.catalog.provider(&stated.value).map(|provider| provider.name.clone());
        Some(Stated { value: listed.unwrap_or_else(|| stated.value.clone()), rank: stated.rank, place: stated.place })
    };
    let providers: Vec<_> =
        circuits.iter().filter(|view| view.is_direct() != Some(true)).map(|view| (*view, provider(*view))).collect();
    let mut tally = Tally::new();
    match providers.len() {
        0 => {}
        some if some < circuits.len() => tally.hold(),
        _ => differ(&mut tally, "provider", &providers, "2 or more providers"),
    }
    tally.verdict("all circuits run on Direct ports")
}
