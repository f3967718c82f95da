//! `…/expressRouteCircuits/peerings`, and the peerings of cross connections.

use super::common::Reference;
use super::macros::{body, resource};
use super::reach::{CircuitConnection, PeerCircuitConnection};
use super::words::{ModifiedBy, PeeringType, PrefixesState, ProvisioningState, Switch};

resource! {
    /// A peering of a circuit.
    child Peering(PeeringProperties) {}
}

body! {
    /// What a peering is.
    PeeringProperties {
        client {
            /// Its kind; also its name.
            peering_type: PeeringType,
            /// Whether it runs.
            state: Switch,
            /// The AS number of the customer.
            #[serde(rename = "peerASN")]
            peer_asn: i64,
            /// The /30 of the primary link.
            primary_peer_address_prefix: String,
            /// The /30 of the secondary link.
            secondary_peer_address_prefix: String,
            /// The VLAN on both links.
            vlan_id: i64,
            /// Of a Microsoft peering.
            microsoft_peering_config: MicrosoftPeeringConfig,
            /// Echoed.
            gateway_manager_etag: String,
            /// The route filter of a Microsoft peering.
            route_filter: Reference,
            /// Its IPv6 half.
            ipv6_peering_config: Ipv6PeeringConfig,
            /// Global Reach from here.
            connections: Vec<CircuitConnection>,
        }
        service {
            /// The AS number of Microsoft.
            #[serde(rename = "azureASN")]
            azure_asn: i64,
            /// The port of the primary link.
            primary_azure_port: String,
            /// The port of the secondary link.
            secondary_azure_port: String,
            /// Its counters.
            stats: Stats,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
            /// Who wrote it last.
            last_modified_by: ModifiedBy,
            /// Global Reach from the other side.
            peered_connections: Vec<PeerCircuitConnection>,
        }
        secret {
            /// The MD5 key of its sessions.
            shared_key,
        }
    }

    /// What a Microsoft peering announces, and on whose behalf.
    MicrosoftPeeringConfig {
        client {
            /// The prefixes that the customer announces.
            advertised_public_prefixes: Vec<String>,
            /// Each prefix with its proof, in newer versions.
            advertised_public_prefix_info: Vec<AdvertisedPrefix>,
            /// Communities, as BGP has them.
            advertised_communities: Vec<String>,
            /// Legacy mode, 0 or 1.
            legacy_mode: i64,
            /// The AS number that the prefixes are registered for.
            #[serde(rename = "customerASN")]
            customer_asn: i64,
            /// The registry of prefixes and AS number; `NONE` when nothing was said.
            routing_registry_name: String,
        }
        service {
            /// Whether the prefixes are proven.
            advertised_public_prefixes_state: PrefixesState,
        }
    }

    /// A prefix and its proof.
    AdvertisedPrefix {
        client {
            /// The prefix.
            prefix: String,
            /// The text to sign.
            validation_id: String,
            /// The signed text.
            signature: String,
        }
        service {
            /// Whether it is proven.
            validation_state: String,
        }
    }

    /// The IPv6 half of a peering.
    Ipv6PeeringConfig {
        client {
            /// The /126 of the primary link.
            primary_peer_address_prefix: String,
            /// The /126 of the secondary link.
            secondary_peer_address_prefix: String,
            /// Of a Microsoft peering.
            microsoft_peering_config: MicrosoftPeeringConfig,
            /// The route filter of a Microsoft peering.
            route_filter: Reference,
            /// Whether it runs.
            state: Switch,
        }
    }

    /// Counters of both links, in bytes. The names are spelled like this.
    Stats {
        client {
            /// Received on the primary link.
            #[serde(rename = "primarybytesIn")]
            primary_bytes_in: i64,
            /// Sent on the primary link.
            #[serde(rename = "primarybytesOut")]
            primary_bytes_out: i64,
            /// Received on the secondary link.
            #[serde(rename = "secondarybytesIn")]
            secondary_bytes_in: i64,
            /// Sent on the secondary link.
            #[serde(rename = "secondarybytesOut")]
            secondary_bytes_out: i64,
        }
    }
}
