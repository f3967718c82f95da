//! When to send, and what (RFC 5880 section 6.8.7).

use crate::poll::Poll;
use crate::session::Session;
use crate::{Action, Interval, Packet, State, Time, Timer};

impl Session {
    /// The packet that says how this end is, without P and F.
    pub(crate) fn contents(&self) -> Packet {
        Packet {
            diagnostic: self.diagnostic,
            state: self.state,
            is_poll: false,
            is_final: false,
            control_plane_independent: false,
            demand: false,
            detect_mult: self.config.detect_mult(),
            my_discriminator: self.local,
            your_discriminator: self.remote.discriminator,
            desired_min_tx: self.advertised.desired_min_tx,
            required_min_rx: self.advertised.required_min_rx,
            required_min_echo_rx: Interval::ZERO,
            auth: None,
        }
    }

    /// The interval between periodic packets, before jitter: the slower of what we use and what the
    /// neighbour can take. `None` if none may be sent.
    pub(crate) fn pace_wanted(&self) -> Option<Interval> {
        let spared = self.is_demand_active() && self.poll != Poll::Asking;
        if self.remote.required_min_rx == Interval::ZERO || spared {
            return None;
        }
        Some(self.in_use.desired_min_tx.max(self.remote.required_min_rx))
    }

    /// Demand mode is active on the neighbour: it wishes for packets only when they say something.
    pub(crate) fn is_demand_active(&self) -> bool {
        self.remote.demand && self.state == State::Up && self.remote.state == State::Up
    }

    /// Sends a packet that takes the place of the next periodic one.
    pub(crate) fn transmit(&mut self, now: Time, actions: &mut Vec<Action>) {
        let is_poll = self.poll == Poll::Asking;
        if is_poll {
            self.count_poll(now);
        }
        actions.push(Action::Send(Packet { is_poll, ..self.contents() }));
        self.sent = now;
        self.pace = self.pace_wanted();
        self.schedule();
    }

    /// The transmit timer fired. Early, or with nothing due, it is only set again.
    pub(crate) fn on_transmit_timer(&mut self, now: Time, actions: &mut Vec<Action>) {
        self.transmit_set = Time::NEVER;
        if self.next_transmit <= now {
            self.transmit(now, actions);
        }
    }

    /// Answers a poll. The answer leaves the periodic packets as they are.
    pub(crate) fn answer_poll(&self, actions: &mut Vec<Action>) {
        actions.push(Action::Send(Packet { is_final: true, ..self.contents() }));
    }

    /// Moves the next periodic packet if the pace is another: counted from the last one sent, so that a
    /// faster pace holds at once, and so that nothing received can put it off for ever.
    pub(crate) fn follow_pace(&mut self) {
        let pace = self.pace_wanted();
        if pace != self.pace {
            self.pace = pace;
            self.schedule();
        }
    }

    fn schedule(&mut self) {
        self.next_transmit = match self.pace {
            Some(pace) => {
                let wait = self.jitter.apply(pace, self.config.detect_mult().get());
                self.sent.after_micros(wait)
            }
            None => Time::NEVER,
        };
    }

    /// Sets the transmit timer if it is not set to the moment of the next packet.
    pub(crate) fn set_transmit_timer(&mut self, actions: &mut Vec<Action>) {
        if self.next_transmit != self.transmit_set && self.next_transmit != Time::NEVER {
            self.transmit_set = self.next_transmit;
            actions.push(Action::SetTimer(Timer::Transmit, self.next_transmit));
        }
    }
}
