//! Rule: a NAT pool of Microsoft peering is announced to the Internet as well.

use crate::{Answer, Facts, Severity, Subject, Tally};

rule! {
    /// ## What it asks
    /// No prefix that you announce to the Internet overlaps a NAT pool of Microsoft peering. A pool that is
    /// strictly longer than the announcement around it is a warning; one that is as long or shorter is a fault.
    /// ## Why it matters
    /// Microsoft's network hears both announcements. Where the Internet one is as good or better, replies
    /// come back over the Internet, past the NAT that knows the flow, and the flow breaks. Other
    /// Microsoft services that you use over the Internet suffer too.
    /// ## How to mend it
    /// Take the pool from space that you do not announce, or withdraw the announcement. Where neither can be
    /// done, keep the pool longer than any announcement that holds it, and watch it.
    pub(crate) static RULE = {
        id: "NAT-003",
        name: "pool-on-the-internet",
        title: "the pool of Microsoft peering is not announced to the Internet",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [NAT, ROUTING],
        evidence: [Plan],
        reads: [
            "circuits.*.microsoft",
            "nat.private_sources",
            "nat.pools.*.peering|prefixes",
            "routing.internet_prefixes",
        ],
        guard: "no private source uses Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "routing: {internet_prefixes: []}";
            fail "{routing: {internet_prefixes: [131.107.240.0/27]}, nat: {pools: {'*': {prefixes: [131.107.240.0/27]}}}}";
            fail "{routing: {internet_prefixes: [131.107.240.32/28]}, nat: {pools: {'*': {prefixes: [131.107.240.32/27]}}}}";
            fail "{routing: {internet_prefixes: [131.107.240.0/20]}, nat: {pools: {'*': {prefixes: [131.107.240.0/27]}}}}";
            unknown "routing: {internet_prefixes: null}";
            unknown "nat: {pools: {'*': {prefixes: null}}}";
            none "nat: {private_sources: false, pools: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let pools = super::pools(facts)?;
    let routing = &facts.design.routing;
    let mut tally = Tally::new();
    let Some(announced) = routing.internet_prefixes.known() else {
        tally.unknown(Subject::Design.at("routing.internet_prefixes", routing.place.or(facts.design.place)));
        return tally.verdict("");
    };
    for view in pools {
        let spot = view.at("prefixes");
        let Some(prefixes) = view.pool.prefixes.known() else {
            tally.unknown(spot);
            continue;
        };
        tally.pass(prefixes);
        for pool in &prefixes.value {
            for outside in announced.value.iter().map(|item| item.value).filter(|p| p.overlaps(pool.value)) {
                let severity = match pool.value.length() > outside.length() {
                    true => Severity::Recommended,
                    false => Severity::Required,
                };
                let seen = format!("{}, while {outside} is announced to the Internet", pool.value);
                tally.fail_as(
                    severity,
                    spot.finding(Some(pool.place), seen, "a pool that the Internet does not hear of"),
                );
            }
        }
    }
    tally.verdict("")
}
