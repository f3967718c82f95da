//! The header of every message that is about a session (RFC 7854, section 4.2).
//!
//! ```text
//! +---------------+---------------+
//! |  Type         |  Flags        |
//! +---------------+---------------+---------------+---------------+
//! |  Distinguisher (8), zero for the global instance              |
//! |  Address (16), IPv4 in the last four                          |
//! |  AS (4)                                                       |
//! |  BGP identifier (4)                                           |
//! |  Seconds (4)                                                  |
//! |  Microseconds (4)                                             |
//! +---------------+---------------+---------------+---------------+
//! ```

use crate::iana::{peer_flag, peer_type};
use crate::{Stamp, writer};
use bgp_wire::RouterId;
use model::Asn;
use std::net::IpAddr;

/// Which table the session feeds. The same address may be a peer in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Instance {
    /// The one table of a router without others.
    Global,
    /// A routing domain, by a number that no other domain of this router has ("Local Instance Peer").
    Local(u64),
}

/// An established session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Which table it feeds.
    pub instance: Instance,
    /// The remote address of the connection.
    pub address: IpAddr,
    /// The peer's AS.
    pub asn: Asn,
    /// The peer's BGP identifier.
    pub router_id: RouterId,
    /// AS_PATH in the UPDATEs that are passed on has numbers of four octets.
    pub four_octet_as: bool,
}

/// Which routes of a session an UPDATE shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// Received, before policy.
    Received,
    /// Received, after policy.
    Accepted,
    /// To be sent, before policy (RFC 8671).
    Candidate,
    /// Sent, after policy (RFC 8671).
    Sent,
}

impl View {
    pub(super) fn flags(self) -> u8 {
        match self {
            Self::Received => 0,
            Self::Accepted => peer_flag::POST_POLICY,
            Self::Candidate => peer_flag::ADJ_RIB_OUT,
            Self::Sent => peer_flag::ADJ_RIB_OUT | peer_flag::POST_POLICY,
        }
    }
}

impl Peer {
    /// Appends the header. `flags` are those that depend on the message.
    pub(super) fn write(&self, out: &mut Vec<u8>, stamp: Stamp, flags: u8) {
        let (kind, distinguisher) = match self.instance {
            Instance::Global => (peer_type::GLOBAL, 0),
            Instance::Local(number) => (peer_type::LOCAL, number),
        };
        let family = if self.address.is_ipv6() { peer_flag::IPV6 } else { 0 };
        let narrow = if self.four_octet_as { 0 } else { peer_flag::TWO_OCTET_AS };
        out.extend_from_slice(&[kind, flags | family | narrow]);
        writer::u64(out, distinguisher);
        wide_address(out, self.address);
        writer::u32(out, self.asn.0);
        writer::u32(out, self.router_id.number());
        writer::u32(out, stamp.seconds);
        writer::u32(out, stamp.microseconds);
    }
}

/// An address in sixteen octets: zeros before one of four.
pub(super) fn wide_address(out: &mut Vec<u8>, address: IpAddr) {
    if address.is_ipv4() {
        out.extend_from_slice(&[0; 12]);
    }
    writer::address(out, address);
}
