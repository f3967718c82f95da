//! One session with what the rim knows of it.

use super::{Notice, Shown, Watch};
use bfd::{Change, Discriminator, Session, State, Time};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A session and its counters.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) watch: Watch,
    pub(super) session: Session,
    /// The index of its place.
    pub(super) place: usize,
    /// The index of its device in the place's namespace; 0 if any will do.
    pub(super) interface: u32,
    /// Where its packets go.
    pub(super) to: SocketAddr,
    /// It was removed, and stays until then so that the peer hears of it.
    pub(super) leaves: Option<Time>,
    /// What its worker is yet to be told.
    pub(super) untold: Option<Notice>,
    pub(super) since: Time,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) discarded: u64,
    pub(super) ups: u64,
    /// The longest time between a packet that said Up and the next.
    pub(super) longest_silence: Duration,
}

impl Slot {
    pub(super) fn new(watch: Watch, session: Session, place: usize, interface: u32, to: SocketAddr, now: Time) -> Self {
        Self {
            watch,
            session,
            place,
            interface,
            to,
            leaves: None,
            untold: None,
            since: now,
            sent: 0,
            received: 0,
            discarded: 0,
            ups: 0,
            longest_silence: Duration::ZERO,
        }
    }

    /// Takes note of a change of state. It joins one that the worker has not been told yet.
    pub(super) fn change(&mut self, change: &Change, now: Time) {
        self.since = now;
        if change.to == State::Up {
            self.ups += 1;
            self.longest_silence = Duration::ZERO;
        }
        if self.leaves.is_some() {
            return;
        }
        let was_lost = self.untold.is_some_and(|untold| untold.is_path_lost);
        self.untold = Some(Notice {
            id: self.watch.id,
            state: change.to,
            is_path_lost: was_lost || change.is_path_lost(),
            at: self.untold.map_or_else(Instant::now, |untold| untold.at),
            diagnostic: change.diagnostic,
        });
    }

    /// Whether the peer would be given up if nothing more came of it: time to look once more.
    pub(super) fn is_silent(&self, now: Time) -> bool {
        match (self.session.last_heard(), self.session.detection_time()) {
            (Some(heard), Some(wait)) => heard.after(wait) <= now,
            (None, _) | (_, None) => false,
        }
    }

    pub(super) fn show(&self, now: Time) -> Shown {
        let session = &self.session;
        Shown {
            watch: self.watch.clone(),
            fault: None,
            state: session.state(),
            in_state: now.since(self.since),
            diagnostic: session.diagnostic(),
            remote_state: session.remote_state(),
            remote_diagnostic: session.remote_diagnostic(),
            local_discriminator: session.local_discriminator().number(),
            remote_discriminator: session.remote_discriminator().map_or(0, Discriminator::number),
            transmit_interval: session.transmit_interval(),
            detection_time: session.detection_time(),
            sent: self.sent,
            received: self.received,
            discarded: self.discarded,
            ups: self.ups,
            longest_silence: self.longest_silence,
        }
    }
}

/// A watch that cannot be kept yet.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) watch: Watch,
    /// Why.
    pub(super) fault: String,
    pub(super) since: Time,
    /// The operator has taken it down.
    pub(super) is_disabled: bool,
}

impl Waiting {
    pub(super) fn show(&self, now: Time) -> Shown {
        Shown {
            watch: self.watch.clone(),
            fault: Some(self.fault.clone()),
            state: if self.is_disabled { State::AdminDown } else { State::Down },
            in_state: now.since(self.since),
            diagnostic: bfd::Diagnostic::NONE,
            remote_state: State::Down,
            remote_diagnostic: bfd::Diagnostic::NONE,
            local_discriminator: 0,
            remote_discriminator: 0,
            transmit_interval: None,
            detection_time: None,
            sent: 0,
            received: 0,
            discarded: 0,
            ups: 0,
            longest_silence: Duration::ZERO,
        }
    }
}

/// How long the peer is told that a session goes: until it must have heard, or a minute; nothing if it is not there.
pub(super) fn farewell(session: &Session) -> Duration {
    match session.remote_discriminator() {
        Some(_) => session.remote_detection_time().min(Duration::from_secs(60)),
        None => Duration::ZERO,
    }
}
