//! Rule: a NAT pool may run out of ports, or nobody would notice.

use crate::{Answer, Facts, PoolView, Tally};
use model::Family;

rule! {
    /// ## What it asks
    /// Each NAT pool says how large it is, how many flows go to the busiest destination at peak, and that its
    /// port use is monitored; and it has ports enough for that peak. Only IPv4 addresses count.
    /// ## Why it matters
    /// Flows to one address and port of Microsoft differ only by the source port. When the ports of the
    /// pool are used up, new sessions fail while old ones go on, which is hard to tell from a fault of the service.
    /// ## How to mend it
    /// Add addresses: as many as the peak divided by the usable ports of an address, rounded up. Raise an alarm
    /// on port use before it is full, and set `monitored: true`.
    pub(crate) static RULE = {
        id: "NAT-009",
        name: "pool-too-small",
        title: "pools have ports enough, and their use is monitored",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [NAT],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "nat.private_sources", "nat.pools.*.peering|prefixes|peak_flows|monitored"],
        guard: "no private source uses Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "nat: {pools: {'*': {prefixes: [131.107.240.1/32], peak_flows: 64512}}}";
            fail "nat: {pools: {'*': {prefixes: [131.107.240.1/32], peak_flows: 64513}}}";
            fail "nat: {pools: {'*': {prefixes: [131.107.240.0/27], peak_flows: 3000000}}}";
            fail "nat: {pools: {'*': {monitored: false}}}";
            unknown "nat: {pools: {'*': {peak_flows: null}}}";
            unknown "nat: {pools: {'*': {monitored: null}}}";
            unknown "nat: {pools: {'*': {prefixes: null}}}";
            none "nat: {private_sources: false, pools: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let pools = super::pools(facts)?;
    let ports = facts.limit("nat", "ports-per-address", "")?;
    let mut tally = Tally::new();
    for view in pools {
        size(&mut tally, view, ports);
        tally.expect(view.at("monitored"), &view.pool.monitored, |monitored| *monitored, "true: port use is monitored");
    }
    tally.verdict("")
}

fn size(tally: &mut Tally, view: PoolView<'_>, ports: u64) {
    let pool = view.pool;
    let (Some(prefixes), Some(peak)) = (pool.prefixes.known(), pool.peak_flows.known()) else {
        for (key, known) in [("prefixes", pool.prefixes.is_known()), ("peak_flows", pool.peak_flows.is_known())] {
            if !known {
                tally.unknown(view.at(key));
            }
        }
        return;
    };
    let ipv4 = prefixes.value.iter().map(|item| item.value).filter(|prefix| prefix.family() == Family::V4);
    let addresses: u128 = ipv4.map(model::Prefix::addresses).sum();
    let needed = u64::from(peak.value).div_ceil(ports);
    if addresses >= u128::from(needed) {
        tally.pass(peak);
    } else {
        let seen = format!("{} flows at peak, IPv4 addresses: {addresses}", peak.value);
        let expected = format!("at least {needed} addresses, at {ports} ports each");
        tally.fail(view.at("prefixes").finding(Some(prefixes.place), seen, expected));
    }
}
