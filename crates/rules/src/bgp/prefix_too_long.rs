//! Rule: how long the advertised prefixes are.

use super::NO_PEERING;
use crate::{Answer, Facts, Tally};
use model::Family;

rule! {
    /// ## What it asks
    /// It shows the longest IPv4 prefix that each peering advertises. Any length up to /32 is taken on both
    /// peerings, and no IPv4 prefix is longer, so it never fails. For IPv6 no length is documented.
    /// ## Why it matters
    /// Providers often refuse what is longer than a /24. ExpressRoute does not, so host routes may steer single
    /// servers, but each counts against the prefix limit.
    /// ## How to mend it
    /// Nothing to mend. Aggregate host routes if NET-BGP-010 warns of the limit.
    pub(crate) static RULE = {
        id: "NET-BGP-013",
        name: "prefix-too-long",
        title: "prefixes of any length up to /32 are taken on both peerings",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [FAQS],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.private|microsoft.advertise",
            "circuits.*.private|microsoft.primary|secondary.received",
        ],
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {advertise: [10.10.4.7/32, 'fd00:1::/48']}}}";
            pass(live);
            unknown "circuits: {amsterdam: {private: {advertise: null}}}";
            unknown(live) "circuits: {amsterdam: {microsoft: {primary: {received: null}}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let limit = facts.limit("bgp", "longest-ipv4-prefix", "")?;
    let mut tally = Tally::new();
    for view in facts.peerings() {
        let spot = view.at("advertise");
        let Some(prefixes) = view.advertised() else {
            tally.unknown(spot);
            continue;
        };
        tally.hold();
        if let Some(link) = view.silent_link() {
            tally.unknown(link.at("received"));
        }
        let ipv4 = prefixes.iter().filter(|prefix| prefix.value.family() == Family::V4);
        if let Some(longest) = ipv4.max_by_key(|prefix| prefix.value.length()) {
            let seen = format!("{} is the longest", longest.value);
            tally.note(spot.finding(Some(longest.place), seen, format!("any length up to /{limit}")));
        }
    }
    tally.verdict(NO_PEERING)
}
