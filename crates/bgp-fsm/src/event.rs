//! What happens to a session.

use crate::Conn;
use bgp_wire::{Cause, Fault, Notification, Open, RouteRefresh, ShutdownText};
use model::Family;

/// An event. The comments name the events of RFC 4271, section 8.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Run the session (1, 3 to 7). Also ends any wait in Idle.
    Start,
    /// End the session (2, 8).
    Stop(Stop),
    /// Some timer may be due (9 to 13, and those of later RFCs). See [`State::deadline`](crate::State::deadline).
    Timer,
    /// A TCP connection came about (16, 17). After [`Action::Connect`](crate::Action::Connect) an outgoing one.
    Connected {
        /// The caller's name for it.
        conn: Conn,
        /// Who opened it.
        direction: Direction,
    },
    /// The connect that [`Action::Connect`](crate::Action::Connect) asked for failed (18).
    ConnectFailed,
    /// A connection was closed or reset by the peer or the network (18).
    Closed {
        /// Which.
        conn: Conn,
    },
    /// An OPEN, well formed (19, 20, and 22 for one that is not acceptable).
    Open {
        /// Heard on.
        conn: Conn,
        /// The message.
        open: Box<Open>,
    },
    /// A KEEPALIVE (26). [`State::heard`](crate::State::heard) is the short way.
    Keepalive {
        /// Heard on.
        conn: Conn,
    },
    /// An UPDATE (27). [`State::heard`](crate::State::heard) is the short way.
    Update {
        /// Heard on.
        conn: Conn,
    },
    /// A NOTIFICATION (24, 25).
    Notification {
        /// Heard on.
        conn: Conn,
        /// The message.
        notification: Notification,
    },
    /// A ROUTE-REFRESH (RFC 2918, RFC 7313).
    RouteRefresh {
        /// Heard on.
        conn: Conn,
        /// The message; `None` for a subtype without a meaning.
        refresh: Option<RouteRefresh>,
    },
    /// An UPDATE that was the End-of-RIB of a family (RFC 4724); comes instead of [`Event::Update`].
    EndOfRib {
        /// Heard on.
        conn: Conn,
        /// The family.
        family: Family,
    },
    /// The peer sent something wrong that ends the session (21, 22, 28).
    Fault {
        /// Heard on.
        conn: Conn,
        /// What.
        fault: Fault,
    },
    /// The peer sent more prefixes than allowed (RFC 4486).
    PrefixLimit {
        /// Of which family.
        family: Family,
        /// How many are allowed.
        limit: u32,
    },
    /// BFD lost the peer (RFC 9384). Its routes go, stale ones too. Not to be passed when the peer's BFD shares the
    /// fate of its control plane and the peer may be restarting (RFC 5882, section 4.3.2).
    BfdDown,
    /// Bytes wait to be sent and the socket takes none (RFC 9687).
    SendBlocked {
        /// Which connection.
        conn: Conn,
    },
    /// The socket took some bytes of those that waited (RFC 9687).
    SendProgress {
        /// Which connection.
        conn: Conn,
    },
    /// The tables need the peer's routes of a family again; asked for if the peer can be asked.
    AskRefresh {
        /// The family.
        family: Family,
    },
}

impl Event {
    /// The connection that it is about, but for [`Event::Connected`], which makes one known.
    pub(crate) fn conn(&self) -> Option<Conn> {
        match self {
            Self::Closed { conn }
            | Self::Open { conn, .. }
            | Self::Keepalive { conn }
            | Self::Update { conn }
            | Self::Notification { conn, .. }
            | Self::RouteRefresh { conn, .. }
            | Self::EndOfRib { conn, .. }
            | Self::Fault { conn, .. }
            | Self::SendBlocked { conn }
            | Self::SendProgress { conn } => Some(*conn),
            Self::Start
            | Self::Stop(_)
            | Self::Timer
            | Self::Connected { .. }
            | Self::ConnectFailed
            | Self::PrefixLimit { .. }
            | Self::BfdDown
            | Self::AskRefresh { .. } => None,
        }
    }
}

/// Why a session is ended from our side, and so what the peer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Switched off until [`Event::Start`]: Cease/2, with a text for the other side (RFC 9003).
    Shutdown(Option<ShutdownText>),
    /// Ended and begun again at once: Cease/4, with a text for the other side (RFC 9003).
    Reset(Option<ShutdownText>),
    /// As `Reset`, but the peer is not to keep our routes (Cease/9 of RFC 8538).
    HardReset(Option<ShutdownText>),
    /// No longer configured: Cease/3.
    Deconfigured,
    /// Ended and begun again at once under another configuration: Cease/6.
    ConfigurationChange,
    /// Something ran out; begun again after the idle hold: Cease/8.
    OutOfResources,
}

impl Stop {
    /// What the peer is told (RFC 4486, RFC 9003). Inside an agreement on the N bit of RFC 8538, a plain NOTIFICATION
    /// lets the peer keep our routes; `hard` says that the agreement is there, and what is meant to last is
    /// wrapped in a hard reset (section 5.1 there).
    pub(crate) fn notification(&self, hard: bool) -> Notification {
        let with_text = |cause, text: &Option<ShutdownText>| match text {
            Some(text) => Notification::with_text(cause, text),
            None => cause.into(),
        };
        let notification = match self {
            Self::Shutdown(text) => with_text(Cause::ADMINISTRATIVE_SHUTDOWN, text),
            Self::Reset(text) | Self::HardReset(text) => with_text(Cause::ADMINISTRATIVE_RESET, text),
            Self::Deconfigured => Cause::PEER_DECONFIGURED.into(),
            Self::ConfigurationChange => Cause::CONFIGURATION_CHANGE.into(),
            Self::OutOfResources => Cause::OUT_OF_RESOURCES.into(),
        };
        if hard && self.lasts() { Notification::hard_reset(&notification) } else { notification }
    }

    /// Whether routes go at once, whatever was agreed on.
    pub(crate) fn lasts(&self) -> bool {
        match self {
            Self::Shutdown(_) | Self::HardReset(_) | Self::Deconfigured => true,
            Self::Reset(_) | Self::ConfigurationChange | Self::OutOfResources => false,
        }
    }
}

/// Who opened a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The peer.
    Incoming,
    /// We.
    Outgoing,
}
