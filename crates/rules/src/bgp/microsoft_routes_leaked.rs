//! Rule: routes of Microsoft peering are announced on private peering.

use crate::{Answer, Facts, LinkView, Subject, Tally};
use model::{Item, PeeringKind, Route};

rule! {
    /// ## What it asks
    /// Prefixes learned on Microsoft peering are not announced on private peering, or somebody watches how many
    /// there are (`routing.leak_monitored`).
    /// ## Why it matters
    /// Microsoft's prefixes change every month. Announced on private peering they count against its limit, and
    /// when that is crossed Microsoft closes the sessions to your VNets.
    /// ## How to mend it
    /// Filter outwards on private peering what came in with a community of 12076, or watch the count and alarm
    /// well below the limit.
    pub(crate) static RULE = {
        id: "NET-BGP-020",
        name: "microsoft-routes-leaked",
        title: "routes of Microsoft peering are not announced on private peering unwatched",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [CIRCUIT_PEERINGS],
        evidence: [Plan, Live, Attestation],
        reads: [
            "routing.microsoft_into_private|leak_monitored",
            "circuits.*.microsoft.primary|secondary.sent",
            "circuits.*.private.primary|secondary.received",
        ],
        guard: "the design has not both private and Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "routing: {microsoft_into_private: true, leak_monitored: 2026-10-01 prefix alarm}";
            pass(live) "{design: {routing: {microsoft_into_private: null}}}";
            fail "routing: {microsoft_into_private: true, leak_monitored: no}";
            fail(live) "{design: {routing: {leak_monitored: no}}, live: {circuits: {amsterdam: {private: {primary: {received: [52.112.0.0/15 65010 12076]}}}}}}";
            unknown "routing: {microsoft_into_private: null}";
            unknown "routing: {microsoft_into_private: true}";
            unknown(live) "{design: {routing: {microsoft_into_private: null}}, live: {circuits: {amsterdam: {private: {primary: {received: null}}}}}}";
            none "circuits: {'*': {microsoft: null}}";
            none "circuits: {'*': {private: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let links = |kind| facts.peerings_of(kind).flat_map(|view| view.links()).collect::<Vec<_>>();
    let (private, microsoft) = (links(PeeringKind::Private), links(PeeringKind::Microsoft));
    let mut tally = Tally::new();
    if private.is_empty() || microsoft.is_empty() {
        return tally.verdict("the design has not both private and Microsoft peering");
    }
    let routing = &facts.design.routing;
    let at = |key| Subject::Design.at(key, routing.place.or(facts.design.place));
    let watched = |tally: &mut Tally| {
        tally.attested(at("routing.leak_monitored"), &routing.leak_monitored, "monitoring against the prefix limit");
    };
    let leaks = leaks(&private, &microsoft);
    let all_seen = private.iter().all(|link| link.link.received.is_known())
        && microsoft.iter().all(|link| link.link.sent.is_known());
    if !leaks.is_empty() {
        let monitored = routing.leak_monitored.value().is_some_and(model::Attestation::is_yes);
        for (link, route) in leaks {
            let seen = format!("{}, learned on Microsoft peering", route.value.prefix);
            let finding = link.at("received").finding(Some(route.place), seen, "no route of Microsoft's");
            if monitored { tally.note(finding) } else { tally.fail(finding) }
        }
    } else if all_seen {
        private.iter().filter_map(|link| link.link.received.known()).for_each(|routes| tally.pass(routes));
    } else {
        match routing.microsoft_into_private.known() {
            None => tally.unknown(at("routing.microsoft_into_private")),
            Some(planned) if planned.value => watched(&mut tally),
            Some(planned) => tally.pass(planned),
        }
    }
    tally.verdict("")
}

/// Routes received on private peering that lie within one sent on Microsoft peering, each once a link.
fn leaks<'a>(private: &[LinkView<'a>], microsoft: &[LinkView<'a>]) -> Vec<(LinkView<'a>, &'a Item<Route>)> {
    let sent: Vec<_> = microsoft.iter().flat_map(|link| link.link.sent.values()).map(|route| route.prefix).collect();
    let learned =
        |route: &Item<Route>| sent.iter().any(|prefix| !prefix.is_default_route() && prefix.covers(route.value.prefix));
    let received = private.iter().flat_map(|link| link.link.received.items().map(|route| (*link, route)));
    received.filter(|(_, route)| learned(route)).collect()
}
