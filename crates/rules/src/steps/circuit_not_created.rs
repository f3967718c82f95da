//! Rule: a circuit of the design is not created.

use crate::{Answer, Facts, Tally};
use model::ProvisioningState;

rule! {
    /// ## What it asks
    /// Every circuit of the design exists in Azure, and its last write succeeded.
    /// ## Why it matters
    /// Only a circuit that exists has a service key for the provider. A circuit whose last write failed may
    /// exist but takes no further change before it is written once more.
    /// ## How to mend it
    /// Create the circuit, or write it again after a failure; the error of the failed write says what Azure
    /// refused.
    pub(crate) static RULE = {
        id: "CFG-004",
        name: "circuit-not-created",
        title: "every circuit is created",
        severity: Required,
        owner: You,
        stage: Ordered,
        since: 2015,
        sources: [SEED_2015, SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Control],
        reads: ["circuits.*.provisioning_state"],
        guard: "the design has no circuit",
        check: check,
        cases: [
            pass(ordered);
            fail(ordered) "circuits: {'*': {provisioning_state: failed}}";
            fail(ordered) "circuits: {'*': {provisioning_state: deleting}}";
            unknown(ordered) "circuits: {'*': {provisioning_state: updating}}";
            unknown(ordered) "circuits: {'*': {provisioning_state: null}}";
            none(ordered) "{design: {circuits: null, nat: null}, ordered: {circuits: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let spot = view.at("provisioning_state");
        match view.circuit.provisioning_state.get() {
            // The write is under way; how it ends is not known yet.
            Some(ProvisioningState::Updating) => tally.unknown(spot),
            None | Some(ProvisioningState::Succeeded | ProvisioningState::Deleting | ProvisioningState::Failed) => {
                let succeeded = |state: &ProvisioningState| *state == ProvisioningState::Succeeded;
                tally.expect(spot, &view.circuit.provisioning_state, succeeded, "succeeded");
            }
        }
    }
    tally.verdict("the design has no circuit")
}
