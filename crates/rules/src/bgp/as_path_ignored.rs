//! Rule: an edge router does not heed the length of AS paths.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// Your edge routers compare the length of AS paths when they choose between the links.
    /// ## Why it matters
    /// Before it works on one of its routers, Microsoft makes the paths there longer, by its own AS number eight
    /// times. A router that ignores the length, or prefers one neighbour whatever it says, keeps sending to a link
    /// that is about to go.
    /// ## How to mend it
    /// Remove `bestpath as-path ignore` or its like, and any local preference that is bound to a neighbour.
    pub(crate) static RULE = {
        id: "NET-BGP-017",
        name: "as-path-ignored",
        title: "edge routers heed the length of AS paths",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [PLANNED_MAINTENANCE, FAQS],
        evidence: [Plan],
        reads: ["edges.*.ignore_as_path"],
        check: check,
        cases: [
            pass;
            fail "edges: {'*': {ignore_as_path: true}}";
            unknown "edges: {ce-ams-1: {ignore_as_path: null}}";
            unknown "{edges: null, sites: {'*': {edges: null}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    if facts.design.edges.is_empty() {
        tally.unknown(Subject::Design.at("edges", facts.design.place));
    }
    for (name, edge) in &facts.design.edges {
        let spot = Subject::Named("edges", name.as_str()).at("ignore_as_path", edge.place);
        tally.expect(spot, &edge.ignore_as_path, |ignored| !ignored, "false: a longer path is avoided");
    }
    tally.verdict("")
}
