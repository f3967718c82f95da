//! A connection on which a session opens, and what its events come to.
//!
//! Each connection runs through the states of RFC 4271, section 8.2.2, by itself, as if it were the only one:
//!
//! ```text
//!             delay over              OPEN            KEEPALIVE
//!  Delayed ─────────────► OpenSent ─────────► OpenConfirm ─────────► Established
//!     │                                           ▲
//!     └───────────────────────────────────────────┘ OPEN
//! ```
//!
//! `Delayed` is Connect or Active of the RFC with a connection and the DelayOpenTimer running. What two connections
//! mean to each other is not decided here.

use crate::turn::Turn;
use crate::{Action, Conn, Direction, Event, Out, Reason, Terms, Time, delayed, open_confirm, open_sent};
use bgp_wire::{Cause, Fault, Notification, Open, iana};

/// A connection that opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Connection {
    pub(crate) conn: Conn,
    pub(crate) direction: Direction,
    pub(crate) stage: Stage,
}

/// How far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The peer may send its OPEN first, until then.
    Delayed(Time),
    /// Our OPEN is sent; the peer's may take until then.
    OpenSent(Time),
    /// Both OPENs are agreed on.
    OpenConfirm(Confirm),
}

/// Waiting for the KEEPALIVE that confirms our OPEN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Confirm {
    pub(crate) terms: Box<Terms>,
    /// When the peer has been silent for too long.
    pub(crate) hold: Time,
    /// When the next KEEPALIVE is due.
    pub(crate) keepalive: Option<Time>,
}

/// What an event on a connection comes to.
pub(crate) enum Outcome {
    /// It goes on from this stage.
    On(Stage),
    /// The peer's OPEN is acceptable; [`confirm`] goes on from here, if the connection is kept.
    Agreed(Box<Terms>),
    /// The session can come up on it.
    Confirmed(Box<Terms>),
    /// It has ended, and was closed where it was still open.
    Ended(Ended),
}

/// The end of a connection.
pub(crate) struct Ended {
    pub(crate) reason: Reason,
    /// What follows when it was the last.
    pub(crate) then: Then,
}

/// What follows the end of the last connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Listening and connecting go on (Active).
    Listen,
    /// Idle, and one more failure in a row.
    Hold,
    /// Idle, but the failure does not count: the peer speaks another version.
    HoldUncounted,
}

impl Connection {
    /// A new connection: waits for the peer's OPEN if so configured, else sends ours.
    pub(crate) fn begin(conn: Conn, direction: Direction, turn: &mut Turn<'_>) -> Self {
        let delay = turn.config.delay_open;
        let stage = if delay.is_zero() { open_sent::enter(conn, turn) } else { Stage::Delayed(turn.now + delay) };
        Self { conn, direction, stage }
    }

    /// An event that is about this connection, or a timer.
    pub(crate) fn step(self, event: Event, turn: &mut Turn<'_>) -> (Conn, Direction, Outcome) {
        let Self { conn, direction, stage } = self;
        let outcome = match stage {
            Stage::Delayed(until) => delayed::step(conn, until, event, turn),
            Stage::OpenSent(until) => open_sent::step(conn, until, event, turn),
            Stage::OpenConfirm(confirm) => open_confirm::step(conn, confirm, event, turn),
        };
        (conn, direction, outcome)
    }

    /// The same while another connection carries a session; an OPEN is not for here. `None` when it has ended.
    pub(crate) fn beside(self, event: Event, turn: &mut Turn<'_>) -> Option<Self> {
        match self.step(event, turn) {
            (conn, direction, Outcome::On(stage)) => Some(Self { conn, direction, stage }),
            (_, _, Outcome::Agreed(_) | Outcome::Confirmed(_) | Outcome::Ended(_)) => None,
        }
    }

    /// When a timer of the connection is due.
    pub(crate) fn deadline(&self) -> Time {
        match &self.stage {
            Stage::Delayed(until) | Stage::OpenSent(until) => *until,
            Stage::OpenConfirm(confirm) => confirm.keepalive.map_or(confirm.hold, |due| due.min(confirm.hold)),
        }
    }
}

impl Outcome {
    /// The peer is told, and the connection closed.
    pub(crate) fn refuse(conn: Conn, notification: impl Into<Notification>, turn: &mut Turn<'_>) -> Self {
        let notification = notification.into();
        turn.end(conn, notification.clone());
        Self::Ended(Ended { reason: Reason::Sent(notification), then: Then::Hold })
    }

    /// A NOTIFICATION came. It is never answered with another (RFC 4271, section 6.4).
    pub(crate) fn notified(conn: Conn, notification: Notification, turn: &mut Turn<'_>) -> Self {
        turn.act(Action::Close { conn });
        let then = match notification.cause {
            Cause::UNSUPPORTED_VERSION => Then::HoldUncounted,
            // The peer holds back. To do the same could go on for ever, each refusing the other in turn.
            Cause::CONNECTION_REJECTED => Then::Listen,
            _ => Then::Hold,
        };
        Self::Ended(Ended { reason: Reason::Received(notification), then })
    }

    /// Something wrong came. What is wrong with a message that has no place yet does not matter: it is the
    /// message that is out of place (`unexpected`).
    pub(crate) fn faulty(conn: Conn, fault: &Fault, unexpected: Cause, turn: &mut Turn<'_>) -> Self {
        let notification = fault.notification();
        match notification.cause.code {
            iana::error_code::UPDATE | iana::error_code::ROUTE_REFRESH => Self::refuse(conn, unexpected, turn),
            _ => Self::refuse(conn, notification, turn),
        }
    }

    /// The connection is gone.
    pub(crate) fn closed(then: Then) -> Self {
        Self::Ended(Ended { reason: Reason::Closed, then })
    }
}

/// Judges an OPEN against ours, which follows from the configuration.
pub(crate) fn judge(conn: Conn, theirs: Open, turn: &mut Turn<'_>) -> Outcome {
    let ours = turn.our_open();
    match turn.config.agree(ours, theirs) {
        Ok(terms) => Outcome::Agreed(Box::new(terms)),
        Err(notification) => Outcome::refuse(conn, notification, turn),
    }
}

/// Enters OpenConfirm: answers the OPEN with a KEEPALIVE (RFC 4271, section 8.2.2, OpenSent, event 19).
pub(crate) fn confirm(conn: Conn, terms: Box<Terms>, turn: &mut Turn<'_>) -> Stage {
    turn.send(conn, Out::Keepalive);
    // Without a hold time the RFC waits for ever; the wait for an OPEN is long enough for a KEEPALIVE too.
    let hold = turn.now + terms.hold().unwrap_or(turn.config.open_wait);
    let keepalive = turn.keepalive(&terms).map(|span| turn.now + span);
    Stage::OpenConfirm(Confirm { terms, hold, keepalive })
}
