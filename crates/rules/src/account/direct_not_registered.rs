//! Rule: ExpressRoute Direct is planned in a subscription that is not registered for it.

use crate::{Answer, Facts, Subject, Tally, Verdict};
use model::Registration;

rule! {
    /// ## What it asks
    /// A subscription that is to own ExpressRoute Direct ports has the feature AllowExpressRoutePorts and the
    /// resource provider Microsoft.Network registered.
    /// ## Why it matters
    /// Until both are registered, Azure does not let the subscription create a port pair, and without ports
    /// there is no letter of authorization for the cross-connect.
    /// ## How to mend it
    /// Register the feature, wait until it shows as registered, then register Microsoft.Network. Note both
    /// under `azure.expressroute_ports_feature` and `azure.network_provider`.
    pub(crate) static RULE = {
        id: "ACC-008",
        name: "direct-not-registered",
        title: "the subscription is registered for ExpressRoute Direct",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [ERDIRECT_ABOUT],
        evidence: [Plan, Control],
        reads: [
            "azure.expressroute_ports_feature",
            "azure.network_provider",
            "circuits.*.port|provider",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
        ],
        guard: "no circuit runs on ExpressRoute Direct",
        check: check,
        cases: [
            pass "{connectivity: {path: direct, model: direct}, azure: {expressroute_ports_feature: registered, network_provider: registered}}";
            fail "{connectivity: {path: direct, model: direct}, azure: {expressroute_ports_feature: pending, network_provider: registered}}";
            fail "{connectivity: {path: direct, model: direct}, azure: {expressroute_ports_feature: registered, network_provider: not registered}}";
            unknown "{connectivity: {path: direct, model: direct}, azure: {network_provider: registered}}";
            unknown "{connectivity: {path: null, model: null}, circuits: {'*': {provider: null}}}";
            none;
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    if !facts.circuits().any(|view| view.is_direct() == Some(true)) {
        return Err(match facts.circuits().find(|view| view.is_direct().is_none()) {
            Some(view) => Verdict::missing(view.connectivity_at("connectivity.path")),
            None => Verdict::guard("no circuit runs on ExpressRoute Direct"),
        });
    }
    let azure = &facts.design.azure;
    let mut tally = Tally::new();
    for (key, registration, what) in [
        ("azure.expressroute_ports_feature", &azure.expressroute_ports_feature, "feature AllowExpressRoutePorts"),
        ("azure.network_provider", &azure.network_provider, "resource provider Microsoft.Network"),
    ] {
        let spot = Subject::Design.at(key, azure.place.or(facts.design.place));
        tally.expect(spot, registration, |state| *state == Registration::Registered, format!("the {what} registered"));
    }
    tally.verdict("")
}
