//! Established (RFC 4271, section 8.2.2): routes are exchanged.

use crate::collision;
use crate::connection::{Connection, Outcome, Stage, judge};
use crate::opening::Opening;
use crate::restart::{self, Ending};
use crate::state::Phase;
use crate::turn::Turn;
use crate::{Action, Conn, Direction, Event, Idle, Out, Reason, Stop, Time};
use bgp_wire::{Cause, Families, HoldTime, Notification, Open, RefreshKind, Role, RouteRefresh, Session, iana};
use model::Family;
use std::time::Duration;

/// A session that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Established {
    /// The connection that carries it.
    pub conn: Conn,
    /// What was agreed on.
    pub terms: Box<Terms>,
    /// Since when it is up.
    pub since: Time,
    /// When a KEEPALIVE or an UPDATE was last heard.
    pub heard: Time,
    /// When a KEEPALIVE or an UPDATE was last sent.
    pub sent: Time,
    /// How long after `sent` the next KEEPALIVE is due.
    keepalive: Option<Duration>,
    /// Since when the socket takes nothing while something waits.
    blocked: Option<Time>,
    /// How long it may.
    send_hold: Duration,
    /// What the peer is sending again (BoRR came), and until when that may take.
    refreshing: Option<(Families, Time)>,
    rival: Option<Rival>,
}

/// What two OPENs agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Our OPEN.
    pub ours: Open,
    /// The peer's OPEN.
    pub theirs: Open,
    /// What bytes mean.
    pub session: Session,
    /// The lesser of both hold times.
    pub hold_time: HoldTime,
    /// The peer takes ROUTE-REFRESH (RFC 2918).
    pub refresh: bool,
    /// Both sides know BoRR and EoRR (RFC 7313).
    pub enhanced_refresh: bool,
    /// The peer's role, if we have one and it named one (RFC 9234).
    pub role: Option<Role>,
}

/// A second connection, tracked until its OPEN (events 16 and 17).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rival {
    connection: Connection,
    /// It began when the session was up already, so it is no collision of two first attempts.
    late: bool,
}

impl Established {
    /// The session comes up.
    pub(crate) fn enter(conn: Conn, terms: Box<Terms>, rival: Option<Connection>, turn: &mut Turn<'_>) -> Phase {
        let stale = turn.resume(&terms.theirs, terms.session.families);
        let session = Self {
            conn,
            since: turn.now,
            heard: turn.now,
            sent: turn.now,
            keepalive: turn.keepalive(&terms),
            send_hold: turn.config.send_hold.max(terms.hold().unwrap_or_default() * 2),
            terms,
            blocked: None,
            refreshing: None,
            rival: rival.map(|connection| Rival { connection, late: false }),
        };
        turn.act(restart::up(&session, stale));
        turn.defer_for(&session.terms.theirs, session.terms.session.families);
        Phase::Established(Box::new(session))
    }

    pub(crate) fn step(mut self: Box<Self>, event: Event, turn: &mut Turn<'_>) -> Phase {
        if event.conn().is_some_and(|conn| conn != self.conn) {
            return self.beside(event, turn);
        }
        let end = match event {
            // Events 26 and 27.
            Event::Keepalive { .. } | Event::Update { .. } => {
                self.heard = turn.now;
                None
            }
            Event::EndOfRib { family, .. } => {
                self.heard = turn.now;
                turn.end_of_rib(family);
                None
            }
            Event::RouteRefresh { refresh, .. } => {
                self.refresh(refresh, turn);
                None
            }
            Event::AskRefresh { family } => {
                self.ask_refresh(family, turn);
                None
            }
            Event::SendBlocked { .. } => {
                self.blocked.get_or_insert(turn.now);
                None
            }
            Event::SendProgress { .. } => {
                self.blocked = None;
                None
            }
            Event::Timer => self.timer(turn),
            Event::Connected { conn, direction } => {
                self.tracked(conn, direction, turn);
                None
            }
            // Event 18.
            Event::Closed { .. } => Some(End { how: How::Lost, ending: Ending::Lost, next: Next::Listen }),
            // Events 24 and 25.
            Event::Notification { notification, .. } => {
                let ending = if notification.cause == Cause::HARD_RESET { Ending::Hard } else { Ending::Told };
                Some(End { how: How::Heard(notification), ending, next: Next::Listen })
            }
            // Event 19 on this connection.
            Event::Open { .. } => Some(End::fault(Cause::UNEXPECTED_IN_ESTABLISHED.into())),
            // Events 21 and 28; 22 has no place here.
            Event::Fault { fault, .. } => {
                let notification = fault.notification();
                Some(End::fault(match notification.cause.code {
                    iana::error_code::OPEN => Cause::UNEXPECTED_IN_ESTABLISHED.into(),
                    _ => notification,
                }))
            }
            Event::PrefixLimit { family, limit } => {
                let notification = Notification::maximum_prefixes(family.into(), limit);
                Some(End { how: How::Said(self.hard(notification)), ending: Ending::Hard, next: Next::PrefixLimit })
            }
            Event::BfdDown => {
                let notification = self.hard(Cause::BFD_DOWN.into());
                Some(End { how: How::Said(notification), ending: Ending::Hard, next: Next::Hold })
            }
            // Events 2 and 8.
            Event::Stop(stop) => {
                let notification = stop.notification(self.notification_restart());
                let ending = if stop.lasts() { Ending::Hard } else { Ending::Told };
                Some(End { how: How::Said(notification), ending, next: Next::Stopped(stop) })
            }
            Event::Start | Event::ConnectFailed => None,
        };
        match end {
            Some(end) => self.end(end, turn),
            None => Phase::Established(self),
        }
    }

