//! Rule: which kind of address space the links of private peering use.

use super::NO_PRIVATE_PEERING;
use crate::{Answer, Facts, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// It shows whether the link subnets of private peering are private or public space. Both are allowed, so it
    /// never fails.
    /// ## Why it matters
    /// Microsoft keeps these addresses apart for each customer and does not announce them to the Internet, so
    /// private space costs nothing here. Public space is needed on Microsoft peering only.
    /// ## How to mend it
    /// Nothing to mend. If public space is scarce, number the links of private peering from RFC 1918 instead.
    pub(crate) static RULE = {
        id: "ADDR-006",
        name: "private-peering-address-space",
        title: "link subnets of private peering may be private or public",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING],
        evidence: [Plan],
        reads: [
            "circuits.*.private.subnets|subnets_v6",
            "circuits.*.private.primary|secondary.subnet|subnet_v6",
        ],
        guard: "no circuit has private peering",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {subnets: 131.107.250.64/29}}}";
            unknown "circuits: {amsterdam: {private: {subnets: null}}}";
            none "circuits: {'*': {private: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Private) {
        for (family, link) in view.families().flat_map(|family| view.links().map(|link| (family, link))) {
            let spot = link.subnet_at(family);
            let Some(subnet) = link.link.subnet_of(family).known() else {
                tally.unknown(spot);
                continue;
            };
            let space = match (facts.catalog.private_range(subnet.value), facts.catalog.is_public(subnet.value)) {
                (Some(range), _) => format!("{}, private space ({})", subnet.value, range.rfc),
                (None, true) => format!("{}, public space", subnet.value),
                (None, false) => format!("{}, special space", subnet.value),
            };
            tally.note(spot.finding(Some(subnet.place), space, "private or public space"));
        }
    }
    tally.verdict(NO_PRIVATE_PEERING)
}
