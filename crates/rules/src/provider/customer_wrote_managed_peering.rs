//! Rule: the customer wrote a peering that the provider manages.

use super::way;
use crate::{Answer, CircuitView, Facts, Tally};
use model::Layer3;

rule! {
    /// ## What it asks
    /// Where the provider runs layer 3, the last to write each peering was the provider.
    /// ## Why it matters
    /// A peering is one resource that both sides can write. What the customer writes replaces the provider's
    /// settings as a whole, and the sessions drop until somebody restores them.
    /// ## How to mend it
    /// Let the provider write the peering again. From then on take the peerings out of your own templates, for
    /// the next run would overwrite them once more.
    pub(crate) static RULE = {
        id: "PROV-010",
        name: "customer-wrote-managed-peering",
        title: "only the provider writes peerings that it manages",
        severity: Required,
        owner: Provider,
        stage: Ordered,
        since: 2017,
        sources: [TROUBLESHOOTING],
        evidence: [Control],
        reads: [
            "circuits.*.private|microsoft.last_modified_by",
            "circuits.*.provider",
            "circuits.*.connectivity.layer3",
            "connectivity.layer3",
        ],
        guard: "no provider runs layer 3",
        check: check,
        cases: [
            pass(ordered) "{design: {connectivity: {layer3: provider}}, ordered: {circuits: {'*': {private: {last_modified_by: Provider}, microsoft: {last_modified_by: Provider}}}}}";
            fail(ordered) "{design: {connectivity: {layer3: provider}}, ordered: {circuits: {'*': {microsoft: {last_modified_by: Customer}}}}}";
            unknown(ordered) "{design: {connectivity: {layer3: provider}}, ordered: {circuits: {'*': {private: {last_modified_by: null}, microsoft: {last_modified_by: Provider}}}}}";
            unknown(ordered) "{design: {connectivity: {layer3: provider}, circuits: {'*': {private: null, microsoft: null}}}, ordered: {circuits: {'*': {private: null, microsoft: null}}}}";
            unknown(ordered) "design: {connectivity: {layer3: null}}";
            none(ordered);
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let (spot, layer3) = way(view, "connectivity.layer3", |way| &way.layer3);
        match layer3.get() {
            None => tally.unknown(spot),
            Some(Layer3::Provider) => ask(&mut tally, view),
            Some(Layer3::Customer | Layer3::Nobody) => {}
        }
    }
    tally.verdict("no provider runs layer 3")
}

fn ask(tally: &mut Tally, view: CircuitView<'_>) {
    if view.peerings().next().is_none() {
        tally.unknown(view.at("private"));
    }
    let provider = view.circuit.provider.value().map_or("Provider", String::as_str);
    for peering in view.peerings() {
        tally.expect(
            peering.at("last_modified_by"),
            &peering.peering.last_modified_by,
            |who| who.eq_ignore_ascii_case("provider") || who.eq_ignore_ascii_case(provider),
            "the provider",
        );
    }
}