    fn timer(&mut self, turn: &mut Turn<'_>) -> Option<End> {
        let due = |at: Option<Time>| at.is_some_and(|at| at <= turn.now);
        let expired = |cause: Cause| End { how: How::Said(cause.into()), ending: Ending::Told, next: Next::Listen };
        // Event 10.
        if due(self.hold_deadline()) {
            return Some(expired(Cause::HOLD_TIMER_EXPIRED));
        }
        // Event 29, of RFC 9687.
        if due(self.send_hold_deadline()) {
            return Some(expired(Cause::SEND_HOLD_TIMER_EXPIRED));
        }
        // Event 11.
        if due(self.keepalive_deadline()) {
            turn.send(self.conn, Out::Keepalive);
            self.sent = turn.now;
            self.keepalive = turn.keepalive(&self.terms);
        }
        // RFC 7313, section 4: the peer never said that it was done.
        if let Some((families, _)) = self.refreshing.take_if(|(_, until)| *until <= turn.now) {
            turn.swept(families);
        }
        if let Some(Rival { connection, late }) = self.rival.take() {
            self.rival = connection.beside(Event::Timer, turn).map(|connection| Rival { connection, late });
        }
        None
    }

    /// A ROUTE-REFRESH (RFC 2918, section 4; RFC 7313, section 4). One for a family that was not agreed on is ignored,
    /// and so is a BoRR or an EoRR of a peer that did not announce them.
    fn refresh(&mut self, refresh: Option<RouteRefresh>, turn: &mut Turn<'_>) {
        let Some(RouteRefresh { family, kind }) = refresh else { return };
        let Some(family) = family.family().filter(|family| self.terms.session.families.contains(*family)) else {
            return;
        };
        let one = Families::from_iter([family]);
        let pending = self.refreshing.map_or(Families::NONE, |(families, _)| families);
        match kind {
            RefreshKind::Request => turn.act(Action::Resend { family }),
            RefreshKind::Begin if self.terms.enhanced_refresh => {
                let both = pending.iter().chain([family]).collect();
                self.refreshing = Some((both, turn.now + turn.config.refresh_time));
                turn.act(Action::RefreshBegins { family });
            }
            RefreshKind::End if pending.contains(family) => {
                let left = pending.without(one);
                self.refreshing = self.refreshing.filter(|_| !left.is_empty()).map(|(_, until)| (left, until));
                turn.swept(one);
            }
            RefreshKind::Begin | RefreshKind::End => {}
        }
    }

    fn ask_refresh(&self, family: Family, turn: &mut Turn<'_>) {
        if self.terms.refresh && self.terms.session.families.contains(family) {
            let request = RouteRefresh { family: family.into(), kind: RefreshKind::Request };
            turn.send(self.conn, Out::RouteRefresh(request));
        }
    }

    /// A second connection came about (events 16 and 17): it is tracked until its OPEN.
    fn tracked(&mut self, conn: Conn, direction: Direction, turn: &mut Turn<'_>) {
        if direction == Direction::Outgoing {
            // Nobody asked for it.
            return turn.act(Action::Close { conn });
        }
        if let Some(old) = self.rival.take() {
            turn.end(old.connection.conn, Cause::COLLISION_RESOLUTION.into());
        }
        self.rival = Some(Rival { connection: Connection::begin(conn, direction, turn), late: true });
    }

    /// An event on another connection than the session's.
    fn beside(mut self: Box<Self>, event: Event, turn: &mut Turn<'_>) -> Phase {
        let conn = event.conn();
        let Some(Rival { connection, late }) = self.rival.take_if(|rival| Some(rival.connection.conn) == conn) else {
            return Phase::Established(self);
        };
        if let Event::Open { open, .. } = event {
            return self.contested(connection, late, *open, turn);
        }
        self.rival = connection.beside(event, turn).map(|connection| Rival { connection, late });
        Phase::Established(self)
    }

