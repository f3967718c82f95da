//! BGP4MP (RFC 6396, section 4.4): what happened on a session, with microseconds.
//!
//! ```text
//! | Peer AS (4, or 2)             |
//! | Local AS (4, or 2)            |
//! | Interface (2) | Family (2)    |
//! | Peer address (4 or 16)        |
//! | Local address (4 or 16)       |
//! | Message, or two states        |
//! ```

use super::{begin, finish};
use crate::iana::{bgp4mp, mrt_type};
use crate::{Stamp, writer};
use bgp_wire::{Session, iana::afi, iana::asn::AS_TRANS};
use model::Asn;
use std::net::IpAddr;

/// The two ends of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ends {
    /// The peer's AS.
    pub peer_as: Asn,
    /// Ours.
    pub local_as: Asn,
    /// The peer's address.
    pub peer: IpAddr,
    /// Ours; of the same family.
    pub local: IpAddr,
}

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// The peer.
    Peer,
    /// We did.
    Local,
}

/// A state of a session (RFC 4271, section 8.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nothing is tried.
    Idle,
    /// A connection is being opened.
    Connect,
    /// A connection is waited for.
    Active,
    /// Our OPEN is out.
    OpenSent,
    /// The peer's OPEN was good.
    OpenConfirm,
    /// Routes are exchanged.
    Established,
}

impl State {
    fn code(self) -> u16 {
        match self {
            Self::Idle => 1,
            Self::Connect => 2,
            Self::Active => 3,
            Self::OpenSent => 4,
            Self::OpenConfirm => 5,
            Self::Established => 6,
        }
    }
}

/// Logs a message, all of it with its header, as it was on the wire. The session tells how its UPDATEs are to be
/// read: with AS numbers of four octets, with path identifiers (RFC 8050). Before there is one, any will do.
pub fn message(out: &mut Vec<u8>, stamp: Stamp, ends: &Ends, session: &Session, sender: Sender, message: &[u8]) {
    // We never send path identifiers.
    let with_ids = session.add_path.v4 || session.add_path.v6;
    let subtype = match (sender, session.four_octet_as, with_ids) {
        (Sender::Peer, true, false) => bgp4mp::MESSAGE_AS4,
        (Sender::Peer, true, true) => bgp4mp::MESSAGE_AS4_ADDPATH,
        (Sender::Peer, false, false) => bgp4mp::MESSAGE,
        (Sender::Peer, false, true) => bgp4mp::MESSAGE_ADDPATH,
        (Sender::Local, true, _) => bgp4mp::MESSAGE_AS4_LOCAL,
        (Sender::Local, false, _) => bgp4mp::MESSAGE_LOCAL,
    };
    let start = begin(out, stamp, mrt_type::BGP4MP_ET, subtype);
    ends.write(out, session.four_octet_as);
    out.extend_from_slice(message);
    finish(start, out);
}

/// Logs that a session went from one state to another.
pub fn state_change(out: &mut Vec<u8>, stamp: Stamp, ends: &Ends, from: State, to: State) {
    let start = begin(out, stamp, mrt_type::BGP4MP_ET, bgp4mp::STATE_CHANGE_AS4);
    ends.write(out, true);
    writer::u16(out, from.code());
    writer::u16(out, to.code());
    finish(start, out);
}

impl Ends {
    fn write(&self, out: &mut Vec<u8>, wide: bool) {
        for Asn(number) in [self.peer_as, self.local_as] {
            match u16::try_from(number) {
                _ if wide => writer::u32(out, number),
                Ok(number) => writer::u16(out, number),
                Err(_) => writer::u16(out, AS_TRANS.0 as u16),
            }
        }
        // The interface is not known here.
        writer::u16(out, 0);
        writer::u16(out, if self.peer.is_ipv6() { afi::IPV6 } else { afi::IPV4 });
        writer::address(out, self.peer);
        writer::address(out, self.local);
    }
}
