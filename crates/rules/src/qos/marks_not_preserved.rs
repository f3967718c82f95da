//! Rule: the marks of real-time media are lost or changed on the way.

use super::{at, class_at, list};
use crate::{Answer, Facts, Tally};
use model::Dscp;

rule! {
    /// ## What it asks
    /// Packets reach the hand-off to Microsoft with the mark that they left their source with. A capture there
    /// must show the mark of each class of Microsoft's table; until there is one, the design's word counts.
    /// ## Why it matters
    /// One switch that does not trust marks, or one tunnel that does not copy them, turns every class into best
    /// effort for the rest of the way, and nothing shows it until a link is full.
    /// ## How to mend it
    /// Trust marks on each hop, copy them into tunnel headers, and ask the provider to do the same. Then take a
    /// capture during a call.
    pub(crate) static RULE = {
        id: "QOS-005",
        name: "marks-not-preserved",
        title: "marks arrive as they were set",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [QOS],
        evidence: [Plan, Live],
        reads: ["circuits.*.microsoft", "services.m365|real_time", "qos.preserved|captured", "qos.classes.*.dscp"],
        guard: "no real-time media of Microsoft 365 takes the circuit",
        check: check,
        cases: [
            pass;
            pass(live);
            fail "qos: {preserved: false}";
            fail(live) "qos: {captured: [CS0]}";
            fail(live) "qos: {captured: [AF41, AF21, AF11, CS0]}";
            unknown "qos: {preserved: null}";
            unknown(live) "design: {qos: {classes: {video: {dscp: null}}}}";
            none "services: {real_time: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    super::real_time(facts)?;
    let qos = &facts.design.qos;
    let mut tally = Tally::new();
    let Some(captured) = qos.captured.known() else {
        tally.expect(
            at(facts, "qos.preserved"),
            &qos.preserved,
            |preserved| *preserved,
            "true: marks arrive as they were set",
        );
        return tally.verdict("");
    };
    if qos.classes.is_empty() {
        tally.unknown(at(facts, "qos.classes"));
    }
    for (name, class) in &qos.classes {
        let Some(mark) = class.dscp.known() else {
            tally.unknown(class_at(name, class, "dscp"));
            continue;
        };
        // Best effort has no mark to lose, and what Microsoft does not list is rewritten on purpose.
        let listed = facts.catalog.current_qos_classes().any(|class| class.dscp == mark.value);
        if !listed || mark.value == Dscp::DEFAULT {
            continue;
        }
        if captured.value.iter().any(|seen| seen.value == mark.value) {
            tally.pass(captured);
        } else {
            let seen = list(captured.value.iter().map(|seen| &seen.value));
            let expected = format!("{} of class {name}", mark.value);
            tally.fail(at(facts, "qos.captured").finding(Some(captured.place), seen, expected));
        }
    }
    tally.verdict("no class carries a mark that Microsoft lists")
}
