//! Rule: NAT stands behind the split into two links.

use crate::{Answer, Facts, Subject, Tally};
use model::NatPlacement;

rule! {
    /// ## What it asks
    /// One pool, in front of the split into the two links of a circuit, translates the traffic of both.
    /// ## Why it matters
    /// With a pool on each link, losing a link loses every flow translated there, and servers published by
    /// an address of that pool cannot be reached. A pool in front of the split is reached by either link, so
    /// the network only reroutes. One pool need not mean one device.
    /// ## How to mend it
    /// Move NAT to your side of the split, and advertise the pool on both links.
    pub(crate) static RULE = {
        id: "NAT-012",
        name: "nat-after-split",
        title: "NAT stands before the split into two links",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [DESIGN_HA],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "nat.private_sources", "nat.placement", "nat.pools.*.peering"],
        guard: "no private source uses Microsoft peering",
        check: check,
        cases: [
            pass;
            fail "nat: {placement: after-split}";
            unknown "nat: {placement: null}";
            none "nat: {private_sources: false, pools: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    super::pools(facts)?;
    let nat = &facts.design.nat;
    let spot = Subject::Design.at("nat.placement", nat.place.or(facts.design.place));
    let mut tally = Tally::new();
    let expected = "before-split: after it, a lost link takes its pool and the hosts published there with it";
    tally.expect(spot, &nat.placement, |placement| *placement == NatPlacement::BeforeSplit, expected);
    tally.verdict("")
}
