//! Rule: the block for routing is smaller than the /28 that 2015 asked for.

use super::NO_PEERING;
use crate::{Answer, Facts, Tally};
use model::Stated;

rule! {
    /// ## What it asks
    /// An IPv4 block of /28 or larger is set aside for routing with Microsoft.
    ///
    /// This is the page of 2015. Today each peering takes one /29 or two /30, see ADDR-002.
    /// ## Why it matters
    /// One block had to hold the link subnets of several peerings: a /28 has room for two peerings with
    /// two links each.
    /// ## How to mend it
    /// Under the profile of 2015 give the peering a block of /28. For a circuit of today ask ADDR-002 instead.
    pub(crate) static RULE = {
        id: "ADDR-001",
        name: "routing-block-too-small",
        title: "a /28 is set aside for routing (2015)",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015],
        evidence: [Plan],
        reads: [
            "circuits.*.private|microsoft|public.subnets",
            "circuits.*.private|microsoft|public.primary|secondary.subnet",
        ],
        until: 2016,
        superseded_by: "ADDR-002",
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass(2015) "circuits: {'*': {private: {subnets: 192.168.16.0/28}, microsoft: {subnets: 131.107.250.0/28}}}";
            fail(2015);
            fail(2015) "circuits: {'*': {private: {subnets: 192.168.16.0/29}}}";
            unknown(2015) "circuits: {'*': {private: {subnets: null}, microsoft: {subnets: 131.107.250.0/28}}}";
            none(2015) "circuits: {'*': {private: null, microsoft: null}}";
            none "circuits: {'*': {private: {subnets: 192.168.16.0/29}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let length = facts.limit("peering", "ipv4-block", "2015")?;
    let mut tally = Tally::new();
    for view in facts.circuits().flat_map(|circuit| circuit.peerings_of_any_kind()) {
        let spot = view.at("subnets");
        let blocks = view.peering.subnets.known();
        let blocks = blocks.into_iter().flat_map(|list| {
            list.value.iter().map(|item| Stated { value: item.value, rank: list.rank, place: item.place })
        });
        let links = view.links().into_iter().filter_map(|link| link.link.subnet.known().copied());
        match blocks.chain(links).min_by_key(|subnet| subnet.value.length()) {
            None => tally.unknown(spot),
            Some(widest) if u64::from(widest.value.length()) <= length => tally.pass(&widest),
            Some(widest) => {
                tally.fail(spot.finding(Some(widest.place), widest.value, format!("a block of /{length} or larger")));
            }
        }
    }
    tally.verdict(NO_PEERING)
}
