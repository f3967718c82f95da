//! What the thread is told.

use bfd::Config;
use std::net::IpAddr;
use std::sync::mpsc::SyncSender;

/// By which a caller knows a watch: any number of its own, unlike those of its other watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WatchId(pub u64);

/// A peer to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// By which notices and commands speak of it.
    pub id: WatchId,
    /// Which worker gets the notices: the index of its [`Wake`](super::Wake).
    pub worker: usize,
    /// The network namespace: a name of `/run/netns`, or a path.
    pub namespace: Option<String>,
    /// The device over which packets go and must come; any if none. A link-local peer needs one.
    pub device: Option<String>,
    /// The peer's address, at most once in a namespace and device.
    pub peer: IpAddr,
    /// Our address, to which packets must come; any if none.
    pub local: Option<IpAddr>,
    /// How fast.
    pub config: Config,
}

/// What to do.
#[derive(Debug, Clone)]
pub enum Command {
    /// Watch a peer. One of the same id is replaced; if only the timing is another, the session stays up.
    Add(Watch),
    /// Watch no more. The peer is told, for as long as it needs to hear it.
    Remove(WatchId),
    /// Watch faster or slower; the session stays up.
    Change(WatchId, Config),
    /// An operator takes the session down (`true`) or allows it again.
    Disable(WatchId, bool),
    /// Tell how all stand.
    Show(SyncSender<super::Snapshot>),
    /// Tell all peers that this end goes by intention, and end.
    Stop,
}
