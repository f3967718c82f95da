//! Rule: the circuits do not all reach the same prefixes of the premises.

use super::several::several;
use crate::verdict::and_more;
use crate::{Answer, Facts, Tally};
use model::{PeeringKind, Prefix};
use std::collections::BTreeSet;

rule! {
    /// ## What it asks
    /// Every prefix advertised to Microsoft on the private peering of one circuit is reached over the private peering of
    /// every other circuit too. A prefix advertised in pieces, or inside a wider one, is reached; it only makes one
    /// circuit preferred, which is noted.
    /// ## Why it matters
    /// A prefix that one circuit alone advertises is gone when that circuit is. Nothing shows it before, since all
    /// traffic flows while both circuits are up.
    /// ## How to mend it
    /// Align the export policies of your routers so that each site's prefixes leave on all circuits, over the link
    /// between the sites where need be. To prefer a circuit use a connection weight, a prepend, or more specific
    /// prefixes beside the common ones.
    pub(crate) static RULE = {
        id: "DR-002",
        name: "uneven-advertisement",
        title: "all on-premises prefixes are advertised over all circuits",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2024,
        sources: [EVALUATE_RESILIENCY],
        evidence: [Plan, Live],
        reads: ["circuits.*.private.advertise", "circuits.*.private.primary|secondary.received"],
        guard: "fewer than two circuits have private peering, or none advertises anything",
        check: check,
        cases: [
            pass;
            pass "circuits: {amsterdam: {private: {advertise: [10.10.0.0/17, 10.10.128.0/17, 10.20.0.0/16]}}}";
            pass(live);
            fail "circuits: {dublin: {private: {advertise: [10.20.0.0/16]}}}";
            fail "circuits: {dublin: {private: {advertise: []}}}";
            fail "circuits: {dublin: {private: {advertise: [10.10.0.0/17, 10.20.0.0/16]}}}";
            fail(live) "circuits: {dublin: {private: {
                primary: {received: [10.20.0.0/16 65010]}, secondary: {received: [10.20.0.0/16 65010]}}}}";
            unknown "circuits: {'*': {private: {advertise: null}}}";
            unknown(live) "circuits: {dublin: {private: {
                primary: {received: [10.20.0.0/16 65010]}, secondary: {received: null}}}}";
            none "{circuits: {dublin: null}, nat: null}";
            none "circuits: {dublin: {private: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    several(facts)?;
    let mut tally = Tally::new();
    let peerings: Vec<_> = facts.peerings_of(PeeringKind::Private).collect();
    if peerings.len() < 2 {
        return tally.verdict("fewer than two circuits have private peering");
    }
    let mut advertised = Vec::new();
    for peering in peerings {
        match peering.advertised() {
            None => tally.unknown(peering.at("advertise")),
            Some(routes) => advertised.push((peering, routes)),
        }
    }
    let all: BTreeSet<Prefix> = advertised.iter().flat_map(|(_, routes)| routes).map(|route| route.value).collect();
    for (peering, routes) in &advertised {
        let own: BTreeSet<Prefix> = routes.iter().map(|route| route.value).collect();
        let (reached, lost): (Vec<Prefix>, Vec<Prefix>) =
            all.difference(&own).copied().partition(|prefix| reaches(&own, *prefix));
        let spot = peering.at("advertise");
        let place = routes.first().map(|route| route.place).or(peering.peering.advertise.place());
        if let Some(link) = peering.silent_link() {
            tally.unknown(link.at("received"));
        } else if !lost.is_empty() {
            let seen = format!("{} not advertised", and_more(&lost));
            tally.fail(spot.finding(place, seen, "every prefix that the other circuits advertise"));
        } else if !reached.is_empty() {
            let seen = format!("{} advertised in another length", and_more(&reached));
            tally.note(spot.finding(place, seen, "the same prefixes, unless one circuit is to be preferred"));
        } else if let Some(route) = routes.first() {
            tally.pass(route);
        }
    }
    tally.verdict("no prefix of the premises is advertised")
}

/// Whether every address of a prefix has a route, in one piece or in several.
fn reaches(routes: &BTreeSet<Prefix>, prefix: Prefix) -> bool {
    if routes.iter().any(|route| route.covers(prefix)) {
        return true;
    }
    routes.iter().any(|route| prefix.covers(*route))
        && prefix.halves().is_some_and(|half| reaches(routes, half.primary) && reaches(routes, half.secondary))
}
