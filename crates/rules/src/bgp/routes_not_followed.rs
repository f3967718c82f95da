//! Rule: traffic goes to a link whether or not Microsoft advertises routes on it.

use crate::{Answer, Facts, LinkView, Subject, Tally};
use model::Asn;

rule! {
    /// ## What it asks
    /// Your edge routers send traffic to a link only while Microsoft advertises routes on it. No static or default
    /// route is pinned to a link.
    /// ## Why it matters
    /// When Microsoft works behind its edge routers, the session to you may stay up while the routes go. A static
    /// route, or a check of the session alone, then sends traffic where it ends.
    /// ## How to mend it
    /// Remove the pinned route and let BGP decide; make tracking follow a route from Microsoft, not the session.
    pub(crate) static RULE = {
        id: "NET-BGP-018",
        name: "routes-not-followed",
        title: "traffic follows the routes that Microsoft advertises, not the session",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [PLANNED_MAINTENANCE, MAINTENANCE_ALERTS],
        evidence: [Plan, Live],
        reads: [
            "edges.*.follows_routes",
            "circuits.*.private|microsoft.primary|secondary.static_pin|sent",
        ],
        check: check,
        cases: [
            pass;
            pass(live);
            fail "edges: {'*': {follows_routes: false}}";
            fail "circuits: {'*': {private: {primary: {static_pin: true}}}}";
            fail(live) "circuits: {'*': {microsoft: {primary: {static_pin: true, sent: []}}}}";
            unknown "edges: {ce-ams-1: {follows_routes: null}}";
            unknown "{edges: null, sites: {'*': {edges: null}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    if facts.design.edges.is_empty() {
        tally.unknown(Subject::Design.at("edges", facts.design.place));
    }
    for (name, edge) in &facts.design.edges {
        let spot = Subject::Named("edges", name.as_str()).at("follows_routes", edge.place);
        tally.expect(spot, &edge.follows_routes, |follows| *follows, "true: no route, no traffic");
    }
    for link in facts.peerings().flat_map(|view| view.links()) {
        pin(link, &mut tally);
    }
    tally.verdict("")
}

/// A pinned route is a fault; worse while Microsoft advertises nothing on the link.
fn pin(link: LinkView<'_>, tally: &mut Tally) {
    let Some(pinned) = link.link.static_pin.known() else { return };
    if !pinned.value {
        return tally.pass(pinned);
    }
    let from_microsoft = |list: &model::List<model::Route>| {
        list.iter().filter(|route| route.value.path.contains(&Asn::MICROSOFT_EDGE)).count()
    };
    let seen = match link.link.sent.value().map(from_microsoft) {
        Some(count) => format!("a static route on a link with {count} routes of {}", Asn::MICROSOFT_EDGE),
        None => "a static route".to_owned(),
    };
    tally.fail(link.at("static_pin").finding(Some(pinned.place), seen, "none: BGP decides"));
}
