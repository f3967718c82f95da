//! Rule: private peering has VNets planned and none is linked.

use crate::{Answer, Facts, PeeringView, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// Where VNets are planned behind a private peering, at least one VNet gateway is connected to its circuit.
    /// ## Why it matters
    /// Without a connection private peering leads nowhere: the sessions may be up, and Microsoft still
    /// advertises no VNet on them.
    /// ## How to mend it
    /// Create a connection between the VNet's gateway and the circuit; from another subscription with an
    /// authorization key of the circuit's owner.
    pub(crate) static RULE = {
        id: "CFG-006",
        name: "vnet-not-linked",
        title: "VNets are linked to their circuits",
        severity: Required,
        owner: You,
        stage: Ordered,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Control],
        reads: ["circuits.*.private.vnets|connections"],
        guard: "no VNet is planned behind private peering",
        check: check,
        cases: [
            pass(ordered);
            pass(ordered) "design: {circuits: {'*': {private: {vnets: null}}}}";
            fail(ordered) "circuits: {'*': {private: {connections: 0}}}";
            unknown(ordered) "circuits: {'*': {private: {connections: null}}}";
            unknown(ordered) "{design: {circuits: {'*': {private: {vnets: null}}}}, ordered: {circuits: {'*': {private: {connections: 0}}}}}";
            none(ordered) "design: {circuits: {'*': {private: {vnets: []}}}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.peerings_of(PeeringKind::Private) {
        ask(&mut tally, view);
    }
    tally.verdict("no VNet is planned behind private peering")
}

fn ask(tally: &mut Tally, view: PeeringView<'_>) {
    let planned = view.peering.vnets.value().map(Vec::len);
    match (planned, view.peering.connections.known()) {
        (Some(0), _) => {}
        (_, Some(connections)) if connections.value >= 1 => tally.pass(connections),
        (None, Some(_)) => tally.unknown(view.at("vnets")),
        (_, None) => tally.unknown(view.at("connections")),
        (Some(planned), Some(connections)) => tally.fail(view.at("connections").finding(
            Some(connections.place),
            format!("no connection; VNets planned: {planned}"),
            "at least 1 connection",
        )),
    }
}
