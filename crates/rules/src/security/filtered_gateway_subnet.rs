//! Rule: something on the gateway's subnet filters or diverts its traffic.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// The subnet of each VNet gateway has no network security group and no user-defined 0.0.0.0/0 route, and
    /// BGP route propagation is on.
    /// ## Why it matters
    /// The gateway needs its own way to Azure's control plane and to the edge. A security group or a default
    /// route there cuts it off; without propagation it never learns the routes of the circuit.
    /// ## How to mend it
    /// Take group and route off the subnet, and switch propagation on. Filter on the workload subnets instead.
    pub(crate) static RULE = {
        id: "SEC-006",
        name: "filtered-gateway-subnet",
        title: "nothing filters or diverts traffic on the gateway's subnet",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [ABOUT_GATEWAYS],
        evidence: [Plan, Control],
        reads: ["vnets.*.gateway_nsg|gateway_default_route|gateway_propagation"],
        guard: "the design has no VNet",
        check: check,
        cases: [
            pass;
            fail "vnets: {'*': {gateway_nsg: true}}";
            fail "vnets: {'*': {gateway_default_route: true}}";
            fail "vnets: {'*': {gateway_propagation: false}}";
            unknown "vnets: {'*': {gateway_nsg: null}}";
            unknown "vnets: {'*': {gateway_default_route: null}}";
            unknown "vnets: {'*': {gateway_propagation: null}}";
            none "{vnets: null, circuits: {'*': {private: {vnets: null}}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for (name, vnet) in &facts.design.vnets {
        for (key, fact, wanted, expected) in [
            ("gateway_nsg", &vnet.gateway_nsg, false, "false: no security group there"),
            ("gateway_default_route", &vnet.gateway_default_route, false, "false: no 0.0.0.0/0 route there"),
            ("gateway_propagation", &vnet.gateway_propagation, true, "true: BGP routes are propagated"),
        ] {
            let spot = Subject::Named("vnets", name.as_str()).at(key, vnet.place);
            tally.expect(spot, fact, |is| *is == wanted, expected);
        }
    }
    tally.verdict("the design has no VNet")
}
