//! Rule: a flow from Microsoft comes in over the circuit past any filter.

use crate::{Answer, Facts, Tally};
use model::Path;

rule! {
    /// ## What it asks
    /// Each flow that Microsoft opens over ExpressRoute passes a named firewall or reverse proxy.
    /// ## Why it matters
    /// A prefix advertised to Microsoft can be reached from much of Microsoft's network, other customers'
    /// servers among it. What may come in is for your filter to say.
    /// ## How to mend it
    /// Put a firewall or reverse proxy in front of the servers and name it in the flow's `filter`, or let the
    /// flow come by the Internet, where your perimeter already stands.
    pub(crate) static RULE = {
        id: "SEC-009",
        name: "inbound-unfiltered",
        title: "what Microsoft opens over the circuit is filtered",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [MANAGING_M365],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "flows.*.direction|path|filter"],
        guard: "the design names no flow, or has no Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "flows: {adfs: {path: expressroute}}";
            fail "flows: {adfs: {path: expressroute, filter: none}}";
            fail "flows: {'*': {direction: inbound, path: expressroute, filter: none}}";
            unknown "flows: {adfs: {path: expressroute, filter: null}}";
            unknown "flows: {adfs: {path: null}}";
            none "flows: null";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.microsoft_peering()?;
    let mut tally = Tally::new();
    for view in facts.inbound(Path::ExpressRoute, &mut tally) {
        let named = |filter: &String| !filter.trim().eq_ignore_ascii_case("none");
        tally.expect(view.at("filter"), &view.flow.filter, named, "a firewall or reverse proxy");
    }
    // Flows that come in by another way, or none, need no filter here.
    if facts.flows().next().is_some() {
        tally.hold();
    }
    tally.verdict("the design names no flow")
}
