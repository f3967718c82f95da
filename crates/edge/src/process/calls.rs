//! How often one peer may call.
//!
//! A router calls a few times a minute at most. One that calls without end would fill the queue of its worker, and
//! callers of other circuits would find no room in it.

use bgp_speaker::{Peer, Time};
use std::collections::HashMap;

/// How many calls of one peer are handed to its worker within a second.
pub(crate) const MOST: u32 = 16;

/// The calls of the current second.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    second: u64,
    counts: HashMap<Peer, u32>,
}

impl Calls {
    /// Whether a call of a peer is let in.
    pub(crate) fn pass(&mut self, peer: Peer, now: Time) -> bool {
        let second = now.0 / 1000;
        if second != self.second {
            self.second = second;
            self.counts.clear();
        }
        let count = self.counts.entry(peer).or_default();
        *count += 1;
        *count <= MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_that_calls_without_end_is_held_back_and_others_are_not() {
        let mut calls = Calls::default();
        let passed = (0..1000).filter(|_| calls.pass(Peer(1), Time(500))).count();
        assert_eq!(passed, MOST as usize);
        assert!(calls.pass(Peer(2), Time(999)));
        assert!(calls.pass(Peer(1), Time(1000)));
    }
}
