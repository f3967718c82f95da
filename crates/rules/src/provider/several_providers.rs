//! Rule: which providers and models the design combines.

use super::way;
use crate::{Answer, Facts, Subject, Tally};
use std::collections::BTreeSet;

rule! {
    /// ## What it asks
    /// Nothing: it shows the providers and models that the design combines. Several are allowed, and none of
    /// them needs to be the carrier of your present network.
    /// ## Why it matters
    /// Two providers fail less often together than one. People who believe themselves bound to their carrier
    /// never ask.
    /// ## How to mend it
    /// There is nothing to mend. If all circuits come from one provider, see the rules on disaster recovery.
    pub(crate) static RULE = {
        id: "PROV-008",
        name: "several-providers",
        title: "providers and models may be combined",
        severity: Informational,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [SEED_M365],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.provider|port",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
        ],
        guard: "the design has no circuit",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {provider: Equinix}}";
            pass "connectivity: {path: direct, model: direct}";
            unknown "circuits: {'*': {provider: null}}";
            unknown "connectivity: {model: null}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    let mut providers = BTreeSet::new();
    let mut models = BTreeSet::new();
    for view in facts.circuits() {
        match view.circuit.provider.value() {
            Some(provider) => providers.extend([provider.as_str()]),
            None if view.is_direct() == Some(true) => providers.extend(["ExpressRoute Direct"]),
            None => tally.unknown(view.at("provider")),
        }
        let (spot, model) = way(view, "connectivity.model", |way| &way.model);
        match model.value() {
            Some(model) => models.extend([model.to_string()]),
            None => tally.unknown(spot),
        }
    }
    if !facts.design.circuits.is_empty() {
        let providers = Vec::from_iter(providers).join(", ");
        let models = Vec::from_iter(models).join(", ");
        let spot = Subject::Design.at("circuits", facts.design.place);
        tally.note(spot.finding(None, format!("providers: {providers}; models: {models}"), "any combination"));
    }
    tally.verdict("the design has no circuit")
}
