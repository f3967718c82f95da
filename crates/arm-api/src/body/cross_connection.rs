//! `Microsoft.Network/expressRouteCrossConnections`: a circuit from its provider's side (spec 07, 9).

use super::common::Reference;
use super::macros::{body, resource};
use super::peering::PeeringProperties;
use super::words::{ProviderState, ProvisioningState};

resource! {
    /// A cross connection. Its name is the service key.
    top CrossConnection(CrossConnectionProperties) {}
}

resource! {
    /// A peering, written by the provider.
    child CrossConnectionPeering(PeeringProperties) {}
}

body! {
    /// What a cross connection is. Location and bandwidth are the service's in the documentation; they are read, so
    /// that another value than the circuit's can be refused.
    CrossConnectionProperties {
        client {
            /// Where the provider meets Microsoft.
            peering_location: String,
            /// The bandwidth, in Mbit/s.
            bandwidth_in_mbps: i64,
            /// The customer's circuit.
            express_route_circuit: Reference,
            /// Where the provider's work stands.
            service_provider_provisioning_state: ProviderState,
            /// What the customer is shown.
            service_provider_notes: String,
            /// Its peerings: absent leaves them alone.
            peerings: Vec<CrossConnectionPeering>,
        }
        service {
            /// The primary port.
            primary_azure_port: String,
            /// The secondary port.
            secondary_azure_port: String,
            /// The outer tag.
            s_tag: i64,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }
}
