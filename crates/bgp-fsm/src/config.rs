//! What is configured for a session.

use bgp_wire::{Families, HoldTime, RestartTime, Role, RouterId};
use model::Asn;
use std::time::Duration;

/// The configuration of one session. [`Config::new`] fills in what is usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Our AS.
    pub local_asn: Asn,
    /// Our BGP identifier.
    pub router_id: RouterId,
    /// The AS that the peer must be of.
    pub peer_asn: Asn,
    /// Never connect, only accept (`PassiveTcpEstablishment` of RFC 4271, section 8.1.1).
    pub passive: bool,
    /// The families that we offer.
    pub families: Families,
    /// The families without which there is no session; some of `families`.
    pub required: Families,
    /// The hold time that we propose.
    pub hold_time: HoldTime,
    /// The shortest hold time that we accept from the peer, in seconds. One above 0 does not refuse "no hold
    /// time"; that is `accept_no_hold_time`'s to say.
    pub shortest_hold_time: u16,
    /// Whether a peer may propose a hold time of 0, which means a session without keepalives.
    pub accept_no_hold_time: bool,
    /// How long after a failed or unanswered connect the next one follows (`ConnectRetryTime`); at least 1 s.
    pub connect_retry: Duration,
    /// How long to let the peer send its OPEN first (`DelayOpenTime`); zero for not at all.
    pub delay_open: Duration,
    /// How long to wait for the peer's OPEN (the "large value" of the HoldTimer in RFC 4271, section 8.2.2).
    pub open_wait: Duration,
    /// How long to stay Idle after a failure (`IdleHoldTime`, `DampPeerOscillations`).
    pub idle_hold: BackOff,
    /// How long to stay Idle after the peer exceeded a prefix limit; `None` until [`Event::Start`].
    ///
    /// [`Event::Start`]: crate::Event::Start
    pub prefix_limit_hold: Option<Duration>,
    /// How long the peer may leave unread what we send (`SendHoldTime` of RFC 9687), but at least twice the
    /// agreed hold time.
    pub send_hold: Duration,
    /// How long routes are kept that the peer did not send again after it said that it would (BoRR of RFC 7313).
    pub refresh_time: Duration,
    /// Take messages of up to 65,535 bytes (RFC 8654).
    pub extended_messages: bool,
    /// The families for which we take several paths a prefix (RFC 7911).
    pub add_path: Families,
    /// Our role towards the peer (RFC 9234).
    pub role: Option<OurRole>,
    /// Graceful restart (RFC 4724); `None` for neither offering nor helping.
    pub graceful_restart: Option<Graceful>,
}

/// Our role towards a peer (RFC 9234, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OurRole {
    /// The role that we name.
    pub role: Role,
    /// Refuse a peer that names none.
    pub strict: bool,
}

/// Graceful restart as configured (RFC 4724).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Graceful {
    /// How long the peer should wait for us to come back.
    pub restart_time: RestartTime,
    /// The families whose routes the peer is asked to keep over our restart; none for a helper only.
    pub kept: Families,
    /// Those of them for which we say that our forwarding went on (the F bits).
    pub forwarding: Families,
    /// Keep routes over a NOTIFICATION and an expired hold timer too (the N bit of RFC 8538).
    pub notification: bool,
    /// The most that is granted of a peer's restart time, and the longest that stale routes are kept once the
    /// peer is back and its End-of-RIB does not come.
    pub stale_time: Duration,
    /// We have just restarted ourselves: the R bit is set until the peer has sent its routes, or this long
    /// has passed since [`Event::Start`] (`Selection_Deferral_Timer`).
    ///
    /// [`Event::Start`]: crate::Event::Start
    pub restarting: Option<Duration>,
}

/// A wait that doubles with each failure in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// After the first failure; zero for no wait at all.
    pub first: Duration,
    /// The longest. A session that lived for longer than this starts again at `first`.
    pub most: Duration,
}

impl Config {
    /// An active session for IPv4 with the timers that RFC 4271, section 10, suggests.
    pub fn new(local_asn: Asn, router_id: RouterId, peer_asn: Asn) -> Self {
        Self {
            local_asn,
            router_id,
            peer_asn,
            passive: false,
            families: Families::V4,
            required: Families::NONE,
            hold_time: HoldTime::SUGGESTED,
            shortest_hold_time: 3,
            accept_no_hold_time: true,
            connect_retry: Duration::from_secs(120),
            delay_open: Duration::ZERO,
            open_wait: Duration::from_secs(240),
            idle_hold: BackOff { first: Duration::from_secs(1), most: Duration::from_secs(120) },
            prefix_limit_hold: None,
            send_hold: Duration::from_secs(480),
            refresh_time: Duration::from_secs(360),
            extended_messages: false,
            add_path: Families::NONE,
            role: None,
            graceful_restart: None,
        }
    }
}
