//! Rule: nobody sells a circuit of that bandwidth.

use crate::{Answer, CircuitView, Facts, Spot, Subject, Tally};
use model::Bandwidth;

rule! {
    /// ## What it asks
    /// The bandwidth of each circuit is one of the steps in which provider circuits are sold. On ExpressRoute
    /// Direct it is one of the steps for the speed of the ports.
    /// ## Why it matters
    /// Azure refuses every other figure. A bandwidth can be raised later but never lowered, so the next step up
    /// is not always the harmless choice.
    /// ## How to mend it
    /// Take the step that carries the busy hour on one link (CAP-006), or divide the need over two circuits.
    pub(crate) static RULE = {
        id: "PROV-012",
        name: "bandwidth-not-offered",
        title: "the bandwidth is one that is sold",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [CIRCUIT_ARM, ERDIRECT_ABOUT],
        evidence: [Plan, Control],
        reads: [
            "circuits.*.bandwidth|provider|port",
            "circuits.*.connectivity.path|model",
            "connectivity.path|model",
            "ports.*.bandwidth",
        ],
        guard: "the design has no circuit",
        check: check,
        cases: [
            pass;
            pass "{ports: {pair: {bandwidth: 100 Gbps}}, circuits: {'*': {port: pair, provider: null, bandwidth: 40 Gbps}}}";
            fail "circuits: {'*': {bandwidth: 3 Gbps}}";
            fail "{ports: {pair: {bandwidth: 10 Gbps}}, circuits: {'*': {port: pair, provider: null, bandwidth: 500 Mbps}}}";
            unknown "circuits: {'*': {bandwidth: null}}";
            unknown "{connectivity: {path: direct, model: direct}, circuits: {'*': {provider: null}}}";
            unknown "{ports: {pair: {location: Amsterdam}}, circuits: {'*': {port: pair, provider: null}}}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for view in facts.circuits() {
        match offered(facts, view) {
            Err(missing) => tally.unknown(missing),
            Ok(steps) => {
                let list = steps.iter().map(Bandwidth::to_string).collect::<Vec<_>>().join(", ");
                let sold = |bandwidth: &Bandwidth| steps.contains(bandwidth);
                tally.expect(view.at("bandwidth"), &view.circuit.bandwidth, sold, format!("one of {list}"));
            }
        }
    }
    tally.verdict("the design has no circuit")
}

/// The bandwidths for sale to a circuit. On ExpressRoute Direct they depend on the speed of its ports, which may be
/// missing, or one that the catalogue does not know.
fn offered<'a>(facts: &Facts<'a>, view: CircuitView<'a>) -> Result<Vec<Bandwidth>, Spot<'a>> {
    if view.is_direct() != Some(true) {
        return Ok(facts.catalog.provider_bandwidths().to_vec());
    }
    let named = view.circuit.port.value().and_then(|name| facts.design.ports.get_key_value(name));
    let (name, port) = named.ok_or(view.at("port"))?;
    let speed = port.bandwidth.get().map(|speed| facts.catalog.direct_bandwidths(speed));
    let missing = Subject::Named("ports", name.as_str()).at("bandwidth", port.place);
    speed.filter(|steps| !steps.is_empty()).ok_or(missing)
}
