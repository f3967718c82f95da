//! Rule: the AS number on private peering is one that Microsoft keeps for itself.

use super::NO_PRIVATE_PEERING;
use crate::{Answer, Facts, Tally};
use catalog::AsnKind;
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// On private peering your AS number is any public one of yours or any private one, 16 or 32 bit, except those
    /// that Microsoft uses itself (12076, 65515 to 65520) and those that BGP cannot use (0 and 4294967295).
    ///
    /// Numbers for documentation and those that IANA reserves are noted: other Azure gateways refuse them, while
    /// nothing says so of private peering.
    /// ## Why it matters
    /// A router drops routes that carry its own AS number. 12076 is Microsoft's edge and 65515 the VNet gateway, so
    /// routes with these numbers never arrive.
    /// ## How to mend it
    /// Take another private number, such as one from 64512 to 65514, on your routers and on the peering.
    pub(crate) static RULE = {
        id: "NET-BGP-004",
        name: "reserved-peer-asn",
        title: "the AS number on private peering is none that Microsoft uses",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, ROUTING_ARM],
        evidence: [Plan, Control],
        reads: ["circuits.*.private.asn"],
        guard: "no circuit has private peering",
        fixable: true,
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {asn: 4200000000}}}";
            pass "circuits: {'*': {private: {asn: 64496}}}";
            pass "circuits: {'*': {private: {asn: 23456}}}";
            fail "circuits: {'*': {private: {asn: 12076}}}";
            fail "circuits: {'*': {private: {asn: 65515}}}";
            fail "circuits: {'*': {private: {asn: 65520}}}";
            fail "circuits: {'*': {private: {asn: 0}}}";
            fail "circuits: {'*': {private: {asn: 4294967295}}}";
            fail(ordered) "circuits: {'*': {private: {asn: 65517}}}";
            unknown "circuits: {amsterdam: {private: {asn: null}}}";
            none "circuits: {'*': {private: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Private) {
        let spot = view.at("asn");
        let Some(asn) = view.peering.asn.known() else {
            tally.unknown(spot);
            continue;
        };
        let Some(range) = facts.catalog.asn_range(asn.value) else {
            tally.pass(asn);
            continue;
        };
        let seen = format!("{}: {}", asn.value, range.description);
        if range.is_refused() {
            tally.fail(spot.finding(
                Some(asn.place),
                seen,
                "a public or private AS number that Microsoft does not use",
            ));
        } else if range.kind == AsnKind::Private {
            tally.pass(asn);
        } else {
            tally.note(spot.finding(Some(asn.place), seen, "a public or private AS number"));
        }
    }
    tally.verdict(NO_PRIVATE_PEERING)
}
