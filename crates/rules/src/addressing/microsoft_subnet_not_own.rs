//! Rule: a link subnet of Microsoft peering is not public, not the customer's own, or used twice.

use super::NO_MICROSOFT_PEERING;
use crate::{Answer, Facts, LinkView, PeeringView, Tally};
use model::{PeeringKind, Prefix, PrefixState, Stated};

rule! {
    /// ## What it asks
    /// Each link subnet of Microsoft peering is public space, registered to you, and used by no other peering of
    /// any circuit. That it is yours is shown by validated prefixes (`prefix_state: configured`) or by a
    /// reference in `subnets_owned`.
    /// ## Why it matters
    /// Microsoft peering meets the public network. Microsoft looks the subnet up in the routing registries and
    /// refuses private, shared or foreign space; a pair that two circuits share sends replies to the wrong one.
    /// ## How to mend it
    /// Take a /29, or two /30, of your own public space for each Microsoft peering, and register it with your
    /// regional registry before ordering. For IPv6 a /125 or two /126.
    pub(crate) static RULE = {
        id: "ADDR-007",
        name: "microsoft-subnet-not-own",
        title: "link subnets of Microsoft peering are public, your own and used once",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING],
        evidence: [Plan, Control, Attestation],
        reads: [
            "circuits.*.private|microsoft.subnets|subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet|subnet_v6",
            "circuits.*.microsoft.subnets_owned|prefix_state",
        ],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass(ordered) "{design: {circuits: {'*': {microsoft: {subnets_owned: null}}}}}";
            fail "circuits: {'*': {microsoft: {subnets: 192.168.99.0/29}}}";
            fail "circuits: {'*': {microsoft: {subnets: 100.64.0.0/29}}}";
            fail "circuits: {'*': {microsoft: {subnets_v6: '2001:db8::/125'}}}";
            fail "circuits: {amsterdam: {microsoft: {subnets: [131.107.250.8/30, 131.107.250.12/30]}}}";
            fail "circuits: {'*': {private: {subnets: 131.107.250.64/29}, microsoft: {subnets: 131.107.250.64/29}}}";
            fail "circuits: {'*': {microsoft: {subnets_owned: no}}}";
            unknown "circuits: {amsterdam: {microsoft: {subnets_owned: null}}}";
            unknown "circuits: {amsterdam: {microsoft: {subnets: null}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    let all: Vec<_> = facts.link_subnets().collect();
    for view in facts.peerings_of(PeeringKind::Microsoft) {
        owned(view, &mut tally);
        for (family, link) in view.families().flat_map(|family| view.links().map(|link| (family, link))) {
            let spot = link.subnet_at(family);
            let Some(subnet) = link.link.subnet_of(family).known() else {
                tally.unknown(spot);
                continue;
            };
            if !facts.catalog.is_public(subnet.value) {
                tally.fail(spot.finding(Some(subnet.place), what_it_is(facts, subnet.value), "public address space"));
            } else if let Some((other, taken)) = shared_with(&all, link, subnet.value) {
                let seen = format!("{}, which overlaps {} of the {}", subnet.value, taken.value, other.peering.label());
                tally.fail(spot.finding(Some(subnet.place), seen, "a subnet that no other peering uses"));
            } else {
                tally.pass(subnet);
            }
        }
    }
    tally.verdict(NO_MICROSOFT_PEERING)
}

/// Validated by Microsoft, or attested.
fn owned(view: PeeringView<'_>, tally: &mut Tally) {
    match view.peering.prefix_state.known() {
        Some(state) if state.value == PrefixState::Configured => tally.pass(state),
        Some(_) | None => {
            tally.attested(view.at("subnets_owned"), &view.peering.subnets_owned, "subnets registered to you");
        }
    }
}

/// The subnet with the name of the special range that it is of.
fn what_it_is(facts: &Facts<'_>, subnet: Prefix) -> String {
    match facts.catalog.bogon(subnet) {
        Some(range) => format!("{subnet}, {} ({})", range.name, range.rfc),
        None => format!("{subnet}, which holds special ranges"),
    }
}

/// A link of another peering that has some of the addresses.
fn shared_with<'v, 'a>(
    all: &'v [(LinkView<'a>, &'a Stated<Prefix>)],
    link: LinkView<'_>,
    subnet: Prefix,
) -> Option<&'v (LinkView<'a>, &'a Stated<Prefix>)> {
    all.iter().find(|(other, taken)| !other.peering.is(link.peering) && taken.value.overlaps(subnet))
}
