//! Connect and Active of RFC 4271, section 8.2.2, with a connection and the DelayOpenTimer running: the peer may
//! send its OPEN first.
//!
//! The attribute `SendNOTIFICATIONwithoutOPEN` (section 8.2.1.5) is true: a peer is told what it did wrong though we
//! have sent no OPEN.

use crate::connection::{Outcome, Stage, Then, judge};
use crate::turn::Turn;
use crate::{Conn, Event, Time, open_sent};
use bgp_wire::Cause;

pub(crate) fn step(conn: Conn, until: Time, event: Event, turn: &mut Turn<'_>) -> Outcome {
    match event {
        // Event 12.
        Event::Timer if until <= turn.now => Outcome::On(open_sent::enter(conn, turn)),
        // Events 20 and 22.
        Event::Open { open, .. } => match judge(conn, *open, turn) {
            Outcome::Agreed(terms) => {
                turn.send_open(conn);
                Outcome::Agreed(terms)
            }
            refused => refused,
        },
        // Events 21, 22 and 28.
        Event::Fault { fault, .. } => Outcome::faulty(conn, &fault, Cause::FSM_ERROR, turn),
        // Events 24 and 25.
        Event::Notification { notification, .. } => Outcome::notified(conn, notification, turn),
        // Event 18.
        Event::Closed { .. } => Outcome::closed(Then::Listen),
        // Events 26 and 27.
        Event::Keepalive { .. } | Event::Update { .. } | Event::RouteRefresh { .. } | Event::EndOfRib { .. } => {
            Outcome::refuse(conn, Cause::FSM_ERROR, turn)
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
        | Event::AskRefresh { .. } => Outcome::On(Stage::Delayed(until)),
    }
}
