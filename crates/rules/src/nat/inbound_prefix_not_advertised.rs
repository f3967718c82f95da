//! Rule: Microsoft shall open a flow over the circuit to a prefix that is not advertised there.

use super::route_to;
use crate::{Answer, Facts, Tally};
use model::{Path, PeeringKind};

rule! {
    /// ## What it asks
    /// Each flow that Microsoft opens over ExpressRoute names the public prefix of your servers, and that
    /// prefix is advertised on Microsoft peering: planned before the order, received by Microsoft afterwards.
    /// ## Why it matters
    /// Microsoft chooses the way by the routes it hears. A prefix that is not advertised on the circuit is
    /// reached over the Internet, or not at all.
    /// ## How to mend it
    /// Add the prefix to `advertise` of Microsoft peering, or let the flow come by the Internet.
    pub(crate) static RULE = {
        id: "NAT-011",
        name: "inbound-prefix-not-advertised",
        title: "prefixes that Microsoft reaches over the circuit are advertised there",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [NAT],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.microsoft.advertise",
            "circuits.*.microsoft.primary|secondary.received",
            "flows.*.direction|path|prefixes",
        ],
        guard: "Microsoft opens no flow over ExpressRoute",
        check: check,
        cases: [
            none;
            pass "flows: {adfs: {path: expressroute, prefixes: [131.107.240.8/29]}}";
            fail "flows: {adfs: {path: expressroute, prefixes: [131.107.200.0/29]}}";
            fail "flows: {adfs: {path: expressroute, prefixes: []}}";
            fail "{flows: {adfs: {path: expressroute, prefixes: [131.107.240.8/29]}},
                circuits: {'*': {microsoft: null}}}";
            fail(live) "{design: {flows: {adfs: {path: expressroute, prefixes: [131.107.240.8/29]}}},
                live: {circuits: {'*': {microsoft: {primary: {received: []}, secondary: {received: []}}}}}}";
            unknown "flows: {adfs: {path: expressroute}}";
            unknown "flows: {adfs: {path: null}}";
            unknown "{flows: {adfs: {path: expressroute, prefixes: [131.107.240.8/29]}},
                circuits: {amsterdam: {microsoft: {advertise: null}}}}";
            none "flows: null";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.inbound(Path::ExpressRoute, &mut tally) {
        let spot = view.at("prefixes");
        let Some(prefixes) = view.flow.prefixes.known() else {
            tally.unknown(spot);
            continue;
        };
        if prefixes.value.is_empty() {
            tally.fail(spot.finding(Some(prefixes.place), "no prefix", "the public prefix of the servers"));
        }
        for item in &prefixes.value {
            match route_to(item.value, facts.peerings_of(PeeringKind::Microsoft)) {
                Ok(Some(route)) => tally.pass(&route),
                Ok(None) => {
                    let seen = format!("{}, advertised on no Microsoft peering", item.value);
                    tally.fail(spot.finding(Some(item.place), seen, "a prefix that is advertised there"));
                }
                Err(silent) => tally.unknown(silent),
            }
        }
    }
    tally.verdict("Microsoft opens no flow over ExpressRoute")
}
