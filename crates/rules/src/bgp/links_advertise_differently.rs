//! Rule: the two links of a peering do not advertise the same prefixes.

use super::NO_PEERING;
use crate::{Answer, Facts, LinkView, Tally};
use model::{Fact, Item, List, Prefix, Route};
use std::collections::BTreeSet;

rule! {
    /// ## What it asks
    /// Microsoft receives the same prefixes on both links of a peering, in both address families. Their attributes,
    /// such as prepends, may differ.
    /// ## Why it matters
    /// A prefix that only one link advertises is gone when that link goes, and the availability promise with it.
    /// ## How to mend it
    /// Give both routers the same export policy, and make sure that both have the routes it exports.
    pub(crate) static RULE = {
        id: "NET-BGP-021",
        name: "links-advertise-differently",
        title: "both links of a peering advertise the same prefixes",
        severity: Required,
        owner: You,
        stage: Live,
        since: 2016,
        sources: [ROUTING],
        evidence: [Live],
        reads: ["circuits.*.private|microsoft.primary|secondary.received"],
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass(live);
            pass(live) "circuits: {'*': {private: {primary: {received: [10.10.0.0/16 65010 65010, 10.20.0.0/16 65010]}}}}";
            fail(live) "circuits: {'*': {private: {primary: {received: [10.99.0.0/16 65010]}}}}";
            fail(live) "circuits: {'*': {microsoft: {secondary: {received: []}}}}";
            fail(live) "circuits: {'*': {private: {secondary: {received: ['fd00:99::/48 65010']}}}}";
            unknown(live) "circuits: {amsterdam: {private: {primary: {received: null}}}}";
            none;
            none(live) "{design: {circuits: null, nat: {pools: null}}, ordered: {circuits: null}, live: {circuits: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        let links = view.links();
        for (link, other) in [(links[0], links[1]), (links[1], links[0])] {
            match (link.link.received.known(), &other.link.received) {
                (None, _) => tally.unknown(link.at("received")),
                (Some(routes), theirs) if theirs.is_known() => {
                    lacking(link, other, &mut tally);
                    tally.pass(routes);
                }
                (Some(_), _) => {}
            }
        }
    }
    tally.verdict(NO_PEERING)
}

/// What the other link advertises and this one does not.
fn lacking(link: LinkView<'_>, other: LinkView<'_>, tally: &mut Tally) {
    let prefixes = |routes: &Fact<List<Route>>| -> BTreeSet<Prefix> {
        routes.items().map(|route: &Item<Route>| route.value.prefix).collect()
    };
    let lacks: Vec<_> = prefixes(&other.link.received).difference(&prefixes(&link.link.received)).copied().collect();
    if let Some(first) = lacks.first() {
        let seen = match lacks.len() {
            1 => format!("no {first}"),
            count => format!("no {first} and {} more", count - 1),
        };
        let expected = format!("what the {} link advertises", other.role);
        tally.fail(link.at("received").finding(link.link.received.place(), seen, expected));
    }
}
