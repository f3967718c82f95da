//! Rule: a circuit for Microsoft 365 is not Premium, is missing, or is smaller than planned.

use super::at;
use crate::{Answer, CircuitView, Facts, Subject, Tally};
use model::{Rank, Tier};

rule! {
    /// ## What it asks
    /// Every circuit that carries Microsoft 365 has the tier Premium, and the circuits are as many and as large as
    /// planned.
    /// ## Why it matters
    /// A route filter with communities of Microsoft 365 does not fit a circuit of another tier: the service
    /// answers that the circuit is not compatible with it. Fewer or smaller circuits than planned carry no more
    /// than they can, whatever the plan says.
    /// ## How to mend it
    /// Raise the circuit's SKU to premium, which interrupts nothing, and order what is missing.
    pub(crate) static RULE = {
        id: "M365-011",
        name: "circuit-not-premium",
        title: "circuits for Microsoft 365 are Premium, as many and as large as planned",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365, FAQS],
        evidence: [Plan, Control],
        reads: ["services.m365", "m365.circuits", "circuits.*.sku|bandwidth", "circuits.*.microsoft.filter"],
        guard: "Microsoft 365 is not in scope",
        check: check,
        cases: [
            pass;
            fail "circuits: {'*': {sku: standard metered}}";
            fail "circuits: {'*': {sku: local unlimited}}";
            fail "m365: {circuits: {paris: {needed: 100 Mbps}}}";
            fail(ordered) "circuits: {dublin: {bandwidth: 500 Mbps}}";
            unknown "circuits: {amsterdam: {sku: null}}";
            unknown "{m365: {circuits: null}, circuits: {'*': {microsoft: {filter: [westeurope]}}}}";
            unknown "services: {m365: null}";
            none "services: {m365: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.m365()?;
    let mut tally = Tally::new();
    for view in facts.m365_circuits() {
        tally.expect(view.at("sku"), &view.circuit.sku, |sku| sku.tier == Tier::Premium, "the tier premium");
        compare_with_plan(&mut tally, view);
    }
    for (name, planned) in &facts.design.m365.circuits {
        if facts.circuit(name.as_str()).is_none() {
            let spot = Subject::Named("circuits", name.as_str()).at("", None);
            tally.fail(spot.finding(planned.place, "no such circuit", "the circuit planned for Microsoft 365"));
        }
    }
    if facts.design.m365.circuits.is_empty() && facts.m365_circuits().next().is_none() {
        tally.unknown(at(facts, "m365.circuits"));
    }
    tally.verdict("")
}

/// What was ordered must not be less than what the design declares.
fn compare_with_plan(tally: &mut Tally, view: CircuitView<'_>) {
    let bandwidth = &view.circuit.bandwidth;
    let declared = bandwidth.statements().find(|statement| statement.rank == Rank::Declared);
    if let (Some(planned), Some(ordered)) = (declared, bandwidth.at_least(Rank::Ordered)) {
        if ordered.value < planned.value {
            let expected = format!("{}, as planned", planned.value);
            tally.fail(view.at("bandwidth").finding(Some(ordered.place), ordered.value, expected));
        } else {
            tally.pass(ordered);
        }
    }
}
