//! Rule: a bandwidth once ordered cannot be lowered.

use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Which bandwidth each circuit has, as a reminder that it can be raised but never lowered. This never fails.
    /// ## Why it matters
    /// Raising takes no interruption while the port has capacity. To go down, or up where the port is full, a new circuit
    /// is ordered, the connections are moved and the old one is deleted.
    /// ## How to mend it
    /// Nothing has to be mended. When in doubt begin with the smaller bandwidth that keeps the head-room of CAP-007.
    pub(crate) static RULE = {
        id: "CAP-009",
        name: "irreversible-bandwidth",
        title: "bandwidth can be raised but not lowered",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [FAQS],
        evidence: [Plan, Control],
        reads: ["circuits.*.bandwidth"],
        guard: "no circuit is planned",
        check: check,
        cases: [
            pass;
            unknown "circuits: {'*': {bandwidth: null}}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let spot = view.at("bandwidth");
        match view.circuit.bandwidth.known() {
            None => tally.unknown(spot),
            Some(bandwidth) => {
                tally.note(spot.finding(
                    Some(bandwidth.place),
                    bandwidth.value,
                    "a bandwidth that never has to go down",
                ));
            }
        }
    }
    tally.verdict("no circuit is planned")
}
