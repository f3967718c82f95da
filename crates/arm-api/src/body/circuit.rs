//! `Microsoft.Network/expressRouteCircuits` (spec 07, 5).

use super::authorization::Authorization;
use super::common::Reference;
use super::macros::{body, resource};
use super::peering::Peering;
use super::words::{CircuitState, ProviderState, ProvisioningState, SkuFamily, SkuTier};

resource! {
    /// A circuit.
    top Circuit(CircuitProperties) {
        /// What was ordered of it.
        sku: CircuitSku,
    }
}

body! {
    /// The SKU of a circuit.
    CircuitSku {
        client {
            /// `tier_family`, like `Standard_MeteredData`.
            name: String,
            /// The tier.
            tier: SkuTier,
            /// The family.
            family: SkuFamily,
        }
    }

    /// What a circuit is.
    CircuitProperties {
        client {
            /// Whether the classic deployment model may write it.
            allow_classic_operations: bool,
            /// Keys to it for other subscriptions: absent leaves them alone, a list replaces them.
            authorizations: Vec<Authorization>,
            /// Its peerings: absent leaves them alone, a list replaces them.
            peerings: Vec<Peering>,
            /// Of a circuit by a provider. Excludes the port.
            service_provider_properties: ServiceProviderProperties,
            /// Of a circuit on ports of one's own.
            express_route_port: Reference,
            /// The bandwidth of a circuit on ports of one's own, in Gbit/s.
            bandwidth_in_gbps: f64,
            /// Echoed.
            gateway_manager_etag: String,
            /// Whether Global Reach is in use.
            global_reach_enabled: bool,
            /// Whether a circuit on ports of one's own is held to its bandwidth.
            enable_direct_port_rate_limit: bool,
            /// The link aggregation group that it is on.
            express_route_lag: Reference,
            /// The account with the other cloud, of a `MultiCloud` circuit.
            partner_account_id: String,
        }
        service {
            /// Microsoft's side.
            circuit_provisioning_state: CircuitState,
            /// The provider's side.
            service_provider_provisioning_state: ProviderState,
            /// What the provider is told; also the name of the cross connection.
            service_key: String,
            /// What the provider wrote.
            service_provider_notes: String,
            /// The outer tag on the port pair.
            stag: i64,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
            /// Whether the authorization to the port is in use.
            authorization_status: String,
            /// Its GUID.
            resource_guid: String,
            /// How resilient it is, with other circuits of the customer.
            resiliency_level: String,
        }
        secret {
            /// The key to somebody else's port.
            authorization_key,
            /// The key to the other cloud, of a `MultiCloud` circuit.
            activation_key,
        }
    }

    /// What was ordered from a provider.
    ServiceProviderProperties {
        client {
            /// The provider, as in the list of them.
            service_provider_name: String,
            /// Where it meets Microsoft.
            peering_location: String,
            /// The bandwidth, in Mbit/s.
            bandwidth_in_mbps: i64,
        }
    }
}
