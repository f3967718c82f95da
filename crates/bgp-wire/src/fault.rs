//! What a peer did wrong, and which NOTIFICATION tells it so.
//!
//! A [`Fault`] ends the session. What does not end it (RFC 7606) is an [`AttributeFault`] and part of what
//! was read. [`Fault::notification`] is the one table from faults to codes.
//!
//! [`AttributeFault`]: crate::AttributeFault

use crate::{Capability, Cause, Notification, Problem, Role, iana};
use model::Asn;

/// A fault of the peer that ends the session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The marker is wrong, so the stream is out of step or no BGP at all.
    #[error("the marker is not 16 octets of ones")]
    NotSynchronized,
    /// A length in the header that its message type cannot have.
    #[error("a message length of {length} bytes is not allowed for its type")]
    Length {
        /// The length field.
        length: u16,
    },
    /// A type octet that nobody knows.
    #[error("message type {0} is unknown")]
    Kind(u8),

    /// An OPEN that speaks another version.
    #[error("BGP version {0} is not 4")]
    Version(u8),
    /// An OPEN from another AS than was expected, or from AS 0 (RFC 7607).
    #[error("AS {0} is not the neighbour's")]
    PeerAs(Asn),
    /// An OPEN with router id zero, or with our own from inside our AS (RFC 6286).
    #[error("router id {0} is not acceptable")]
    RouterId(std::net::Ipv4Addr),
    /// An OPEN with an optional parameter that is no capability list.
    #[error("optional parameter {0} is not supported")]
    Parameter(u8),
    /// An OPEN with a hold time of one or two seconds, or below what is configured.
    #[error("a hold time of {0} s is not acceptable")]
    HoldTime(u16),
    /// An OPEN whose lengths contradict each other.
    #[error("the OPEN is malformed: {0}")]
    Open(&'static str),
    /// An OPEN that lacks capabilities the session cannot do without.
    #[error("required and missing: {}", list(.0))]
    MissingCapabilities(Vec<Capability>),
    /// Roles that do not fit each other (RFC 9234).
    #[error("the neighbour's role {theirs} does not fit our role {ours}")]
    RoleMismatch {
        /// Ours.
        ours: Role,
        /// The peer's.
        theirs: Role,
    },

    /// An UPDATE whose two length fields do not fit into it.
    #[error("{field} of {length} octets exceeds the {room} octets left in the UPDATE")]
    UpdateLength {
        /// Which length field.
        field: &'static str,
        /// Its value.
        length: usize,
        /// What was left.
        room: usize,
    },
    /// A field of routes that cannot be taken apart (RFC 7606, section 5.3).
    #[error("{field} cannot be read at octet {offset}")]
    Routes {
        /// Which field.
        field: &'static str,
        /// Where reading ended.
        offset: usize,
    },
    /// A path attribute whose fault RFC 7606 leaves at, or section 5.2 raises to, a session reset.
    #[error("{}: {problem}", iana::attribute::name(*.code))]
    Attribute {
        /// The type code, 0 where it cannot be told.
        code: u8,
        /// What is wrong with it.
        problem: Problem,
        /// The attribute as received: type, length and value.
        bytes: Vec<u8>,
    },

    /// A ROUTE-REFRESH that is not four octets long after its header (RFC 7313, section 5).
    #[error("a ROUTE-REFRESH of {} octets is not 23 long", .message.len())]
    RefreshLength {
        /// The whole message.
        message: Vec<u8>,
    },
}

impl Fault {
    /// The NOTIFICATION that tells the peer: code, subcode and data.
    pub fn notification(&self) -> Notification {
        match self {
            Self::NotSynchronized => Cause::NOT_SYNCHRONIZED.into(),
            Self::Length { length } => Notification::new(Cause::BAD_MESSAGE_LENGTH, length.to_be_bytes()),
            Self::Kind(code) => Notification::new(Cause::BAD_MESSAGE_TYPE, [*code]),
            Self::Version(_) => Notification::new(Cause::UNSUPPORTED_VERSION, [0, 4]),
            Self::PeerAs(_) => Cause::BAD_PEER_AS.into(),
            Self::RouterId(_) => Cause::BAD_BGP_IDENTIFIER.into(),
            Self::Parameter(_) => Cause::UNSUPPORTED_PARAMETER.into(),
            Self::HoldTime(_) => Cause::UNACCEPTABLE_HOLD_TIME.into(),
            Self::Open(_) => Cause::OPEN_UNSPECIFIC.into(),
            Self::MissingCapabilities(missing) => {
                let mut data = Vec::new();
                missing.iter().for_each(|capability| capability.write(&mut data));
                Notification::new(Cause::UNSUPPORTED_CAPABILITY, data)
            }
            Self::RoleMismatch { .. } => Cause::ROLE_MISMATCH.into(),
            Self::UpdateLength { .. } => Cause::MALFORMED_ATTRIBUTE_LIST.into(),
            Self::Routes { .. } => Cause::INVALID_NETWORK_FIELD.into(),
            Self::Attribute { code, problem, bytes } => match problem.cause(*code) {
                cause @ (Cause::MALFORMED_ATTRIBUTE_LIST | Cause::MALFORMED_AS_PATH) => cause.into(),
                Cause::MISSING_WELL_KNOWN => Notification::new(Cause::MISSING_WELL_KNOWN, [*code]),
                cause => Notification::new(cause, bytes.as_slice()),
            },
            Self::RefreshLength { message } => Notification::new(Cause::REFRESH_BAD_LENGTH, message.as_slice()),
        }
    }
}

fn list(capabilities: &[Capability]) -> String {
    capabilities.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A value that does not fit where it has to be written: our own doing, not the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} of {length} bytes exceeds the limit of {limit}")]
pub struct Oversize {
    /// What was being written.
    pub what: &'static str,
    /// How long it is or would have become.
    pub length: usize,
    /// How long it may be.
    pub limit: usize,
}

/// A number that its type cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value} is outside {allowed}")]
pub struct OutOfRange {
    /// What the number was to be.
    pub what: &'static str,
    /// The number.
    pub value: u32,
    /// What is allowed, in words.
    pub allowed: &'static str,
}
