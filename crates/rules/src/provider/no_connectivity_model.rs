//! Rule: no connectivity model is chosen.

use super::way;
use crate::{Answer, Facts, Tally};
use model::ConnectivityModel;

rule! {
    /// ## What it asks
    /// Every circuit follows one of the connectivity models: co-location at a cloud exchange, point-to-point
    /// Ethernet, any-to-any IPVPN, or ExpressRoute Direct. A circuit on a Direct port has chosen by that.
    /// ## Why it matters
    /// The model settles where the circuit ends and who peers with Microsoft: your own edge with the first two
    /// and with Direct, most often the provider's edge with an IPVPN.
    /// ## How to mend it
    /// Ask the provider which of them it sells at your location and set `connectivity.model`.
    pub(crate) static RULE = {
        id: "PROV-007",
        name: "no-connectivity-model",
        title: "a connectivity model is chosen",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025, SEED_M365, CONNECTIVITY_MODELS],
        evidence: [Plan],
        reads: ["circuits.*.port", "circuits.*.connectivity.model", "connectivity.model"],
        guard: "the design has no circuit",
        check: check,
        cases: [
            pass;
            pass "connectivity: {model: any-to-any}";
            pass "{ports: {pair: {location: Amsterdam}}, connectivity: {model: null}, circuits: {'*': {port: pair}}}";
            fail "connectivity: {model: other}";
            fail "circuits: {'*': {connectivity: {model: other}}}";
            unknown "connectivity: {model: null}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let (spot, model) = way(view, "connectivity.model", |way| &way.model);
        match view.circuit.port.known() {
            Some(port) if !model.is_known() => tally.pass(port),
            _ => tally.expect(
                spot,
                model,
                |model| *model != ConnectivityModel::Other,
                "co-located, point-to-point, any-to-any or direct",
            ),
        }
    }
    tally.verdict("the design has no circuit")
}
