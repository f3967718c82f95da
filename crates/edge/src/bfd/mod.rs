//! Liveness of peers: the thread that runs BFD (RFC 5880, RFC 5881) beside the workers.
//!
//! ```text
//!  workers, control ──commands (bounded)──► ┌───────────────┐ ◄─── one receiving socket a namespace and family,
//!                                           │  the thread   │      batches of 64, stamped by the kernel
//!  worker n ◄──notices (bounded) + waker─── │ wheel of 1 ms │ ───► one sending socket a namespace and family
//!                                           └───────────────┘
//! ```
//!
//! [`start`] raises the thread's priority as far as it may and gives a [`Liveness`] to command it with and a receiver of
//! [`Notice`]s for each worker. The sessions are the pure room `bfd`'s; its front page names the duties of whoever runs
//! it, and `thread` is where they are done: packets count from when they reached the machine, sockets are
//! emptied before silence is judged, and a timer is set, not chased.
//!
//! A peer's namespace or device need not be there yet: such a watch waits and is tried again every second, and
//! [`Liveness::snapshot`] tells what it waits for. All sessions of a namespace and family send from one port of the range
//! that RFC 5881 asks for (`docs/decisions/010-bfd-at-the-rim.md`).

mod engine;
mod handle;
mod notice;
mod place;
mod slot;
mod snapshot;
mod thread;
mod watch;
mod wheel;

pub use handle::{Gone, Liveness, Options, start};
pub use notice::{Notice, Wake};
pub use snapshot::{Counters, Shown, Snapshot};
pub use watch::{Command, Watch, WatchId};
