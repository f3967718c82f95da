//! Packets in, and their absence (RFC 5880 sections 6.8.4 and 6.8.6).

use crate::poll::Poll;
use crate::remote::Remote;
use crate::session::Session;
use crate::{Action, Diagnostic, Discard, Received, State, Time, Timer, iana};

impl Session {
    /// Takes a packet in, in the order of section 6.8.6 from the checks that need the session. Gives
    /// whether the packet asks for an answer.
    ///
    /// # Errors
    ///
    /// The packet must not be taken. Nothing was changed.
    pub(crate) fn receive(
        &mut self,
        received: &Received,
        now: Time,
        actions: &mut Vec<Action>,
    ) -> Result<bool, Discard> {
        let packet = &received.packet;
        if received.hop_limit != iana::HOP_LIMIT {
            return Err(Discard::HopLimit(received.hop_limit));
        }
        if let Some(discriminator) = packet.your_discriminator
            && discriminator != self.local
        {
            return Err(Discard::NotOurs(discriminator));
        }
        if let Some(auth) = &packet.auth {
            return Err(Discard::AuthNotConfigured(auth.number()));
        }
        self.remote = Remote::of(packet);
        self.heard = self.heard.max(received.at.min(now));
        self.follow_pace();
        self.hear_final(packet.is_final);
        if self.state == State::AdminDown {
            return Ok(false);
        }
        let next = self.state.on_hearing(packet.state);
        match next {
            State::Down => self.go_down(State::Down, Diagnostic::NEIGHBOR_SIGNALED_DOWN, actions),
            State::AdminDown | State::Init | State::Up => self.change_state(next, actions),
        }
        Ok(packet.is_poll)
    }

    /// Time without a packet after which the neighbour is given up: its multiplier times the slower of what
    /// it says it sends and what we take.
    pub(crate) fn detection_micros(&self) -> u64 {
        self.in_use.required_min_rx.max(self.remote.desired_min_tx).times(self.remote.detect_mult)
    }

    /// When the neighbour will have been silent for too long.
    fn deadline(&self) -> Time {
        if self.remote.is_heard() { self.heard.after_micros(self.detection_micros()) } else { Time::NEVER }
    }

    /// The detect timer fired. Packets that came since it was set have moved the deadline, not the timer.
    pub(crate) fn on_detect_timer(&mut self, drained: Time, now: Time, actions: &mut Vec<Action>) {
        self.detect_set = Time::NEVER;
        if drained.min(now) < self.deadline() || !self.remote.is_heard() {
            return;
        }
        // In Down and AdminDown the neighbour's silence only makes it unknown again.
        self.remote = Remote::UNHEARD;
        self.poll = Poll::Idle;
        match self.state {
            State::Init | State::Up => self.go_down(State::Down, Diagnostic::DETECTION_TIME_EXPIRED, actions),
            State::AdminDown | State::Down => {}
        }
    }

    /// Sets the detect timer if it would fire too late.
    pub(crate) fn set_detect_timer(&mut self, actions: &mut Vec<Action>) {
        let deadline = self.deadline();
        if deadline < self.detect_set {
            self.detect_set = deadline;
            actions.push(Action::SetTimer(Timer::Detect, deadline));
        }
    }
}
