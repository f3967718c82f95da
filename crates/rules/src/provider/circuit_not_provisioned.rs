//! Rule: a circuit with peerings is not provisioned and enabled.

use crate::{Answer, Facts, Tally};
use model::{CircuitState, ProviderState};

rule! {
    /// ## What it asks
    /// Before it gets peerings, a circuit is provisioned on the provider's side and enabled on Microsoft's. A
    /// circuit on ExpressRoute Direct has no provider's side.
    /// ## Why it matters
    /// Microsoft configures no peering on a circuit that is not ready; and when a circuit that was ready falls
    /// back, its sessions go down.
    /// ## How to mend it
    /// If the provider's side is not provisioned, the provider must act; give it the service key. If
    /// Microsoft's side is not enabled, open a case with Microsoft support: neither you nor the provider can
    /// change that state.
    pub(crate) static RULE = {
        id: "PROV-014",
        name: "circuit-not-provisioned",
        title: "circuits with peerings are provisioned and enabled",
        severity: Required,
        owner: Provider,
        stage: Ordered,
        since: 2023,
        sources: [WORKFLOWS],
        evidence: [Control],
        reads: [
            "circuits.*.provider_state|circuit_state|port|provider|private|microsoft",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
        ],
        guard: "no circuit has peerings",
        check: check,
        cases: [
            pass(ordered);
            pass(ordered) "{design: {connectivity: {path: direct, model: direct}}, ordered: {circuits: {'*': {provider_state: null}}}}";
            fail(ordered) "circuits: {'*': {provider_state: provisioning}}";
            fail(ordered) "circuits: {'*': {circuit_state: disabled}}";
            unknown(ordered) "circuits: {'*': {provider_state: null}}";
            unknown(ordered) "circuits: {'*': {circuit_state: null}}";
            none(ordered) "{design: {circuits: {'*': {private: null, microsoft: null}}}, ordered: {circuits: {'*': {private: null, microsoft: null}}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits().filter(|view| view.peerings().next().is_some()) {
        if view.is_direct() != Some(true) {
            let state = &view.circuit.provider_state;
            tally.expect(view.at("provider_state"), state, |state| *state == ProviderState::Provisioned, "provisioned");
        }
        let state = &view.circuit.circuit_state;
        tally.expect(view.at("circuit_state"), state, |state| *state == CircuitState::Enabled, "enabled");
    }
    tally.verdict("no circuit has peerings")
}
