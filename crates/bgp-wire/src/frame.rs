//! The header that every message begins with (RFC 4271, section 4.1).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                                                               |
//! +                                                               +
//! |                                                               |
//! +                   Marker, 16 octets of ones                   +
//! |                                                               |
//! +                                                               +
//! |                                                               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          Length               |      Type     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! The length counts the header. [`frame`] takes the first message off a buffer of received bytes.

use crate::Fault;
use crate::iana::message_type;
use std::fmt;

/// The length of the header in bytes.
pub const HEADER: usize = 19;

/// The longest message without RFC 8654, in bytes, and the longest OPEN and KEEPALIVE with it.
pub const STANDARD_LIMIT: usize = 4096;

/// The longest message with RFC 8654, in bytes.
pub const EXTENDED_LIMIT: usize = 65_535;

const MARKER: [u8; 16] = [0xFF; 16];

/// A type of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Begins a session.
    Open,
    /// Carries routes.
    Update,
    /// Ends a session.
    Notification,
    /// Says that the sender lives.
    Keepalive,
    /// Asks for routes again.
    RouteRefresh,
}

impl Kind {
    /// The type octet.
    pub fn code(self) -> u8 {
        match self {
            Self::Open => message_type::OPEN,
            Self::Update => message_type::UPDATE,
            Self::Notification => message_type::NOTIFICATION,
            Self::Keepalive => message_type::KEEPALIVE,
            Self::RouteRefresh => message_type::ROUTE_REFRESH,
        }
    }

    fn of(code: u8) -> Option<Self> {
        Some(match code {
            message_type::OPEN => Self::Open,
            message_type::UPDATE => Self::Update,
            message_type::NOTIFICATION => Self::Notification,
            message_type::KEEPALIVE => Self::Keepalive,
            message_type::ROUTE_REFRESH => Self::RouteRefresh,
            _ => return None,
        })
    }

    /// The lengths that RFC 4271, section 6.1, and RFC 8654 allow. A ROUTE-REFRESH that is too short is
    /// judged with its body, since RFC 7313 has an error of its own for it.
    fn lengths(self, extended: bool) -> (usize, usize) {
        let limit = if extended { EXTENDED_LIMIT } else { STANDARD_LIMIT };
        match self {
            Self::Open => (29, STANDARD_LIMIT),
            Self::Update => (23, limit),
            Self::Notification => (21, limit),
            Self::Keepalive => (HEADER, HEADER),
            Self::RouteRefresh => (HEADER, limit),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "OPEN",
            Self::Update => "UPDATE",
            Self::Notification => "NOTIFICATION",
            Self::Keepalive => "KEEPALIVE",
            Self::RouteRefresh => "ROUTE-REFRESH",
        })
    }
}

/// A whole message, its body not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The type.
    pub kind: Kind,
    /// What follows the header.
    pub body: &'a [u8],
}

impl Frame<'_> {
    /// How many bytes of the buffer the message takes.
    pub fn length(&self) -> usize {
        HEADER + self.body.len()
    }
}

/// Takes the first message off received bytes; `None` when more of it has to come.
///
/// `extended` says that we told the peer we take messages of more than 4,096 bytes (RFC 8654).
/// What is already wrong is said at once: a marker at its first wrong byte, a length and a type as soon
/// as the header is whole.
///
/// # Errors
///
/// The message header errors of RFC 4271, section 6.1.
pub fn frame(buffer: &[u8], extended: bool) -> Result<Option<Frame<'_>>, Fault> {
    let Some((header, rest)) = buffer.split_first_chunk::<HEADER>() else {
        let marker = buffer.len().min(MARKER.len());
        return if buffer[..marker] == MARKER[..marker] { Ok(None) } else { Err(Fault::NotSynchronized) };
    };
    let [marker @ .., high, low, code] = header;
    if marker != &MARKER {
        return Err(Fault::NotSynchronized);
    }
    let length = u16::from_be_bytes([*high, *low]);
    if usize::from(length) < HEADER {
        return Err(Fault::Length { length });
    }
    let Some(kind) = Kind::of(*code) else {
        return Err(Fault::Kind(*code));
    };
    let (shortest, longest) = kind.lengths(extended);
    if !(shortest..=longest).contains(&usize::from(length)) {
        return Err(Fault::Length { length });
    }
    Ok(rest.get(..usize::from(length) - HEADER).map(|body| Frame { kind, body }))
}

/// Appends a header for a message whose body follows; [`finish`] puts in the length.
pub(crate) fn begin(kind: Kind, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0xFF,
        0,
        0,
        kind.code(),
    ]);
    start
}

/// Puts the length of the message that began at `start` and ends with the buffer into its header.
pub(crate) fn finish(start: usize, out: &mut [u8]) {
    put_u16(out, start + MARKER.len(), out.len() - start);
}

/// Overwrites two bytes with a length. Every caller has held the length against a limit below 65,536.
pub(crate) fn put_u16(out: &mut [u8], at: usize, value: usize) {
    debug_assert!(value <= EXTENDED_LIMIT);
    if let Some(place) = out.get_mut(at..at + 2) {
        place.copy_from_slice(&(value as u16).to_be_bytes());
    }
}
