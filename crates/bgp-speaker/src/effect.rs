//! What a speaker wants done outside, and what it tells of.

use crate::Peer;
use bgp_fsm::{Conn, Reason};
use bgp_rib::{AttributeNote, LimitReached};
use bgp_wire::Families;

/// Something to do for the owner of the sockets, in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Connect to the peer. [`Speaker::connected`](crate::Speaker::connected) or
    /// [`Speaker::failed`](crate::Speaker::failed) answers.
    Connect {
        /// The peer.
        peer: Peer,
        /// What the connection is called from now on.
        conn: Conn,
    },
    /// Close a connection, or give up making it. It is not spoken of again.
    Close {
        /// Which.
        conn: Conn,
        /// What is to be written before, as far as the socket takes it at once.
        last: Vec<u8>,
    },
    /// Something to log, count or pass on.
    Notice(Notice),
}

/// Something that happened to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The session is established.
    Up {
        /// Whose.
        peer: Peer,
    },
    /// The session is no longer established.
    Down {
        /// Whose.
        peer: Peer,
        /// Why.
        reason: Reason,
        /// The families whose routes are kept until the peer is back (RFC 4724).
        keep: Families,
    },
    /// An attempt to open the session came to nothing.
    Failed {
        /// Whose.
        peer: Peer,
        /// Why.
        reason: Reason,
    },
    /// The peer sent malformed attributes and the session goes on (RFC 7606).
    Malformed {
        /// Who.
        peer: Peer,
        /// The worst of them.
        note: AttributeNote,
        /// How many there were in the UPDATE.
        faults: u32,
    },
    /// The peer sent more prefixes than it may; the session ends.
    Limit {
        /// Who.
        peer: Peer,
        /// Which limit.
        limit: LimitReached,
    },
    /// The peer comes near its limit of prefixes.
    NearLimit {
        /// Who.
        peer: Peer,
        /// Which limit.
        limit: LimitReached,
    },
    /// The peer uses unusually many different sets of attributes.
    Crowded {
        /// Who.
        peer: Peer,
    },
    /// An UPDATE as it came, for monitors; only where [`Speaker::monitor`](crate::Speaker::monitor) asked for it.
    Heard {
        /// From whom.
        peer: Peer,
        /// The whole message.
        message: Vec<u8>,
    },
}
