//! The numbers of the protocol, by the name of their IANA table.
//!
//! Only what this room reads or writes is here; a number that has no name here is kept as a number.

/// "BGP Message Types".
pub mod message_type {
    /// RFC 4271.
    pub const OPEN: u8 = 1;
    /// RFC 4271.
    pub const UPDATE: u8 = 2;
    /// RFC 4271.
    pub const NOTIFICATION: u8 = 3;
    /// RFC 4271.
    pub const KEEPALIVE: u8 = 4;
    /// RFC 2918.
    pub const ROUTE_REFRESH: u8 = 5;
}

/// "BGP OPEN Optional Parameter Types".
pub mod open_parameter {
    /// RFC 5492.
    pub const CAPABILITIES: u8 = 2;
    /// RFC 9072: the parameters have 16-bit lengths.
    pub const EXTENDED_LENGTH: u8 = 255;
}

/// "Capability Codes".
pub mod capability {
    /// RFC 4760.
    pub const MULTIPROTOCOL: u8 = 1;
    /// RFC 2918.
    pub const ROUTE_REFRESH: u8 = 2;
    /// RFC 8654.
    pub const EXTENDED_MESSAGE: u8 = 6;
    /// RFC 9234.
    pub const ROLE: u8 = 9;
    /// RFC 4724.
    pub const GRACEFUL_RESTART: u8 = 64;
    /// RFC 6793.
    pub const FOUR_OCTET_AS: u8 = 65;
    /// RFC 7911.
    pub const ADD_PATH: u8 = 69;
    /// RFC 7313.
    pub const ENHANCED_ROUTE_REFRESH: u8 = 70;
}

/// "Address Family Numbers".
pub mod afi {
    /// IPv4.
    pub const IPV4: u16 = 1;
    /// IPv6.
    pub const IPV6: u16 = 2;
}

/// "Subsequent Address Family Identifiers (SAFI) Parameters".
pub mod safi {
    /// Unicast forwarding (RFC 4760).
    pub const UNICAST: u8 = 1;
}

/// "BGP Role Value" (RFC 9234).
pub mod role {
    /// The sender sells transit to the receiver.
    pub const PROVIDER: u8 = 0;
    /// Route server.
    pub const RS: u8 = 1;
    /// Client of a route server.
    pub const RS_CLIENT: u8 = 2;
    /// The sender buys transit from the receiver.
    pub const CUSTOMER: u8 = 3;
    /// Lateral peer.
    pub const PEER: u8 = 4;
}

/// "BGP Route Refresh Subcodes" (RFC 7313).
pub mod refresh_subtype {
    /// A request to send all routes again (RFC 2918).
    pub const REQUEST: u8 = 0;
    /// Beginning of a route refresh, BoRR.
    pub const BEGIN: u8 = 1;
    /// End of a route refresh, EoRR.
    pub const END: u8 = 2;
}

/// "BGP Path Attributes".
pub mod attribute {
    /// RFC 4271.
    pub const ORIGIN: u8 = 1;
    /// RFC 4271.
    pub const AS_PATH: u8 = 2;
    /// RFC 4271.
    pub const NEXT_HOP: u8 = 3;
    /// RFC 4271.
    pub const MULTI_EXIT_DISC: u8 = 4;
    /// RFC 4271.
    pub const LOCAL_PREF: u8 = 5;
    /// RFC 4271.
    pub const ATOMIC_AGGREGATE: u8 = 6;
    /// RFC 4271.
    pub const AGGREGATOR: u8 = 7;
    /// RFC 1997.
    pub const COMMUNITIES: u8 = 8;
    /// RFC 4456.
    pub const ORIGINATOR_ID: u8 = 9;
    /// RFC 4456.
    pub const CLUSTER_LIST: u8 = 10;
    /// RFC 4760.
    pub const MP_REACH_NLRI: u8 = 14;
    /// RFC 4760.
    pub const MP_UNREACH_NLRI: u8 = 15;
    /// RFC 4360.
    pub const EXTENDED_COMMUNITIES: u8 = 16;
    /// RFC 6793.
    pub const AS4_PATH: u8 = 17;
    /// RFC 6793.
    pub const AS4_AGGREGATOR: u8 = 18;
    /// RFC 8092.
    pub const LARGE_COMMUNITY: u8 = 32;
    /// RFC 9234, Only to Customer.
    pub const OTC: u8 = 35;

