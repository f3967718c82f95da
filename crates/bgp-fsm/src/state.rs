//! The state of a session.
//!
//! RFC 4271 runs a machine for each connection and joins them when it is known who is who. The peer of a
//! connection is known here before the connection is (it is found by address), so one [`State`] holds all there is
//! of a session: at most two connections while it opens, and the one that carries it when it is up.

use crate::opening::Opening;
use crate::restart::{Deferral, Stale};
use crate::{Established, Idle, Time};
use std::fmt;

/// A connection of the caller's, by the number that the caller gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conn(pub u32);

/// The state of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub(crate) phase: Phase,
    pub(crate) memory: Memory,
}

/// Where a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing is tried.
    Idle(Idle),
    /// Connect, Active, OpenSent, OpenConfirm.
    Opening(Box<Opening>),
    /// Routes are exchanged.
    Established(Box<Established>),
}

/// What outlives a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Failures in a row (ConnectRetryCounter).
    pub(crate) failures: u32,
    /// The state of the jitter.
    pub(crate) seed: u32,
    /// Stale routes of the peer in the tables.
    pub(crate) stale: Option<Stale>,
    /// Whether the peer's routes are waited for after a restart of ours.
    pub(crate) deferral: Deferral,
}

/// The name of a state (RFC 4271, section 8.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// Nothing is tried.
    Idle,
    /// A connect is under way.
    Connect,
    /// The peer is waited for.
    Active,
    /// Our OPEN is sent.
    OpenSent,
    /// Both OPENs are agreed on.
    OpenConfirm,
    /// Routes are exchanged.
    Established,
}

impl State {
    /// A session that is stopped. The seed makes the jitter: give each session another one.
    pub fn new(seed: u32) -> Self {
        let memory = Memory { failures: 0, seed, stale: None, deferral: Deferral::Unset };
        Self { phase: Phase::Idle(Idle::Stopped), memory }
    }

    /// The name of the state; with two connections, of the one that came further.
    pub fn name(&self) -> Name {
        match &self.phase {
            Phase::Idle(_) => Name::Idle,
            Phase::Opening(opening) => opening.name(),
            Phase::Established(_) => Name::Established,
        }
    }

    /// What was agreed on, if the session is up.
    pub fn established(&self) -> Option<&Established> {
        match &self.phase {
            Phase::Established(established) => Some(established),
            Phase::Idle(_) | Phase::Opening(_) => None,
        }
    }

    /// Why and until when the session is Idle, if it is.
    pub fn idle(&self) -> Option<Idle> {
        match self.phase {
            Phase::Idle(idle) => Some(idle),
            Phase::Opening(_) | Phase::Established(_) => None,
        }
    }

    /// Failures in a row: the ConnectRetryCounter of RFC 4271, section 8.1.1.
    pub fn failures(&self) -> u32 {
        self.memory.failures
    }

    /// The connections that the session holds, at most two.
    pub fn connections(&self) -> impl Iterator<Item = Conn> {
        let (opening, established) = match &self.phase {
            Phase::Idle(_) => (None, None),
            Phase::Opening(opening) => (Some(opening), None),
            Phase::Established(established) => (None, Some(established)),
        };
        let opening = opening.into_iter().flat_map(|opening| opening.connections()).map(|connection| connection.conn);
        opening.chain(established.into_iter().flat_map(|established| established.connections()))
    }

    /// When [`Event::Timer`](crate::Event::Timer) is due next; `None` for never.
    ///
    /// The moment moves on with [`heard`](Self::heard) and [`sent`](Self::sent), so an alarm set for an earlier
    /// answer may ring early. That does no harm: pass the event and ask again.
    pub fn deadline(&self) -> Option<Time> {
        let phase = match &self.phase {
            Phase::Idle(idle) => idle.until(),
            Phase::Opening(opening) => opening.deadline(),
            Phase::Established(established) => established.deadline(),
        };
        let stale = self.memory.stale.map(|stale| stale.until);
        [phase, stale, self.memory.deferral.until()].into_iter().flatten().min()
    }

    /// The short way for [`Event::Update`](crate::Event::Update) and
    /// [`Event::Keepalive`](crate::Event::Keepalive): notes that the peer lives. `false` when the session is not up on this
    /// connection, and the event must be passed.
    #[must_use]
    pub fn heard(&mut self, conn: Conn, now: Time) -> bool {
        match &mut self.phase {
            Phase::Established(established) if established.conn == conn => {
                established.heard = now;
                true
            }
            Phase::Idle(_) | Phase::Opening(_) | Phase::Established(_) => false,
        }
    }

    /// Notes that an UPDATE was sent, which restarts the KeepaliveTimer (RFC 4271, section 8.2.2, Established).
    pub fn sent(&mut self, conn: Conn, now: Time) {
        if let Phase::Established(established) = &mut self.phase
            && established.conn == conn
        {
            established.sent = now;
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        })
    }
}
