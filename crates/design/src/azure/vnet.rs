//! `Microsoft.Network/virtualNetworks`: address spaces, the gateway's subnet, and peered networks.

use super::resource::Resource;
use crate::Node;
use crate::found::{Found, segment};
use model::{Fact, Family, Item, List, Name, Place, Prefix, Rank, Record, Stated, Vnet};

/// A virtual network. Only those with a gateway belong to a design, and that shows when all files are read.
#[derive(Debug)]
pub(crate) struct VirtualNetwork {
    pub(crate) name: Name,
    pub(crate) id: String,
    pub(crate) place: Place,
    /// What it says of itself.
    pub(crate) vnet: Vnet,
    /// The gateways on its gateway subnet; `None` when it has no such subnet, or does not say.
    pub(crate) gateways: Option<Vec<String>>,
    /// The route table on the gateway's subnet.
    pub(crate) route_table: Option<(String, Place)>,
    /// Peered networks; `None` when they are not said.
    pub(crate) peerings: Option<Vec<NetworkPeering>>,
}

/// One side of a VNet peering.
#[derive(Debug)]
pub(crate) struct NetworkPeering {
    /// The other network's id.
    pub(crate) remote: String,
    /// This network lends its gateway.
    pub(crate) lends_gateway: bool,
    /// This network uses the other's gateway.
    pub(crate) uses_remote_gateway: bool,
}

/// Reads a network with its subnets and peerings.
pub(crate) fn read(resource: &Resource<'_, '_>, found: &mut Found) {
    let node = resource.node;
    let Some(mut network) = blank(resource) else { return };
    network.vnet.set_place(node.place);
    found.fact(&mut network.vnet.region, node, "location");
    if let Some(space) = found.object(node, "addressSpace").and_then(|space| found.list(space, "addressPrefixes")) {
        network.vnet.space.state(space);
    }
    for subnet in found.items(node, "subnets").unwrap_or_default() {
        gateway_subnet(subnet, &mut network, found);
    }
    network.peerings = found.items(node, "virtualNetworkPeerings").map(|peerings| {
        let flag = |peering: &Node<'_>, key: &str| peering.property(key).and_then(Node::text) == Some("true");
        let remote = |peering| found.reference(peering, "remoteVirtualNetwork");
        let ids: Vec<_> = peerings.iter().map(remote).collect();
        let pairs = peerings.iter().zip(ids);
        let each = pairs.map(|(peering, remote)| NetworkPeering {
            remote: remote.map(|(id, _)| id).unwrap_or_default(),
            lends_gateway: flag(peering, "allowGatewayTransit"),
            uses_remote_gateway: flag(peering, "useRemoteGateways"),
        });
        each.collect()
    });
    found.networks.push(network);
}

/// Reads a subnet that stands alone.
pub(crate) fn read_subnet(resource: &Resource<'_, '_>, found: &mut Found) {
    let Some(mut network) = blank(resource) else { return };
    gateway_subnet(resource.node, &mut network, found);
    if network.gateways.is_some() {
        found.networks.push(network);
    }
}

fn blank(resource: &Resource<'_, '_>) -> Option<VirtualNetwork> {
    Some(VirtualNetwork {
        name: resource.name("virtualnetworks")?,
        id: resource.id.split("/subnets/").next().unwrap_or_default().to_owned(),
        place: resource.node.place,
        vnet: Vnet::default(),
        gateways: None,
        route_table: None,
        peerings: None,
    })
}

/// Reads the subnet that Azure keeps for gateways, by its fixed name; others are not asked about.
fn gateway_subnet(node: &Node<'_>, network: &mut VirtualNetwork, found: &mut Found) {
    let last = |name: &str| name.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case("GatewaySubnet"));
    if !node.field("name").and_then(Node::text).is_some_and(last) {
        return;
    }
    let vnet = &mut network.vnet;
    if let Some(name) = found.value::<String>(node, "name") {
        let value = name.value.rsplit('/').next().unwrap_or_default().to_owned();
        vnet.gateway_subnet_name.state(Stated { value, ..name });
    }
    for prefix in prefixes(node, found) {
        let fact = match prefix.value.family() {
            Family::V4 => &mut vnet.gateway_subnet,
            Family::V6 => &mut vnet.gateway_subnet_v6,
        };
        if !fact.is_known() {
            fact.state(Stated { value: prefix.value, rank: found.rank, place: prefix.place });
        }
    }
    // An answer of the service leaves out what is not attached; a query's extract may leave out anything.
    let whole = node.property("provisioningState").is_some();
    match found.reference(node, "networkSecurityGroup") {
        Some((_, place)) => vnet.gateway_nsg.state(Stated { value: true, rank: found.rank, place }),
        None if whole => vnet.gateway_nsg.state(Stated { value: false, rank: found.rank, place: node.place }),
        None => {}
    }
    network.route_table = found.reference(node, "routeTable");
    if network.route_table.is_none() && whole {
        vnet.gateway_default_route.state(Stated { value: false, rank: found.rank, place: node.place });
        vnet.gateway_propagation.state(Stated { value: true, rank: found.rank, place: node.place });
    }
    let gateways = node.property("ipConfigurations").map(Node::items).unwrap_or_default();
    let id = |node: &Node<'_>| node.field("id").and_then(Node::text).map(str::to_lowercase);
    let gateway = |id: String| id.split("/ipconfigurations/").next().map(str::to_owned);
    network.gateways = Some(gateways.iter().filter_map(id).filter_map(gateway).collect());
}

/// The prefixes of a subnet: one as `addressPrefix`, or several as `addressPrefixes`.
fn prefixes(node: &Node<'_>, found: &mut Found) -> List<Prefix> {
    let several = found.list::<Prefix>(node, "addressPrefixes").map(|list| list.value).unwrap_or_default();
    match several.is_empty() {
        false => several,
        true => found
            .value(node, "addressPrefix")
            .map(|one| Item { value: one.value, place: one.place })
            .into_iter()
            .collect(),
    }
}

/// A route table, for what it does to the gateway's subnet.
#[derive(Debug)]
pub(crate) struct RouteTable {
    pub(crate) id: String,
    pub(crate) rank: Rank,
    pub(crate) default_route: Option<bool>,
    pub(crate) propagation: Fact<bool>,
}

/// Reads a route table.
pub(crate) fn read_route_table(resource: &Resource<'_, '_>, found: &mut Found) {
    let default_route = found.items(resource.node, "routes").map(|routes| {
        routes.iter().any(|route| route.property("addressPrefix").and_then(Node::text) == Some("0.0.0.0/0"))
    });
    let propagation = found
        .value::<bool>(resource.node, "disableBgpRoutePropagation")
        .map(|disabled| Stated { value: !disabled.value, ..disabled });
    let propagation = propagation.map_or_else(Fact::default, |s| Fact::stated(s.value, s.rank, s.place));
    found.route_tables.push(RouteTable { id: resource.id.clone(), rank: found.rank, default_route, propagation });
}

/// The network that a subnet's id lies in.
pub(crate) fn network_of(subnet: &str) -> Option<(Name, String)> {
    Some((segment(subnet, "virtualnetworks")?, subnet.split("/subnets/").next()?.to_owned()))
}