    /// The name of a type code as the table has it, `attribute` for one that this room does not read.
    pub fn name(code: u8) -> &'static str {
        match code {
            ORIGIN => "ORIGIN",
            AS_PATH => "AS_PATH",
            NEXT_HOP => "NEXT_HOP",
            MULTI_EXIT_DISC => "MULTI_EXIT_DISC",
            LOCAL_PREF => "LOCAL_PREF",
            ATOMIC_AGGREGATE => "ATOMIC_AGGREGATE",
            AGGREGATOR => "AGGREGATOR",
            COMMUNITIES => "COMMUNITIES",
            ORIGINATOR_ID => "ORIGINATOR_ID",
            CLUSTER_LIST => "CLUSTER_LIST",
            MP_REACH_NLRI => "MP_REACH_NLRI",
            MP_UNREACH_NLRI => "MP_UNREACH_NLRI",
            EXTENDED_COMMUNITIES => "EXTENDED COMMUNITIES",
            AS4_PATH => "AS4_PATH",
            AS4_AGGREGATOR => "AS4_AGGREGATOR",
            LARGE_COMMUNITY => "LARGE_COMMUNITY",
            OTC => "Only to Customer (OTC)",
            _ => "attribute",
        }
    }
}

/// The high bits of the flags octet of a path attribute (RFC 4271, section 4.3).
pub mod attribute_flag {
    /// Optional; well-known when clear.
    pub const OPTIONAL: u8 = 0x80;
    /// Passed on by speakers that do not know the attribute.
    pub const TRANSITIVE: u8 = 0x40;
    /// Some speaker on the way did not know the attribute.
    pub const PARTIAL: u8 = 0x20;
    /// The length has two octets.
    pub const EXTENDED_LENGTH: u8 = 0x10;
}

/// "BGP ORIGIN Attribute values" (RFC 4271, section 5.1.1).
pub mod origin {
    /// Interior to the originating AS.
    pub const IGP: u8 = 0;
    /// Learned by EGP.
    pub const EGP: u8 = 1;
    /// Learned by other means.
    pub const INCOMPLETE: u8 = 2;
}

/// "BGP AS_PATH Segment Types".
pub mod segment {
    /// Unordered (RFC 4271; no longer sent, RFC 9774).
    pub const AS_SET: u8 = 1;
    /// Ordered (RFC 4271).
    pub const AS_SEQUENCE: u8 = 2;
    /// Ordered, of a confederation (RFC 5065).
    pub const AS_CONFED_SEQUENCE: u8 = 3;
    /// Unordered, of a confederation (RFC 5065).
    pub const AS_CONFED_SET: u8 = 4;
}

/// "BGP Error (Notification) Codes".
pub mod error_code {
    /// RFC 4271.
    pub const MESSAGE_HEADER: u8 = 1;
    /// RFC 4271.
    pub const OPEN: u8 = 2;
    /// RFC 4271.
    pub const UPDATE: u8 = 3;
    /// RFC 4271.
    pub const HOLD_TIMER_EXPIRED: u8 = 4;
    /// RFC 4271.
    pub const FINITE_STATE_MACHINE: u8 = 5;
    /// RFC 4271.
    pub const CEASE: u8 = 6;
    /// RFC 7313.
    pub const ROUTE_REFRESH: u8 = 7;
    /// RFC 9687.
    pub const SEND_HOLD_TIMER_EXPIRED: u8 = 8;
}

/// "BGP Well-known Communities".
pub mod community {
    use model::Community;

    /// The route is being drained; prefer any other (RFC 8326).
    pub const GRACEFUL_SHUTDOWN: Community = Community { asn: 65535, value: 0 };
    /// The route is stale and kept for long (RFC 9494).
    pub const LLGR_STALE: Community = Community { asn: 65535, value: 6 };
    /// The route must not be kept as stale for long (RFC 9494).
    pub const NO_LLGR: Community = Community { asn: 65535, value: 7 };
    /// Drop traffic to the prefix (RFC 7999).
    pub const BLACKHOLE: Community = Community { asn: 65535, value: 666 };
    /// Keep within the AS or confederation (RFC 1997).
    pub const NO_EXPORT: Community = Community { asn: 65535, value: 0xFF01 };
    /// Tell nobody (RFC 1997).
    pub const NO_ADVERTISE: Community = Community { asn: 65535, value: 0xFF02 };
    /// Keep within the AS (RFC 1997).
    pub const NO_EXPORT_SUBCONFED: Community = Community { asn: 65535, value: 0xFF03 };
    /// Tell no lateral peer (RFC 3765).
    pub const NOPEER: Community = Community { asn: 65535, value: 0xFF04 };
}

/// "Special-Purpose AS Numbers".
pub mod asn {
    use model::Asn;

    /// Stands for a number that does not fit two octets (RFC 6793).
    pub const AS_TRANS: Asn = Asn(23456);
}
