//! What the caller must do.

use crate::Conn;
use bgp_wire::{Families, Notification, Open, RouteRefresh, Session};
use model::Family;
use std::fmt;

/// An effect, to be carried out in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open a connection to the peer; [`Event::Connected`](crate::Event::Connected) or
    /// [`Event::ConnectFailed`](crate::Event::ConnectFailed) answers. Never asked for while one is under way.
    Connect,
    /// Give up the connect that is under way. Nothing answers.
    CancelConnect,
    /// Send a message.
    Send {
        /// Where.
        conn: Conn,
        /// What.
        message: Out,
    },
    /// Write what the socket takes at once and close. The connection is not spoken of again, by neither side.
    Close {
        /// Which.
        conn: Conn,
    },
    /// The session is established: send the routes.
    Up(Up),
    /// The session is no longer established.
    Down {
        /// The families whose routes are kept as stale; those of all others go (RFC 4724).
        keep: Families,
        /// Why.
        reason: Reason,
    },
    /// An attempt to open a session came to nothing. For the operator; nothing else is to be done.
    Failed {
        /// Why.
        reason: Reason,
    },
    /// Remove what is still stale of the peer's routes.
    SweepStale {
        /// Of these families.
        families: Families,
    },
    /// We have restarted, and need not wait for this peer's routes (any more) before we select and advertise
    /// routes (RFC 4724, section 4.1).
    Select {
        /// Of these families.
        families: Families,
    },
    /// The peer asks for all routes of a family again. Where [`Up::enhanced_refresh`] is set, BoRR goes
    /// before them and EoRR after (RFC 7313).
    Resend {
        /// The family.
        family: Family,
    },
    /// The peer begins to send all routes of a family again: mark what is there as stale (BoRR, RFC 7313).
    RefreshBegins {
        /// The family.
        family: Family,
    },
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// OPEN.
    Open(Box<Open>),
    /// KEEPALIVE.
    Keepalive,
    /// NOTIFICATION.
    Notification(Notification),
    /// ROUTE-REFRESH.
    RouteRefresh(RouteRefresh),
}

/// What holds on a session that has come up. The OPENs are in [`Established`](crate::Established).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Up {
    /// The connection that carries it.
    pub conn: Conn,
    /// What bytes mean on it.
    pub session: Session,
    /// The families of which the peer is to be sent an End-of-RIB after the routes (RFC 4724).
    pub end_of_rib: Families,
    /// The families whose stale routes are still there and wait for the peer's End-of-RIB.
    pub stale: Families,
    /// Both sides know BoRR and EoRR (RFC 7313).
    pub enhanced_refresh: bool,
}

/// Why a session or an attempt at one ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// We sent this.
    Sent(Notification),
    /// The peer sent this.
    Received(Notification),
    /// The connection was closed or reset by the peer or the network.
    Closed,
    /// The connect failed.
    ConnectFailed,
    /// The connect was not answered in time.
    ConnectTimeout,
    /// The peer came back on a new connection, so the old one is dead (RFC 4724, section 5).
    Replaced,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(notification) => write!(f, "sent {notification}"),
            Self::Received(notification) => write!(f, "received {notification}"),
            Self::Closed => f.write_str("connection closed by the peer"),
            Self::ConnectFailed => f.write_str("connect failed"),
            Self::ConnectTimeout => f.write_str("connect not answered"),
            Self::Replaced => f.write_str("the peer came back on a new connection"),
        }
    }
}
