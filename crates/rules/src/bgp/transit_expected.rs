//! Rule: sites are to reach one another through Microsoft, without Global Reach.

use crate::{Answer, CircuitView, Facts, Subject, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// Sites do not rely on reaching one another through Microsoft's network, or each circuit with private peering is
    /// joined to another by Global Reach.
    /// ## Why it matters
    /// Microsoft does not pass routes from one circuit on to another. Without Global Reach two sites that both see
    /// Azure still do not see each other.
    /// ## How to mend it
    /// Plan Global Reach between the circuits (`global_reach`), or carry traffic between sites over your own WAN.
    pub(crate) static RULE = {
        id: "NET-BGP-022",
        name: "transit-expected",
        title: "sites do not rely on transit through Microsoft without Global Reach",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, GLOBAL_REACH],
        evidence: [Plan],
        reads: ["routing.expects_transit", "circuits.*.global_reach"],
        check: check,
        cases: [
            pass;
            pass "{routing: {expects_transit: true}, circuits: {amsterdam: {global_reach: [dublin]}}}";
            fail "{routing: {expects_transit: true}, circuits: {'*': {global_reach: []}}}";
            unknown "{routing: {expects_transit: true}, circuits: {'*': {global_reach: null}}}";
            unknown "routing: {expects_transit: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    let routing = &facts.design.routing;
    let spot = Subject::Design.at("routing.expects_transit", routing.place.or(facts.design.place));
    match routing.expects_transit.known() {
        None => tally.unknown(spot),
        Some(expected) if !expected.value => tally.pass(expected),
        Some(expected) => {
            let circuits: Vec<_> = facts.peerings_of(PeeringKind::Private).map(|view| view.circuit).collect();
            if circuits.is_empty() {
                tally.fail(spot.finding(Some(expected.place), "transit without private peering", "Global Reach"));
            }
            circuits.iter().for_each(|circuit| joined(facts, *circuit, &mut tally));
        }
    }
    tally.verdict("")
}

/// Whether Global Reach joins the circuit to another, whichever of the two says so.
fn joined(facts: &Facts<'_>, circuit: CircuitView<'_>, tally: &mut Tally) {
    let spot = circuit.at("global_reach");
    let own = circuit.circuit.global_reach.known();
    let mut others = facts.circuits().filter_map(|other| other.circuit.global_reach.known());
    match (own, others.find(|list| list.value.iter().any(|item| item.value == *circuit.name))) {
        (Some(list), _) if !list.value.is_empty() => tally.pass(list),
        (_, Some(list)) => tally.pass(list),
        (Some(list), None) => {
            tally.fail(spot.finding(Some(list.place), "no circuit joined to it", "Global Reach to another"))
        }
        (None, None) => tally.unknown(spot),
    }
}
