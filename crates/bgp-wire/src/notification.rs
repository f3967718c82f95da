//! NOTIFICATION (RFC 4271, section 4.5): why a session ends.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  Error code   | Error subcode |        Data (variable)        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! The data means something for some causes: the text of an administrative shutdown (RFC 9003), the limit
//! of prefixes (RFC 4486), the inner notification of a hard reset (RFC 8538).

use crate::frame::{HEADER, begin, finish};
use crate::iana::error_code;
use crate::reader::Reader;
use crate::{AfiSafi, Fault, Kind, OutOfRange};
use std::fmt;

/// An error code and its subcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// The code.
    pub code: u8,
    /// The subcode, 0 where none is meant.
    pub subcode: u8,
}

/// Declares the causes that have a name: constants, and the texts they print as.
macro_rules! causes {
    ($($(#[doc = $doc:literal])* $name:ident = $code:ident, $subcode:literal, $text:literal;)*) => {
        impl Cause {
            $($(#[doc = $doc])* pub const $name: Self = Self { code: error_code::$code, subcode: $subcode };)*

            /// The name in the IANA tables of error codes and subcodes.
            fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

causes! {
    /// The marker was wrong (RFC 4271, section 6.1).
    NOT_SYNCHRONIZED = MESSAGE_HEADER, 1, "Connection Not Synchronized";
    /// The length field was wrong; the data is the field.
    BAD_MESSAGE_LENGTH = MESSAGE_HEADER, 2, "Bad Message Length";
    /// The type is unknown; the data is the type.
    BAD_MESSAGE_TYPE = MESSAGE_HEADER, 3, "Bad Message Type";

    /// The OPEN was malformed (RFC 4271, section 6.2).
    OPEN_UNSPECIFIC = OPEN, 0, "OPEN Message Error, unspecific";
    /// Another version; the data is the version we speak.
    UNSUPPORTED_VERSION = OPEN, 1, "Unsupported Version Number";
    /// Not the AS that was expected, or AS 0 (RFC 7607).
    BAD_PEER_AS = OPEN, 2, "Bad Peer AS";
    /// Router id zero, or ours (RFC 6286).
    BAD_BGP_IDENTIFIER = OPEN, 3, "Bad BGP Identifier";
    /// An optional parameter that is not known.
    UNSUPPORTED_PARAMETER = OPEN, 4, "Unsupported Optional Parameter";
    /// A hold time that is not accepted.
    UNACCEPTABLE_HOLD_TIME = OPEN, 6, "Unacceptable Hold Time";
    /// A capability is missing; the data lists what is required (RFC 5492, section 5).
    UNSUPPORTED_CAPABILITY = OPEN, 7, "Unsupported Capability";
    /// The roles of the two do not fit (RFC 9234, section 4.2).
    ROLE_MISMATCH = OPEN, 11, "Role Mismatch";

    /// Lengths in an UPDATE contradict each other (RFC 4271, section 6.3).
    MALFORMED_ATTRIBUTE_LIST = UPDATE, 1, "Malformed Attribute List";
    /// A well-known attribute is not known; the data is the attribute.
    UNRECOGNIZED_WELL_KNOWN = UPDATE, 2, "Unrecognized Well-known Attribute";
    /// A mandatory attribute is missing; the data is its type code.
    MISSING_WELL_KNOWN = UPDATE, 3, "Missing Well-known Attribute";
    /// Flags that do not fit the type; the data is the attribute.
    ATTRIBUTE_FLAGS_ERROR = UPDATE, 4, "Attribute Flags Error";
    /// A length that does not fit the type; the data is the attribute.
    ATTRIBUTE_LENGTH_ERROR = UPDATE, 5, "Attribute Length Error";
    /// No known ORIGIN; the data is the attribute.
    INVALID_ORIGIN = UPDATE, 6, "Invalid ORIGIN Attribute";
    /// No host's address; the data is the attribute.
    INVALID_NEXT_HOP = UPDATE, 8, "Invalid NEXT_HOP Attribute";
    /// An optional attribute is malformed; the data is the attribute.
    OPTIONAL_ATTRIBUTE_ERROR = UPDATE, 9, "Optional Attribute Error";
    /// Routes that cannot be read.
    INVALID_NETWORK_FIELD = UPDATE, 10, "Invalid Network Field";
    /// An AS_PATH that cannot be read.
    MALFORMED_AS_PATH = UPDATE, 11, "Malformed AS_PATH";

    /// Nothing was heard for the hold time (RFC 4271, section 6.5).
    HOLD_TIMER_EXPIRED = HOLD_TIMER_EXPIRED, 0, "Hold Timer Expired";

    /// A message that the state does not expect (RFC 4271, section 6.6).
    FSM_ERROR = FINITE_STATE_MACHINE, 0, "Finite State Machine Error";
    /// In OpenSent (RFC 6608).
    UNEXPECTED_IN_OPEN_SENT = FINITE_STATE_MACHINE, 1, "Receive Unexpected Message in OpenSent State";
    /// In OpenConfirm (RFC 6608).
    UNEXPECTED_IN_OPEN_CONFIRM = FINITE_STATE_MACHINE, 2, "Receive Unexpected Message in OpenConfirm State";
    /// In Established (RFC 6608).
    UNEXPECTED_IN_ESTABLISHED = FINITE_STATE_MACHINE, 3, "Receive Unexpected Message in Established State";

    /// Ends without a reason (RFC 4271, section 6.7).
    CEASE = CEASE, 0, "Cease";
    /// Too many prefixes; the data may tell the limit (RFC 4486, section 4).
    MAXIMUM_PREFIXES = CEASE, 1, "Maximum Number of Prefixes Reached";
    /// Switched off; the data may hold a text (RFC 9003).
    ADMINISTRATIVE_SHUTDOWN = CEASE, 2, "Administrative Shutdown";
    /// No longer configured.
    PEER_DECONFIGURED = CEASE, 3, "Peer De-configured";
    /// Restarted; the data may hold a text (RFC 9003).
    ADMINISTRATIVE_RESET = CEASE, 4, "Administrative Reset";
    /// Not configured, or not now.
    CONNECTION_REJECTED = CEASE, 5, "Connection Rejected";
    /// The configuration changed.
    CONFIGURATION_CHANGE = CEASE, 6, "Other Configuration Change";
    /// The other connection was kept (RFC 4271, section 6.8).
    COLLISION_RESOLUTION = CEASE, 7, "Connection Collision Resolution";
    /// No memory or the like.
    OUT_OF_RESOURCES = CEASE, 8, "Out of Resources";
    /// Ends without graceful restart; the data is the notification proper (RFC 8538).
    HARD_RESET = CEASE, 9, "Hard Reset";
    /// BFD says that the path is dead (RFC 9384).
    BFD_DOWN = CEASE, 10, "BFD Down";

    /// A ROUTE-REFRESH of a wrong length; the data is the message (RFC 7313, section 5).
    REFRESH_BAD_LENGTH = ROUTE_REFRESH, 1, "Invalid Message Length";

    /// The peer took nothing of what was sent for too long (RFC 9687, section 4).
    SEND_HOLD_TIMER_EXPIRED = SEND_HOLD_TIMER_EXPIRED, 0, "Send Hold Timer Expired";
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.name() {
            return write!(f, "{name} ({}/{})", self.code, self.subcode);
        }
        let class = match self.code {
            error_code::MESSAGE_HEADER => "Message Header Error",
            error_code::OPEN => "OPEN Message Error",
            error_code::UPDATE => "UPDATE Message Error",
            error_code::HOLD_TIMER_EXPIRED => "Hold Timer Expired",
            error_code::FINITE_STATE_MACHINE => "Finite State Machine Error",
            error_code::CEASE => "Cease",
            error_code::ROUTE_REFRESH => "ROUTE-REFRESH Message Error",
            error_code::SEND_HOLD_TIMER_EXPIRED => "Send Hold Timer Expired",
            _ => "unknown error",
        };
        write!(f, "{class} ({}/{})", self.code, self.subcode)
    }
}

/// A NOTIFICATION message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Notification {
    /// Why the session ends.
    pub cause: Cause,
    /// More about it; what it means depends on the cause.
    pub data: Vec<u8>,
}

impl From<Cause> for Notification {
    fn from(cause: Cause) -> Self {
        Self { cause, data: Vec::new() }
    }
}

impl Notification {
    /// A notification with data.
    pub fn new(cause: Cause, data: impl Into<Vec<u8>>) -> Self {
        Self { cause, data: data.into() }
    }

    /// [`Cause::ADMINISTRATIVE_SHUTDOWN`] or [`Cause::ADMINISTRATIVE_RESET`] with a text for the operator of
    /// the other side (RFC 9003, section 2).
    pub fn with_text(cause: Cause, text: &ShutdownText) -> Self {
        let mut data = Vec::with_capacity(1 + text.0.len());
        data.push(text.0.len() as u8);
        data.extend_from_slice(text.0.as_bytes());
        Self { cause, data }
    }

    /// Says which limit of prefixes was reached, in which family (RFC 4486, section 4).
    pub fn maximum_prefixes(family: AfiSafi, limit: u32) -> Self {
        let mut data = family.afi.to_be_bytes().to_vec();
        data.push(family.safi);
        data.extend_from_slice(&limit.to_be_bytes());
        Self { cause: Cause::MAXIMUM_PREFIXES, data }
    }

    /// Wraps a notification in a hard reset, so that a peer that keeps routes over other notifications
    /// drops them over this one (RFC 8538, section 3.1).
    pub fn hard_reset(inner: &Self) -> Self {
        let mut data = vec![inner.cause.code, inner.cause.subcode];
        data.extend_from_slice(&inner.data);
        Self { cause: Cause::HARD_RESET, data }
    }

    /// The text of an administrative shutdown or reset; `None` when there is none, or it is not UTF-8 of
    /// the length it says (RFC 9003).
    pub fn text(&self) -> Option<ShutdownText> {
        let (Cause::ADMINISTRATIVE_SHUTDOWN | Cause::ADMINISTRATIVE_RESET) = self.cause else { return None };
        let (&length, text) = self.data.split_first()?;
        let text = text.get(..usize::from(length))?;
        ShutdownText::try_from(std::str::from_utf8(text).ok()?).ok()
    }

    /// The family and the limit of [`Cause::MAXIMUM_PREFIXES`], if the peer said them.
    pub fn prefix_limit(&self) -> Option<(AfiSafi, u32)> {
        let Cause::MAXIMUM_PREFIXES = self.cause else { return None };
        let mut reader = Reader::new(&self.data);
        let family = AfiSafi { afi: reader.u16()?, safi: reader.u8()? };
        Some((family, reader.u32()?))
    }

    /// What a hard reset wraps (RFC 8538, section 3.1); `None` for other causes and an empty one.
    pub fn inner(&self) -> Option<Self> {
        let Cause::HARD_RESET = self.cause else { return None };
        let &[code, subcode, ref data @ ..] = self.data.as_slice() else { return None };
        Some(Self { cause: Cause { code, subcode }, data: data.to_vec() })
    }

    /// Reads a body.
    ///
    /// # Errors
    ///
    /// [`Fault::Length`] for a body without code and subcode, which [`frame`](crate::frame()) never yields.
    /// No NOTIFICATION answers a NOTIFICATION.
    pub fn read(body: &[u8]) -> Result<Self, Fault> {
        let &[code, subcode, ref data @ ..] = body else {
            return Err(Fault::Length { length: (HEADER + body.len()) as u16 });
        };
        Ok(Self { cause: Cause { code, subcode }, data: data.to_vec() })
    }

    /// Appends the message. Data that exceeds the limit of the session (see
    /// [`Session::send_limit`](crate::Session::send_limit)) is cut, since a notification must get out.
    pub fn write(&self, limit: usize, out: &mut Vec<u8>) {
        let start = begin(Kind::Notification, out);
        out.extend_from_slice(&[self.cause.code, self.cause.subcode]);
        let room = limit.saturating_sub(HEADER + 2).min(self.data.len());
        out.extend(self.data.iter().take(room));
        finish(start, out);
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)?;
        if let Some(text) = self.text() {
            write!(f, ": {text}")?;
        }
        if let Some((family, limit)) = self.prefix_limit() {
            write!(f, ": {limit} of {family}")?;
        }
        if let Some(inner) = self.inner() {
            // One level only: a peer may nest resets as deep as a message is long.
            write!(f, ": {}", inner.cause)?;
            if let Some(text) = inner.text() {
                write!(f, ": {text}")?;
            }
        }
        Ok(())
    }
}

/// The text of an administrative shutdown: at most 255 bytes of UTF-8 (RFC 9003).
///
/// It prints on one line whatever the peer put in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShutdownText(String);

impl ShutdownText {
    /// As sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for ShutdownText {
    type Error = OutOfRange;

    fn try_from(text: &str) -> Result<Self, OutOfRange> {
        if text.len() > 255 {
            let value = u32::try_from(text.len()).unwrap_or(u32::MAX);
            return Err(OutOfRange { what: "the length of a shutdown text,", value, allowed: "0..=255 bytes" });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ShutdownText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            // Left-to-right and other marks that turn text around could make a log line lie.
            '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => Ok(()),
            '\u{2028}' | '\u{2029}' => f.write_str(" "),
            c if c.is_control() => f.write_str(" "),
            c => fmt::Write::write_char(f, c),
        })
    }
}