    /// An OPEN came on the second connection.
    ///
    /// - Both began before the session came up: a collision like any other, only that one side was quicker. It is
    ///   decided as ever (see [`collision`]), or the two sides could each end the connection that the other keeps.
    /// - The second began later, and the peer may restart: it has come back before its old connection was seen to fail.
    ///   The new one takes over (RFC 4724, section 4.2), and the old one ends without a NOTIFICATION (section 5).
    ///   Section 5 does so as soon as there is a new connection. To wait for the OPEN keeps the session when somebody
    ///   else connects, and when a connect that the peer has given up arrives late.
    /// - Else the session wins (RFC 4271, section 6.8).
    fn contested(self: Box<Self>, connection: Connection, late: bool, open: Open, turn: &mut Turn<'_>) -> Phase {
        let Connection { conn, direction, stage } = connection;
        if late && !self.peer_may_restart() {
            turn.end(conn, Cause::COLLISION_RESOLUTION.into());
            return Phase::Established(self);
        }
        if let Stage::Delayed(_) = stage {
            turn.send_open(conn);
        }
        let Outcome::Agreed(terms) = judge(conn, open, turn) else { return Phase::Established(self) };
        if late {
            turn.act(Action::Close { conn: self.conn });
            self.down(Reason::Replaced, Ending::Lost, turn);
        } else if collision::kept(&terms) == direction {
            let notification = Notification::from(Cause::COLLISION_RESOLUTION);
            turn.end(self.conn, notification.clone());
            self.down(Reason::Sent(notification), Ending::Told, turn);
        } else {
            turn.end(conn, Cause::COLLISION_RESOLUTION.into());
            return Phase::Established(self);
        }
        let mut opening = Opening::default();
        opening.agreed(conn, direction, terms, turn);
        Phase::Opening(Box::new(opening))
    }

    fn end(mut self, End { how, ending, next }: End, turn: &mut Turn<'_>) -> Phase {
        let conn = self.conn;
        let reason = match how {
            How::Said(notification) => {
                turn.end(conn, notification.clone());
                Reason::Sent(notification)
            }
            How::Heard(notification) => {
                turn.act(Action::Close { conn });
                Reason::Received(notification)
            }
            How::Lost => Reason::Closed,
        };
        let rival = self.rival.take().map(|rival| rival.connection);
        let kept = self.down(reason, ending, turn);
        match (&next, rival) {
            (Next::Listen, Some(rival)) => {
                turn.memory.failures = turn.memory.failures.saturating_add(1);
                let mut opening = Opening::default();
                let direction = rival.direction;
                *opening.slot(direction) = Some(rival);
                return Phase::Opening(Box::new(opening));
            }
            (_, Some(rival)) => turn.end(rival.conn, Cause::CONNECTION_REJECTED.into()),
            (_, None) => {}
        }
        match next {
            // A peer that restarts must not be refused (RFC 4724, section 5).
            Next::Listen if ending == Ending::Lost && !kept.is_empty() => turn.start(),
            Next::Listen => turn.listen(),
            Next::Hold => turn.hold(true),
            Next::Stopped(stop) => turn.stopped(&stop),
            Next::PrefixLimit => {
                let until = turn.config.prefix_limit_hold.map(|hold| turn.now + hold);
                Phase::Idle(Idle::PrefixLimit(until))
            }
        }
    }

    /// Says that the session is over, and what is kept.
    fn down(&self, reason: Reason, ending: Ending, turn: &mut Turn<'_>) -> Families {
        if turn.now.since(self.since) > turn.config.idle_hold.most {
            turn.memory.failures = 0;
        }
        let keep = turn.keep(self, ending);
        turn.act(Action::Down { keep, reason });
        keep
    }

    /// For a NOTIFICATION that is meant to end everything: wrapped, if the peer would keep routes over a plain one
    /// (RFC 8538, section 3; RFC 9384, section 4).
    fn hard(&self, notification: Notification) -> Notification {
        if self.notification_restart() { Notification::hard_reset(&notification) } else { notification }
    }

    fn hold_deadline(&self) -> Option<Time> {
        self.terms.hold().map(|hold| self.heard + hold)
    }

    fn send_hold_deadline(&self) -> Option<Time> {
        self.blocked.map(|since| since + self.send_hold)
    }

    fn keepalive_deadline(&self) -> Option<Time> {
        self.keepalive.map(|span| self.sent + span)
    }

    pub(crate) fn deadline(&self) -> Option<Time> {
        let rival = self.rival.as_ref().map(|rival| rival.connection.deadline());
        let refreshing = self.refreshing.map(|(_, until)| until);
        let all = [self.hold_deadline(), self.send_hold_deadline(), self.keepalive_deadline(), refreshing, rival];
        all.into_iter().flatten().min()
    }

    pub(crate) fn connections(&self) -> impl Iterator<Item = Conn> {
        [self.conn].into_iter().chain(self.rival.iter().map(|rival| rival.connection.conn))
    }
}

/// How a session ends.
struct End {
    how: How,
    ending: Ending,
    next: Next,
}

enum How {
    /// We tell the peer.
    Said(Notification),
    /// The peer told us.
    Heard(Notification),
    /// The connection is gone.
    Lost,
}

enum Next {
    /// A second connection goes on in its place; without one as `Hold`.
    Listen,
    /// Idle for a while.
    Hold,
    /// What the stop asks for.
    Stopped(Stop),
    /// Idle until the operator or the configured time says otherwise.
    PrefixLimit,
}

impl End {
    /// The peer did something wrong.
    fn fault(notification: Notification) -> Self {
        Self { how: How::Said(notification), ending: Ending::Told, next: Next::Hold }
    }
}
