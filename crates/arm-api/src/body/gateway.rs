//! `Microsoft.Network/virtualNetworkGateways`, as far as circuits need them.

use super::common::{Identity, Reference};
use super::macros::{body, resource};
use super::virtual_network::AddressSpace;
use super::words::{AllocationMethod, GatewayType, ProvisioningState, Switch, VpnType};
use serde_json::Value;

resource! {
    /// A gateway of a virtual network.
    top Gateway(GatewayProperties) {
        /// Echoed.
        identity: Identity,
        /// The edge zone. Echoed.
        extended_location: Value,
    }
}

resource! {
    /// An address of a gateway in its subnet.
    child IpConfiguration(IpConfigurationProperties) {}
}

body! {
    /// What a gateway is. What only VPN gateways have is echoed.
    GatewayProperties {
        client {
            /// How far it scales, of `ErGwScale`.
            auto_scale_configuration: AutoScale,
            /// Where it stands.
            ip_configurations: Vec<IpConfiguration>,
            /// What it speaks.
            gateway_type: GatewayType,
            /// How a VPN gateway chooses tunnels.
            vpn_type: VpnType,
            /// Echoed.
            vpn_gateway_generation: String,
            /// Whether a VPN gateway speaks BGP.
            enable_bgp: bool,
            /// Echoed.
            enable_private_ip_address: bool,
            /// Whether both instances carry traffic.
            active_active: bool,
            /// Echoed.
            #[serde(rename = "disableIPSecReplayProtection")]
            disable_ipsec_replay_protection: bool,
            /// Echoed.
            gateway_default_site: Reference,
            /// What was ordered.
            sku: GatewaySku,
            /// Echoed.
            vpn_client_configuration: Value,
            /// Echoed.
            virtual_network_gateway_policy_groups: Vec<Value>,
            /// BGP of a VPN gateway.
            bgp_settings: BgpSettings,
            /// Further prefixes to announce.
            custom_routes: AddressSpace,
            /// Echoed.
            enable_dns_forwarding: bool,
            /// Echoed.
            #[serde(rename = "vNetExtendedLocationResourceId")]
            vnet_extended_location_resource_id: String,
            /// Echoed.
            nat_rules: Vec<Value>,
            /// Echoed.
            enable_bgp_route_translation_for_nat: bool,
            /// Whether routes of a virtual WAN come through.
            allow_virtual_wan_traffic: bool,
            /// Whether routes of other virtual networks come through.
            allow_remote_vnet_traffic: bool,
            /// Whether it carries traffic.
            admin_state: Switch,
            /// How resilient it is, in newer versions. Echoed.
            resiliency_model: String,
        }
        service {
            /// Its GUID.
            resource_guid: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
            /// Echoed.
            inbound_dns_forwarding_endpoint: String,
        }
    }

    /// The SKU of a gateway.
    GatewaySku {
        client {
            /// Like `ErGw1AZ`.
            name: String,
            /// The same.
            tier: String,
        }
        service {
            /// How many instances.
            capacity: i64,
        }
    }

    /// How far a gateway scales.
    AutoScale {
        client {
            /// Between which bounds.
            bounds: AutoScaleBounds,
        }
    }

    /// Bounds, in scale units.
    AutoScaleBounds {
        client {
            /// At least.
            min: i64,
            /// At most.
            max: i64,
        }
    }

    /// What an address of a gateway is.
    IpConfigurationProperties {
        client {
            /// How its address is given out.
            #[serde(rename = "privateIPAllocationMethod")]
            private_ip_allocation_method: AllocationMethod,
            /// The subnet `GatewaySubnet`.
            subnet: Reference,
            /// The public address.
            #[serde(rename = "publicIPAddress")]
            public_ip_address: Reference,
        }
        service {
            /// Its address.
            #[serde(rename = "privateIPAddress")]
            private_ip_address: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// BGP of a gateway.
    BgpSettings {
        client {
            /// The AS number.
            asn: i64,
            /// The address.
            bgp_peering_address: String,
            /// The weight of its routes.
            peer_weight: i64,
            /// The addresses of each instance.
            bgp_peering_addresses: Vec<Value>,
        }
    }
}
