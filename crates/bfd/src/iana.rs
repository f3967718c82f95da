//! The numbers of the protocol, by the name of their IANA registry.

use std::fmt;
use std::ops::RangeInclusive;

/// Registry *Service Name and Transport Protocol Port Number*: `bfd-control`, the UDP destination port of
/// control packets (RFC 5881 section 4).
pub const CONTROL_PORT: u16 = 3784;

/// Registry *Service Name and Transport Protocol Port Number*: `bfd-echo`, the UDP port of echo packets,
/// on which this project neither sends nor listens (RFC 5881 section 4).
pub const ECHO_PORT: u16 = 3785;

/// UDP source ports to send control packets from. A session keeps one for life, and two sessions should
/// not share one (RFC 5881 section 4). What port a peer sends from is not checked.
pub const SOURCE_PORTS: RangeInclusive<u16> = 49152..=65535;

/// TTL or hop limit of every packet sent, and the only one taken (RFC 5881 section 5, RFC 5082).
pub const HOP_LIMIT: u8 = 255;

/// The version of the protocol (RFC 5880 section 4.1).
pub const VERSION: u8 = 1;

/// Registry *BFD Diagnostic Codes*: why a session last went down. Five bits, 0 to 31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Diagnostic(u8);

impl Diagnostic {
    /// 0: no diagnostic.
    pub const NONE: Self = Self(0);
    /// 1: nothing was heard for the detection time.
    pub const DETECTION_TIME_EXPIRED: Self = Self(1);
    /// 2: the echo function failed.
    pub const ECHO_FAILED: Self = Self(2);
    /// 3: the neighbour said that its end is down.
    pub const NEIGHBOR_SIGNALED_DOWN: Self = Self(3);
    /// 4: the forwarding plane was reset.
    pub const FORWARDING_PLANE_RESET: Self = Self(4);
    /// 5: something other than BFD, such as the loss of carrier, told that the path is down.
    pub const PATH_DOWN: Self = Self(5);
    /// 6: a path joined to this one is down.
    pub const CONCATENATED_PATH_DOWN: Self = Self(6);
    /// 7: an operator took the session down.
    pub const ADMINISTRATIVELY_DOWN: Self = Self(7);
    /// 8: a path joined to this one is down in the reverse direction.
    pub const REVERSE_CONCATENATED_PATH_DOWN: Self = Self(8);
    /// 9: mis-connectivity defect (RFC 6428).
    pub const MISCONNECTIVITY: Self = Self(9);

    /// The code in the low five bits of `bits`.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & 0x1f)
    }

    /// The code, 0 to 31.
    pub const fn code(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0 => "no diagnostic",
            1 => "control detection time expired",
            2 => "echo function failed",
            3 => "neighbor signaled session down",
            4 => "forwarding plane reset",
            5 => "path down",
            6 => "concatenated path down",
            7 => "administratively down",
            8 => "reverse concatenated path down",
            9 => "mis-connectivity defect",
            code => return write!(f, "diagnostic {code}"),
        })
    }
}

/// Registry *BFD Authentication Types* (RFC 5880 section 4.1).
pub mod auth_type {
    /// Simple password.
    pub const SIMPLE_PASSWORD: u8 = 1;
    /// Keyed MD5.
    pub const KEYED_MD5: u8 = 2;
    /// Meticulous keyed MD5.
    pub const METICULOUS_KEYED_MD5: u8 = 3;
    /// Keyed SHA1.
    pub const KEYED_SHA1: u8 = 4;
    /// Meticulous keyed SHA1.
    pub const METICULOUS_KEYED_SHA1: u8 = 5;
}
