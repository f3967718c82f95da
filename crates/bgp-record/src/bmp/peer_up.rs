//! Peer Up (RFC 7854, section 4.10): a session was established.
//!
//! ```text
//! | Header and peer                        |
//! | Local address (16)                     |
//! | Local port (2) | Remote port (2)       |
//! | OPEN that was sent                     |
//! | OPEN that was received                 |
//! | Information: type, length, text        |
//! ```

use super::peer::wide_address;
use super::{Peer, begin, finish, tlv};
use crate::iana::{bmp_type, peer_up_tlv};
use crate::{Stamp, writer};
use bgp_wire::{Open, Oversize};
use std::net::SocketAddr;

/// How a session came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerUp<'a> {
    /// Our end of the connection.
    pub local: SocketAddr,
    /// The port of the peer's end.
    pub remote_port: u16,
    /// Our OPEN.
    pub sent: &'a Open,
    /// The peer's.
    pub received: &'a Open,
    /// The name of the table that the session feeds (RFC 9069), at most 255 bytes; empty for none.
    pub table: &'a str,
}

/// Says that a session was established. The stamp is when.
///
/// # Errors
///
/// When one of the OPENs does not fit a message, which cannot be for two that were sent. Nothing is written then.
pub fn peer_up(out: &mut Vec<u8>, peer: &Peer, stamp: Stamp, up: &PeerUp<'_>) -> Result<(), Oversize> {
    let start = begin(bmp_type::PEER_UP, out);
    peer.write(out, stamp, 0);
    wide_address(out, up.local.ip());
    writer::u16(out, up.local.port());
    writer::u16(out, up.remote_port);
    if let Err(oversize) = up.sent.write(out).and_then(|()| up.received.write(out)) {
        out.truncate(start);
        return Err(oversize);
    }
    if !up.table.is_empty() {
        tlv(out, peer_up_tlv::TABLE_NAME, writer::cut(up.table, 255));
    }
    finish(start, out);
    Ok(())
}
