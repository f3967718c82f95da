//! One step: what it may look at, and what it leaves behind.

use crate::opening::{Dial, Opening};
use crate::state::{Memory, Phase};
use crate::{Action, Config, Conn, Idle, Out, Reason, Stop, Terms, Time};
use bgp_wire::{Families, Notification, Open};
use std::time::Duration;

/// One step of a session.
pub(crate) struct Turn<'a> {
    pub(crate) config: &'a Config,
    pub(crate) now: Time,
    pub(crate) memory: Memory,
    pub(crate) actions: Vec<Action>,
}

impl Turn<'_> {
    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    pub(crate) fn send(&mut self, conn: Conn, message: Out) {
        self.act(Action::Send { conn, message });
    }

    /// Tells the peer why, and closes.
    pub(crate) fn end(&mut self, conn: Conn, notification: Notification) {
        self.send(conn, Out::Notification(notification));
        self.act(Action::Close { conn });
    }

    pub(crate) fn our_open(&self) -> Open {
        self.config.open(self.memory.deferral.until().is_some())
    }

    pub(crate) fn send_open(&mut self, conn: Conn) {
        let open = Box::new(self.our_open());
        self.send(conn, Out::Open(open));
    }

    /// A span between three quarters and all of it (RFC 4271, section 10), at least a millisecond.
    pub(crate) fn jitter(&mut self, span: Duration) -> Duration {
        // A linear congruential generator; its high bits are good enough to spread timers.
        self.memory.seed = self.memory.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let share = f64::from(self.memory.seed >> 16) / f64::from(1 << 16);
        Duration::from_millis((span.as_millis() as f64 * (0.75 + 0.25 * share)) as u64).max(Duration::from_millis(1))
    }

    /// How long until the next KEEPALIVE (RFC 4271, section 4.4); `None` without a hold time.
    pub(crate) fn keepalive(&mut self, terms: &Terms) -> Option<Duration> {
        terms.keepalive().map(|span| self.jitter(span))
    }

    /// Begins to connect and to listen.
    pub(crate) fn start(&mut self) -> Phase {
        self.defer_selection();
        let dial = if self.config.passive { Dial::Off } else { self.dial() };
        Phase::Opening(Box::new(Opening { dial, ..Opening::default() }))
    }

    /// Asks for a connection.
    pub(crate) fn dial(&mut self) -> Dial {
        self.act(Action::Connect);
        Dial::Dialling(self.next_dial())
    }

    /// When the ConnectRetryTimer is due that starts now.
    pub(crate) fn next_dial(&mut self) -> Time {
        let span = self.jitter(self.config.connect_retry.max(Duration::from_secs(1)));
        self.now + span
    }

    /// Waits in Idle after a failure, the longer the more there were in a row (RFC 4271, section 8.1.1:
    /// IdleHoldTimer, ConnectRetryCounter and DampPeerOscillations).
    pub(crate) fn hold(&mut self, counts: bool) -> Phase {
        match self.back_off(counts) {
            Some(hold) => Phase::Idle(Idle::Holding(self.now + hold)),
            None => self.start(),
        }
    }

    /// As [`hold`](Self::hold), but for a session that the peer or the network ended: the peer may call at once, and
    /// only our own call waits. Two speakers that lost each other must not refuse each other in turn.
    pub(crate) fn listen(&mut self) -> Phase {
        match self.back_off(true) {
            Some(hold) => {
                let dial = if self.config.passive { Dial::Off } else { Dial::Waiting(self.now + hold) };
                Phase::Opening(Box::new(Opening { dial, ..Opening::default() }))
            }
            None => self.start(),
        }
    }

    /// How long to wait after a failure, with jitter; `None` for not at all.
    fn back_off(&mut self, counts: bool) -> Option<Duration> {
        if counts {
            self.memory.failures = self.memory.failures.saturating_add(1);
        }
        let doublings = self.memory.failures.saturating_sub(1).min(31);
        let back_off = self.config.idle_hold;
        let hold = back_off.first.saturating_mul(1 << doublings).min(back_off.most);
        (!hold.is_zero()).then(|| self.jitter(hold))
    }

    pub(crate) fn failed(&mut self, reason: Reason) {
        self.act(Action::Failed { reason });
    }

    /// What follows when the session was ended from our side.
    pub(crate) fn stopped(&mut self, stop: &Stop) -> Phase {
        match stop {
            Stop::Shutdown(_) | Stop::Deconfigured => {
                self.sweep_all();
                self.select(Families::BOTH);
                self.memory.failures = 0;
                Phase::Idle(Idle::Stopped)
            }
            Stop::HardReset(_) => {
                self.sweep_all();
                self.start()
            }
            Stop::Reset(_) | Stop::ConfigurationChange => self.start(),
            Stop::OutOfResources => self.hold(true),
        }
    }
}
