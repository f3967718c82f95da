//! Rule: Microsoft peering has no route filter, and so receives no route.

use super::NO_MICROSOFT_PEERING;
use crate::{Answer, Facts, PeeringView, Stage, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// A route filter with at least one community is attached to Microsoft peering. Peerings configured before
    /// 1 August 2017 work without; `configured_on` shows that one is so old.
    /// ## Why it matters
    /// A newer peering advertises nothing to you until a filter says what you want. The sessions come up, and the
    /// table stays empty.
    /// ## How to mend it
    /// Choose the services and regions you need, write them in `filter`, then create the filter and attach it.
    pub(crate) static RULE = {
        id: "NET-BGP-016",
        name: "route-filter-missing",
        title: "a route filter with a community is attached to Microsoft peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [ROUTE_FILTER, ROUTING],
        evidence: [Plan, Control],
        reads: ["circuits.*.microsoft.filter|filter_id|configured_on"],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass(ordered);
            pass "circuits: {'*': {microsoft: {configured_on: 2017-07-31, filter: []}}}";
            fail "circuits: {'*': {microsoft: {filter: []}}}";
            fail "circuits: {'*': {microsoft: {configured_on: 2017-08-01, filter: []}}}";
            fail(ordered) "circuits: {'*': {microsoft: {filter_id: none}}}";
            unknown "circuits: {amsterdam: {microsoft: {filter: null}}}";
            unknown(ordered) "circuits: {amsterdam: {microsoft: {filter_id: null}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Microsoft) {
        ask(facts, view, &mut tally);
    }
    tally.verdict(NO_MICROSOFT_PEERING)
}

fn ask(facts: &Facts<'_>, view: PeeringView<'_>, tally: &mut Tally) {
    let needed_from = facts.catalog.limit_date("bgp", "route-filter-from");
    let older = view.peering.configured_on.known().filter(|date| needed_from.is_some_and(|from| date.value < from));
    if let Some(date) = older {
        return tally.pass(date);
    }
    let spot = view.at("filter");
    match view.peering.filter.known() {
        None => tally.unknown(spot),
        Some(filter) if filter.value.is_empty() => {
            tally.fail(spot.finding(Some(filter.place), "a filter without communities", "at least one community"));
        }
        Some(filter) => tally.pass(filter),
    }
    if facts.stage >= Stage::Ordered || view.peering.filter_id.is_known() {
        let attached = |id: &String| !id.eq_ignore_ascii_case("none");
        tally.expect(view.at("filter_id"), &view.peering.filter_id, attached, "an attached filter");
    }
}
