//! `Microsoft.Network/expressRouteServiceProviders`: who sells circuits where. Only answered.

use super::macros::{body, resource};
use super::words::ProvisioningState;

resource! {
    /// A provider.
    top ServiceProvider(ServiceProviderListing) {}
}

body! {
    /// What a provider sells.
    ServiceProviderListing {
        client {
            /// Where it meets Microsoft.
            peering_locations: Vec<String>,
            /// What it sells.
            bandwidths_offered: Vec<BandwidthOffered>,
        }
        service {
            /// Always `Succeeded`.
            provisioning_state: ProvisioningState,
        }
    }

    /// A bandwidth that is sold.
    BandwidthOffered {
        client {
            /// For people, like `1Gbps`.
            offer_name: String,
            /// In Mbit/s.
            value_in_mbps: i64,
        }
    }
}
