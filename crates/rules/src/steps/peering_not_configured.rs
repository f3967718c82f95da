//! Rule: a planned peering is not configured.

use crate::{Answer, Facts, PeeringView, Tally};
use model::{PeeringState, Rank};

rule! {
    /// ## What it asks
    /// Every private and Microsoft peering of the design exists on its circuit in Azure and is enabled.
    /// ## Why it matters
    /// Microsoft's edges open BGP only for peerings that are configured and enabled. Until then the customer's
    /// routers call in vain.
    /// ## How to mend it
    /// Configure the peering on the circuit, or enable it. Where the provider runs layer 3, ask the provider
    /// (PROV-010).
    pub(crate) static RULE = {
        id: "CFG-005",
        name: "peering-not-configured",
        title: "every planned peering is configured and enabled",
        severity: Required,
        owner: You,
        stage: Ordered,
        since: 2015,
        sources: [SEED_2015, SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Control],
        reads: [
            "circuits.*.id",
            "circuits.*.private|microsoft.state|last_modified_by|prefix_state|filter_id|connections",
        ],
        guard: "no peering is planned",
        check: check,
        cases: [
            pass(ordered);
            fail(ordered) "circuits: {'*': {microsoft: {state: disabled}}}";
            fail(ordered) "circuits: {'*': {microsoft: null}}";
            unknown(ordered) "circuits: {'*': {private: {state: null}}}";
            unknown(ordered) "circuits: {'*': {id: null, private: null}}";
            unknown(ordered) "{design: {circuits: {'*': {private: {state: enabled}}}}, ordered: {circuits: {'*': {private: {state: null}}}}}";
            none(ordered) "{design: {circuits: {'*': {private: null, microsoft: null}}}, ordered: {circuits: {'*': {private: null, microsoft: null}}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings() {
        let spot = view.at("state");
        // What a design wants is no evidence that it was done.
        match view.peering.state.at_least(Rank::Ordered) {
            Some(state) if state.value == PeeringState::Enabled => tally.pass(state),
            Some(state) => tally.fail(spot.finding(Some(state.place), state.value, "enabled")),
            None if is_absent(view) => tally.fail(spot.finding(None, "no such peering on the circuit", "enabled")),
            None => tally.unknown(spot),
        }
    }
    tally.verdict("no peering is planned")
}

/// Whether the control plane shows the circuit, and nothing of this peering on it.
fn is_absent(view: PeeringView<'_>) -> bool {
    let peering = view.peering;
    let seen = peering.last_modified_by.is_known()
        || peering.prefix_state.is_known()
        || peering.filter_id.is_known()
        || peering.connections.is_known();
    view.circuit.circuit.id.is_known() && !seen
}
