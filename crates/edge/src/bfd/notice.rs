//! What the thread tells: changes of state, to the worker that owns the session.

use super::WatchId;
use bfd::State;
use std::fmt;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Instant;

/// A session is in another state than its worker knew.
///
/// A worker that lags behind misses states in between, never the last one, and never that a path was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    /// Whose.
    pub id: WatchId,
    /// The state now.
    pub state: State,
    /// The path was lost since the last notice, so that the BGP session over it must go down (RFC 5882 section 4.3).
    /// That an operator of either end took the session down is no such loss (section 3.2).
    pub is_path_lost: bool,
    /// When the state was left that the worker knew.
    pub at: Instant,
    /// Why the session last went down.
    pub diagnostic: bfd::Diagnostic,
}

/// Wakes a worker after notices were put into its channel.
pub type Wake = Box<dyn Fn() + Send>;

/// The way to one worker.
pub(super) struct Listener {
    sender: SyncSender<Notice>,
    wake: Wake,
    is_woken: bool,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}

impl Listener {
    pub(super) fn new(capacity: usize, wake: Wake) -> (Self, Receiver<Notice>) {
        let (sender, receiver) = sync_channel(capacity);
        (Self { sender, wake, is_woken: false }, receiver)
    }

    /// Gives whether the notice was taken, or nobody is there any more to take it.
    pub(super) fn tell(&mut self, notice: Notice) -> bool {
        match self.sender.try_send(notice) {
            Ok(()) => {
                self.is_woken = true;
                true
            }
            Err(TrySendError::Full(_)) => {
                // It has enough to do already, and must come to do it.
                self.is_woken = true;
                false
            }
            Err(TrySendError::Disconnected(_)) => true,
        }
    }

    /// Wakes the worker if it was told something since the last time.
    pub(super) fn wake(&mut self) {
        if std::mem::take(&mut self.is_woken) {
            (self.wake)();
        }
    }
}
