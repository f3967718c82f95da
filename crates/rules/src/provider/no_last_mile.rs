//! Rule: nothing connects the customer to the provider.

use super::{provider_circuits, way};
use crate::{Answer, Facts, Tally};
use model::LastMile;

rule! {
    /// ## What it asks
    /// The provider is within reach in at least one of three ways: one of your sites or more is on its VPN,
    /// your equipment stands in the exchange provider's data centre, or Ethernet leads to the exchange. Today
    /// these are called any-to-any IPVPN, co-location at a cloud exchange, and point-to-point Ethernet.
    /// ## Why it matters
    /// The circuit begins at the provider's hand-off. Building the way to it means fibre and cross-connects,
    /// and mostly takes the longest of all that is ordered.
    /// ## How to mend it
    /// Order the last mile, or co-locate, and set `connectivity.last_mile`; with `vpn`, count the sites under
    /// `connectivity.vpn_sites`.
    pub(crate) static RULE = {
        id: "PROV-006",
        name: "no-last-mile",
        title: "the provider is within physical reach",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2015,
        sources: [SEED_2015, CONNECTIVITY_MODELS],
        evidence: [Plan],
        reads: [
            "circuits.*.port|provider",
            "circuits.*.connectivity.last_mile|vpn_sites|path|model",
            "connectivity.last_mile|vpn_sites|path|model",
        ],
        guard: "no circuit has a provider",
        check: check,
        cases: [
            pass;
            pass "connectivity: {last_mile: ethernet}";
            pass "connectivity: {last_mile: vpn, vpn_sites: 1}";
            fail "connectivity: {last_mile: none}";
            fail "connectivity: {last_mile: vpn, vpn_sites: 0}";
            fail "circuits: {'*': {connectivity: {last_mile: direct}}}";
            unknown "connectivity: {last_mile: null}";
            unknown "connectivity: {last_mile: vpn}";
            none "connectivity: {path: direct, model: direct}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in provider_circuits(facts) {
        let (spot, last_mile) = way(view, "connectivity.last_mile", |way| &way.last_mile);
        match last_mile.get() {
            Some(LastMile::Vpn) => {
                let (spot, sites) = way(view, "connectivity.vpn_sites", |way| &way.vpn_sites);
                tally.expect(spot, sites, |sites| *sites >= 1, "at least 1 site on the provider's VPN");
            }
            // Cross-connects to Microsoft's own ports lead past the provider.
            None | Some(LastMile::CoLocated | LastMile::Ethernet | LastMile::Direct | LastMile::None) => tally.expect(
                spot,
                last_mile,
                |kind| matches!(kind, LastMile::CoLocated | LastMile::Ethernet),
                "vpn, co-located or ethernet",
            ),
        }
    }
    tally.verdict("no circuit has a provider")
}
