//! Rule: the users of a region have no Internet egress or no peering location.

use super::at;
use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// For every region with users it is decided which Internet egress and which peering location serve them: at
    /// least one of each.
    /// ## Why it matters
    /// Both choices set the distance that every packet travels. Voice and video notice an egress on the wrong
    /// continent at once, and moving it later means moving addresses and firewalls too.
    /// ## How to mend it
    /// Name an egress and a listed peering location near the users, in `egress` and `locations` of the region
    /// under `m365.regions`.
    pub(crate) static RULE = {
        id: "M365-006",
        name: "region-without-exit",
        title: "each region with users has an Internet egress and a peering location",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan],
        reads: ["services.m365", "m365.regions.*.egress|locations"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {regions: {'*': {egress: []}}}";
            fail "m365: {regions: {'*': {locations: []}}}";
            fail "m365: {regions: {'*': {locations: [Atlantis]}}}";
            unknown "m365: {regions: {europe: {locations: null}}}";
            unknown "m365: {regions: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let regions = &facts.design.m365.regions;
    let mut tally = Tally::new();
    if regions.is_empty() {
        tally.unknown(at(facts, "m365.regions"));
    }
    for (name, region) in regions {
        let subject = Subject::Named("m365.regions", name.as_str());
        for (key, list, expected) in [
            ("egress", &region.egress, "at least one Internet egress"),
            ("locations", &region.locations, "at least one peering location"),
        ] {
            let spot = subject.at(key, region.place);
            match list.known() {
                None => tally.unknown(spot),
                Some(list) if list.value.is_empty() => tally.fail(spot.finding(Some(list.place), "none", expected)),
                Some(list) => tally.pass(list),
            }
        }
        for location in region.locations.items() {
            if facts.catalog.location(&location.value).is_none() {
                let spot = subject.at("locations", region.place);
                tally.fail(spot.finding(Some(location.place), &location.value, "a listed peering location"));
            }
        }
    }
    tally.verdict("")
}
