//! The stream to a monitoring station (BMP, RFC 7854).
//!
//! ```text
//! +---------------+
//! |  Version, 3   |
//! +---------------+---------------+---------------+---------------+
//! |                Length of the message, all of it               |
//! +---------------+---------------+---------------+---------------+
//! |  Type         |
//! +---------------+
//! ```
//!
//! The order on a new connection: [`initiation`], then for each session that is up [`peer_up`], its routes as
//! [`route_monitoring`] and an End-of-RIB for each family; after that whatever happens. [`termination`] is the
//! last word. Nothing is ever read from the station.
//!
//! Routes go out as UPDATEs: those received, byte for byte, while they come, and for what was there before
//! UPDATEs made of the table.

mod peer;
mod peer_down;
mod peer_up;
mod statistics;

pub use peer::{Instance, Peer, View};
pub use peer_down::{Down, peer_down};
pub use peer_up::{PeerUp, peer_up};
pub use statistics::{Statistic, statistics};

use crate::iana::{bmp_type, initiation_tlv, termination_tlv};
use crate::{Stamp, writer};

/// The version of BMP that is spoken.
pub const VERSION: u8 = 3;

/// Says who speaks (RFC 7854, section 4.3): the name and the description of the system, and a free text if it is
/// not empty. Texts are cut at 65,535 bytes.
pub fn initiation(out: &mut Vec<u8>, name: &str, description: &str, text: &str) {
    let start = begin(bmp_type::INITIATION, out);
    if !text.is_empty() {
        tlv(out, initiation_tlv::STRING, text);
    }
    tlv(out, initiation_tlv::SYS_DESCR, description);
    tlv(out, initiation_tlv::SYS_NAME, name);
    finish(start, out);
}

/// Why a stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The operator said so; it may be opened again.
    Administrative,
    /// No reason is given.
    Unspecified,
    /// No memory or the like.
    OutOfResources,
    /// There is another connection to the same station.
    Redundant,
    /// The operator said so, and the station should not come back.
    Permanent,
}

/// Says that the stream ends (RFC 7854, section 4.5), with a text if it is not empty.
pub fn termination(out: &mut Vec<u8>, ending: Ending, text: &str) {
    let start = begin(bmp_type::TERMINATION, out);
    if !text.is_empty() {
        tlv(out, termination_tlv::STRING, text);
    }
    let reason = match ending {
        Ending::Administrative => 0,
        Ending::Unspecified => 1,
        Ending::OutOfResources => 2,
        Ending::Redundant => 3,
        Ending::Permanent => 4,
    };
    writer::u16(out, termination_tlv::REASON);
    writer::u16(out, 2);
    writer::u16(out, reason);
    finish(start, out);
}

/// Passes on an UPDATE of a session (RFC 7854, section 4.6), or what one would have been for routes that were
/// there before the station.
///
/// `update` is the whole message with its header, as on the wire of a session with
/// [`Peer::four_octet_as`]; an End-of-RIB is one too. The stamp is when the routes came.
pub fn route_monitoring(out: &mut Vec<u8>, peer: &Peer, stamp: Stamp, view: View, update: &[u8]) {
    let start = begin(bmp_type::ROUTE_MONITORING, out);
    peer.write(out, stamp, view.flags());
    out.extend_from_slice(update);
    finish(start, out);
}

/// Appends a header for a message that follows; [`finish`] puts in the length.
fn begin(kind: u8, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[VERSION, 0, 0, 0, 0, kind]);
    start
}

fn finish(start: usize, out: &mut [u8]) {
    writer::length(out, start + 1, start);
}

/// ```text
/// | Type (2) | Length (2) | Value (variable) |
/// ```
fn tlv(out: &mut Vec<u8>, kind: u16, text: &str) {
    let text = writer::cut(text, u16::MAX.into());
    writer::u16(out, kind);
    writer::u16(out, text.len() as u16);
    out.extend_from_slice(text.as_bytes());
}
