//! How all sessions stand, for `show bfd` and metrics.

use super::{Watch, WatchId};
use bfd::{Diagnostic, State};
use socket::priority::Priority;
use std::time::Duration;

/// How all sessions stand.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The sessions, by id.
    pub sessions: Vec<Shown>,
    /// What was counted since the start.
    pub counters: Counters,
    /// What the thread got.
    pub priority: Priority,
}

/// How one session stands.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What was asked for.
    pub watch: Watch,
    /// Why it cannot be watched now; tried again every second.
    pub fault: Option<String>,
    /// Our state.
    pub state: State,
    /// For how long it is in it.
    pub in_state: Duration,
    /// Why it last went down.
    pub diagnostic: Diagnostic,
    /// The peer's state as last heard.
    pub remote_state: State,
    /// Why the peer's end last went down.
    pub remote_diagnostic: Diagnostic,
    /// Our discriminator; 0 without a session.
    pub local_discriminator: u32,
    /// The peer's; 0 if it is not heard.
    pub remote_discriminator: u32,
    /// The agreed interval between our packets; `None` if the peer wants none.
    pub transmit_interval: Option<Duration>,
    /// Silence after which the peer is given up; `None` if it is not heard.
    pub detection_time: Option<Duration>,
    /// Packets sent.
    pub sent: u64,
    /// Packets received for it.
    pub received: u64,
    /// Packets of these that were not taken.
    pub discarded: u64,
    /// How often it came up.
    pub ups: u64,
    /// The longest time between a packet of the peer that said Up and the next, since we last came up: how near it was
    /// to being given up.
    pub longest_silence: Duration,
}

impl Shown {
    /// The id of the watch.
    pub fn id(&self) -> WatchId {
        self.watch.id
    }
}

/// What was counted since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams received.
    pub received: u64,
    /// Datagrams sent.
    pub sent: u64,
    /// Datagrams that the kernel did not send.
    pub send_failed: u64,
    /// Datagrams that are no control packet.
    pub malformed: u64,
    /// Packets for no session of the link that they came over.
    pub unknown: u64,
    /// Packets that their session did not take, such as for a hop limit below 255.
    pub discarded: u64,
}
