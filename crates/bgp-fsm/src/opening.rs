//! Connect and Active (RFC 4271, section 8.2.2), and the connections that come of them.
//!
//! A session that opens connects, listens, or both. Which of the four states it is in follows from what there is:
//!
//! | there is | state |
//! | --- | --- |
//! | a connection with both OPENs | OpenConfirm |
//! | a connection with our OPEN | OpenSent |
//! | a connect under way, or a connection of ours that waits for the peer's OPEN | Connect |
//! | none of these | Active |
//!
//! A failed connect leaves the session listening, where the RFC goes to Idle: a session in Idle would refuse the
//! connection that the peer may be about to open.

use crate::connection::{Connection, Ended, Outcome, Stage, Then};
use crate::state::Phase;
use crate::turn::Turn;
use crate::{Action, Conn, Direction, Established, Event, Name, Reason, Stop, Time};
use bgp_wire::Cause;

/// A session that opens, on at most one connection each way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Opening {
    pub(crate) dial: Dial,
    pub(crate) incoming: Option<Connection>,
    pub(crate) outgoing: Option<Connection>,
}

/// Our own way to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Dial {
    /// Not now.
    #[default]
    Off,
    /// Under way; given up and begun again then (ConnectRetryTimer).
    Dialling(Time),
    /// To be begun then (ConnectRetryTimer).
    Waiting(Time),
}

impl Opening {
    pub(crate) fn step(mut self: Box<Self>, event: Event, turn: &mut Turn<'_>) -> Phase {
        match event {
            Event::Stop(stop) => self.stop(&stop, turn),
            Event::Timer => self.timer(turn),
            Event::Connected { conn, direction } => self.connected(conn, direction, turn),
            Event::ConnectFailed => self.connect_failed(turn),
            Event::Closed { conn }
            | Event::Open { conn, .. }
            | Event::Keepalive { conn }
            | Event::Update { conn }
            | Event::Notification { conn, .. }
            | Event::RouteRefresh { conn, .. }
            | Event::EndOfRib { conn, .. }
            | Event::Fault { conn, .. } => match self.take(conn) {
                Some(connection) => self.advance(connection, event, turn),
                None => Phase::Opening(self),
            },
            Event::Start
            | Event::PrefixLimit { .. }
            | Event::BfdDown
            | Event::SendBlocked { .. }
            | Event::SendProgress { .. }
            | Event::AskRefresh { .. } => Phase::Opening(self),
        }
    }

    /// A connection came about (events 16 and 17).
    fn connected(mut self: Box<Self>, conn: Conn, direction: Direction, turn: &mut Turn<'_>) -> Phase {
        match (direction, self.dial) {
            (Direction::Outgoing, Dial::Dialling(_)) => self.dial = Dial::Off,
            (Direction::Outgoing, Dial::Off | Dial::Waiting(_)) => {
                // Nobody asked for it.
                turn.act(Action::Close { conn });
                return Phase::Opening(self);
            }
            // A connect that is under way goes on: to give it up could end the connection that the peer keeps.
            (Direction::Incoming, Dial::Dialling(_) | Dial::Off) => {}
            (Direction::Incoming, Dial::Waiting(_)) => self.dial = Dial::Off,
        }
        // A peer that connects anew has given up what it had opened before.
        if let Some(old) = self.slot(direction).take() {
            turn.end(old.conn, Cause::COLLISION_RESOLUTION.into());
        }
        *self.slot(direction) = Some(Connection::begin(conn, direction, turn));
        Phase::Opening(self)
    }

    /// Event 18 before there is a connection.
    fn connect_failed(mut self: Box<Self>, turn: &mut Turn<'_>) -> Phase {
        if let Dial::Dialling(_) = self.dial {
            self.dial = Dial::Off;
            if self.is_alone() {
                turn.failed(Reason::ConnectFailed);
                self.listen(turn);
            }
        }
        Phase::Opening(self)
    }

    fn stop(mut self, stop: &Stop, turn: &mut Turn<'_>) -> Phase {
        for connection in [self.incoming.take(), self.outgoing.take()].into_iter().flatten() {
            turn.end(connection.conn, stop.notification(false));
        }
        self.hang_up(turn);
        turn.stopped(stop)
    }

