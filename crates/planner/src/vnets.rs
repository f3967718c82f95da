//! Virtual networks and their ExpressRoute gateways.

use crate::plan::{Notes, Owner, Planned};
use crate::space::first_free;
use model::{Design, Family, GatewaySku, Name, Prefix};

/// A virtual network with its gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct VnetPlan {
    /// Its name.
    pub name: Name,
    /// Its Azure region.
    pub region: Option<String>,
    /// Its address spaces.
    pub space: Vec<Prefix>,
    /// The gateway's SKU.
    pub gateway: Option<GatewaySku>,
    /// Scale units, for ErGwScale.
    pub units: Option<u32>,
    /// IPv4 prefix of the gateway's subnet.
    pub gateway_subnet: Option<Planned<Prefix>>,
    /// IPv6 prefix of the gateway's subnet.
    pub gateway_subnet_v6: Option<Prefix>,
    /// The circuits that are linked to it.
    pub circuits: Vec<Name>,
}

/// Length of a gateway subnet that is chosen: as the documentation advises, with room for a VPN gateway (spec 01, ADDR-010).
const GATEWAY_SUBNET: u8 = 27;

pub(crate) fn plan(design: &Design, notes: &mut Notes) -> Vec<VnetPlan> {
    let one = |(name, vnet): (&Name, &model::Vnet)| {
        let linked = |circuit: &model::Circuit| {
            circuit.private.as_ref().is_some_and(|peering| peering.vnets.values().any(|vnet| vnet == name))
        };
        let space: Vec<Prefix> = vnet.space.values().copied().collect();
        if space.is_empty() {
            notes.miss(name.as_str(), "address space", Owner::Customer, "a prefix that no site and no other VNet uses");
        }
        if vnet.region.value().is_none() {
            notes.miss(name.as_str(), "region", Owner::Customer, "the Azure region of the network");
        }
        if vnet.gateway.value().is_none() {
            notes.miss(name.as_str(), "gateway SKU", Owner::Customer, "twinpath catalog limits gateway");
        }
        let stated = vnet.gateway_subnet.get().map(Planned::design);
        let gateway_subnet = stated.or_else(|| {
            let v4 = space.iter().find(|space| space.family() == Family::V4 && space.length() < GATEWAY_SUBNET)?;
            let upper = v4.halves().map_or(*v4, |halves| halves.secondary);
            let subnet = first_free(upper, GATEWAY_SUBNET, &[])?;
            notes.choose(name.as_str(), "gateway subnet", subnet, "the first /27 of the upper half of its space");
            Some(Planned::chosen(subnet))
        });
        VnetPlan {
            name: name.clone(),
            region: vnet.region.value().cloned(),
            space,
            gateway: vnet.gateway.get(),
            units: vnet.gateway_units.get(),
            gateway_subnet,
            gateway_subnet_v6: vnet.gateway_subnet_v6.get(),
            circuits: design.circuits.iter().filter(|(_, c)| linked(c)).map(|(name, _)| name.clone()).collect(),
        }
    };
    design.vnets.iter().map(one).collect()
}
