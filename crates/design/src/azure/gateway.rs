//! `Microsoft.Network/virtualNetworkGateways`: which VNet has which gateway.

use super::resource::Resource;
use super::vnet::network_of;
use crate::Node;
use crate::found::Found;
use model::{GatewaySku, Name, Place, Rank, Record, Stated, Vnet};

/// A gateway of a VNet.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) id: String,
    pub(crate) place: Place,
    pub(crate) rank: Rank,
    /// The network that it stands in; `None` when it does not say.
    pub(crate) network: Option<(Name, String)>,
    /// It ends ExpressRoute, not VPNs.
    pub(crate) expressroute: bool,
    /// What it says of its VNet.
    pub(crate) vnet: Vnet,
}

/// Reads a gateway.
pub(crate) fn read(resource: &Resource<'_, '_>, found: &mut Found) {
    let node = resource.node;
    let Some(kind) = found.value::<String>(node, "gatewayType") else { return };
    let expressroute = kind.value.eq_ignore_ascii_case("ExpressRoute");
    let mut vnet = Vnet::default();
    vnet.set_place(node.place);
    let configurations = found.items(node, "ipConfigurations").unwrap_or_default();
    let subnet = configurations.iter().find_map(|configuration| found.reference(configuration, "subnet"));
    match expressroute {
        true => expressroute_gateway(node, &mut vnet, found),
        false => vnet.vpn_gateway.state(Stated { value: true, rank: found.rank, place: kind.place }),
    }
    found.gateways.push(Gateway {
        id: resource.id.clone(),
        place: node.place,
        rank: found.rank,
        network: subnet.as_ref().and_then(|(id, _)| network_of(id)),
        expressroute,
        vnet,
    });
}

fn expressroute_gateway(node: &Node<'_>, vnet: &mut Vnet, found: &mut Found) {
    let Some(sku) = found.object(node, "sku") else { return };
    found.fact(&mut vnet.gateway, sku, "name");
    if vnet.gateway.is(&GatewaySku::ErGwScale) {
        // What autoscaling never goes below; `capacity` is no count of scale units.
        let bounds = found.object(node, "autoScaleConfiguration").and_then(|scale| found.object(scale, "bounds"));
        if let Some(bounds) = bounds {
            found.fact(&mut vnet.gateway_units, bounds, "min");
        }
    }
}
