//! Rule: all circuits end in one peering location.

use crate::{Answer, CircuitView, Facts, Stage, Subject, Tally, Verdict};
use model::{ProviderState, Stated};
use std::collections::{BTreeMap, BTreeSet};

rule! {
    /// ## What it asks
    /// There are at least two circuits, in at least two peering locations. Once ordered, only circuits that the
    /// provider has provisioned count. Circuits on Direct ports have no such state and always count.
    /// ## Why it matters
    /// The two links of one circuit end in one building. A fire, a flood or a power cut there takes both, and with them
    /// every peering. A Metro location spreads one circuit over two buildings of a city: it survives the loss of a
    /// building but not of the city, and so is the step in the middle.
    /// ## How to mend it
    /// Order a second circuit in another peering location, best with another provider and to another site of yours. If
    /// that has to wait, take a Metro location: it costs the same, but an existing circuit cannot be changed into one.
    pub(crate) static RULE = {
        id: "DR-001",
        name: "single-location",
        title: "at least two circuits end in different peering locations",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2025,
        sources: [SEED_2025, ARCHITECTURE],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.location",
            "circuits.*.port",
            "circuits.*.provider",
            "circuits.*.provider_state",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
            "ports.*.location",
        ],
        check: check,
        cases: [
            pass;
            pass "circuits: {dublin: {location: Amsterdam2}}";
            pass(ordered);
            fail "circuits: {dublin: {location: amsterdam}}";
            fail "circuits: {amsterdam: {location: Amsterdam Metro}, dublin: {location: Amsterdam Metro}}";
            fail "{circuits: {dublin: null}, nat: null, m365: {circuits: null}}";
            fail(ordered) "circuits: {dublin: {provider_state: not provisioned}}";
            unknown "circuits: {dublin: {location: null}}";
            unknown "{circuits: null, nat: null}";
            unknown(ordered) "circuits: {amsterdam: {provider_state: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let circuits: Vec<_> = facts.circuits().collect();
    let Some(first) = circuits.first() else {
        return Err(Verdict::missing(Subject::Design.at("circuits", facts.design.place)));
    };
    let mut certain = BTreeMap::new();
    let mut possible = BTreeSet::new();
    let mut open = Vec::new();
    let (mut lost, mut anywhere) = (0, 0);
    for view in &circuits {
        match (provisioned(facts, *view), view.location_fact().known()) {
            (Some(false), _) => lost += 1,
            (_, None) => {
                anywhere += 1;
                open.push(view.at("location"));
            }
            (Some(true), Some(location)) => {
                possible.insert(name(facts, *view, location));
                certain.insert(name(facts, *view, location), location);
            }
            (None, Some(location)) => {
                possible.insert(name(facts, *view, location));
                open.push(view.at("provider_state"));
            }
        }
    }

    let mut tally = Tally::new();
    if certain.len() >= 2 {
        certain.values().for_each(|location| tally.pass(*location));
        let metro = facts.catalog.locations().iter().find(|metro| {
            let spans = |name: &String| metro.member_locations.iter().flatten().any(|member| member == name);
            metro.metro && certain.keys().all(|name| *name == metro.name || spans(name))
        });
        if let Some(metro) = metro {
            let names: Vec<_> = certain.keys().map(String::as_str).collect();
            let seen = format!("{} belong to one metro, {}", names.join(" and "), metro.name);
            tally.note(first.at("location").finding(None, seen, "locations in two cities, against the loss of one"));
        }
    } else if possible.len() + anywhere >= 2 {
        open.into_iter().for_each(|spot| tally.unknown(spot));
    } else {
        let seen = seen(facts, circuits.len(), lost, &possible);
        let place = first.location_fact().place();
        tally.fail(first.at("location").finding(place, seen, "2 or more circuits in 2 or more peering locations"));
    }
    tally.verdict("no circuit is planned")
}

/// Whether a circuit counts: a planned one does, an ordered one when its provider has provisioned it.
fn provisioned(facts: &Facts<'_>, view: CircuitView<'_>) -> Option<bool> {
    if facts.stage == Stage::Design || view.is_direct() == Some(true) {
        return Some(true);
    }
    view.circuit.provider_state.get().map(|state| state == ProviderState::Provisioned)
}

/// A location's name in the catalogue's spelling; as written when it is not listed there.
fn name(facts: &Facts<'_>, view: CircuitView<'_>, written: &Stated<String>) -> String {
    view.location(facts.catalog).map_or_else(|| written.value.clone(), |location| location.name.clone())
}

fn seen(facts: &Facts<'_>, circuits: usize, lost: usize, locations: &BTreeSet<String>) -> String {
    let mut seen = match circuits {
        1 => "1 circuit".to_owned(),
        _ => format!("{circuits} circuits"),
    };
    if lost > 0 {
        seen.push_str(&format!(", {lost} of them not provisioned"));
    }
    if let Some(only) = locations.first() {
        seen.push_str(&format!(", in {only} alone"));
        if facts.catalog.location(only).is_some_and(|location| location.metro) {
            seen.push_str(" (a Metro: two buildings of one city, the step in the middle)");
        }
    }
    seen
}
