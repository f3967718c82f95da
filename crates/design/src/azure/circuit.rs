//! `Microsoft.Network/expressRouteCircuits`: circuits, with their peerings embedded.

use super::peering;
use super::resource::Resource;
use crate::found::{Found, ListedPeerings, segment};
use crate::{Node, Problem, Shape};
use model::{
    Bandwidth, Billing, Circuit, ConnectivityModel, ConnectivityPath, Fact, Guid, Item, List, Name, Peering,
    PeeringKind, Place, ProviderState, Rank, Record, Sku, Stated, Tier, Value,
};

/// Reads a circuit.
pub(crate) fn read(resource: &Resource<'_, '_>, found: &mut Found) {
    let node = resource.node;
    let Some(name) = resource.name("expressroutecircuits") else { return };
    if !found.claim("circuit", &name, &resource.id, node.place) {
        return;
    }
    let mut circuit = Circuit::default();
    circuit.set_place(node.place);
    identity(resource, &mut circuit, found);
    order(node, &mut circuit, found);
    found.ordered(&mut circuit.provisioning_state, node, "provisioningState");
    provider_state(node, &mut circuit, found);
    found.ordered(&mut circuit.service_key, node, "serviceKey");
    // `Enabling` is on the way to a state and none yet.
    if found.rank >= Rank::Ordered {
        found.fact_unless(&mut circuit.circuit_state, node, "circuitProvisioningState", "Enabling");
    }
    if let Some(system) = found.object(node, "systemData") {
        found.ordered(&mut circuit.created, system, "createdAt");
    }
    peerings(node, &name, &mut circuit, found);
    found.design.circuits.entry(name).or_default().merge(circuit);
}

/// The provider's state. Newer versions of the API tell a circuit that was taken down from one that never was up.
fn provider_state(node: &Node<'_>, circuit: &mut Circuit, found: &mut Found) {
    let key = "serviceProviderProvisioningState";
    match node.property(key) {
        Some(state) if state.text().is_some_and(|text| text.eq_ignore_ascii_case("DeProvisioned")) => {
            if found.rank >= Rank::Ordered {
                let value = ProviderState::NotProvisioned;
                circuit.provider_state.state(Stated { value, rank: found.rank, place: state.place });
            }
        }
        _ => found.ordered(&mut circuit.provider_state, node, key),
    }
}

/// Id, etag, region; and the subscription, which the id names.
fn identity(resource: &Resource<'_, '_>, circuit: &mut Circuit, found: &mut Found) {
    let node = resource.node;
    found.ordered(&mut circuit.id, node, "id");
    found.ordered(&mut circuit.etag, node, "etag");
    found.fact(&mut circuit.region, node, "location");
    let subscription = segment(&resource.id, "subscriptions").and_then(|id| Guid::parse(id.as_str()).ok());
    if let (Some(value), Some(id)) = (subscription, node.field("id")) {
        let known = &mut found.design.azure.subscription;
        if !known.statements().any(|statement| statement.value == value) {
            known.state(Stated { value, rank: found.rank, place: id.place });
        }
    }
}

/// What was ordered: provider or port, location, bandwidth, SKU.
fn order(node: &Node<'_>, circuit: &mut Circuit, found: &mut Found) {
    if let Some(service) = found.object(node, "serviceProviderProperties") {
        found.fact(&mut circuit.provider, service, "serviceProviderName");
        found.fact(&mut circuit.location, service, "peeringLocation");
        found.fact_unless(&mut circuit.bandwidth, service, "bandwidthInMbps", "0");
    }
    if let Some((id, place)) = found.reference(node, "expressRoutePort") {
        on_port(&id, place, circuit, found.rank);
        gigabits(&mut circuit.bandwidth, node, "bandwidthInGbps", found);
    }
    if let Some(sku) = found.object(node, "sku") {
        let tier = found.value::<Tier>(sku, "tier");
        let billing = found.value::<Billing>(sku, "family");
        if let (Some(tier), Some(billing)) = (tier, billing) {
            let value = Sku { tier: tier.value, billing: billing.value };
            circuit.sku.state(Stated { value, rank: found.rank, place: sku.place });
        }
    }
}

