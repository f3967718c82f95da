//! Rule: a default route alone keeps VNets from the Internet.

use crate::{Answer, Facts, Subject, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// Where a default route over private peering is there to block Internet access from VNets, every
    /// workload subnet also has a security group that denies it.
    /// ## Why it matters
    /// The block lasts as long as the route. When the sessions drop, the route goes with them, and Azure's
    /// own way to the Internet opens.
    /// ## How to mend it
    /// Deny outbound Internet traffic by a security group on each workload subnet, and set `outbound_deny: true`.
    pub(crate) static RULE = {
        id: "SEC-007",
        name: "default-route-without-deny",
        title: "a default route that blocks the Internet is backed by security groups",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [FAQS],
        evidence: [Plan, Control, Live],
        reads: [
            "circuits.*.private.default_route|advertise",
            "circuits.*.private.primary|secondary.received",
            "routing.default_route_blocks_internet",
            "vnets.*.outbound_deny",
        ],
        guard: "no circuit has private peering",
        check: check,
        cases: [
            pass;
            pass(live);
            pass "{routing: {default_route_blocks_internet: false}, circuits: {'*': {private: {default_route: true}}}}";
            pass "routing: {default_route_blocks_internet: true}";
            fail "{routing: {default_route_blocks_internet: true}, vnets: {'*': {outbound_deny: false}}}";
            unknown "{routing: {default_route_blocks_internet: true}, vnets: {'*': {outbound_deny: null}}}";
            unknown "circuits: {amsterdam: {private: {default_route: true}}}";
            unknown "circuits: {'*': {private: {default_route: null, advertise: null}}}";
            none "circuits: {'*': {private: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let routing = &facts.design.routing;
    let mut tally = Tally::new();
    if facts.peerings_of(PeeringKind::Private).next().is_none() {
        return tally.verdict("no circuit has private peering");
    }
    match routing.default_route_blocks_internet.known() {
        Some(blocks) if blocks.value => {
            for (name, vnet) in &facts.design.vnets {
                let spot = Subject::Named("vnets", name.as_str()).at("outbound_deny", vnet.place);
                let expected = "true: a security group denies outbound Internet traffic";
                tally.expect(spot, &vnet.outbound_deny, |deny| *deny, expected);
            }
        }
        Some(blocks) => tally.pass(blocks),
        // Nobody says what a default route is for; where there is none, it blocks nothing.
        None => {
            for view in facts.peerings_of(PeeringKind::Private) {
                match view.default_route() {
                    Some(route) if route.value => {
                        let place = routing.place.or(Some(route.place));
                        tally.unknown(Subject::Design.at("routing.default_route_blocks_internet", place));
                    }
                    Some(none) => tally.pass(&none),
                    None => tally.unknown(view.at("default_route")),
                }
            }
        }
    }
    tally.verdict("the design has no VNet")
}
