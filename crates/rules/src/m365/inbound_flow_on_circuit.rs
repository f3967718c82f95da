//! Rule: a flow that Microsoft opens takes the circuit from the first day.

use crate::{Answer, Facts, Subject, Tally, Verdict};
use model::{Direction, Path};

rule! {
    /// ## What it asks
    /// Until the cutover, flows that Microsoft opens towards your network are planned over the Internet.
    /// ## Why it matters
    /// Inbound flows need public addresses and names, a prefix advertised on the circuit, translation at its edge
    /// and a second path. Mail over the circuit alone even breaks other inbound services. Each of them is easier
    /// to move once the outbound half is known to work.
    /// ## How to mend it
    /// Set `path: internet` for the flow, and move it in a later step.
    pub(crate) static RULE = {
        id: "M365-024",
        name: "inbound-flow-on-circuit",
        title: "flows that Microsoft opens stay on the Internet at first",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [IMPLEMENTING_M365],
        evidence: [Plan],
        reads: ["services.m365", "cutover", "flows.*.direction|path"],
        guard: "Microsoft 365 is not in scope, the cutover is past, or Microsoft opens no flow",
        check: check,
        cases: [
            pass;
            fail "flows: {adfs: {direction: inbound, path: expressroute}}";
            unknown "flows: {adfs: {path: null}}";
            unknown "flows: {adfs: {direction: null}}";
            unknown "flows: null";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
            none "{cutover: 2026-11-20, flows: {adfs: {path: expressroute}}}";
            none "flows: {adfs: {direction: outbound}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let design = facts.design;
    if design.cutover.get().is_some_and(|cutover| cutover < facts.today) {
        return Err(Verdict::guard("the cutover is past"));
    }
    let mut tally = Tally::new();
    if design.flows.is_empty() {
        tally.unknown(Subject::Design.at("flows", design.place));
    }
    for view in facts.flows() {
        match view.flow.direction.get() {
            None => tally.unknown(view.at("direction")),
            Some(Direction::Outbound) => {}
            Some(Direction::Inbound) => {
                let internet = |path: &Path| *path == Path::Internet;
                tally.expect(view.at("path"), &view.flow.path, internet, "internet, until the cutover");
            }
        }
    }
    tally.verdict("Microsoft opens no flow")
}
