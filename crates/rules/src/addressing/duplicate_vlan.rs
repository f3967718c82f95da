//! Rule: two peerings that share a link have the same VLAN id.

use super::NO_PEERING;
use crate::{Answer, Facts, PeeringView, Subject, Tally};
use model::{Encapsulation, Name, Stated, VlanId};

rule! {
    /// ## What it asks
    /// Each peering of a circuit has a VLAN id of its own, 1 to 4094. On ExpressRoute Direct with single tags
    /// (Dot1Q) the id is used once on the whole port pair, whatever the circuit.
    /// ## Why it matters
    /// The tag is all that tells the peerings of a link apart. With two tags (QinQ) the outer one names the
    /// circuit and the inner one the peering; with one tag there is nothing else.
    /// ## How to mend it
    /// Give one of the two peerings another id, on your routers too. `twinpath fix` takes the next free one.
    pub(crate) static RULE = {
        id: "ADDR-008",
        name: "duplicate-vlan",
        title: "each peering of a circuit has a VLAN id of its own",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING_ARM, ERDIRECT_ABOUT, CONFIG_SAMPLES_ROUTING],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.private|microsoft|public.vlan",
            "circuits.*.port",
            "ports.*.encapsulation",
        ],
        guard: "no circuit has a peering",
        fixable: true,
        check: check,
        cases: [
            pass;
            pass "{ports: {pair: {encapsulation: qinq}}, circuits: {'*': {port: pair}}}";
            pass "{ports: {pair: {location: Amsterdam}}, circuits: {amsterdam: {port: pair}}}";
            fail "circuits: {'*': {private: {vlan: 300}, microsoft: {vlan: 300}}}";
            fail "{ports: {pair: {encapsulation: dot1q}}, circuits: {amsterdam: {port: pair}, dublin: {port: pair}}}";
            unknown "circuits: {amsterdam: {private: {vlan: null}}}";
            unknown "{ports: {pair: {location: Amsterdam}}, circuits: {amsterdam: {port: pair}, dublin: {port: pair}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    let mut earlier: Vec<(PeeringView<'_>, VlanId)> = Vec::new();
    for view in facts.circuits().flat_map(|circuit| circuit.peerings_of_any_kind()) {
        let Some(vlan) = view.peering.vlan.known() else {
            tally.unknown(view.at("vlan"));
            continue;
        };
        let same = earlier.iter().filter(|(_, taken)| *taken == vlan.value);
        let others: Vec<_> = same.map(|(other, _)| *other).collect();
        ask(facts, view, vlan, &others, &mut tally);
        earlier.push((view, vlan.value));
    }
    tally.verdict(NO_PEERING)
}

/// Judges a peering against those that have the same VLAN id, anywhere in the design.
fn ask(facts: &Facts<'_>, view: PeeringView<'_>, vlan: &Stated<VlanId>, others: &[PeeringView<'_>], tally: &mut Tally) {
    for other in others {
        let shared = match (view.circuit.name == other.circuit.name, shared_port(view, *other)) {
            (true, _) => "in its circuit",
            (false, None) => continue,
            (false, Some(port)) => match encapsulation(facts, port) {
                Some(Encapsulation::Dot1Q) => "on its port pair",
                Some(Encapsulation::QinQ) => continue,
                None => {
                    let place = facts.design.ports.get(port).and_then(|port| port.place);
                    return tally.unknown(Subject::Named("ports", port.as_str()).at("encapsulation", place));
                }
            },
        };
        let seen = format!("{}, as on the {}", vlan.value, other.label());
        return tally.fail(view.at("vlan").finding(
            Some(vlan.place),
            seen,
            format!("an id that no other peering {shared} has"),
        ));
    }
    tally.pass(vlan);
}

/// The ExpressRoute Direct port pair that carries both.
fn shared_port<'a>(a: PeeringView<'a>, b: PeeringView<'_>) -> Option<&'a Name> {
    a.circuit.circuit.port.value().filter(|port| b.circuit.circuit.port.is(port))
}

fn encapsulation(facts: &Facts<'_>, port: &Name) -> Option<Encapsulation> {
    facts.design.ports.get(port)?.encapsulation.get()
}
