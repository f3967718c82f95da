//! The capability of graceful restart (RFC 4724, section 3; the N flag by RFC 8538, section 2).
//!
//! ```text
//! +--------------------------------------------------+
//! | R | N | reserved (2 bits) | Restart time (12)    |
//! +--------------------------------------------------+
//! | AFI (2 octets) | SAFI (1) | F | reserved (7)     |   once for each family
//! +--------------------------------------------------+
//! ```

use crate::reader::Reader;
use crate::{AfiSafi, OutOfRange};

/// What a speaker says of its restarts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GracefulRestart {
    /// R: the sender has just restarted.
    pub restarted: bool,
    /// N: the sender keeps routes over a NOTIFICATION too (RFC 8538).
    pub notification: bool,
    /// How long its session may take to come back.
    pub time: RestartTime,
    /// The families whose routes it can keep.
    pub families: Vec<RestartFamily>,
}

/// A family whose routes are kept over a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RestartFamily {
    /// The family.
    pub family: AfiSafi,
    /// F: the sender's forwarding went on over its last restart.
    pub forwarding: bool,
}

/// Seconds, 0 to 4095.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RestartTime(u16);

impl RestartTime {
    /// The time in seconds.
    pub fn seconds(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for RestartTime {
    type Error = OutOfRange;

    fn try_from(seconds: u16) -> Result<Self, OutOfRange> {
        match seconds {
            0..=0x0FFF => Ok(Self(seconds)),
            _ => Err(OutOfRange { what: "a restart time of", value: seconds.into(), allowed: "0..=4095 s" }),
        }
    }
}

const RESTARTED: u16 = 0x8000;
const NOTIFICATION: u16 = 0x4000;
const TIME: u16 = 0x0FFF;
const FORWARDING: u8 = 0x80;

/// At most so many families fit into the one octet of length.
const MOST: usize = 63;

impl GracefulRestart {
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(value);
        let head = reader.u16()?;
        let mut families = Vec::with_capacity(value.len() / 4);
        while !reader.is_empty() {
            let family = AfiSafi { afi: reader.u16()?, safi: reader.u8()? };
            families.push(RestartFamily { family, forwarding: reader.u8()? & FORWARDING != 0 });
        }
        Some(Self {
            restarted: head & RESTARTED != 0,
            notification: head & NOTIFICATION != 0,
            time: RestartTime(head & TIME),
            families,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let flag = |set: bool, bit: u16| if set { bit } else { 0 };
        let head = flag(self.restarted, RESTARTED) | flag(self.notification, NOTIFICATION) | self.time.0;
        out.extend_from_slice(&head.to_be_bytes());
        for RestartFamily { family, forwarding } in self.families.iter().take(MOST) {
            out.extend_from_slice(&family.afi.to_be_bytes());
            out.extend_from_slice(&[family.safi, if *forwarding { FORWARDING } else { 0 }]);
        }
    }
}
