//! Rule: both links of a circuit end on one customer device.

use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// The primary and the secondary link of a circuit end on different devices of yours, and so on different ports.
    /// ## Why it matters
    /// Microsoft keeps two routers for you. If both links land on one box, its power supply, its software update and
    /// its failure take both links at once, and half of what you pay for protects nothing.
    /// ## How to mend it
    /// Move the secondary link to a second router, best in another rack or room, and write both ends to `cpe`.
    pub(crate) static RULE = {
        id: "NET-RED-006",
        name: "shared-cpe",
        title: "the two links of a circuit end on different customer devices",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [DESIGN_HA],
        evidence: [Plan],
        reads: ["circuits.*.cpe.primary|secondary"],
        guard: "no circuit is planned",
        check: check,
        cases: [
            pass;
            fail "circuits: {'*': {cpe: {primary: ce-1 xe-0/0/0, secondary: ce-1 xe-0/0/1}}}";
            fail "circuits: {'*': {cpe: {primary: ce-1 xe-0/0/0, secondary: ce-1 xe-0/0/0}}}";
            unknown "circuits: {'*': {cpe: {secondary: null}}}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let cpe = &view.circuit.cpe;
        let (Some(primary), Some(secondary)) = (cpe.primary.known(), cpe.secondary.known()) else {
            for (key, port) in [("cpe.primary", &cpe.primary), ("cpe.secondary", &cpe.secondary)] {
                if !port.is_known() {
                    tally.unknown(view.at(key));
                }
            }
            continue;
        };
        if primary.value.device == secondary.value.device {
            let seen = match primary.value == secondary.value {
                true => format!("both links on {}", primary.value),
                false => format!("both links on {}, {} and {}", primary.value.device, primary.value, secondary.value),
            };
            tally.fail(view.at("cpe.secondary").finding(Some(secondary.place), seen, "a device for each link"));
        } else {
            tally.pass(primary);
            tally.pass(secondary);
        }
    }
    tally.verdict("no circuit is planned")
}
