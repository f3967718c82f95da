//! Rule: the ports of an ExpressRoute Direct pair are bundled.

use crate::{Answer, Facts, Subject, Tally};

rule! {
    /// ## What it asks
    /// The two ports of an ExpressRoute Direct pair stand alone: no LACP bundle, no multi-chassis bundle (MLAG).
    /// ## Why it matters
    /// The two ports end on two routers of Microsoft's that do not act as one, so a bundle never comes up, or sends the
    /// frames of one session to the router that does not have it. Redundancy is a matter of layer 3 here: each port has
    /// its own subnets and sessions.
    /// ## How to mend it
    /// Take the bundle apart and configure each port by itself, with the subnets of its own link. Several circuits share
    /// a port by their VLAN ids.
    pub(crate) static RULE = {
        id: "NET-RED-010",
        name: "bundled-direct-ports",
        title: "the ports of ExpressRoute Direct are not bundled",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [ERDIRECT_ABOUT],
        evidence: [Plan],
        reads: [
            "ports.*.lacp",
            "ports.*.mlag",
            "circuits.*.port",
            "circuits.*.provider",
            "connectivity.path",
            "connectivity.model",
            "circuits.*.connectivity.path",
            "circuits.*.connectivity.model",
        ],
        guard: "no circuit runs on ExpressRoute Direct",
        check: check,
        cases: [
            pass "{ports: {own: {location: Amsterdam, bandwidth: 10 Gbps, lacp: false, mlag: false}},
                circuits: {amsterdam: {port: own, provider: null}}}";
            fail "ports: {own: {location: Amsterdam, bandwidth: 10 Gbps, lacp: true, mlag: false}}";
            fail "ports: {own: {location: Amsterdam, bandwidth: 10 Gbps, lacp: false, mlag: true}}";
            unknown "ports: {own: {location: Amsterdam, bandwidth: 10 Gbps, lacp: false}}";
            unknown "connectivity: {path: direct}";
            none;
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let ports = &facts.design.ports;
    let mut tally = Tally::new();
    for (name, port) in ports {
        for (key, bundled, bundle) in
            [("lacp", &port.lacp, "an LACP bundle"), ("mlag", &port.mlag, "a multi-chassis bundle")]
        {
            let spot = Subject::Named("ports", name.as_str()).at(key, port.place);
            match bundled.known() {
                None => tally.unknown(spot),
                Some(bundled) if bundled.value => {
                    tally.fail(spot.finding(Some(bundled.place), bundle, "two ports, each by itself"));
                }
                Some(bundled) => tally.pass(bundled),
            }
        }
    }
    for view in facts.circuits() {
        match view.is_direct() {
            None => tally.unknown(view.connectivity_at("connectivity.path")),
            Some(true) if !view.circuit.port.value().is_some_and(|port| ports.contains_key(port)) => {
                tally.unknown(view.at("port"));
            }
            Some(_) => {}
        }
    }
    tally.verdict("no circuit runs on ExpressRoute Direct")
}
