//! What a session asks its caller to do.

use crate::{Diagnostic, Discard, Packet, State, Time, Timer};

/// Something to do. A step's actions are in the order in which to do them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The session is in another state. First, since traffic waits for it.
    StateChanged(Change),
    /// Send this packet to the neighbour.
    Send(Packet),
    /// Set the timer of this kind to fire at this moment, in place of the one set before. A moment that
    /// has passed is due at once.
    SetTimer(Timer, Time),
    /// The packet was not taken and changed nothing. For a counter.
    Discarded(Discard),
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
    /// Why the session last went down. Coming up leaves it, so that the neighbour can read it.
    pub diagnostic: Diagnostic,
    /// The neighbour's state as last heard, Down if it is not heard.
    pub remote: State,
}

impl Change {
    /// Whether the path was lost, so that what relies on it, such as a BGP session, must go down.
    ///
    /// A session that leaves Up because an operator of either end said so tells nothing about the path
    /// (RFC 5882 section 3.2).
    pub fn is_path_lost(&self) -> bool {
        self.from == State::Up && self.to == State::Down && self.remote != State::AdminDown
    }
}