    fn timer(mut self: Box<Self>, turn: &mut Turn<'_>) -> Phase {
        // Event 9.
        match self.dial {
            Dial::Dialling(due) if due <= turn.now => {
                self.hang_up(turn);
                if self.is_alone() {
                    turn.failed(Reason::ConnectTimeout);
                    self.dial = turn.dial();
                }
            }
            Dial::Waiting(due) if due <= turn.now => self.dial = turn.dial(),
            Dial::Off | Dial::Dialling(_) | Dial::Waiting(_) => {}
        }
        let mut phase = Phase::Opening(self);
        for direction in [Direction::Incoming, Direction::Outgoing] {
            let Phase::Opening(mut opening) = phase else { return phase };
            phase = match opening.slot(direction).take() {
                Some(connection) => opening.advance(connection, Event::Timer, turn),
                None => Phase::Opening(opening),
            };
        }
        phase
    }

    /// An event on a connection that was taken out of its slot.
    fn advance(mut self: Box<Self>, connection: Connection, event: Event, turn: &mut Turn<'_>) -> Phase {
        let (conn, direction, outcome) = connection.step(event, turn);
        match outcome {
            Outcome::On(stage) => {
                *self.slot(direction) = Some(Connection { conn, direction, stage });
                Phase::Opening(self)
            }
            Outcome::Agreed(terms) => {
                self.hang_up(turn);
                self.agreed(conn, direction, terms, turn);
                Phase::Opening(self)
            }
            Outcome::Confirmed(terms) => {
                let rival = self.incoming.take().or(self.outgoing.take());
                Established::enter(conn, terms, rival, turn)
            }
            Outcome::Ended(ended) => self.ended(ended, turn),
        }
    }

    fn ended(mut self: Box<Self>, Ended { reason, then }: Ended, turn: &mut Turn<'_>) -> Phase {
        if !self.is_alone() {
            // The other connection goes on; that a collision ended so is no failure.
            if !matches!(&reason, Reason::Received(said) if said.cause == Cause::COLLISION_RESOLUTION) {
                turn.failed(reason);
            }
            return Phase::Opening(self);
        }
        turn.failed(reason);
        match then {
            Then::Listen => {
                self.listen(turn);
                Phase::Opening(self)
            }
            Then::Hold | Then::HoldUncounted => {
                self.hang_up(turn);
                turn.hold(then == Then::Hold)
            }
        }
    }

    /// Goes on without a connection: waits for the peer, and for the time to connect again.
    fn listen(&mut self, turn: &mut Turn<'_>) {
        if self.dial == Dial::Off && !turn.config.passive {
            self.dial = Dial::Waiting(turn.next_dial());
        }
    }

    /// Neither connects nor waits to.
    fn hang_up(&mut self, turn: &mut Turn<'_>) {
        if let Dial::Dialling(_) = self.dial {
            turn.act(Action::CancelConnect);
        }
        self.dial = Dial::Off;
    }

    pub(crate) fn slot(&mut self, direction: Direction) -> &mut Option<Connection> {
        match direction {
            Direction::Incoming => &mut self.incoming,
            Direction::Outgoing => &mut self.outgoing,
        }
    }

    fn take(&mut self, conn: Conn) -> Option<Connection> {
        let of = |slot: &mut Option<Connection>| slot.take_if(|connection| connection.conn == conn);
        of(&mut self.incoming).or_else(|| of(&mut self.outgoing))
    }

    fn is_alone(&self) -> bool {
        self.incoming.is_none() && self.outgoing.is_none()
    }

    pub(crate) fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.incoming.iter().chain(&self.outgoing)
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        let dial = match self.dial {
            Dial::Off => None,
            Dial::Dialling(due) | Dial::Waiting(due) => Some(due),
        };
        self.connections().map(Connection::deadline).chain(dial).min()
    }

    pub(crate) fn name(&self) -> Name {
        let stage = self.connections().map(|connection| match connection.stage {
            // Where the RFC has it wait for the DelayOpenTimer.
            Stage::Delayed(_) if connection.direction == Direction::Outgoing => Name::Connect,
            Stage::Delayed(_) => Name::Active,
            Stage::OpenSent(_) => Name::OpenSent,
            Stage::OpenConfirm(_) => Name::OpenConfirm,
        });
        let dialling = matches!(self.dial, Dial::Dialling(_)).then_some(Name::Connect);
        stage.chain(dialling).max().unwrap_or(Name::Active)
    }
}
