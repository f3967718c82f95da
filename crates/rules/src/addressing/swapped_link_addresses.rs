//! Rule: the two routers of a link have each other's address, or another wrong one.

use super::NO_PEERING;
use crate::{Answer, Facts, LinkView, Tally};
use model::{ArpState, Family};

rule! {
    /// ## What it asks
    /// On each link your router has the first usable address of the subnet and Microsoft's router the second:
    /// in a /30 the odd one is yours, the even one Microsoft's. The same holds for a /126.
    ///
    /// A design that gives no addresses leaves them to this convention, and that is fine. In a running network
    /// the ARP table has to show both sides.
    /// ## Why it matters
    /// Microsoft's router takes its address without asking. If yours has it too, or expects the neighbour
    /// elsewhere, ARP gets no answer and no session comes up.
    /// ## How to mend it
    /// Swap the addresses on your router, or leave them out of the design. `twinpath fix` writes the right ones.
    pub(crate) static RULE = {
        id: "ADDR-004",
        name: "swapped-link-addresses",
        title: "your router has the first address of a link, Microsoft's the second",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, CONFIG_SAMPLES_ROUTING, ARP],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.private|microsoft.subnets|subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet|subnet_v6",
            "circuits.*.private|microsoft.primary|secondary.customer|customer_v6|microsoft|microsoft_v6",
            "circuits.*.private|microsoft.primary|secondary.arp_customer|arp_microsoft",
        ],
        guard: "no circuit has a peering",
        fixable: true,
        check: check,
        cases: [
            pass;
            pass "circuits: {amsterdam: {private: {primary: {customer: 192.168.15.17, microsoft: 192.168.15.18}}}}";
            pass(live);
            fail "circuits: {'*': {private: {primary: {customer: 192.168.15.18, microsoft: 192.168.15.17}}}}";
            fail "circuits: {'*': {private: {subnets_v6: 'fd00:100::/125', secondary: {customer_v6: 'fd00:100::6'}}}}";
            unknown "circuits: {amsterdam: {private: {subnets: null}}}";
            unknown(live) "circuits: {amsterdam: {private: {primary: {arp_customer: incomplete}}}}";
            unknown(live) "circuits: {amsterdam: {private: {primary: {arp_microsoft: missing}}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        for link in view.links() {
            view.families().for_each(|family| addresses(link, family, &mut tally));
            arp(link, &mut tally);
        }
    }
    tally.verdict(NO_PEERING)
}

/// The addresses as stated; those left out follow the convention.
fn addresses(link: LinkView<'_>, family: Family, tally: &mut Tally) {
    let Some(subnet) = link.link.subnet_of(family).known() else {
        return tally.unknown(link.subnet_at(family));
    };
    tally.pass(subnet);
    let (customer, microsoft) = match family {
        Family::V4 => ("customer", "microsoft"),
        Family::V6 => ("customer_v6", "microsoft_v6"),
    };
    let sides = [
        (customer, link.link.customer_of(family), subnet.value.customer_address(), "first"),
        (microsoft, link.link.microsoft_of(family), subnet.value.microsoft_address(), "second"),
    ];
    for (key, fact, expected, ordinal) in sides {
        let (Some(stated), Some(expected)) = (fact.known(), expected) else { continue };
        match stated.value == expected {
            true => tally.pass(stated),
            false => tally.fail(link.at(key).finding(
                Some(stated.place),
                stated.value,
                format!("{expected}, the {ordinal} usable address of {}", subnet.value),
            )),
        }
    }
}

/// What the ARP table of the running link shows: an address that does not answer cannot be told right.
fn arp(link: LinkView<'_>, tally: &mut Tally) {
    for (key, fact) in [("arp_customer", &link.link.arp_customer), ("arp_microsoft", &link.link.arp_microsoft)] {
        match fact.known() {
            None => {}
            Some(entry) if entry.value == ArpState::Resolved => tally.pass(entry),
            Some(_) => tally.unknown(link.at(key)),
        }
    }
}
