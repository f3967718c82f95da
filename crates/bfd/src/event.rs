//! What can happen to a session.

use crate::{Config, Packet, Time};

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A packet arrived that [`Demux::find`](crate::Demux::find) says is for this session.
    Packet(Received),
    /// The timer [`Timer::Transmit`](crate::Timer::Transmit) fired.
    TransmitTimer,
    /// The timer [`Timer::Detect`](crate::Timer::Detect) fired.
    DetectTimer {
        /// Every packet that arrived up to this moment has been handed over. Read the clock, empty the
        /// socket, hand over what it held, then fire timers with that clock reading. The neighbour is
        /// given up only if it was silent up to this moment, however late it is now.
        drained: Time,
    },
    /// An operator takes the session down (RFC 5880 section 6.8.16). Packets that say so go on being sent,
    /// so drop the session [`Session::remote_detection_time`](crate::Session::remote_detection_time) later
    /// at the earliest.
    AdminDown,
    /// An operator allows the session again.
    AdminUp,
    /// New wishes. Those that need the neighbour's consent take effect when it gave it (section 6.8.3).
    ConfigChanged(Config),
    /// Something other than BFD, such as the loss of carrier, tells that the path is down. The session goes
    /// down at once and comes back as after any failure.
    PathDown,
}

/// A packet and how it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The packet.
    pub packet: Packet,
    /// TTL or hop limit of the datagram. Only 255 is taken.
    pub hop_limit: u8,
    /// When the packet reached the machine, as well as the caller knows. A moment in the future counts as
    /// now.
    pub at: Time,
}