/// A circuit on a port pair is an ExpressRoute Direct circuit.
pub(crate) fn on_port(port: &str, place: Place, circuit: &mut Circuit, rank: Rank) {
    if let Some(value) = segment(port, "expressrouteports") {
        circuit.port.state(Stated { value, rank, place });
        circuit.connectivity.path.state(Stated { value: ConnectivityPath::Direct, rank, place });
        circuit.connectivity.model.state(Stated { value: ConnectivityModel::Direct, rank, place });
    }
}

/// States a bandwidth that is given in Gbit/s.
pub(crate) fn gigabits(fact: &mut Fact<Bandwidth>, node: &Node<'_>, key: &str, found: &mut Found) {
    let Some(number) = found.value::<String>(node, key) else { return };
    if number.value.trim_end_matches(['0', '.']).is_empty() {
        return;
    }
    match Bandwidth::parse(&format!("{} Gbps", number.value)) {
        Ok(value) => fact.state(Stated { value, rank: number.rank, place: number.place }),
        Err(error) => {
            let seen = format!("`{key}`: {}", error.reason);
            found.problems.push(Problem::new(number.place, seen, "a number of Gbit/s"));
        }
    }
}

/// The embedded peerings. An absent array says nothing; an empty one says that there are none.
fn peerings(node: &Node<'_>, name: &Name, circuit: &mut Circuit, found: &mut Found) {
    let Some(nodes) = found.items(node, "peerings") else { return };
    let mut kinds = Vec::new();
    for node in nodes {
        if let Some((kind, peering)) = peering::read(node, found) {
            kinds.push(kind);
            global_reach(node, circuit, found);
            slot(circuit, kind).get_or_insert_default().merge(peering);
        } else if !matches!(node.shape, Shape::Map(_)) {
            found.problems.push(Problem::new(
                node.place,
                format!("`peerings`: {}", node.kind()),
                "an object for each peering",
            ));
        }
    }
    let place = node.property("peerings").map_or(node.place, |peerings| peerings.place);
    let used = |key: &Node<'_>| key.property("authorizationUseStatus").and_then(Node::text) == Some("InUse");
    let in_use_elsewhere = node.property("authorizations").is_some_and(|all| all.items().iter().any(used));
    found.listed_peerings.push(ListedPeerings {
        circuit: name.clone(),
        kinds,
        in_use_elsewhere,
        rank: found.rank,
        place,
    });
}

/// The place of a peering in a circuit.
pub(crate) fn slot(circuit: &mut Circuit, kind: PeeringKind) -> &mut Option<Box<Peering>> {
    match kind {
        PeeringKind::Private => &mut circuit.private,
        PeeringKind::Microsoft => &mut circuit.microsoft,
        PeeringKind::Public => &mut circuit.public,
    }
}

/// Global Reach stands on the private peering: connections made from this circuit, and those made from the other end.
pub(crate) fn global_reach(peering: &Node<'_>, circuit: &mut Circuit, found: &mut Found) {
    let mut others = List::<Name>::new();
    let mut place = None;
    for key in ["connections", "peeredConnections"] {
        let Some(nodes) = found.items(peering, key) else { continue };
        place = place.or(peering.property(key).map(|list| list.place));
        for node in nodes {
            let Some((id, place)) = found.reference(node, "peerExpressRouteCircuitPeering") else { continue };
            let Some(value) = segment(&id, "expressroutecircuits") else { continue };
            if !others.iter().any(|other| other.value == value) {
                others.push(Item { value, place });
            }
        }
    }
    if let Some(place) = place {
        circuit.global_reach.state(Stated { value: others, rank: found.rank, place });
    }
}
