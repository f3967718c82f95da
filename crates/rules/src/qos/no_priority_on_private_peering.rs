//! Rule: marks on private peering carry no priority.

use super::at;
use crate::{Answer, Facts, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// Nothing that could fail: it reminds a design with real-time media and private peering that traffic
    /// classes count on Microsoft peering only.
    /// ## Why it matters
    /// On private peering marks are kept, but Microsoft gives them no priority. A voice service that you run
    /// in a VNet gets no better treatment for its marks.
    /// ## How to mend it
    /// There is nothing to mend. Plan private peering with head-room instead.
    pub(crate) static RULE = {
        id: "QOS-007",
        name: "no-priority-on-private-peering",
        title: "traffic classes count on Microsoft peering only",
        severity: Informational,
        owner: Microsoft,
        stage: Design,
        since: 2023,
        sources: [QOS],
        evidence: [Plan],
        reads: ["circuits.*.private", "services.real_time"],
        guard: "no circuit with real-time media has private peering",
        check: check,
        cases: [
            pass;
            unknown "services: {real_time: null}";
            none "services: {real_time: false}";
            none "circuits: {'*': {private: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    if facts.peerings_of(PeeringKind::Private).next().is_none() {
        return Err(crate::Verdict::guard("no circuit has private peering"));
    }
    let services = &facts.design.services;
    let place = services.place.or(facts.design.place);
    facts.guard(&services.real_time, "services.real_time", place, "no real-time media takes the circuit")?;
    let mut tally = Tally::new();
    tally.note(at(facts, "qos").finding(
        None,
        "real-time media beside private peering",
        "no priority for marks on private peering",
    ));
    tally.verdict("")
}
