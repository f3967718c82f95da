//! `Microsoft.Network/publicIPAddresses`.

use super::common::Reference;
use super::macros::{body, resource};
use super::words::{AllocationMethod, IpVersion, ProvisioningState};
use serde_json::Value;

resource! {
    /// A public address.
    top PublicIp(PublicIpProperties) {
        /// What was ordered of it.
        sku: PublicIpSku,
        /// The zones that it is in.
        zones: Vec<String>,
        /// The edge zone. Echoed.
        extended_location: Value,
    }
}

body! {
    /// The SKU of a public address.
    PublicIpSku {
        client {
            /// `Basic`, `Standard`, `StandardV2`.
            name: String,
            /// `Regional` or `Global`.
            tier: String,
        }
    }

    /// What a public address is.
    PublicIpProperties {
        client {
            /// How it is given out.
            #[serde(rename = "publicIPAllocationMethod")]
            allocation_method: AllocationMethod,
            /// Its version.
            #[serde(rename = "publicIPAddressVersion")]
            version: IpVersion,
            /// Its names.
            dns_settings: DnsSettings,
            /// Echoed.
            ddos_settings: Value,
            /// Echoed.
            ip_tags: Vec<Value>,
            /// Echoed.
            #[serde(rename = "publicIPPrefix")]
            public_ip_prefix: Reference,
            /// Minutes.
            idle_timeout_in_minutes: i64,
            /// Echoed.
            delete_option: String,
        }
        service {
            /// The address.
            ip_address: String,
            /// What uses it.
            ip_configuration: Reference,
            /// Its GUID.
            resource_guid: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// Names of a public address.
    DnsSettings {
        client {
            /// The label.
            domain_name_label: String,
            /// Who else may reuse it. Echoed.
            domain_name_label_scope: String,
            /// The whole name.
            fqdn: String,
            /// The name that the address has.
            reverse_fqdn: String,
        }
    }
}
