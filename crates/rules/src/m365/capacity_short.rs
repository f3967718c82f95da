//! Rule: the capacity that Microsoft 365 needs is not decided, or is more than an egress or circuit has.

use super::at;
use crate::{Answer, Facts, Spot, Subject, Tally};
use model::{Bandwidth, Fact, Name};
use std::collections::BTreeSet;

rule! {
    /// ## What it asks
    /// For each Internet egress and each circuit it is known how much bandwidth Microsoft 365 needs, and there is
    /// at least as much.
    /// ## Why it matters
    /// A circuit can be enlarged but not made smaller again, and a full one drops voice first. Numbers from a
    /// pilot, summed per site, are the only ones that hold.
    /// ## How to mend it
    /// Measure, note `needed` under `m365.egress` and `m365.circuits`, then enlarge what is too small or move a
    /// service to the other path.
    pub(crate) static RULE = {
        id: "M365-007",
        name: "capacity-short",
        title: "each egress and circuit carries what Microsoft 365 needs",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan, Control],
        reads: [
            "services.m365",
            "m365.egress.*.bandwidth|needed",
            "m365.circuits.*.needed",
            "circuits.*.bandwidth",
            "circuits.*.microsoft.filter",
        ],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "m365: {circuits: {'*': {needed: 200 Gbps}}}";
            fail "m365: {egress: {'*': {needed: 200 Gbps}}}";
            unknown "m365: {circuits: {dublin: {needed: null}}}";
            unknown "m365: {circuits: {paris: {needed: 100 Mbps}}}";
            unknown "m365: {egress: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    let mut tally = Tally::new();

    if m365.egress.is_empty() {
        tally.unknown(at(facts, "m365.egress"));
    }
    for (name, egress) in &m365.egress {
        let subject = Subject::Named("m365.egress", name.as_str());
        let needed = (subject.at("needed", egress.place), Some(&egress.needed));
        let given = (subject.at("bandwidth", egress.place), Some(&egress.bandwidth));
        compare(&mut tally, needed, given);
    }

    let mut circuits: BTreeSet<&Name> = m365.circuits.keys().collect();
    circuits.extend(facts.m365_circuits().map(|view| view.name));
    if circuits.is_empty() {
        tally.unknown(at(facts, "m365.circuits"));
    }
    for name in circuits {
        let planned = m365.circuits.get(name);
        let circuit = facts.design.circuits.get(name);
        let needed_at =
            Subject::Named("m365.circuits", name.as_str()).at("needed", planned.and_then(|plan| plan.place));
        let given_at = Subject::Named("circuits", name.as_str()).at("bandwidth", circuit.and_then(|c| c.place));
        compare(
            &mut tally,
            (needed_at, planned.map(|plan| &plan.needed)),
            (given_at, circuit.map(|circuit| &circuit.bandwidth)),
        );
    }
    tally.verdict("")
}

/// A bandwidth and where it stands; `None` when even its record is missing.
type At<'a> = (Spot<'a>, Option<&'a Fact<Bandwidth>>);

fn compare(tally: &mut Tally, (needed_at, needed): At<'_>, (given_at, given): At<'_>) {
    match (needed.and_then(Fact::known), given.and_then(Fact::known)) {
        (Some(needed), Some(given)) if given.value >= needed.value => tally.pass(given),
        (Some(needed), Some(given)) => {
            let expected = format!("at least {}, which Microsoft 365 needs", needed.value);
            tally.fail(given_at.finding(Some(given.place), given.value, expected));
        }
        (needed, given) => {
            if needed.is_none() {
                tally.unknown(needed_at);
            }
            if given.is_none() {
                tally.unknown(given_at);
            }
        }
    }
}
