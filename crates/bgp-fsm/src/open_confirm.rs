//! OpenConfirm (RFC 4271, section 8.2.2): both OPENs are agreed on, the peer's KEEPALIVE is waited for.

use crate::connection::{Confirm, Outcome, Stage, Then};
use crate::turn::Turn;
use crate::{Conn, Event, Out};
use bgp_wire::Cause;

pub(crate) fn step(conn: Conn, confirm: Confirm, event: Event, turn: &mut Turn<'_>) -> Outcome {
    match event {
        // Events 10 and 11.
        Event::Timer => timer(conn, confirm, turn),
        // Event 26.
        Event::Keepalive { .. } => Outcome::Confirmed(confirm.terms),
        // Events 21, 22 and 28.
        Event::Fault { fault, .. } => Outcome::faulty(conn, &fault, Cause::UNEXPECTED_IN_OPEN_CONFIRM, turn),
        // Events 24 and 25.
        Event::Notification { notification, .. } => Outcome::notified(conn, notification, turn),
        // Event 18.
        Event::Closed { .. } => Outcome::closed(Then::Hold),
        // Event 19 on the same connection, and 27.
        Event::Open { .. } | Event::Update { .. } | Event::RouteRefresh { .. } | Event::EndOfRib { .. } => {
            Outcome::refuse(conn, Cause::UNEXPECTED_IN_OPEN_CONFIRM, turn)
        }
        Event::Start
        | Event::Stop(_)
        | Event::Connected { .. }
        | Event::ConnectFailed
        | Event::PrefixLimit { .. }
        | Event::BfdDown
        | Event::SendBlocked { .. }
        | Event::SendProgress { .. }
        | Event::AskRefresh { .. } => Outcome::On(Stage::OpenConfirm(confirm)),
    }
}

fn timer(conn: Conn, mut confirm: Confirm, turn: &mut Turn<'_>) -> Outcome {
    if confirm.hold <= turn.now {
        return Outcome::refuse(conn, Cause::HOLD_TIMER_EXPIRED, turn);
    }
    if confirm.keepalive.is_some_and(|due| due <= turn.now) {
        turn.send(conn, Out::Keepalive);
        confirm.keepalive = turn.keepalive(&confirm.terms).map(|span| turn.now + span);
    }
    Outcome::On(Stage::OpenConfirm(confirm))
}
