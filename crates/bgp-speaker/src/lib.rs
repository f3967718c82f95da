//! A BGP speaker without sockets: sessions and tables joined.
//!
//! A [`Speaker`] runs all peers of a set of routing domains. What happens to it comes as a call with the time:
//! a connection was [accepted](Speaker::accepted), [made](Speaker::connected) or [lost](Speaker::closed),
//! [bytes came](Speaker::received), [time passed](Speaker::tick). What it wants comes out in three ways:
//!
//! - [`Speaker::drain_effects`]: connections to make and to close, and [`Notice`]s for the log.
//! - [`Speaker::drain_ready`]: connections that have something to send, which [`Speaker::fill`] writes in
//!   shares of the caller's choice. Nothing is kept for a connection whose owner does not ask.
//! - [`Speaker::deadline`]: when to call [`Speaker::tick`] at the latest.
//!
//! ```text
//!  bytes ─► frame ─┬─ UPDATE ──────────────► Rib::update ─┐        (bgp-rib)
//!  (bgp-wire)      └─ all else ─► step ─► actions ────────┤        (bgp-fsm)
//!                                   │                     ▼
//!                                   ▼            ready ─► fill ─► bytes
//!                                effects
//! ```
//!
//! The room is pure: the same calls with the same times give the same bytes, so a recorded day can be played
//! again, a network of speakers simulated, and a session fuzzed, without a socket. Memory is bounded: of each
//! connection at most one incomplete message is kept, and what waits to be sent is a place in a table's log.

mod alarm;
mod connection;
mod effect;
mod peer;
mod receive;
mod send;
mod speaker;

pub use bgp_fsm::{Conn, Time};
pub use effect::{Effect, Notice};
pub use peer::{Counters, Peer, PeerConfig, PeerView};
pub use speaker::{Domain, Speaker};
