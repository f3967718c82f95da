//! Rule: a default route is advertised without a plan for what it moves, or on the wrong peering.

use super::NO_PEERING;
use crate::{Answer, Facts, Subject, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// A default route goes out on private peering only, and only with a plan for the VNets whose Internet egress
    /// it moves to your premises: user-defined routes for what must leave directly, a way to activate licences,
    /// and an edge that carries the traffic. `routing.default_route_plan` names that plan.
    /// ## Why it matters
    /// From the moment the route arrives, every linked VNet sends its Internet traffic to you. Virtual machines can
    /// no longer activate their licence, and Azure services that answer to Azure addresses only stop answering.
    /// ## How to mend it
    /// Write the plan and name it, or withdraw the default route. On Microsoft peering withdraw it in any case.
    pub(crate) static RULE = {
        id: "NET-BGP-012",
        name: "default-route-unplanned",
        title: "a default route goes out on private peering only, and with a plan",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, FAQS],
        evidence: [Plan, Live, Attestation],
        reads: [
            "circuits.*.private|microsoft.advertise|default_route",
            "circuits.*.private|microsoft.primary|secondary.received",
            "routing.default_route_plan",
        ],
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass;
            pass "{circuits: {'*': {private: {default_route: true}}}, routing: {default_route_plan: 2026-10-01 egress plan}}";
            fail "{circuits: {'*': {private: {default_route: true}}}, routing: {default_route_plan: no}}";
            fail "circuits: {'*': {microsoft: {default_route: true}}}";
            fail "circuits: {'*': {microsoft: {advertise: ['::/0']}}}";
            fail(live) "{design: {routing: {default_route_plan: no}}, live: {circuits: {'*': {private: {primary: {received: [0.0.0.0/0 65010]}}}}}}";
            unknown "circuits: {'*': {private: {default_route: true}}}";
            unknown "circuits: {amsterdam: {private: {default_route: null, advertise: null}}}";
            unknown(live) "circuits: {amsterdam: {private: {primary: {received: null}}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    let routing = &facts.design.routing;
    let plan = Subject::Design.at("routing.default_route_plan", routing.place.or(facts.design.place));
    for view in facts.peerings() {
        let spot = view.at("default_route");
        if let Some(link) = view.silent_link() {
            tally.unknown(link.at("received"));
        }
        match (view.default_route(), view.kind) {
            (None, _) => tally.unknown(spot),
            (Some(route), _) if !route.value => tally.pass(&route),
            (Some(route), PeeringKind::Microsoft | PeeringKind::Public) => {
                tally.fail(spot.finding(Some(route.place), "a default route", "none on this peering"));
            }
            (Some(_), PeeringKind::Private) => {
                tally.attested(plan, &routing.default_route_plan, "a plan for Internet egress and licence activation");
            }
        }
    }
    tally.verdict(NO_PEERING)
}
