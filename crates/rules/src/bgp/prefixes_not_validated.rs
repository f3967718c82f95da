//! Rule: the prefixes on Microsoft peering are not shown to be the customer's.

use super::NO_MICROSOFT_PEERING;
use crate::{Answer, Facts, PeeringView, Tally};
use model::{PeeringKind, PrefixState, Stated};

rule! {
    /// ## What it asks
    /// The prefixes that you advertise on Microsoft peering, and the AS number, are registered to you in a registry
    /// that Microsoft consults (ARIN, APNIC, AFRINIC, LACNIC, RIPE NCC, RADB, ALTDB), or Microsoft has validated
    /// them by hand.
    ///
    /// The state of the peering counts most: `configured` holds, and `validation needed` for more than 30 days
    /// fails. Before there is a peering the registry or the papers stand for it.
    /// ## Why it matters
    /// The list of validated prefixes is also the filter on Microsoft's routers. Until it is validated, the peering
    /// takes no route of yours.
    /// ## How to mend it
    /// Bring the registry up to date, or open a support ticket with a letter of authorization, and note it in
    /// `manual_validation`.
    pub(crate) static RULE = {
        id: "NET-BGP-015",
        name: "prefixes-not-validated",
        title: "prefixes and AS number on Microsoft peering are registered to you or validated by hand",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, WORKFLOWS, FAQS],
        evidence: [Plan, Control, Attestation],
        reads: ["circuits.*.microsoft.registry|manual_validation|prefix_state|prefix_state_since"],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {microsoft: {registry: null}}}";
            pass "circuits: {'*': {microsoft: {registry: RADB, manual_validation: null}}}";
            pass(ordered);
            fail "circuits: {'*': {microsoft: {registry: none, manual_validation: no}}}";
            fail "circuits: {'*': {microsoft: {registry: LEVEL3, manual_validation: no}}}";
            fail(ordered) "circuits: {'*': {microsoft: {prefix_state: validation needed, prefix_state_since: 2026-10-21}}}";
            unknown "circuits: {amsterdam: {microsoft: {registry: null, manual_validation: null}}}";
            unknown "circuits: {amsterdam: {microsoft: {registry: none, manual_validation: null}}}";
            unknown(ordered) "circuits: {amsterdam: {microsoft: {prefix_state: validation needed, prefix_state_since: 2026-10-22}}}";
            unknown(ordered) "circuits: {amsterdam: {microsoft: {prefix_state: validation needed, prefix_state_since: null}}}";
            unknown(ordered) "circuits: {amsterdam: {microsoft: {prefix_state: configuring}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Microsoft) {
        match view.peering.prefix_state.known() {
            Some(state) => ordered(facts, view, state, &mut tally)?,
            None => planned(facts, view, &mut tally),
        }
    }
    tally.verdict(NO_MICROSOFT_PEERING)
}

/// By the state of the peering.
fn ordered(
    facts: &Facts<'_>,
    view: PeeringView<'_>,
    state: &Stated<PrefixState>,
    tally: &mut Tally,
) -> Result<(), crate::Verdict> {
    let patience = facts.limit("bgp", "validation-patience", "")?;
    let waiting = view.peering.prefix_state_since.get().map(|since| facts.today.days_since(since));
    match (state.value, waiting) {
        (PrefixState::Configured, _) => tally.pass(state),
        (PrefixState::ValidationNeeded, Some(days)) if u64::try_from(days).is_ok_and(|days| days > patience) => {
            let seen = format!("{} for {days} days", state.value);
            tally.fail(view.at("prefix_state").finding(
                Some(state.place),
                seen,
                format!("configured within {patience}"),
            ));
        }
        (PrefixState::ValidationNeeded, None) => tally.unknown(view.at("prefix_state_since")),
        (PrefixState::ValidationNeeded | PrefixState::NotConfigured | PrefixState::Configuring, _) => {
            tally.unknown(view.at("prefix_state"));
        }
    }
    Ok(())
}

/// By registry or papers, before there is a state.
fn planned(facts: &Facts<'_>, view: PeeringView<'_>, tally: &mut Tally) {
    let consulted = |name: &str| facts.catalog.registries().any(|registry| same_registry(registry, name));
    let (registry, papers) = (view.peering.registry.known(), view.peering.manual_validation.known());
    match (registry, papers) {
        (Some(registry), _) if consulted(&registry.value) => tally.pass(registry),
        (_, Some(papers)) if papers.value.is_yes() => tally.pass(papers),
        (Some(registry), Some(_)) => {
            let names: Vec<_> = facts.catalog.registries().collect();
            let seen = format!("registry {}, and no validation by hand", registry.value);
            let expected = format!("one of {}", names.join(", "));
            tally.fail(view.at("registry").finding(Some(registry.place), seen, expected));
        }
        (Some(_), None) => tally.unknown(view.at("manual_validation")),
        (None, _) => tally.unknown(view.at("registry")),
    }
}

/// People write `RIPE` and the API `RIPENCC` for the RIPE NCC.
fn same_registry(registry: &str, name: &str) -> bool {
    let letters = |text: &str| text.replace([' ', '-'], "").to_ascii_uppercase();
    let first = registry.split(' ').next().unwrap_or(registry);
    letters(registry) == letters(name) || letters(first) == letters(name)
}
