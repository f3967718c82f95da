//! Rule: a peering has no AS number or no addresses when the circuit is ordered.

use super::NO_PEERING;
use crate::{Answer, Facts, PeeringView, Spot, Stage, Tally};
use model::Family;

rule! {
    /// ## What it asks
    /// Each peering has an AS number for your side and a subnet for each of its two links, before the circuit is
    /// ordered.
    ///
    /// While there is only a design, what it does not say is unknown. An empty list, a subnet for one link only,
    /// or a gap that is still there after the order, is a fault.
    /// ## Why it matters
    /// Both go into the order of a peering, and both take time to get: a subnet from your address plan, public
    /// ones and a public AS number from a registry.
    /// ## How to mend it
    /// Reserve them and write them down as `asn` and `subnets` of the peering.
    pub(crate) static RULE = {
        id: "NET-BGP-002",
        name: "numbers-not-reserved",
        title: "AS number and addresses for each peering are reserved before ordering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, ROUTING],
        evidence: [Plan],
        reads: [
            "circuits.*.private|microsoft.asn",
            "circuits.*.private|microsoft.subnets|subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet|subnet_v6",
        ],
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {subnets: null, primary: {subnet: 172.16.0.0/30}, secondary: {subnet: 172.16.0.4/30}}}}";
            pass(2015) "circuits: {'*': {private: {subnets: 192.168.240.0/28}}}";
            fail "circuits: {'*': {private: {subnets: []}}}";
            fail "circuits: {'*': {private: {subnets: 192.168.240.0/30}}}";
            fail "circuits: {'*': {private: {subnets_v6: ['fd00:100::/126']}}}";
            fail(ordered) "design: {circuits: {'*': {private: {asn: null}}}}";
            fail(ordered) "design: {circuits: {'*': {private: {subnets: null}}}}";
            unknown "circuits: {amsterdam: {private: {asn: null}}}";
            unknown "circuits: {amsterdam: {private: {subnets: null}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        match view.peering.asn.known() {
            Some(asn) => tally.pass(asn),
            None => gap(facts, view.at("asn"), "an AS number", &mut tally),
        }
        view.families().for_each(|family| addresses(facts, view, family, &mut tally));
    }
    tally.verdict(NO_PEERING)
}

fn addresses(facts: &Facts<'_>, view: PeeringView<'_>, family: Family, tally: &mut Tally) {
    let lacking: Vec<_> = view.links().into_iter().filter(|link| !link.link.subnet_of(family).is_known()).collect();
    for link in view.links() {
        if let Some(subnet) = link.link.subnet_of(family).known() {
            tally.pass(subnet);
        }
    }
    match lacking.as_slice() {
        [] => {}
        // A large block is reserved for both; whether it has the right size is asked by ADDR-001 and ADDR-002.
        [_] if view.has_large_block(family) => {}
        [link] => tally.fail(link.subnet_at(family).finding(None, "a subnet for the other link only", "one for each")),
        _ => match view.peering.blocks(family).known() {
            Some(list) => {
                let expected = format!("{family} subnets for both links");
                tally.fail(view.subnets_at(family).finding(Some(list.place), "an empty list", expected));
            }
            None => gap(facts, view.subnets_at(family), "subnets for both links", tally),
        },
    }
}

/// Not said: unknown while there is time to reserve it, a fault once the circuit is ordered.
fn gap(facts: &Facts<'_>, spot: Spot<'_>, expected: &str, tally: &mut Tally) {
    match facts.stage {
        Stage::Design => tally.unknown(spot),
        Stage::Ordered | Stage::Live => tally.fail(spot.finding(None, "none, though the circuit is ordered", expected)),
    }
}
