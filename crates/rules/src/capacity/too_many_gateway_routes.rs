//! Rule: more routes are around a gateway than it handles.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// All routes around a gateway, those of the premises, of its own VNet and of the VNets peered with it, are no more
    /// than a gateway handles.
    /// ## Why it matters
    /// Each of the parts has a limit of its own and may be within it while the sum is not. Beyond the sum, how the
    /// gateway behaves is not promised.
    /// ## How to mend it
    /// Aggregate what the premises advertise, summarize the spokes, or spread the VNets over several gateways.
    pub(crate) static RULE = {
        id: "CAP-005",
        name: "too-many-gateway-routes",
        title: "the routes around a gateway stay within its total",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [GATEWAY_PERFORMANCE],
        evidence: [Plan, Control],
        reads: ["vnets.*.routes_total"],
        guard: "no VNet is planned",
        check: check,
        cases: [
            pass;
            pass "vnets: {'*': {routes_total: 11000}}";
            fail "vnets: {'*': {routes_total: 11001}}";
            unknown "vnets: {'*': {routes_total: null}}";
            none "{vnets: null, circuits: {'*': {private: {vnets: []}}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let limit = facts.limit("gateway", "routes-total", "")?;
    let mut tally = Tally::new();
    for (name, vnet) in &facts.design.vnets {
        let spot = Subject::Named("vnets", name.as_str()).at("routes_total", vnet.place);
        let expected = format_args!("at most {limit} routes");
        tally.expect(spot, &vnet.routes_total, |routes| u64::from(*routes) <= limit, expected);
    }
    tally.verdict("no VNet is planned")
}
