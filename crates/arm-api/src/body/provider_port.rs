//! `Microsoft.Network/expressRouteProviderPorts`: a provider's view of a port pair. Only answered.

use super::macros::{body, resource};

resource! {
    /// A port pair of a provider.
    top ProviderPort(ProviderPortProperties) {}
}

body! {
    /// What is sold on it.
    ProviderPortProperties {
        client {
            /// Its name.
            port_pair_descriptor: String,
            /// The primary port.
            primary_azure_port: String,
            /// The secondary port.
            secondary_azure_port: String,
            /// Where it is.
            peering_location: String,
            /// How much more than its bandwidth may be sold, as a factor.
            overprovision_factor: i64,
            /// The bandwidth of a port, in Mbit/s.
            port_bandwidth_in_mbps: i64,
            /// What is sold, in Mbit/s.
            used_bandwidth_in_mbps: i64,
            /// What can still be sold, in Mbit/s.
            remaining_bandwidth_in_mbps: i64,
        }
    }
}
