//! When which session has to be looked at next.
//!
//! Alarms are never taken back: one that rings for nothing is set anew for when the session says. So a
//! session that hears an UPDATE writes a number and moves no alarm.

use crate::Peer;
use bgp_fsm::Time;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The alarms of all sessions of a speaker, at most one in force for each.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    heap: BinaryHeap<Reverse<(Time, Peer)>>,
}

impl Alarms {
    /// Makes sure that an alarm rings at `deadline` or before; `armed` is the session's note of its earliest.
    pub(crate) fn set(&mut self, peer: Peer, armed: &mut Option<Time>, deadline: Option<Time>) {
        let Some(deadline) = deadline else { return };
        if armed.is_none_or(|armed| deadline < armed) {
            *armed = Some(deadline);
            self.heap.push(Reverse((deadline, peer)));
        }
    }

    /// The next alarm that is due.
    pub(crate) fn ring(&mut self, now: Time) -> Option<(Time, Peer)> {
        let Reverse((at, _)) = self.heap.peek()?;
        (*at <= now).then(|| self.heap.pop())?.map(|Reverse(alarm)| alarm)
    }

    /// When the next alarm rings.
    pub(crate) fn next(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}
