//! Rule: a default route or private prefixes are advertised on Microsoft peering.

use super::NO_MICROSOFT_PEERING;
use crate::{Answer, Facts, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// No default route and no private prefix (RFC 1918, for IPv6 RFC 4193) is advertised on Microsoft peering.
    /// ## Why it matters
    /// Microsoft peering joins the public network. A default route or a private prefix there would draw the
    /// traffic of others, so Microsoft drops it; traffic that relied on it finds no way back.
    /// ## How to mend it
    /// Advertise only your NAT pools and published prefixes, and filter everything else outwards on both routers.
    pub(crate) static RULE = {
        id: "NET-BGP-011",
        name: "private-or-default-route-to-microsoft",
        title: "neither a default route nor private prefixes go out on Microsoft peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, FAQS],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.microsoft.advertise|default_route",
            "circuits.*.microsoft.primary|secondary.received",
        ],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass(live) "{design: {circuits: {'*': {microsoft: {advertise: [10.0.0.0/8]}}}}}";
            fail "circuits: {'*': {microsoft: {advertise: [0.0.0.0/0]}}}";
            fail "circuits: {'*': {microsoft: {default_route: true}}}";
            fail "circuits: {'*': {microsoft: {advertise: [172.16.4.0/24]}}}";
            fail "circuits: {'*': {microsoft: {advertise: ['::/0']}}}";
            fail "circuits: {'*': {microsoft: {advertise: ['fd00:1::/48']}}}";
            fail(live) "circuits: {'*': {microsoft: {secondary: {received: [192.168.0.0/16 65020]}}}}";
            unknown "circuits: {amsterdam: {microsoft: {advertise: null}}}";
            unknown(live) "circuits: {amsterdam: {microsoft: {primary: {received: null}}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Microsoft) {
        let spot = view.at("advertise");
        let listed = view.advertised();
        let default_listed = listed.iter().flatten().any(|prefix| prefix.value.is_default_route());
        if let Some(route) = view.default_route().filter(|route| route.value && !default_listed) {
            tally.fail(view.at("default_route").finding(Some(route.place), "a default route", "none"));
        }
        let Some(prefixes) = listed else {
            tally.unknown(spot);
            continue;
        };
        tally.hold();
        if let Some(link) = view.silent_link() {
            tally.unknown(link.at("received"));
        }
        for prefix in &prefixes {
            let fault = match facts.catalog.private_range(prefix.value) {
                _ if prefix.value.is_default_route() => Some(format!("{}, the default route", prefix.value)),
                Some(range) => Some(format!("{}, private space ({})", prefix.value, range.rfc)),
                None => None,
            };
            match fault {
                Some(seen) => tally.fail(spot.finding(Some(prefix.place), seen, "public prefixes only")),
                None => tally.pass(prefix),
            }
        }
    }
    tally.verdict(NO_MICROSOFT_PEERING)
}
