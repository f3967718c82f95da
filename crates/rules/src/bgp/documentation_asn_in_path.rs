//! Rule: an AS path on Microsoft peering holds a number kept for documentation.

use super::NO_MICROSOFT_PEERING;
use crate::{Answer, Facts, PeeringView, Spot, Tally};
use model::{Asn, PeeringKind, Place};

rule! {
    /// ## What it asks
    /// No AS number from 64496 to 64511 stands anywhere in the AS path of what you advertise on Microsoft peering.
    /// ## Why it matters
    /// These numbers are kept for documents (RFC 5398). Microsoft drops routes that carry one, even when it
    /// stands deep in the path of a site behind your edge.
    /// ## How to mend it
    /// Renumber the router that inserts it, or strip it on your edge (`remove-private-as` does not, since the range
    /// is no private one).
    pub(crate) static RULE = {
        id: "NET-BGP-007",
        name: "documentation-asn-in-path",
        title: "no AS number for documentation stands in an AS path on Microsoft peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [ROUTING],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.microsoft.as_path",
            "circuits.*.microsoft.primary|secondary.received",
        ],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass(live) "{design: {circuits: {'*': {microsoft: {as_path: [65020, 64500]}}}}}";
            fail "circuits: {'*': {microsoft: {as_path: [65020, 64496]}}}";
            fail "circuits: {'*': {microsoft: {as_path: [64511]}}}";
            fail(live) "circuits: {'*': {microsoft: {primary: {received: [131.107.240.0/27 65020 64500]}}}}";
            unknown "circuits: {amsterdam: {microsoft: {as_path: null}}}";
            unknown(live) "circuits: {amsterdam: {microsoft: {primary: {received: null}}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Microsoft) {
        match view.links().iter().any(|link| link.link.received.is_known()) {
            true => received(facts, view, &mut tally),
            false => planned(facts, view, &mut tally),
        }
    }
    tally.verdict(NO_MICROSOFT_PEERING)
}

fn received(facts: &Facts<'_>, view: PeeringView<'_>, tally: &mut Tally) {
    for link in view.links() {
        let Some(routes) = link.link.received.known() else {
            tally.unknown(link.at("received"));
            continue;
        };
        tally.pass(routes);
        for route in &routes.value {
            let refused = route.value.path.iter().find(|asn| is_refused(facts, **asn));
            refused.into_iter().for_each(|asn| fault(link.at("received"), route.place, *asn, &route.value, tally));
        }
    }
}

fn planned(facts: &Facts<'_>, view: PeeringView<'_>, tally: &mut Tally) {
    let Some(path) = view.peering.as_path.known() else {
        return tally.unknown(view.at("as_path"));
    };
    tally.pass(path);
    for hop in path.value.iter().filter(|hop| is_refused(facts, hop.value)) {
        fault(view.at("as_path"), hop.place, hop.value, &"the planned path", tally);
    }
}

fn fault(spot: Spot<'_>, place: Place, asn: Asn, path: &dyn std::fmt::Display, tally: &mut Tally) {
    tally.fail(spot.finding(Some(place), format!("{asn} in {path}"), "no AS number that is kept for documentation"));
}

fn is_refused(facts: &Facts<'_>, asn: Asn) -> bool {
    facts.catalog.asn_range(asn).is_some_and(|range| range.is_refused_in_path())
}
