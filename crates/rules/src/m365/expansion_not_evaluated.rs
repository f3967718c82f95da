//! Rule: QoS and regional expansion were not evaluated for Microsoft 365.

use super::at;
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Whether QoS and an expansion into further regions were evaluated. Both are optional steps; it never fails.
    /// ## Why it matters
    /// Marks and queues help voice only when the provider plays along, and a second region changes addresses and
    /// filters. Whoever has looked at both knows what a later change will cost.
    /// ## How to mend it
    /// Evaluate them and note it in `m365.qos_evaluated` and `m365.expansion_evaluated`; `no` is an answer too.
    pub(crate) static RULE = {
        id: "M365-010",
        name: "expansion-not-evaluated",
        title: "QoS and regional expansion were evaluated",
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
            pass "m365: {expansion_evaluated: no}";
            unknown "m365: {qos_evaluated: null}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let m365 = &facts.design.m365;
    let mut tally = Tally::new();
    for (path, evaluated) in
        [("m365.qos_evaluated", &m365.qos_evaluated), ("m365.expansion_evaluated", &m365.expansion_evaluated)]
    {
        match evaluated.known() {
            None => tally.unknown(at(facts, path)),
            Some(evaluated) if evaluated.value.is_yes() => tally.pass(evaluated),
            Some(evaluated) => {
                tally.note(at(facts, path).finding(Some(evaluated.place), "not evaluated", "an evaluation, optional"));
            }
        }
    }
    tally.verdict("")
}
