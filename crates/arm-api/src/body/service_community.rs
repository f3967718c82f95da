//! `Microsoft.Network/bgpServiceCommunities`: what route filters can name. Only answered.

use super::macros::{body, resource};

resource! {
    /// A service or region.
    top ServiceCommunity(ServiceCommunityProperties) {}
}

body! {
    /// Its communities.
    ServiceCommunityProperties {
        client {
            /// The service.
            service_name: String,
            /// Its communities.
            bgp_communities: Vec<BgpCommunity>,
        }
    }

    /// A community.
    BgpCommunity {
        client {
            /// Where it is served, like `Global`.
            service_supported_region: String,
            /// For people.
            community_name: String,
            /// Like `12076:51004`.
            community_value: String,
            /// What is announced with it.
            community_prefixes: Vec<String>,
            /// Whether this subscription may name it.
            is_authorized_to_use: bool,
            /// The group of services.
            service_group: String,
        }
    }
}
