//! Rule: a circuit needs both its links to carry its traffic.

use super::load::busy_hour;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// The traffic of a circuit in its busy hour, both links together, fits into the bandwidth of one link. The peaks
    /// that the edges measure count, added up; without them the figure of the design.
    /// ## Why it matters
    /// Each link has the whole bandwidth, so twice of it can be reached while both are up. The second half is there for
    /// redundancy: it is not guaranteed, and when a link fails, or is in maintenance, everything above the bandwidth of
    /// the other is dropped.
    /// ## How to mend it
    /// Upgrade the circuit before the traffic outgrows one link, move traffic to another circuit or to the Internet, or
    /// add a circuit.
    pub(crate) static RULE = {
        id: "CAP-006",
        name: "overfull-link",
        title: "one link carries the whole load of its circuit",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [FAQS],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.busy_hour",
            "circuits.*.bandwidth",
            "circuits.*.private|microsoft|public.primary|secondary.peak",
        ],
        guard: "no circuit is planned",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {busy_hour: 1 Gbps}}";
            pass(live) "{design: {circuits: {'*': {busy_hour: 1500 Mbps}}}, live: {}}";
            fail "circuits: {'*': {busy_hour: 1001 Mbps}}";
            fail(live) "circuits: {'*': {private: {primary: {peak: 600 Mbps}, secondary: {peak: 600 Mbps}}}}";
            unknown "circuits: {'*': {busy_hour: null}}";
            unknown "circuits: {'*': {bandwidth: null}}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let spot = view.at("busy_hour");
        match (busy_hour(view), view.circuit.bandwidth.get()) {
            (None, _) => tally.unknown(spot),
            (Some(_), None) => tally.unknown(view.at("bandwidth")),
            (Some(load), Some(bandwidth)) if load.value <= bandwidth => tally.pass(&load),
            (Some(load), Some(bandwidth)) => {
                let seen = format!("{} in the busy hour", load.value);
                let expected = format!("at most {bandwidth}, the bandwidth of one link");
                tally.fail(spot.finding(Some(load.place), seen, expected));
            }
        }
    }
    tally.verdict("no circuit is planned")
}
