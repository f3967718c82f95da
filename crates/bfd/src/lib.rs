//! Bidirectional forwarding detection over a single hop: is the path to the neighbour alive?
//!
//! RFC 5880 in its asynchronous mode, as RFC 5881 applies it to IPv4 and IPv6 on a link. The room is
//! pure: it opens no socket and reads no clock. Whoever runs it hands over what arrived and what the
//! time is, and does what comes back.
//!
//! ```text
//!   datagram ──► Packet::parse ──► Demux::find ──► Session::step ──► Vec<Action>
//!                (6.8.6, what       (6.8.6, which    (6.8.6, the        Send, SetTimer,
//!                needs no session)  session)         rest)              StateChanged, Discarded
//! ```
//!
//! - [`Packet`] is one control packet, with its [`Auth`] section if it has one.
//! - [`Demux`] gives out discriminators and finds the session that a packet is for.
//! - [`Session`] is the state machine: [`Session::step`] takes an [`Event`] and gives [`Action`]s.
//! - [`Config`] says how fast; [`Time`] and [`Interval`] are how this room counts.
//! - [`mod@iana`] holds the numbers: ports, diagnostics, authentication types.
//!
//! # What the caller owes
//!
//! A session that is checked every 50 ms must not fall because its process was scheduled late. Three
//! duties make that so; the second is in the type of [`Event::DetectTimer`] so that it is not forgotten.
//!
//! 1. **Stamp packets when they arrive.** [`Received::at`] is the time the packet reached the machine: the
//!    kernel's stamp if there is one, else a clock read after the system call that returned the packet. The
//!    session measures silence between these stamps, so a packet that waited in a queue neither delays nor
//!    causes a detection.
//! 2. **Read before you judge.** On waking, read the clock, *then* read the socket until it is empty and hand
//!    over every packet, and only then fire the timers that are due. The clock reading from before the
//!    socket was emptied is [`Event::DetectTimer::drained`]: the session judges silence up to that moment
//!    and no further. A silence that ended before anyone looked brings nothing down.
//! 3. **Keep one timer of each kind.** [`Action::SetTimer`] replaces the timer of its [`Timer`] kind. A timer
//!    is never cancelled: one that fires early, or for nothing, is answered with a new one or not at all.
//!    This is what makes a received packet cheap: it moves a number, not a timer.
//!
//! Packets go out with [`iana::HOP_LIMIT`] to [`iana::CONTROL_PORT`], always from the same source port of
//! [`iana::SOURCE_PORTS`] for one session. The answer to a poll is one packet for one packet; a caller that
//! fears a flood bounds how many packets of one session it takes in a turn.
//!
//! # What is not used
//!
//! No echo function (we ask for none, so the peer may send none, and we send none), no demand mode of our
//! own (a peer's is obeyed), no authentication (a packet that carries it is discarded, as RFC 5880 section
//! 6.8.6 asks of a session without it), no multihop and no multipoint. Both ends are active (RFC 5881
//! section 3).

mod action;
mod auth;
mod config;
mod demux;
mod error;
mod event;
pub mod iana;
mod packet;
mod poll;
mod receive;
mod remote;
mod session;
mod state;
mod timer;
mod transmit;

pub use action::{Action, Change};
pub use auth::{Auth, Password, Proof};
pub use config::Config;
pub use demux::{Demux, Link};
pub use error::{ConfigError, DemuxError, Discard, PacketError};
pub use event::{Event, Received};
pub use iana::Diagnostic;
pub use packet::{Discriminator, Packet};
pub use session::Session;
pub use state::State;
pub use timer::{Interval, Time, Timer};
