//! One BGP session as a pure state machine (RFC 4271, section 8).
//!
//! [`step`] takes an [`Event`] and the time and gives the next [`State`] and the [`Action`]s to carry out. Sockets,
//! bytes and alarms are the caller's, and so is the number that the jitter is made from, so that everything replays.
//!
//! ```text
//!            Start                        OPEN agreed             KEEPALIVE
//!   Idle ───────────► Connect ─► OpenSent ───────────► OpenConfirm ─────────► Established
//!    ▲  ▲              │  ▲         │                       │                      │
//!    │  │              ▼  │         │                       │                      │
//!    │  │             Active ◄──────┘ closed                │                      │
//!    │  └── fault, NOTIFICATION, hold timer ────────────────┴──────────────────────┤
//!    └───── Stop ──────────────────────────────────────────────────────────────────┘
//! ```
//!
//! The chapters, one state a file: Idle in `idle`; Connect and Active in `opening`, and in `delayed` where a
//! connection waits for the peer's OPEN; `open_sent`, `open_confirm`, `established`. Two connections at once are the
//! matter of `collision`, OPENs of `agree`, graceful restart of `restart`.
//!
//! A session that is up costs little: [`State::heard`] and [`State::sent`] write a time, and the alarm that was set for
//! an earlier one finds nothing to do.

mod action;
mod agree;
mod collision;
mod config;
mod connection;
mod delayed;
mod established;
mod event;
mod idle;
mod open_confirm;
mod open_sent;
mod opening;
mod restart;
mod state;
mod time;
mod turn;

pub use action::{Action, Out, Reason, Up};
pub use config::{BackOff, Config, Graceful, OurRole};
pub use established::{Established, Terms};
pub use event::{Direction, Event, Stop};
pub use idle::Idle;
pub use state::{Conn, Name, State};
pub use time::Time;

use state::Phase;
use turn::Turn;

/// Takes an event at a time that is not before that of any earlier one. An empty list of actions costs no allocation.
///
/// Events about connections that the session does not hold (any more) are ignored, so the caller need not see to it
/// that none are on the way.
pub fn step(config: &Config, state: State, event: Event, now: Time) -> (State, Vec<Action>) {
    let State { phase, memory } = state;
    let mut turn = Turn { config, now, memory, actions: Vec::new() };
    match event {
        Event::Timer => turn.restart_timers(),
        Event::BfdDown => turn.sweep_all(),
        _ => {}
    }
    let phase = match phase {
        Phase::Idle(idle) => idle.step(event, &mut turn),
        Phase::Opening(opening) => opening.step(event, &mut turn),
        Phase::Established(established) => established.step(event, &mut turn),
    };
    (State { phase, memory: turn.memory }, turn.actions)
}
