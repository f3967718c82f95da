//! Which VNet is linked to which circuit.

use crate::{Facts, PeeringView, Spot, Subject, Tally};
use model::{Name, PeeringKind, Vnet};

/// One VNet linked, or to be linked, to the private peering of a circuit.
#[derive(Clone, Copy)]
pub(super) struct VnetLink<'a> {
    /// The private peering.
    pub(super) peering: PeeringView<'a>,
    /// The VNet's name.
    pub(super) name: &'a Name,
    /// The VNet; `None` when the design does not describe it.
    pub(super) vnet: Option<&'a Vnet>,
}

impl<'a> VnetLink<'a> {
    /// One key of the VNet.
    pub(super) fn at(self, key: &'a str) -> Spot<'a> {
        let place = self.vnet.and_then(|vnet| vnet.place).or(self.peering.peering.vnets.place());
        Subject::Named("vnets", self.name.as_str()).at(key, place)
    }
}

/// Every link of every private peering. A peering that does not say which VNets it has is unknown.
pub(super) fn vnet_links<'a>(facts: &Facts<'a>, tally: &mut Tally) -> Vec<VnetLink<'a>> {
    let mut links = Vec::new();
    for peering in facts.peerings_of(PeeringKind::Private) {
        if !peering.peering.vnets.is_known() {
            tally.unknown(peering.at("vnets"));
        }
        for name in peering.peering.vnets.values() {
            links.push(VnetLink { peering, name, vnet: facts.design.vnets.get(name) });
        }
    }
    links
}
