//! Rule: the circuit is created, and billed, before the provider can provision it.

use crate::{Answer, CircuitView, Facts, Tally};
use model::{ProviderState, Stated};

rule! {
    /// ## What it asks
    /// A circuit is created only when its provider is ready, and once created does not stay unprovisioned for
    /// long. We draw that line at 30 days; Microsoft names none.
    /// ## Why it matters
    /// Billing starts when the service key is issued, not when the first packet flows. A circuit that waits for
    /// its provider costs as much as one that works.
    /// ## How to mend it
    /// Before the order: agree a date with the provider and move `create` to that day or later. After it: press
    /// the provider, or delete the circuit and create it anew when the provider is ready.
    pub(crate) static RULE = {
        id: "ACC-009",
        name: "created-before-provider-ready",
        title: "the circuit is created when the provider is ready",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2018,
        sources: [CIRCUIT_PORTAL, WORKFLOWS],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.create|created|provider_state|port|provider",
            "circuits.*.connectivity.ready|path|model",
            "connectivity.ready|path|model",
        ],
        guard: "no circuit has a provider",
        check: check,
        cases: [
            pass;
            pass(ordered);
            pass(ordered) "circuits: {'*': {provider_state: not provisioned, created: 2026-11-01}}";
            fail "connectivity: {ready: 2026-12-24}";
            fail "circuits: {'*': {create: 2026-11-09}}";
            fail(ordered) "circuits: {'*': {provider_state: not provisioned, created: 2026-09-01}}";
            unknown "connectivity: {ready: null}";
            unknown "circuits: {'*': {create: null}}";
            unknown(ordered) "circuits: {'*': {provider_state: not provisioned, created: null}}";
            none "connectivity: {path: direct, model: direct}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits().filter(|view| view.is_direct() != Some(true)) {
        match view.circuit.provider_state.known() {
            Some(state) => ordered(&mut tally, facts, view, state),
            None => planned(&mut tally, view),
        }
    }
    tally.verdict("no circuit has a provider")
}

/// A circuit that exists: is it provisioned, or at least young?
fn ordered(tally: &mut Tally, facts: &Facts<'_>, view: CircuitView<'_>, state: &Stated<ProviderState>) {
    if state.value != ProviderState::NotProvisioned {
        return tally.pass(state);
    }
    let patience = facts.catalog.limit("circuit", "unprovisioned-days", "").and_then(|days| i64::try_from(days).ok());
    let (Some(created), Some(patience)) = (view.circuit.created.known(), patience) else {
        return tally.unknown(view.at("created"));
    };
    let age = facts.today.days_since(created.value);
    match age <= patience {
        true => tally.pass(created),
        false => tally.fail(view.at("provider_state").finding(
            Some(state.place),
            format!("not provisioned, {age} days after it was created on {}", created.value),
            format!("provisioned within {patience} days"),
        )),
    }
}

/// A circuit to come: is it created on the day when the provider is ready, or later?
fn planned(tally: &mut Tally, view: CircuitView<'_>) {
    match view.connectivity(|way| &way.ready).get() {
        None => tally.unknown(view.connectivity_at("connectivity.ready")),
        Some(ready) => {
            let expected = format!("{ready}, when the provider is ready, or later");
            tally.expect(view.at("create"), &view.circuit.create, |create| *create >= ready, expected);
        }
    }
}
