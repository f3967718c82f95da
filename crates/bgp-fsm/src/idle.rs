//! Idle (RFC 4271, section 8.2.2): nothing is tried, and every connection is refused.

use crate::state::Phase;
use crate::turn::Turn;
use crate::{Event, Stop, Time};
use bgp_wire::Cause;

/// Why a session is Idle, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    /// Not started, or stopped: until [`Event::Start`].
    Stopped,
    /// It failed, and begins again then (IdleHoldTimer).
    Holding(Time),
    /// The peer exceeded a prefix limit: until then, or `None` until [`Event::Start`].
    PrefixLimit(Option<Time>),
}

impl Idle {
    pub(crate) fn until(self) -> Option<Time> {
        match self {
            Self::Stopped => None,
            Self::Holding(until) => Some(until),
            Self::PrefixLimit(until) => until,
        }
    }

    pub(crate) fn step(self, event: Event, turn: &mut Turn<'_>) -> Phase {
        match event {
            Event::Start => {
                turn.memory.failures = 0;
                turn.start()
            }
            Event::Stop(stop) => match (self, &stop) {
                (_, Stop::Shutdown(_) | Stop::Deconfigured) => turn.stopped(&stop),
                (Self::Stopped, _) | (_, Stop::OutOfResources) => Phase::Idle(self),
                (_, Stop::Reset(_) | Stop::HardReset(_) | Stop::ConfigurationChange) => turn.stopped(&stop),
            },
            Event::Timer => match self.until() {
                Some(until) if until <= turn.now => turn.start(),
                _ => Phase::Idle(self),
            },
            // RFC 4486, section 4, has a subcode for it.
            Event::Connected { conn, .. } => {
                turn.end(conn, Cause::CONNECTION_REJECTED.into());
                Phase::Idle(self)
            }
            Event::ConnectFailed
            | Event::Closed { .. }
            | Event::Open { .. }
            | Event::Keepalive { .. }
            | Event::Update { .. }
            | Event::Notification { .. }
            | Event::RouteRefresh { .. }
            | Event::EndOfRib { .. }
            | Event::Fault { .. }
            | Event::PrefixLimit { .. }
            | Event::BfdDown
            | Event::SendBlocked { .. }
            | Event::SendProgress { .. }
            | Event::AskRefresh { .. } => Phase::Idle(self),
        }
    }
}
