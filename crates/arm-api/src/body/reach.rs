//! Global Reach: `…/peerings/connections` and, seen from the other circuit, `…/peerings/peerConnections`.

use super::common::Reference;
use super::macros::{body, resource};
use super::words::{ProvisioningState, ReachStatus};

resource! {
    /// A connection from a private peering to that of another circuit.
    child CircuitConnection(CircuitConnectionProperties) {}
}

resource! {
    /// A connection that was made on the other circuit.
    child PeerCircuitConnection(PeerCircuitConnectionProperties) {}
}

body! {
    /// What a connection between circuits is.
    CircuitConnectionProperties {
        client {
            /// The private peering it begins at.
            express_route_circuit_peering: Reference,
            /// The private peering it ends at.
            peer_express_route_circuit_peering: Reference,
            /// A /29 between both.
            address_prefix: String,
            /// Its IPv6 half.
            ipv6_circuit_connection_config: Ipv6CircuitConnection,
        }
        service {
            /// Whether both ends are there.
            circuit_connection_status: ReachStatus,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
        secret {
            /// The key to the other circuit, when it is in another subscription.
            authorization_key,
        }
    }

    /// The IPv6 half of a connection between circuits.
    Ipv6CircuitConnection {
        client {
            /// A /125 between both.
            address_prefix: String,
        }
        service {
            /// Whether both ends are there.
            circuit_connection_status: ReachStatus,
        }
    }

    /// What a connection is, seen from the circuit it ends at. All of it is the service's.
    PeerCircuitConnectionProperties {
        service {
            /// The private peering it ends at: the one asked.
            express_route_circuit_peering: Reference,
            /// The private peering it begins at.
            peer_express_route_circuit_peering: Reference,
            /// The /29 between both.
            address_prefix: String,
            /// Whether both ends are there.
            circuit_connection_status: ReachStatus,
            /// Its name on the circuit it begins at.
            connection_name: String,
            /// The GUID of the authorization.
            auth_resource_guid: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }
}
