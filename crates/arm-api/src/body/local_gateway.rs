//! `Microsoft.Network/localNetworkGateways`: a device of the customer's, as VPN connections need it.

use super::gateway::BgpSettings;
use super::macros::{body, resource};
use super::virtual_network::AddressSpace;
use super::words::ProvisioningState;

resource! {
    /// A device of the customer's.
    top LocalGateway(LocalGatewayProperties) {}
}

body! {
    /// What a device is.
    LocalGatewayProperties {
        client {
            /// The prefixes behind it.
            local_network_address_space: AddressSpace,
            /// Its address.
            gateway_ip_address: String,
            /// Its name.
            fqdn: String,
            /// Its BGP.
            bgp_settings: BgpSettings,
        }
        service {
            /// Its GUID.
            resource_guid: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }
}
