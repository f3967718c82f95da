//! OpenSent (RFC 4271, section 8.2.2): our OPEN is sent, the peer's is waited for.

use crate::connection::{Outcome, Stage, Then, judge};
use crate::turn::Turn;
use crate::{Conn, Event, Time};
use bgp_wire::Cause;

/// Sends our OPEN and begins to wait, for longer than a hold time (section 8.2.2 suggests four minutes).
pub(crate) fn enter(conn: Conn, turn: &mut Turn<'_>) -> Stage {
    turn.send_open(conn);
    Stage::OpenSent(turn.now + turn.config.open_wait)
}

pub(crate) fn step(conn: Conn, until: Time, event: Event, turn: &mut Turn<'_>) -> Outcome {
    match event {
        // Event 10.
        Event::Timer if until <= turn.now => Outcome::refuse(conn, Cause::HOLD_TIMER_EXPIRED, turn),
        // Events 19 and 22.
        Event::Open { open, .. } => judge(conn, *open, turn),
        // Events 21, 22 and 28.
        Event::Fault { fault, .. } => Outcome::faulty(conn, &fault, Cause::UNEXPECTED_IN_OPEN_SENT, turn),
        // Events 24 and 25.
        Event::Notification { notification, .. } => Outcome::notified(conn, notification, turn),
        // Event 18.
        Event::Closed { .. } => Outcome::closed(Then::Listen),
        // Events 26 and 27.
        Event::Keepalive { .. } | Event::Update { .. } | Event::RouteRefresh { .. } | Event::EndOfRib { .. } => {
            Outcome::refuse(conn, Cause::UNEXPECTED_IN_OPEN_SENT, turn)
        }
        Event::Start
        | Event::Stop(_)
        | Event::Timer
        | Event::Connected { .. }
        | Event::ConnectFailed
        | Event::PrefixLimit { .. }
        | Event::BfdDown
        | Event::SendBlocked { .. }
        | Event::SendProgress { .. }
        | Event::AskRefresh { .. } => Outcome::On(Stage::OpenSent(until)),
    }
}
