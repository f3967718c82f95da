//! The numbers of the two formats, by the name of their IANA table.

/// "BMP Message Types".
pub(crate) mod bmp_type {
    pub(crate) const ROUTE_MONITORING: u8 = 0;
    pub(crate) const STATISTICS_REPORT: u8 = 1;
    pub(crate) const PEER_DOWN: u8 = 2;
    pub(crate) const PEER_UP: u8 = 3;
    pub(crate) const INITIATION: u8 = 4;
    pub(crate) const TERMINATION: u8 = 5;
}

/// "BMP Peer Types".
pub(crate) mod peer_type {
    pub(crate) const GLOBAL: u8 = 0;
    pub(crate) const LOCAL: u8 = 2;
}

/// "BMP Peer Flags for Peer Types 0 through 2".
pub(crate) mod peer_flag {
    /// V: the peer's address is IPv6.
    pub(crate) const IPV6: u8 = 0x80;
    /// L: after policy.
    pub(crate) const POST_POLICY: u8 = 0x40;
    /// A: AS_PATH has numbers of two octets.
    pub(crate) const TWO_OCTET_AS: u8 = 0x20;
    /// O: Adj-RIB-Out (RFC 8671).
    pub(crate) const ADJ_RIB_OUT: u8 = 0x10;
}

/// "BMP Initiation Message TLVs".
pub(crate) mod initiation_tlv {
    pub(crate) const STRING: u16 = 0;
    pub(crate) const SYS_DESCR: u16 = 1;
    pub(crate) const SYS_NAME: u16 = 2;
}

/// "BMP Peer Up Message TLVs" (RFC 9736).
pub(crate) mod peer_up_tlv {
    /// RFC 9069.
    pub(crate) const TABLE_NAME: u16 = 3;
}

/// "BMP Termination Message TLVs".
pub(crate) mod termination_tlv {
    pub(crate) const STRING: u16 = 0;
    pub(crate) const REASON: u16 = 1;
}

/// "BMP Peer Down Reason Codes".
pub(crate) mod down {
    pub(crate) const LOCAL_NOTIFICATION: u8 = 1;
    pub(crate) const LOCAL: u8 = 2;
    pub(crate) const REMOTE_NOTIFICATION: u8 = 3;
    pub(crate) const REMOTE: u8 = 4;
    pub(crate) const DE_CONFIGURED: u8 = 5;
}

/// "BMP Statistics Types".
pub(crate) mod statistic {
    pub(crate) const REJECTED: u16 = 0;
    pub(crate) const DUPLICATE_ANNOUNCEMENTS: u16 = 1;
    pub(crate) const DUPLICATE_WITHDRAWALS: u16 = 2;
    pub(crate) const AS_PATH_LOOPS: u16 = 4;
    pub(crate) const ADJ_RIB_IN: u16 = 7;
    pub(crate) const LOC_RIB: u16 = 8;
    pub(crate) const ADJ_RIB_IN_OF: u16 = 9;
    pub(crate) const LOC_RIB_OF: u16 = 10;
    pub(crate) const UPDATES_WITHDRAWN: u16 = 11;
    pub(crate) const PREFIXES_WITHDRAWN: u16 = 12;
    pub(crate) const DUPLICATE_UPDATES: u16 = 13;
    /// RFC 8671.
    pub(crate) const ADJ_RIB_OUT: u16 = 15;
    /// RFC 8671.
    pub(crate) const ADJ_RIB_OUT_OF: u16 = 17;
}

/// "MRT Types" and the subtypes of each.
pub(crate) mod mrt_type {
    pub(crate) const TABLE_DUMP_V2: u16 = 13;
    pub(crate) const BGP4MP_ET: u16 = 17;
}

/// "TABLE_DUMP_V2 Subtypes".
pub(crate) mod table_dump {
    pub(crate) const PEER_INDEX_TABLE: u16 = 1;
    pub(crate) const RIB_IPV4_UNICAST: u16 = 2;
    pub(crate) const RIB_IPV6_UNICAST: u16 = 4;
    /// The flags of a peer: its address is IPv6.
    pub(crate) const PEER_IPV6: u8 = 0x01;
    /// Its AS has four octets.
    pub(crate) const PEER_AS4: u8 = 0x02;
}

/// "BGP4MP Subtypes"; those with ADDPATH by RFC 8050.
pub(crate) mod bgp4mp {
    pub(crate) const MESSAGE: u16 = 1;
    pub(crate) const MESSAGE_AS4: u16 = 4;
    pub(crate) const STATE_CHANGE_AS4: u16 = 5;
    pub(crate) const MESSAGE_LOCAL: u16 = 6;
    pub(crate) const MESSAGE_AS4_LOCAL: u16 = 7;
    pub(crate) const MESSAGE_ADDPATH: u16 = 8;
    pub(crate) const MESSAGE_AS4_ADDPATH: u16 = 9;
}
