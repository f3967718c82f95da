//! A peer: its configuration, its session and its place in the tables.

use crate::Domain;
use bgp_fsm::{Conn, Reason, State, Time};
use bgp_wire::Families;
use std::fmt;

/// A peer, by the number that the caller gave it. A number is not given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(pub u32);

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer {}", self.0)
    }
}

/// What is configured of a peer.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// For people; unique in its domain.
    pub name: String,
    /// How the session is opened and kept.
    pub session: bgp_fsm::Config,
    /// What is taken from it and told it.
    pub routes: bgp_rib::PeerConfig,
}

/// What was counted of a peer since it was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// UPDATEs heard while established.
    pub updates_in: u64,
    /// UPDATEs written.
    pub updates_out: u64,
    /// Routes announced to us.
    pub announced: u64,
    /// Routes withdrawn from us, those treated as withdrawn included (RFC 7606).
    pub withdrawn: u64,
    /// Malformed attributes that did not end the session.
    pub malformed: u64,
    /// Messages of other types heard.
    pub others_in: u64,
    /// Bytes heard, of all its connections.
    pub bytes_in: u64,
    /// Bytes written.
    pub bytes_out: u64,
    /// How often the session came up.
    pub ups: u64,
    /// How often it went down.
    pub downs: u64,
}

/// A peer as the speaker keeps it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) domain: Domain,
    pub(crate) name: String,
    pub(crate) config: bgp_fsm::Config,
    pub(crate) state: State,
    pub(crate) routes: bgp_rib::PeerId,
    /// The connection that carries the session while it is up.
    pub(crate) established: Option<Conn>,
    /// The connection that is being made.
    pub(crate) dialled: Option<Conn>,
    /// The families whose routes we wait for after a restart of ours before anyone is told anything.
    pub(crate) awaited: Families,
    /// The earliest alarm that is set for it.
    pub(crate) armed: Option<Time>,
    pub(crate) counters: Counters,
    /// Why it last went down or could not come up, and when.
    pub(crate) last: Option<(Time, Reason)>,
}

/// A peer as people look at it.
#[derive(Debug, Clone, Copy)]
pub struct PeerView<'a> {
    /// Its number.
    pub peer: Peer,
    /// The routing domain.
    pub domain: Domain,
    /// Its name.
    pub name: &'a str,
    /// How its session is configured.
    pub config: &'a bgp_fsm::Config,
    /// Where the session stands.
    pub state: &'a State,
    /// Its id in the tables, for [`Speaker::tables`](crate::Speaker::tables).
    pub routes: bgp_rib::PeerId,
    /// What was counted.
    pub counters: Counters,
    /// Why it last went down or could not come up, and when.
    pub last: Option<&'a (Time, Reason)>,
}
