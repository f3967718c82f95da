//! Rule: the provider's service does not work with ExpressRoute.

use super::{provider_circuits, way};
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// The provider has confirmed that the very service you buy from it works with ExpressRoute. For a customer
    /// of its MPLS or VPN service, that is the VPN service itself.
    /// ## Why it matters
    /// A provider on the list does not connect each of its products to Microsoft. Some VPN services cannot
    /// carry two BGP sessions to Microsoft's pair of edges, or end in a different part of the provider's
    /// network.
    /// ## How to mend it
    /// Ask the provider in writing, and note the answer with its date under `connectivity.compatible`.
    pub(crate) static RULE = {
        id: "PROV-004",
        name: "service-not-compatible",
        title: "the provider's service works with ExpressRoute",
        severity: Required,
        owner: Provider,
        stage: Design,
        since: 2015,
        sources: [SEED_2015],
        evidence: [Attestation],
        reads: [
            "circuits.*.port|provider",
            "circuits.*.connectivity.compatible|path|model",
            "connectivity.compatible|path|model",
        ],
        guard: "no circuit has a provider",
        check: check,
        cases: [
            pass;
            fail "connectivity: {compatible: no}";
            fail "circuits: {'*': {connectivity: {compatible: no}}}";
            unknown "connectivity: {compatible: null}";
            none "connectivity: {path: direct, model: direct}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in provider_circuits(facts) {
        let (spot, compatible) = way(view, "connectivity.compatible", |way| &way.compatible);
        tally.attested(spot, compatible, "the provider's word that its service works with ExpressRoute");
    }
    tally.verdict("no circuit has a provider")
}
