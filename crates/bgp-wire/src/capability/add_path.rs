//! The capability of several paths for a prefix (RFC 7911, section 4).
//!
//! ```text
//! +--------------------------------+
//! | AFI (2 octets)                 |
//! | SAFI (1 octet)                 |
//! | Send/Receive (1 octet)         |   once for each family
//! +--------------------------------+
//! ```

use crate::AfiSafi;
use crate::reader::Reader;

/// One family of the capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddPathEntry {
    /// The family.
    pub family: AfiSafi,
    /// What the sender is able to do with it.
    pub mode: AddPathMode,
}

/// What a speaker is able to do with several paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddPathMode {
    /// Take them.
    Receive,
    /// Send them.
    Send,
    /// Both.
    Both,
}

impl AddPathMode {
    /// Whether it takes them.
    pub fn receives(self) -> bool {
        matches!(self, Self::Receive | Self::Both)
    }

    /// Whether it sends them.
    pub fn sends(self) -> bool {
        matches!(self, Self::Send | Self::Both)
    }
}

/// At most so many fit into the one octet of length.
const MOST: usize = 63;

/// `None` when a value is undefined, which makes the capability one to ignore.
pub(super) fn read(value: &[u8]) -> Option<Vec<AddPathEntry>> {
    let mut reader = Reader::new(value);
    let mut entries = Vec::with_capacity(value.len() / 4);
    while !reader.is_empty() {
        let family = AfiSafi { afi: reader.u16()?, safi: reader.u8()? };
        let mode = match reader.u8()? {
            1 => AddPathMode::Receive,
            2 => AddPathMode::Send,
            3 => AddPathMode::Both,
            _ => return None,
        };
        entries.push(AddPathEntry { family, mode });
    }
    Some(entries)
}

pub(super) fn write(entries: &[AddPathEntry], out: &mut Vec<u8>) {
    for AddPathEntry { family, mode } in entries.iter().take(MOST) {
        out.extend_from_slice(&family.afi.to_be_bytes());
        let mode = match mode {
            AddPathMode::Receive => 1,
            AddPathMode::Send => 2,
            AddPathMode::Both => 3,
        };
        out.extend_from_slice(&[family.safi, mode]);
    }
}
