//! Rule: a prefix goes to the Internet and to Microsoft alike.

use super::NO_MICROSOFT_PEERING;
use crate::{Answer, Facts, Subject, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// What you advertise on Microsoft peering is not announced to the Internet as well. Where that cannot be
    /// helped, the prefix on ExpressRoute is the more specific one.
    /// ## Why it matters
    /// With the same prefix on both ways Microsoft answers over ExpressRoute what reached it over the Internet. A
    /// firewall that saw only one direction drops the rest.
    /// ## How to mend it
    /// Keep separate prefixes for the two, or announce an aggregate to the Internet and its parts on Microsoft
    /// peering.
    pub(crate) static RULE = {
        id: "NET-BGP-014",
        name: "prefix-also-on-internet",
        title: "prefixes on Microsoft peering are not announced to the Internet, or are more specific there",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, ROUTING_M365],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.microsoft.advertise",
            "circuits.*.microsoft.primary|secondary.received",
            "routing.internet_prefixes",
        ],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "routing: {internet_prefixes: [131.107.0.0/16]}";
            fail "circuits: {'*': {microsoft: {advertise: [131.107.128.0/20]}}}";
            fail "circuits: {'*': {microsoft: {advertise: [131.107.0.0/16]}}}";
            fail "routing: {internet_prefixes: [131.107.240.0/27, 131.107.240.32/27]}";
            fail "{routing: {internet_prefixes: ['2a01:111::/32']}, circuits: {'*': {microsoft: {advertise: ['2a01:111::/32']}}}}";
            fail(live) "circuits: {'*': {microsoft: {primary: {received: [131.107.128.0/20 65020]}}}}";
            unknown "routing: {internet_prefixes: null}";
            unknown "circuits: {amsterdam: {microsoft: {advertise: null}}}";
            unknown(live) "circuits: {amsterdam: {microsoft: {primary: {received: null}}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    let routing = &facts.design.routing;
    if facts.peerings_of(PeeringKind::Microsoft).next().is_some() && !routing.internet_prefixes.is_known() {
        tally.unknown(Subject::Design.at("routing.internet_prefixes", routing.place.or(facts.design.place)));
    }
    for view in facts.peerings_of(PeeringKind::Microsoft) {
        let spot = view.at("advertise");
        let Some(prefixes) = view.advertised() else {
            tally.unknown(spot);
            continue;
        };
        tally.hold();
        if let Some(link) = view.silent_link() {
            tally.unknown(link.at("received"));
        }
        for prefix in &prefixes {
            let overlaps = routing.internet_prefixes.values().filter(|internet| internet.overlaps(prefix.value));
            for internet in overlaps {
                let seen = format!("{}, announced to the Internet as {internet}", prefix.value);
                match prefix.value.length() > internet.length() {
                    true => tally.note(spot.finding(Some(prefix.place), seen, "no overlap; a part of it will do")),
                    false => tally.fail(spot.finding(Some(prefix.place), seen, "a prefix of its own, or a part of it")),
                }
            }
            tally.pass(prefix);
        }
    }
    tally.verdict(NO_MICROSOFT_PEERING)
}
