//! Rule: the users of a region rest on one circuit, one location, or a stand-by.

use super::at;
use crate::{Answer, CircuitView, Facts, Subject, Tally};
use model::{Item, UserRegion};
use std::collections::BTreeSet;

rule! {
    /// ## What it asks
    /// Each region with users has at least two circuits for Microsoft 365, in different peering locations, all in
    /// use at the same time.
    /// ## Why it matters
    /// A location fails as a whole, rarely but entirely. Falling back to the Internet instead means changing
    /// routes, translation, names and proxies by hand in the worst hour; and a stand-by that carries nothing every
    /// day is found broken on that day.
    /// ## How to mend it
    /// Add a circuit in a second location to `locations` of the region, and let Azure and the premises prefer
    /// both equally (`dr.azure_prefers`, `dr.onprem_prefers`).
    pub(crate) static RULE = {
        id: "M365-022",
        name: "region-on-one-circuit",
        title: "each region has two active circuits in different locations",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2018,
        sources: [NETWORK_PLANNING_M365],
        evidence: [Plan, Control],
        reads: [
            "services.m365",
            "m365.regions.*.locations",
            "m365.circuits",
            "circuits.*.location|port",
            "ports.*.location",
            "circuits.*.microsoft.filter",
            "dr.azure_prefers|onprem_prefers",
        ],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {regions: {'*': {locations: [Amsterdam]}}}";
            fail "circuits: {'*': {location: London}}";
            fail "dr: {azure_prefers: amsterdam}";
            fail "dr: {onprem_prefers: amsterdam}";
            unknown "circuits: {dublin: {location: null}}";
            unknown "m365: {regions: {europe: {locations: null}}}";
            unknown "m365: {regions: null}";
            unknown "dr: {azure_prefers: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let design = facts.design;
    let least = facts.limit("m365", "regional-circuits", "")?;
    let mut tally = Tally::new();
    if design.m365.regions.is_empty() {
        tally.unknown(at(facts, "m365.regions"));
    }
    for (name, region) in &design.m365.regions {
        let spot = Subject::Named("m365.regions", name.as_str()).at("locations", region.place);
        let Some(locations) = region.locations.known() else {
            tally.unknown(spot);
            continue;
        };
        let serving: Vec<&str> = facts.m365_circuits().filter_map(|view| serves(facts, view, region)).collect();
        let places: BTreeSet<&str> = serving.iter().copied().collect();
        let adrift: Vec<_> = facts.m365_circuits().filter(|view| view.location(facts.catalog).is_none()).collect();
        if places.len() as u64 >= least {
            tally.pass(locations);
        } else if adrift.is_empty() {
            let seen = format!("{} circuits in {} locations", serving.len(), places.len());
            let expected = format!("at least {least} circuits in {least} locations");
            tally.fail(spot.finding(Some(locations.place), seen, expected));
        } else {
            // One of these may be the second circuit.
            adrift.iter().for_each(|view| tally.unknown(view.at("location")));
        }
    }
    for (path, prefers, whose) in [
        ("dr.azure_prefers", &design.dr.azure_prefers, "Azure"),
        ("dr.onprem_prefers", &design.dr.onprem_prefers, "the premises"),
    ] {
        let spot = Subject::Design.at(path, design.dr.place.or(design.place));
        let expected = format!("equal, so that {whose} uses every circuit");
        tally.expect(spot, prefers, |circuit| circuit.as_str() == "equal", expected);
    }
    tally.verdict("")
}

/// The location of a circuit, when it is one of the region's.
fn serves<'a>(facts: &Facts<'a>, view: CircuitView<'a>, region: &UserRegion) -> Option<&'a str> {
    let location = view.location(facts.catalog)?;
    let same = |item: &Item<String>| facts.catalog.location(&item.value).is_some_and(|l| l.name == location.name);
    region.locations.items().any(same).then_some(location.name.as_str())
}
