//! Records of a file (MRT, RFC 6396).
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! |                          Seconds                              |
//! +---------------+---------------+---------------+---------------+
//! |             Type              |            Subtype            |
//! +---------------+---------------+---------------+---------------+
//! |             Length of what follows                            |
//! +---------------+---------------+---------------+---------------+
//! |             Microseconds, in types with "ET"                  |
//! +---------------+---------------+---------------+---------------+
//! ```
//!
//! A dump is one [`peer_index_table`] and then a [`rib`] for each prefix, which names peers by their place in
//! that table. A log is [`message`] and [`state_change`] as things happen. A file has no head and no end: records
//! follow each other, and two files together are one.

mod log;
mod table;

pub use log::{Ends, Sender, State, message, state_change};
pub use table::{Path, TablePeer, peer_index_table, rib, template};

use crate::{Stamp, iana, writer};

/// Appends a header for a record that follows; [`finish`] puts in the length. Types with an extended time stamp
/// get their microseconds.
fn begin(out: &mut Vec<u8>, stamp: Stamp, kind: u16, subtype: u16) -> usize {
    let start = out.len();
    writer::u32(out, stamp.seconds);
    writer::u16(out, kind);
    writer::u16(out, subtype);
    writer::u32(out, 0);
    if kind == iana::mrt_type::BGP4MP_ET {
        writer::u32(out, stamp.microseconds);
    }
    start
}

fn finish(start: usize, out: &mut [u8]) {
    writer::length(out, start + 8, start + 12);
}
