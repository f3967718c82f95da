//! Rule: nothing keeps both directions of a flow on one path.

use crate::{Answer, Facts, Subject, Tally};
use model::Symmetry;

rule! {
    /// ## What it asks
    /// Every flow has a way to keep both directions on one path: source translation (`snat`), routes kept out of
    /// the segment (`scope`), or prefixes advertised on the right link only (`advertise`).
    /// ## Why it matters
    /// With two paths to Microsoft, a request may leave by one and be answered by the other. Stateful firewalls
    /// then drop the answer, and the user sees a service that works now and then.
    /// ## How to mend it
    /// Choose one of the three for the flow and set `symmetry`. Source translation is the surest.
    pub(crate) static RULE = {
        id: "M365-021",
        name: "flow-without-symmetry",
        title: "every flow returns on the path on which it came",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [ROUTING_M365],
        evidence: [Plan],
        reads: ["services.m365", "flows.*.symmetry"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "flows: {'*': {symmetry: none}}";
            unknown "flows: {adfs: {symmetry: null}}";
            unknown "flows: null";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let mut tally = Tally::new();
    if facts.design.flows.is_empty() {
        tally.unknown(Subject::Design.at("flows", facts.design.place));
    }
    for view in facts.flows() {
        let chosen = |symmetry: &Symmetry| *symmetry != Symmetry::None;
        tally.expect(view.at("symmetry"), &view.flow.symmetry, chosen, "snat, scope or advertise");
    }
    tally.verdict("")
}
