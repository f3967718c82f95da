//! Rows that edges answer with: ARP, routes, sessions (spec 07, 10). Only answered.

use super::macros::body;

body! {
    /// A row of an ARP table.
    ArpRow {
        client {
            /// Minutes.
            age: i64,
            /// `On-Prem` or `Microsoft`.
            interface: String,
            /// The address.
            ip_address: String,
            /// The hardware address, like `ffff.eeee.dddd`.
            mac_address: String,
        }
    }

    /// A row of a route table.
    RouteRow {
        client {
            /// The prefix.
            network: String,
            /// The next hop.
            next_hop: String,
            /// The local preference, as text.
            loc_prf: String,
            /// The weight.
            weight: i64,
            /// The AS path, as text.
            path: String,
        }
    }

    /// A row of the sessions of a circuit.
    SummaryRow {
        client {
            /// The neighbour.
            neighbor: String,
            /// The version of BGP: 4.
            v: i64,
            /// Its AS number.
            #[serde(rename = "as")]
            asn: i64,
            /// For how long, like `1d2h`; `never`.
            up_down: String,
            /// How many prefixes, or the state that is not `Established`.
            state_pfx_rcd: String,
        }
    }

    /// A row of the sessions of a cross connection: the same under other names.
    CrossSummaryRow {
        client {
            /// The neighbour.
            neighbor: String,
            /// Its AS number.
            asn: i64,
            /// For how long.
            up_down: String,
            /// How many prefixes, or the state that is not `Established`.
            state_or_prefixes_received: String,
        }
    }

    /// A route of a gateway.
    GatewayRoute {
        client {
            /// The gateway's address.
            local_address: String,
            /// The prefix.
            network: String,
            /// The next hop.
            next_hop: String,
            /// Who said so.
            source_peer: String,
            /// `Network`, `EBgp` or `IBgp`.
            origin: String,
            /// The AS path, like `65010-65020`.
            as_path: String,
            /// The weight.
            weight: i64,
        }
    }

    /// A session of a gateway.
    BgpPeerStatus {
        client {
            /// The gateway's address.
            local_address: String,
            /// The neighbour.
            neighbor: String,
            /// Its AS number.
            asn: i64,
            /// `Unknown`, `Stopped`, `Idle`, `Connecting` or `Connected`.
            state: String,
            /// For how long, like `1.02:03:04`.
            connected_duration: String,
            /// How many routes came.
            routes_received: i64,
            /// How many messages went.
            messages_sent: i64,
            /// How many messages came.
            messages_received: i64,
        }
    }
}
