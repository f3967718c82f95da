//! `Microsoft.Network/ExpressRoutePorts`: a port pair of one's own, its links, keys to it, its letter of authorization.

use super::common::{Identity, Reference};
use super::macros::{body, resource};
use super::secret::Secret;
use super::words::{Cipher, Connector, Encapsulation, ProvisioningState, SkuFamily, Switch, UseStatus};

resource! {
    /// A port pair.
    top Port(PortProperties) {
        /// The identity that reads MACsec keys.
        identity: Identity,
    }
}

resource! {
    /// One of the two ports.
    child Link(LinkProperties) {}
}

resource! {
    /// A key to a port pair for another subscription.
    child PortAuthorization(PortAuthorizationProperties) {}
}

body! {
    /// What a port pair is.
    PortProperties {
        client {
            /// Where it is.
            peering_location: String,
            /// The bandwidth of each port, in Gbit/s.
            bandwidth_in_gbps: i64,
            /// How VLANs are told apart.
            encapsulation: Encapsulation,
            /// How traffic is paid for.
            billing_type: SkuFamily,
            /// Its links; what a client may set of them is `adminState` and `macSecConfig`.
            links: Vec<Link>,
        }
        service {
            /// The bandwidth of all circuits on it, in Gbit/s.
            provisioned_bandwidth_in_gbps: f64,
            /// `1500`.
            mtu: String,
            /// `0x8100`.
            ether_type: String,
            /// When it was allocated.
            allocation_date: String,
            /// The circuits on it.
            circuits: Vec<Reference>,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
            /// Its GUID.
            resource_guid: String,
        }
    }

    /// What a link is.
    LinkProperties {
        client {
            /// Whether light is on.
            admin_state: Switch,
            /// Its encryption.
            mac_sec_config: MacSecConfig,
        }
        service {
            /// Microsoft's router.
            router_name: String,
            /// Its interface.
            interface_name: String,
            /// The patch panel.
            patch_panel_id: String,
            /// The rack.
            rack_id: String,
            /// The place in the building.
            colo_location: String,
            /// The plug.
            connector_type: Connector,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// The encryption of a link. Names of secrets, no secrets.
    MacSecConfig {
        client {
            /// The address of the key name in a vault.
            ckn_secret_identifier: String,
            /// The address of the key in a vault.
            cak_secret_identifier: String,
            /// The cipher.
            cipher: Cipher,
            /// Whether the channel's id is sent.
            sci_state: Switch,
        }
    }

    /// What an authorization of a port pair is. All of it is the service's.
    PortAuthorizationProperties {
        service {
            /// The key. It is answered, but kept apart from the document: who writes one takes it out.
            authorization_key: Secret,
            /// Whether it is used.
            authorization_use_status: UseStatus,
            /// The circuit that uses it.
            circuit_resource_uri: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// What is asked for with `generateLoa`.
    LoaRequest {
        client {
            /// Whose cross connect it shall be.
            customer_name: String,
        }
    }

    /// The letter of authorization.
    LoaResult {
        client {
            /// A PDF, in base64.
            encoded_content: String,
        }
    }
}
