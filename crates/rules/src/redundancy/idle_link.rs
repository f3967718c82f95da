//! Rule: the two links of a peering are not used alike.

use crate::verdict::and_more;
use crate::{Answer, Facts, LinkView, PeeringView, Stage, Tally};
use model::{Prefix, Route};
use std::collections::BTreeMap;

rule! {
    /// ## What it asks
    /// Both links of a peering run active-active: Microsoft receives the same prefixes on both, with AS paths of the
    /// same length. Before the network runs, a prepend planned for one link alone shows the fault.
    /// ## Why it matters
    /// A link in stand-by is a link that nobody tests: its filter, its NAT and its wire may have been broken for
    /// months when it is needed. With both links in use a failure moves about half of the flows, and every fault of a
    /// link shows at once.
    /// ## How to mend it
    /// Advertise the same prefixes on both links, without prepends and without more specific prefixes on either.
    /// If stand-by is wanted all the same, keep it between circuits, and test it.
    pub(crate) static RULE = {
        id: "NET-RED-007",
        name: "idle-link",
        title: "both links of a peering are in use, with the same routes",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [DESIGN_HA],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.private|microsoft.primary|secondary.received",
            "circuits.*.private|microsoft.primary|secondary.prepend",
        ],
        guard: "before the network runs, when no prepend is planned",
        check: check,
        cases: [
            pass(live);
            pass "circuits: {'*': {private: {primary: {prepend: 1}, secondary: {prepend: 1}}}}";
            fail "circuits: {'*': {private: {primary: {prepend: 0}, secondary: {prepend: 2}}}}";
            fail(live) "circuits: {'*': {private: {secondary: {received: []}}}}";
            fail(live) "circuits: {'*': {private: {secondary: {received: [10.10.0.0/16 65010]}}}}";
            fail(live) "circuits: {amsterdam: {private: {secondary: {received:
                [10.10.0.0/16 65010 65010 65010, 10.20.0.0/16 65010]}}}}";
            unknown "circuits: {'*': {private: {secondary: {prepend: 2}}}}";
            unknown(live) "circuits: {'*': {microsoft: {primary: {received: null}}}}";
            none;
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for peering in facts.peerings() {
        match facts.stage {
            Stage::Design | Stage::Ordered => compare_prepends(&mut tally, peering),
            Stage::Live => compare_routes(&mut tally, peering),
        }
    }
    tally.verdict("no prepend is planned; routes are compared when the network runs")
}

fn compare_prepends(tally: &mut Tally, peering: PeeringView<'_>) {
    let [primary, secondary] = peering.links();
    match (primary.link.prepend.known(), secondary.link.prepend.known()) {
        (None, None) => {}
        (None, Some(_)) => tally.unknown(primary.at("prepend")),
        (Some(_), None) => tally.unknown(secondary.at("prepend")),
        (Some(one), Some(other)) if one.value == other.value => {
            tally.pass(one);
            tally.pass(other);
        }
        (Some(one), Some(other)) => {
            let seen = format!("{} prepends, {} on the primary link", other.value, one.value);
            tally.fail(secondary.at("prepend").finding(Some(other.place), seen, "the same path length on both links"));
        }
    }
}

fn compare_routes(tally: &mut Tally, peering: PeeringView<'_>) {
    let [primary, secondary] = peering.links();
    let (Some(one), Some(other)) = (primary.link.received.known(), secondary.link.received.known()) else {
        for link in peering.links().iter().filter(|link| !link.link.received.is_known()) {
            tally.unknown(link.at("received"));
        }
        return;
    };
    let (routes, other_routes) = (shortest(primary), shortest(secondary));
    let mut alike = compare_link(tally, (primary, &routes), (secondary, &other_routes));
    alike &= compare_link(tally, (secondary, &other_routes), (primary, &routes));
    if alike {
        tally.pass(one);
        tally.pass(other);
    }
}

/// What a link lacks against the other: any route at all, prefixes, short paths.
fn compare_link(
    tally: &mut Tally,
    (link, routes): (LinkView<'_>, &BTreeMap<Prefix, usize>),
    (other, other_routes): (LinkView<'_>, &BTreeMap<Prefix, usize>),
) -> bool {
    let (spot, place) = (link.at("received"), link.link.received.place());
    if routes.is_empty() {
        tally.fail(spot.finding(place, "no route received", "a link in use, with the same routes as the other"));
        return false;
    }
    let lacking: Vec<_> = other_routes.keys().filter(|prefix| !routes.contains_key(prefix)).collect();
    if !lacking.is_empty() {
        let seen = format!("{} not received", and_more(&lacking));
        tally.fail(spot.finding(
            place,
            seen,
            format_args!("the {} prefixes of the {} link", other_routes.len(), other.role),
        ));
    }
    let longer: Vec<_> = routes
        .iter()
        .filter_map(|(prefix, length)| Some((prefix, length, other_routes.get(prefix)?)))
        .filter(|(_, length, other)| length > other)
        .map(|(prefix, length, other)| format!("{prefix} ({length} AS numbers against {other})"))
        .collect();
    if !longer.is_empty() {
        let seen = format!("a longer AS path to {}", and_more(&longer));
        tally.fail(spot.finding(place, seen, format_args!("paths as short as on the {} link", other.role)));
    }
    lacking.is_empty() && longer.is_empty()
}

/// The length of the shortest path to each prefix received on a link.
fn shortest(link: LinkView<'_>) -> BTreeMap<Prefix, usize> {
    let mut lengths = BTreeMap::new();
    for Route { prefix, path } in link.link.received.values() {
        let length = lengths.entry(*prefix).or_insert(path.len());
        *length = path.len().min(*length);
    }
    lengths
}
