//! Rule: a mark that Microsoft does not list leaves towards Microsoft.

use super::{at, list};
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// What leaves over Microsoft peering carries only the marks of Microsoft's table; any other mark is
    /// rewritten to 0 before. A capture at the hand-off outweighs the design's list.
    /// ## Why it matters
    /// A mark outside of the table has no meaning behind the hand-off. Set to best effort on your side, its
    /// treatment is known; left alone, it is not.
    /// ## How to mend it
    /// Rewrite every other mark to 0 on the interfaces towards Microsoft peering.
    pub(crate) static RULE = {
        id: "QOS-006",
        name: "foreign-mark-emitted",
        title: "other marks are rewritten to 0 before Microsoft",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [QOS],
        evidence: [Plan, Live],
        reads: ["circuits.*.microsoft", "qos.emitted|captured"],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass(live);
            pass "qos: {emitted: [0]}";
            fail "qos: {emitted: [EF, AF31]}";
            fail "qos: {emitted: [CS3]}";
            fail(live) "qos: {captured: [EF, AF31, CS0]}";
            unknown "qos: {emitted: null}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.microsoft_peering()?;
    let qos = &facts.design.qos;
    let (key, marks) = match qos.captured.known() {
        Some(captured) => ("qos.captured", Some(captured)),
        None => ("qos.emitted", qos.emitted.known()),
    };
    let mut tally = Tally::new();
    let Some(marks) = marks else {
        tally.unknown(at(facts, key));
        return tally.verdict("");
    };
    tally.pass(marks);
    let listed: Vec<_> = facts.catalog.current_qos_classes().map(|class| class.dscp).collect();
    for mark in marks.value.iter().filter(|mark| !listed.contains(&mark.value)) {
        let seen = format!("{} ({})", mark.value, mark.value.number());
        tally.fail(at(facts, key).finding(Some(mark.place), seen, format!("only {}", list(&listed))));
    }
    tally.verdict("")
}
