//! Virtual networks and their gateways.

use crate::{GatewaySku, Prefix};

record! {
    /// A virtual network with an ExpressRoute gateway.
    pub struct Vnet {
        /// Its Azure region.
        region: fact String,
        /// Its address spaces.
        space: list Prefix,
        /// The SKU of its ExpressRoute gateway.
        gateway: fact GatewaySku,
        /// Scale units, for ErGwScale.
        gateway_units: fact u32,
        /// IPv4 prefix of the gateway's subnet.
        gateway_subnet: fact Prefix,
        /// IPv6 prefix of the gateway's subnet.
        gateway_subnet_v6: fact Prefix,
        /// The name of the gateway's subnet.
        gateway_subnet_name: fact String,
        /// A VPN gateway stands beside the ExpressRoute gateway.
        vpn_gateway: fact bool,
        /// A network security group is on the gateway's subnet.
        gateway_nsg: fact bool,
        /// A user-defined 0.0.0.0/0 route is on the gateway's subnet.
        gateway_default_route: fact bool,
        /// BGP route propagation is enabled on the gateway's subnet.
        gateway_propagation: fact bool,
        /// Every workload subnet has a security group that denies outbound Internet traffic.
        outbound_deny: fact bool,
        /// IPv4 prefixes advertised to on-premises: own spaces and those of peered VNets.
        advertised: fact u32,
        /// IPv6 prefixes advertised to on-premises.
        advertised_v6: fact u32,
        /// All routes around the gateway: learned, advertised and of peered VNets.
        routes_total: fact u32,
    }
}
