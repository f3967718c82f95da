//! Rule: one NAT pool serves ExpressRoute and the Internet.

use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// A NAT pool of Microsoft peering translates no traffic towards the Internet.
    /// ## Why it matters
    /// A source address says by which way the reply shall come. With one pool for both ways, replies to
    /// Internet traffic arrive over the circuit, or the other way round, and stateful devices drop them.
    /// ## How to mend it
    /// Give Internet traffic a pool of its own.
    pub(crate) static RULE = {
        id: "NAT-004",
        name: "pool-shared-with-the-internet",
        title: "ExpressRoute and the Internet have separate pools",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2018,
        sources: [CONFIG_SAMPLES_NAT],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "nat.private_sources", "nat.pools.*.peering|internet"],
        guard: "no private source uses Microsoft peering",
        check: check,
        cases: [
            pass;
            fail "nat: {pools: {'*': {internet: true}}}";
            unknown "nat: {pools: {'*': {internet: null}}}";
            none "nat: {private_sources: false, pools: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in super::pools(facts)? {
        let expected = "false: Internet traffic has a pool of its own";
        tally.expect(view.at("internet"), &view.pool.internet, |shared| !shared, expected);
    }
    tally.verdict("")
}
