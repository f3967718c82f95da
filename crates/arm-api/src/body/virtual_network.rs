//! `Microsoft.Network/virtualNetworks`, subnets and peerings: what circuits need of them.

use super::common::Reference;
use super::macros::{body, resource};
use super::words::{ProvisioningState, SyncLevel, VnetPeeringState};
use serde_json::Value;

resource! {
    /// A virtual network.
    top VirtualNetwork(VirtualNetworkProperties) {
        /// The edge zone. Echoed.
        extended_location: Value,
    }
}

resource! {
    /// A subnet.
    child Subnet(SubnetProperties) {}
}

resource! {
    /// One side of a peering of two virtual networks.
    child VnetPeering(VnetPeeringProperties) {}
}

body! {
    /// What a virtual network is.
    VirtualNetworkProperties {
        client {
            /// Its prefixes.
            address_space: AddressSpace,
            /// Its name servers. Echoed.
            dhcp_options: DhcpOptions,
            /// Echoed.
            flow_timeout_in_minutes: i64,
            /// Its subnets: absent leaves them alone, a list replaces them.
            subnets: Vec<Subnet>,
            /// Its peerings: absent leaves them alone, a list replaces them.
            virtual_network_peerings: Vec<VnetPeering>,
            /// Echoed.
            enable_ddos_protection: bool,
            /// Echoed.
            enable_vm_protection: bool,
            /// Echoed.
            ddos_protection_plan: Reference,
            /// The communities that its prefixes carry.
            bgp_communities: VnetCommunities,
            /// Echoed.
            encryption: Value,
            /// Echoed.
            ip_allocations: Vec<Reference>,
            /// Echoed.
            private_endpoint_v_net_policies: String,
        }
        service {
            /// Its GUID.
            resource_guid: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// Prefixes.
    AddressSpace {
        client {
            /// The prefixes.
            address_prefixes: Vec<String>,
            /// Where they were taken from. Echoed.
            ipam_pool_prefix_allocations: Vec<Value>,
        }
    }

    /// Name servers.
    DhcpOptions {
        client {
            /// Their addresses.
            dns_servers: Vec<String>,
        }
    }

    /// The communities of a virtual network.
    VnetCommunities {
        client {
            /// The customer's, like `12076:20001`.
            virtual_network_community: String,
        }
        service {
            /// The region's, like `12076:50001`.
            regional_community: String,
        }
    }

    /// What a subnet is. Policies and tables of the firm's are echoed.
    SubnetProperties {
        client {
            /// Its prefix.
            address_prefix: String,
            /// Its prefixes, when there are several.
            address_prefixes: Vec<String>,
            /// Echoed.
            network_security_group: Reference,
            /// Echoed.
            route_table: Reference,
            /// Echoed.
            nat_gateway: Reference,
            /// Echoed.
            service_endpoints: Vec<ServiceEndpoint>,
            /// Echoed.
            service_endpoint_policies: Vec<Reference>,
            /// Echoed.
            ip_allocations: Vec<Reference>,
            /// Echoed.
            delegations: Vec<Delegation>,
            /// Echoed.
            private_endpoint_network_policies: String,
            /// Echoed.
            private_link_service_network_policies: String,
            /// Echoed.
            sharing_scope: String,
            /// Echoed.
            default_outbound_access: bool,
            /// Echoed.
            ipam_pool_prefix_allocations: Vec<Value>,
        }
        service {
            /// What uses it.
            ip_configurations: Vec<Reference>,
            /// What it is for, when a service says so.
            purpose: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// A service endpoint of a subnet.
    ServiceEndpoint {
        client {
            /// The service.
            service: String,
            /// Where.
            locations: Vec<String>,
            /// Echoed.
            network_identifier: Reference,
        }
        service {
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// A subnet given to a service.
    Delegation {
        client {
            /// Its name.
            name: String,
            /// To whom.
            properties: DelegationProperties,
        }
        service {
            /// Its id.
            id: String,
            /// Its entity tag.
            etag: String,
        }
    }

    /// To whom a subnet is given.
    DelegationProperties {
        client {
            /// The service.
            service_name: String,
        }
        service {
            /// What it may do.
            actions: Vec<String>,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// What a side of a peering of virtual networks is.
    VnetPeeringProperties {
        client {
            /// Whether machines reach each other.
            allow_virtual_network_access: bool,
            /// Whether forwarded traffic passes.
            allow_forwarded_traffic: bool,
            /// Whether the other side may use the gateway here.
            allow_gateway_transit: bool,
            /// Whether this side uses the gateway there.
            use_remote_gateways: bool,
            /// The other network.
            remote_virtual_network: Reference,
            /// Echoed.
            do_not_verify_remote_gateways: bool,
            /// Whether all of both networks is peered.
            peer_complete_vnets: bool,
            /// Echoed.
            #[serde(rename = "enableOnlyIPv6Peering")]
            enable_only_ipv6_peering: bool,
            /// Subnets here, when not all are peered.
            local_subnet_names: Vec<String>,
            /// Subnets there, when not all are peered.
            remote_subnet_names: Vec<String>,
            /// The prefixes here, as the other side knows them.
            local_address_space: AddressSpace,
            /// The prefixes here.
            local_virtual_network_address_space: AddressSpace,
            /// The prefixes there, as this side knows them.
            remote_address_space: AddressSpace,
            /// The prefixes there.
            remote_virtual_network_address_space: AddressSpace,
        }
        service {
            /// The communities there.
            remote_bgp_communities: VnetCommunities,
            /// Where it stands.
            peering_state: VnetPeeringState,
            /// Whether both sides know each other's prefixes.
            peering_sync_level: SyncLevel,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
            /// Its GUID.
            resource_guid: String,
        }
    }
}
