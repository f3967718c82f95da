//! Rule: the provider does not have the service key.

use super::{provider_circuits, way};
use crate::{Answer, Facts, Tally};
use model::ProviderState;

rule! {
    /// ## What it asks
    /// Once a circuit exists, its service key is with the provider, together with what else the provider asks
    /// for: the id of your VPN, and the routing data when it runs layer 3. A provider that has begun to
    /// provision has the key.
    /// ## Why it matters
    /// The key is all that ties your circuit to the provider's order. Without it nothing is provisioned, while
    /// the circuit is already billed.
    /// ## How to mend it
    /// Send the key by the provider's portal or order form; it is no secret. Then set `connectivity.key_sent:
    /// true`.
    pub(crate) static RULE = {
        id: "PROV-013",
        name: "key-not-handed-over",
        title: "the provider has the service key",
        severity: Required,
        owner: You,
        stage: Ordered,
        since: 2023,
        sources: [WORKFLOWS],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.id|service_key|provider_state|port|provider",
            "circuits.*.connectivity.key_sent|path|model",
            "connectivity.key_sent|path|model",
        ],
        guard: "no circuit of a provider is created",
        check: check,
        cases: [
            pass(ordered);
            pass(ordered) "circuits: {'*': {provider_state: not provisioned}}";
            pass(ordered) "design: {connectivity: {key_sent: false}}";
            fail(ordered) "{design: {connectivity: {key_sent: false}}, ordered: {circuits: {'*': {provider_state: not provisioned}}}}";
            unknown(ordered) "{design: {connectivity: {key_sent: null}}, ordered: {circuits: {'*': {provider_state: not provisioned}}}}";
            none(ordered) "circuits: {'*': {id: null, service_key: null}}";
            none(ordered) "design: {connectivity: {path: direct, model: direct}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in provider_circuits(facts) {
        let circuit = view.circuit;
        if !circuit.id.is_known() && !circuit.service_key.is_known() {
            continue;
        }
        match circuit.provider_state.known() {
            Some(state) if state.value != ProviderState::NotProvisioned => tally.pass(state),
            Some(_) | None => {
                let (spot, sent) = way(view, "connectivity.key_sent", |way| &way.key_sent);
                tally.expect(spot, sent, |sent| *sent, "the service key handed to the provider");
            }
        }
    }
    tally.verdict("no circuit of a provider is created")
}
