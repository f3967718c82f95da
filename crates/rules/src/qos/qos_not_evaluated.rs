//! Rule: QoS and regional expansion, the optional last step for Microsoft 365, are not evaluated.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// Nothing that could fail: it shows whether QoS and an expansion into further regions were evaluated for
    /// Microsoft 365 over the circuit.
    /// ## Why it matters
    /// Both close Microsoft's list of steps and are optional. They are cheapest to add while the network is
    /// still on paper.
    /// ## How to mend it
    /// Record the outcome as `m365.qos_evaluated` and `m365.expansion_evaluated`, if you want it on file.
    pub(crate) static RULE = {
        id: "QOS-002",
        name: "qos-not-evaluated",
        title: "QoS and regional expansion are an optional step for Microsoft 365",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Attestation],
        reads: ["services.m365", "m365.qos_evaluated|expansion_evaluated"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            pass "m365: {qos_evaluated: null, expansion_evaluated: no}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    let mut tally = Tally::new();
    for (key, fact) in
        [("m365.qos_evaluated", &m365.qos_evaluated), ("m365.expansion_evaluated", &m365.expansion_evaluated)]
    {
        match fact.known() {
            Some(evaluated) if evaluated.value.is_yes() => tally.pass(evaluated),
            other => {
                let spot = Subject::Design.at(key, m365.place.or(facts.design.place));
                let seen = other.map_or("not on file", |_| "not evaluated");
                tally.note(spot.finding(fact.place(), seen, "an evaluation, if wanted"));
            }
        }
    }
    tally.verdict("")
}
