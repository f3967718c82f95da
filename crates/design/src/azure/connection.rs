//! `Microsoft.Network/connections`: which gateway is linked to which circuit.

use super::resource::Resource;
use crate::found::{Found, segment};
use model::{Name, Place, Rank};

/// A link between a gateway and a circuit.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) gateway: String,
    pub(crate) circuit: Name,
    pub(crate) rank: Rank,
    pub(crate) place: Place,
}

/// Reads a connection; those between VPN gateways are left aside.
pub(crate) fn read(resource: &Resource<'_, '_>, found: &mut Found) {
    let node = resource.node;
    let is_expressroute = |kind: String| kind.eq_ignore_ascii_case("ExpressRoute");
    if !found.value::<String>(node, "connectionType").is_some_and(|kind| is_expressroute(kind.value)) {
        return;
    }
    let (gateway, peer) = (found.reference(node, "virtualNetworkGateway1"), found.reference(node, "peer"));
    if let (Some((gateway, _)), Some((peer, place))) = (gateway, peer)
        && let Some(circuit) = segment(&peer, "expressroutecircuits")
    {
        let id = resource.id.clone();
        found.connections.push(Connection { id, gateway, circuit, rank: found.rank, place });
    }
}
