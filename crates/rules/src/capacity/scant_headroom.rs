//! Rule: a circuit has too little bandwidth to spare.

use super::load::busy_hour;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// In the busy hour a circuit has bandwidth to spare: at least 20 in a hundred of what one link carries, and not
    /// much more than 50. Below 10 it is far too little. More than 50 is noted, more than 80 noted as waste.
    /// ## Why it matters
    /// Averages hide bursts: the limit on a link acts within milliseconds, so packets are dropped long before the
    /// average reaches the bandwidth. And a circuit takes weeks to grow where the port is full. Bandwidth that is
    /// never used is paid for all the same, and cannot be given back.
    /// ## How to mend it
    /// Upgrade in time, or move traffic. Where too much is to spare, a smaller circuit has to be ordered anew.
    pub(crate) static RULE = {
        id: "CAP-007",
        name: "scant-headroom",
        title: "a circuit keeps head-room in its busy hour",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2018,
        sources: [NETWORK_PLANNING_M365],
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
            pass "circuits: {'*': {busy_hour: 800 Mbps}}";
            pass "circuits: {'*': {busy_hour: 100 Mbps}}";
            pass(live);
            fail "circuits: {'*': {busy_hour: 801 Mbps}}";
            fail "circuits: {'*': {busy_hour: 950 Mbps}}";
            fail "circuits: {'*': {busy_hour: 1200 Mbps}}";
            unknown "circuits: {'*': {busy_hour: null}}";
            unknown "circuits: {'*': {bandwidth: null}}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let least = facts.limit("headroom", "least", "")?;
    let most = facts.limit("headroom", "most", "")?;
    let too_little = facts.limit("headroom", "too-little", "")?;
    let wasteful = facts.limit("headroom", "wasteful", "")?;
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let spot = view.at("busy_hour");
        let (Some(load), Some(bandwidth)) = (busy_hour(view), view.circuit.bandwidth.get()) else {
            for (key, known) in
                [("busy_hour", busy_hour(view).is_some()), ("bandwidth", view.circuit.bandwidth.is_known())]
            {
                if !known {
                    tally.unknown(view.at(key));
                }
            }
            continue;
        };
        let (whole, used) = (u64::from(bandwidth.as_mbps()), u64::from(load.value.as_mbps()));
        let spare = whole.saturating_sub(used);
        // Compared before dividing, so that 19.9 does not pass for 20.
        let below = |percent| spare * 100 < percent * whole;
        let above = |percent| spare * 100 > percent * whole;
        let percent = (spare * 100).checked_div(whole).unwrap_or(0);
        let seen = format!("{percent} % of {bandwidth} to spare, at {}", load.value);
        let expected = format!("{least} to {most} %");
        if below(too_little) {
            let expected = format!("{expected}; less than {too_little} % is far too little");
            tally.fail(spot.finding(Some(load.place), seen, expected));
        } else if below(least) {
            tally.fail(spot.finding(Some(load.place), seen, expected));
        } else if above(wasteful) {
            let expected = format!("{expected}; more than {wasteful} % is waste");
            tally.note(spot.finding(Some(load.place), seen, expected));
        } else if above(most) {
            tally.note(spot.finding(Some(load.place), seen, expected));
        } else {
            tally.pass(&load);
        }
    }
    tally.verdict("no circuit is planned")
}
