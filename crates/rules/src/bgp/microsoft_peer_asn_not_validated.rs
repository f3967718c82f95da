//! Rule: the AS number on Microsoft peering cannot be validated.

use super::NO_MICROSOFT_PEERING;
use crate::{Answer, Facts, PeeringView, Tally};
use catalog::AsnKind;
use model::{Asn, PeeringKind, PrefixState, Stated};

rule! {
    /// ## What it asks
    /// On Microsoft peering your AS number is public and registered to you, or private and validated by hand.
    /// Where the prefixes belong to another AS number (`customer_asn`), that one is public.
    ///
    /// What the control plane says of the validation counts most. Before there is a peering, the registry or a
    /// proof of ownership stands for a public number, and the papers of the manual validation for a private one.
    /// ## Why it matters
    /// Microsoft accepts public prefixes from their owner only, and finds the owner by the AS number in the
    /// routing registries. A private number names nobody, so a person at Microsoft has to look at your papers;
    /// until then no route is taken.
    /// ## How to mend it
    /// Open a support ticket with a letter of authorization or papers that tie the registered owner to you, and
    /// note it in `manual_validation`. Give `customer_asn` only where it is needed, and only as a public number.
    pub(crate) static RULE = {
        id: "NET-BGP-006",
        name: "microsoft-peer-asn-not-validated",
        title: "the AS number on Microsoft peering is public, or private and validated by hand",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, CIRCUIT_PEERINGS, ROUTING_ARM],
        evidence: [Plan, Control, Attestation],
        reads: ["circuits.*.microsoft.asn|customer_asn|asn_owned|registry|manual_validation|prefix_state"],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {microsoft: {asn: 3333, manual_validation: null}}}";
            pass "circuits: {'*': {microsoft: {customer_asn: 3333}}}";
            pass(ordered) "{design: {circuits: {'*': {microsoft: {manual_validation: null}}}}}";
            fail "circuits: {'*': {microsoft: {customer_asn: 65020}}}";
            fail "circuits: {'*': {microsoft: {asn: 64496}}}";
            fail "circuits: {'*': {microsoft: {asn: 65515}}}";
            fail "circuits: {'*': {microsoft: {asn: 65020, manual_validation: no}}}";
            fail "circuits: {'*': {microsoft: {asn: 3333, asn_owned: no}}}";
            unknown "circuits: {amsterdam: {microsoft: {manual_validation: null}}}";
            unknown "circuits: {amsterdam: {microsoft: {asn: 3333, manual_validation: null, registry: null}}}";
            unknown "circuits: {amsterdam: {microsoft: {asn: null}}}";
            unknown(ordered) "circuits: {amsterdam: {microsoft: {prefix_state: validation needed}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Microsoft) {
        if view.peering.customer_asn.is_known() {
            let public = |asn: &Asn| facts.catalog.asn_range(*asn).is_none();
            tally.expect(view.at("customer_asn"), &view.peering.customer_asn, public, "a public AS number");
        }
        match view.peering.asn.known() {
            Some(asn) => peer(facts, view, asn, &mut tally),
            None => tally.unknown(view.at("asn")),
        }
    }
    tally.verdict(NO_MICROSOFT_PEERING)
}

fn peer(facts: &Facts<'_>, view: PeeringView<'_>, asn: &Stated<Asn>, tally: &mut Tally) {
    let range = facts.catalog.asn_range(asn.value);
    if let Some(range) = range.filter(|range| range.is_refused_on_microsoft()) {
        let seen = format!("{}: {}", asn.value, range.description);
        return tally.fail(view.at("asn").finding(Some(asn.place), seen, "a public AS number, or a private one"));
    }
    tally.pass(asn);
    if let Some(state) = view.peering.prefix_state.known() {
        return match state.value {
            PrefixState::Configured => tally.pass(state),
            PrefixState::NotConfigured | PrefixState::Configuring | PrefixState::ValidationNeeded => {
                tally.unknown(view.at("prefix_state"));
            }
        };
    }
    match range.map(|range| range.kind) {
        Some(AsnKind::Private) => {
            let papers = "papers for the manual validation that a private AS number needs";
            tally.attested(view.at("manual_validation"), &view.peering.manual_validation, papers);
        }
        _ => public(view, tally),
    }
}

/// A public number before validation: yours by proof, by a registry or by papers.
fn public(view: PeeringView<'_>, tally: &mut Tally) {
    let peering = view.peering;
    match (peering.asn_owned.known(), peering.registry.known(), peering.manual_validation.known()) {
        (None, Some(registry), _) if !registry.value.eq_ignore_ascii_case("none") => tally.pass(registry),
        (None, _, Some(papers)) if papers.value.is_yes() => tally.pass(papers),
        _ => tally.attested(view.at("asn_owned"), &peering.asn_owned, "an AS number registered to you"),
    }
}
