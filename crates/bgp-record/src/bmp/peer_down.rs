//! Peer Down (RFC 7854, section 4.9): a session ended, and who ended it.

use super::{Peer, begin, finish};
use crate::iana::{bmp_type, down};
use crate::{Stamp, writer};
use bgp_wire::{EXTENDED_LIMIT, Notification};

/// Who ended a session, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Down<'a> {
    /// We did, with this NOTIFICATION.
    Local(&'a Notification),
    /// We did, without one, upon this event of RFC 4271, section 8.1; 0 when none fits.
    LocalSilent(u16),
    /// The peer did, with this NOTIFICATION.
    Remote(&'a Notification),
    /// The peer did, without one: the connection was closed or reset.
    RemoteSilent,
    /// It may go on; the station is told no more of it.
    NoLongerMonitored,
}

/// Says that a session ended, and that all its routes are gone. The stamp is when.
pub fn peer_down(out: &mut Vec<u8>, peer: &Peer, stamp: Stamp, how: Down<'_>) {
    let start = begin(bmp_type::PEER_DOWN, out);
    peer.write(out, stamp, 0);
    match how {
        Down::Local(notification) => {
            out.push(down::LOCAL_NOTIFICATION);
            notification.write(EXTENDED_LIMIT, out);
        }
        Down::LocalSilent(event) => {
            out.push(down::LOCAL);
            writer::u16(out, event);
        }
        Down::Remote(notification) => {
            out.push(down::REMOTE_NOTIFICATION);
            notification.write(EXTENDED_LIMIT, out);
        }
        Down::RemoteSilent => out.push(down::REMOTE),
        Down::NoLongerMonitored => out.push(down::DE_CONFIGURED),
    }
    finish(start, out);
}
