//! Rule: a NAT pool serves private peering.

use crate::{Answer, Facts, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// No NAT pool serves private peering.
    /// ## Why it matters
    /// Private peering joins your network and your VNets into one routing domain, in which each host is known
    /// by its own address. Translation there hides hosts from one another and breaks what names addresses
    /// in its payload, such as directory services.
    /// ## How to mend it
    /// Take NAT off private peering. Where VNets and sites use the same addresses, renumber one of them.
    pub(crate) static RULE = {
        id: "NAT-008",
        name: "nat-on-private-peering",
        title: "there is no NAT on private peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2018,
        sources: [CONFIG_SAMPLES_NAT],
        evidence: [Plan],
        reads: ["nat.pools.*.peering"],
        guard: "the design has no NAT pool",
        check: check,
        cases: [
            pass;
            fail "nat: {pools: {'*': {peering: private}}}";
            unknown "nat: {pools: {'*': {peering: null}}}";
            none "nat: {pools: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.pools() {
        tally.expect(view.at("peering"), &view.pool.peering, |peering| *peering != PeeringKind::Private, "microsoft");
    }
    tally.verdict("the design has no NAT pool")
}
