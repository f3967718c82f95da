//! `expressRouteCircuits/peerings`: VLAN, AS numbers, subnets and prefixes of a peering.

use super::circuit;
use super::resource::Resource;
use crate::Node;
use crate::found::Found;
use model::{Circuit, Fact, List, Peering, PeeringKind, PrefixState, Record, Secret, Stated, Value};

/// Reads a peering that stands alone, as `az network express-route peering show` prints it.
pub(crate) fn read_alone(resource: &Resource<'_, '_>, found: &mut Found) {
    let Some(name) = resource.name("expressroutecircuits") else { return };
    let mut owner = Circuit::default();
    if let Some((kind, peering)) = read(resource.node, found) {
        circuit::global_reach(resource.node, &mut owner, found);
        *circuit::slot(&mut owner, kind) = Some(Box::new(peering));
    }
    found.design.circuits.entry(name).or_default().merge(owner);
}

/// Reads a peering, `None` when it is of no kind that a design knows.
pub(crate) fn read(node: &Node<'_>, found: &mut Found) -> Option<(PeeringKind, Peering)> {
    let key = if node.property("peeringType").is_some() { "peeringType" } else { "name" };
    // The name of a template's peering holds the circuit's: `amsterdam/AzurePrivatePeering`.
    let text = node.property(key)?.text()?;
    let kind = match PeeringKind::parse(text.rsplit('/').next().unwrap_or(text)) {
        Ok(kind) => kind,
        Err(_) => found.value(node, key)?.value,
    };
    let mut peering = Peering::default();
    peering.set_place(node.place);
    found.fact(&mut peering.state, node, "state");
    found.fact_unless(&mut peering.vlan, node, "vlanId", "0");
    found.fact_unless(&mut peering.asn, node, "peerASN", "0");
    found.fact(&mut peering.primary.subnet, node, "primaryPeerAddressPrefix");
    found.fact(&mut peering.secondary.subnet, node, "secondaryPeerAddressPrefix");
    found.ordered(&mut peering.last_modified_by, node, "lastModifiedBy");
    // The key itself is never read. One that is absent says nothing: the service does not give it back.
    if let Some(key) = node.property("sharedKey").filter(|key| key.text().is_some_and(|key| !key.is_empty())) {
        peering.md5.state(Stated { value: Secret::Set, rank: found.rank, place: key.place });
    }
    let v6 = found.object(node, "ipv6PeeringConfig");
    if let Some(v6) = v6 {
        found.fact(&mut peering.primary.subnet_v6, v6, "primaryPeerAddressPrefix");
        found.fact(&mut peering.secondary.subnet_v6, v6, "secondaryPeerAddressPrefix");
    }
    let families: Vec<_> = [Some(node), v6].into_iter().flatten().collect();
    for family in &families {
        filter_id(family, &mut peering, found);
    }
    if kind == PeeringKind::Microsoft {
        let configs: Vec<_> =
            families.iter().filter_map(|family| found.object(family, "microsoftPeeringConfig")).collect();
        microsoft(&configs, &mut peering, found);
    }
    Some((kind, peering))
}

fn filter_id(node: &Node<'_>, peering: &mut Peering, found: &mut Found) {
    if peering.filter_id.is_known() {
        return;
    }
    if let Some(filter) = found.object(node, "routeFilter") {
        found.fact(&mut peering.filter_id, filter, "id");
    }
}

/// What Microsoft peering says of the advertised prefixes, IPv4 and IPv6 apart.
fn microsoft(configs: &[&Node<'_>], peering: &mut Peering, found: &mut Found) {
    let mut prefixes: Option<Stated<List<_>>> = None;
    let mut whole = true;
    for config in configs {
        let list = found.list(config, "advertisedPublicPrefixes");
        whole &= list.is_some() || config.property("advertisedPublicPrefixes").is_none();
        let advertises = list.as_ref().is_some_and(|list| !list.value.is_empty());
        match (&mut prefixes, list) {
            (Some(prefixes), Some(list)) => prefixes.value.extend(list.value),
            (prefixes, list) => *prefixes = prefixes.take().or(list),
        }
        if advertises || configs.len() == 1 {
            prefix_state(config, &mut peering.prefix_state, found);
        }
        if !peering.customer_asn.is_known() {
            found.fact_unless(&mut peering.customer_asn, config, "customerASN", "0");
        }
        if !peering.registry.is_known() {
            found.fact_unless(&mut peering.registry, config, "routingRegistryName", "NONE");
        }
    }
    if let Some(prefixes) = prefixes.filter(|_| whole) {
        peering.advertise.state(prefixes);
    }
}

/// The validation state of both families is that of the one that is behind.
fn prefix_state(config: &Node<'_>, fact: &mut Fact<PrefixState>, found: &mut Found) {
    let behind = |state: PrefixState| match state {
        PrefixState::Configured => 0,
        PrefixState::Configuring => 1,
        PrefixState::NotConfigured => 2,
        PrefixState::ValidationNeeded => 3,
    };
    let mut state = Fact::default();
    found.ordered(&mut state, config, "advertisedPublicPrefixesState");
    let Some(new) = state.get() else { return };
    if fact.get().is_none_or(|old| behind(new) > behind(old)) {
        *fact = state;
    }
}
