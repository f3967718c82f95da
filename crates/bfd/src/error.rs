//! What is refused, sorted by who is to blame: the peer's packet, or the caller's wish.

use crate::{Config, Discriminator, Interval, Link, State, iana};

/// Bytes that are no control packet, or one that RFC 5880 section 6.8.6 discards before it looks for a
/// session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// The payload is too short for any control packet.
    #[error("payload of {0} bytes is shorter than the 24 of a bfd packet")]
    Short(usize),
    /// The version is not 1.
    #[error("bfd version {0} is not 1")]
    Version(u8),
    /// The Length field is under 24, or under 26 with an authentication section.
    #[error("bfd length {length} is under the least, {least}")]
    Length {
        /// The Length field.
        length: u8,
        /// The least it may be, 24 or 26.
        least: u8,
    },
    /// The Length field is beyond the end of the payload.
    #[error("bfd length {length} is beyond the payload of {payload} bytes")]
    Truncated {
        /// The Length field.
        length: u8,
        /// Bytes that arrived.
        payload: usize,
    },
    /// Detect Mult is 0.
    #[error("bfd detect multiplier is 0")]
    DetectMult,
    /// The Multipoint bit is set.
    #[error("bfd multipoint bit is set")]
    Multipoint,
    /// My Discriminator is 0.
    #[error("bfd my discriminator is 0")]
    MyDiscriminator,
    /// Your Discriminator is 0 in a state in which the sender must know it.
    #[error("bfd your discriminator is 0 in state {0}")]
    YourDiscriminator(State),
    /// The authentication section has a type that is not known.
    #[error("bfd authentication type {0} is unknown")]
    AuthType(u8),
    /// The authentication section has a length that its type does not have.
    #[error("bfd authentication length {length} is wrong for type {kind} in {room} bytes")]
    AuthLength {
        /// Auth Type.
        kind: u8,
        /// Auth Len.
        length: u8,
        /// Bytes of the packet behind its mandatory section.
        room: usize,
    },
}

/// Why a well-formed packet was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Discard {
    /// No session has the packet's Your Discriminator.
    #[error("no bfd session has discriminator {0}")]
    UnknownDiscriminator(Discriminator),
    /// Your Discriminator is 0 and no session is bound to the link that the packet came over.
    #[error("no bfd session is bound to {0}")]
    UnknownLink(Link),
    /// The packet names a session of another link: a stray, or a forgery across customers.
    #[error("bfd packet for discriminator {discriminator} came over {link}, which is not its link")]
    OtherLink {
        /// The session named.
        discriminator: Discriminator,
        /// Where the packet came from.
        link: Link,
    },
    /// The packet came through a router, or pretends to (RFC 5881 section 5).
    #[error("bfd packet has hop limit {0}, not {limit}", limit = iana::HOP_LIMIT)]
    HopLimit(u8),
    /// The packet is authenticated and the session is not (RFC 5880 section 6.8.6).
    #[error("bfd packet has authentication type {0}, none is configured")]
    AuthNotConfigured(u8),
    /// The packet was handed to a session that it does not name. The caller did not ask the demultiplexer.
    #[error("bfd packet for discriminator {0} was given to another session")]
    NotOurs(Discriminator),
}

/// A wish that no session can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// An interval is too short or too long.
    #[error("bfd interval {0} is outside {least} to {most}", least = Config::SHORTEST, most = Config::LONGEST)]
    Interval(Interval),
    /// The detect multiplier is 0.
    #[error("bfd detect multiplier 0 is outside 1 to 255")]
    DetectMult,
}

/// A session that cannot be bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DemuxError {
    /// The link has a session; RFC 5881 section 3 allows one.
    #[error("a bfd session is already bound to {0}")]
    LinkTaken(Link),
}
