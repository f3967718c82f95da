//! Rule: Microsoft peering and the Internet pass the same edge.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Traffic of Microsoft peering and traffic of the Internet pass different edges or proxies.
    /// ## Why it matters
    /// An edge with both ways behind it can send a packet out by one and take the reply by the other, and a
    /// change for the one disturbs the other.
    /// ## How to mend it
    /// Give Microsoft peering an edge or proxy of its own, and name both as `security.microsoft_edge` and
    /// `security.internet_edge`.
    pub(crate) static RULE = {
        id: "SEC-004",
        name: "shared-edge",
        title: "Microsoft peering and the Internet have separate edges",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [WORKFLOWS],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "security.microsoft_edge|internet_edge"],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            fail "security: {microsoft_edge: proxy-1, internet_edge: proxy-1}";
            fail "security: {microsoft_edge: fw-1, internet_edge: FW-1}";
            unknown "security: {microsoft_edge: null}";
            unknown "security: {internet_edge: null}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.microsoft_peering()?;
    let security = &facts.design.security;
    let spot = at(facts, "security.microsoft_edge");
    let mut tally = Tally::new();
    if !security.internet_edge.is_known() {
        tally.unknown(at(facts, "security.internet_edge"));
    }
    match (security.microsoft_edge.known(), security.internet_edge.known()) {
        (None, _) => tally.unknown(spot),
        (Some(microsoft), Some(internet)) if microsoft.value.trim().eq_ignore_ascii_case(internet.value.trim()) => {
            let seen = format!("{}, which Internet traffic passes too", microsoft.value);
            tally.fail(spot.finding(Some(microsoft.place), seen, "an edge of its own"));
        }
        (Some(microsoft), Some(_)) => tally.pass(microsoft),
        (Some(_), None) => {}
    }
    tally.verdict("")
}
