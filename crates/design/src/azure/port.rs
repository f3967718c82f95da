//! `Microsoft.Network/expressRoutePorts`: port pairs of ExpressRoute Direct.

use super::circuit::gigabits;
use super::resource::Resource;
use crate::Node;
use crate::found::Found;
use model::{DirectPort, Record, Stated};

/// Reads a port pair.
pub(crate) fn read(resource: &Resource<'_, '_>, found: &mut Found) {
    let node = resource.node;
    let Some(name) = resource.name("expressrouteports") else { return };
    if !found.claim("port", &name, &resource.id, node.place) {
        return;
    }
    let mut port = DirectPort::default();
    port.set_place(node.place);
    found.fact(&mut port.location, node, "peeringLocation");
    gigabits(&mut port.bandwidth, node, "bandwidthInGbps", found);
    found.fact(&mut port.encapsulation, node, "encapsulation");
    found.ordered(&mut port.id, node, "id");
    if let Some(links) = found.items(node, "links").filter(|links| !links.is_empty()) {
        let place = node.property("links").map_or(node.place, |links| links.place);
        port.macsec.state(Stated { value: links.iter().all(has_macsec), rank: found.rank, place });
    }
    found.design.ports.entry(name).or_default().merge(port);
}

/// MACsec is on once a link names the key to use.
fn has_macsec(link: &Node<'_>) -> bool {
    let key = link.property("macSecConfig").and_then(|config| config.field("cakSecretIdentifier"));
    key.and_then(Node::text).is_some_and(|key| !key.is_empty())
}
