//! `Microsoft.Network/connections`: a gateway to a circuit.

use super::common::Reference;
use super::macros::{body, resource};
use super::secret::Secret;
use super::words::{ConnectionStatus, ConnectionType, ProvisioningState};
use serde_json::Value;

resource! {
    /// A connection of a gateway.
    top Connection(ConnectionProperties) {}
}

body! {
    /// What a connection is. What only VPN connections have is echoed.
    ConnectionProperties {
        client {
            /// The gateway. Clients may send all of it; only its id counts.
            virtual_network_gateway1: Reference,
            /// The other gateway.
            virtual_network_gateway2: Reference,
            /// The other side's device.
            local_network_gateway2: Reference,
            /// Echoed.
            ingress_nat_rules: Vec<Reference>,
            /// Echoed.
            egress_nat_rules: Vec<Reference>,
            /// What it joins.
            connection_type: ConnectionType,
            /// Echoed.
            connection_protocol: String,
            /// Which of several circuits is preferred: the greatest.
            routing_weight: i64,
            /// Echoed.
            dpd_timeout_seconds: i64,
            /// Echoed.
            connection_mode: String,
            /// The circuit.
            peer: Reference,
            /// Whether BGP is spoken over a tunnel.
            enable_bgp: bool,
            /// Echoed.
            gateway_custom_bgp_ip_addresses: Vec<Value>,
            /// Echoed.
            use_local_azure_ip_address: bool,
            /// Echoed.
            use_policy_based_traffic_selectors: bool,
            /// Echoed.
            ipsec_policies: Vec<Value>,
            /// Echoed.
            traffic_selector_policies: Vec<Value>,
            /// FastPath: traffic goes around the gateway.
            express_route_gateway_bypass: bool,
            /// FastPath to private endpoints as well.
            enable_private_link_fast_path: bool,
            /// Echoed.
            authentication_type: String,
            /// Echoed.
            tunnel_properties: Vec<Value>,
        }
        service {
            /// Whether it carries traffic.
            connection_status: ConnectionStatus,
            /// Of each tunnel.
            tunnel_connection_status: Vec<Value>,
            /// Bytes sent.
            egress_bytes_transferred: i64,
            /// Bytes received.
            ingress_bytes_transferred: i64,
            /// Its GUID.
            resource_guid: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
        secret {
            /// The key to somebody else's circuit.
            authorization_key,
            /// The key of a tunnel.
            shared_key,
        }
    }

    /// `…/connections/{name}/sharedkey`. Written on purpose.
    SharedKey {
        client {
            /// The key.
            value: Secret,
        }
    }
}
