//! The poll sequence: how a session changes its timing without being taken for dead (RFC 5880 sections
//! 6.5 and 6.8.3).
//!
//! ```text
//!         timing changes            hears F                hears a packet without F
//!  Idle ────────────────► Asking ───────────► Settling ──────────────────────────► Idle
//!                         P in every packet   the change is in force
//! ```
//!
//! A sequence may put P into several packets before the first answer comes, and then several come. An answer
//! to one sequence must not be taken for one to the next, so settling lasts until every packet with P was
//! answered, or until an answer would come later than the neighbour's silence is borne.
//!
//! There are three timings. What the configuration *wishes*; what packets *advertise*; and what is *in use*.
//! While up, wishes wait until no sequence is under way, so that a Final has one meaning (the third choice
//! of section 6.8.3). Advertising a slower transmission or a faster reception then changes nothing until
//! the neighbour has answered. While not up nothing waits.

use crate::session::Session;
use crate::{Interval, State, Time};

/// Where the poll sequence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Poll {
    /// None is under way.
    Idle,
    /// Packets carry P until one with F comes.
    Asking,
    /// F came. Another sequence may begin once a packet without F came and no other F is to be expected.
    Settling,
}

/// bfd.DesiredMinTxInterval and bfd.RequiredMinRxInterval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timing {
    pub(crate) desired_min_tx: Interval,
    pub(crate) required_min_rx: Interval,
}

impl Session {
    /// What this end wishes in its present state: no more than a packet a second unless up.
    pub(crate) fn wished(&self) -> Timing {
        let fast = self.config.desired_min_tx();
        Timing {
            desired_min_tx: if self.state == State::Up { fast } else { fast.max(Interval::SLOW) },
            required_min_rx: self.config.required_min_rx(),
        }
    }

    /// Advertises the wishes if they are new and may be advertised now.
    pub(crate) fn adopt_wishes(&mut self) {
        let is_up = self.state == State::Up;
        if is_up && self.poll != Poll::Idle {
            return;
        }
        let wished = self.wished();
        if wished != self.advertised {
            self.advertised = wished;
            self.start_poll();
        }
        if is_up {
            self.in_use.desired_min_tx = self.in_use.desired_min_tx.min(wished.desired_min_tx);
            self.in_use.required_min_rx = self.in_use.required_min_rx.max(wished.required_min_rx);
        } else {
            self.in_use = wished;
        }
    }

    /// Puts P into the packets from now on. A neighbour that was never heard needs no asking: it has no
    /// timing to change.
    pub(crate) fn start_poll(&mut self) {
        if self.remote.is_heard() && self.poll != Poll::Asking {
            self.poll = Poll::Asking;
            self.unanswered = 0;
        }
    }

    /// Counts a packet with P that is sent.
    pub(crate) fn count_poll(&mut self, now: Time) {
        self.unanswered = self.unanswered.saturating_add(1);
        self.asked = now;
    }

    /// Takes note of the F bit of a received packet.
    pub(crate) fn hear_final(&mut self, is_final: bool) {
        if is_final {
            self.unanswered = self.unanswered.saturating_sub(1);
        }
        match (self.poll, is_final) {
            (Poll::Asking, true) => {
                self.poll = Poll::Settling;
                self.in_use = self.advertised;
                // Only our own transmission can have become slower here. The packet that is due keeps its
                // time: the neighbour may still get an older packet of ours behind the one that it answered.
                if let Some(pace) = self.pace_wanted() {
                    self.pace = Some(pace);
                }
            }
            (Poll::Settling, false) => {
                if self.unanswered == 0 || self.heard >= self.asked.after_micros(self.detection_micros()) {
                    self.poll = Poll::Idle;
                }
            }
            (Poll::Idle | Poll::Asking, false) | (Poll::Idle | Poll::Settling, true) => {}
        }
    }
}
