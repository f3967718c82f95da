//! `Microsoft.Network/ExpressRoutePortsLocations`: where ports can be had. Only answered.

use super::macros::{body, resource};
use super::words::ProvisioningState;

resource! {
    /// A place.
    top PortLocation(PortLocationProperties) {}
}

body! {
    /// What can be had there.
    PortLocationProperties {
        client {
            /// Its address.
            address: String,
            /// Whom to ask.
            contact: String,
            /// Which ports there are.
            available_bandwidths: Vec<PortBandwidth>,
        }
        service {
            /// Always `Succeeded`.
            provisioning_state: ProvisioningState,
        }
    }

    /// A bandwidth of ports.
    PortBandwidth {
        client {
            /// For people, like `100 Gbps`.
            offer_name: String,
            /// In Gbit/s.
            value_in_gbps: i64,
        }
    }
}
