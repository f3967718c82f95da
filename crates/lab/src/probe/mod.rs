//! Packets and flows between nodes, and what became of them.
//!
//! A **stream** sends numbered datagrams at a steady rate from one node to another, in one class of traffic; a **flow**
//! is a TCP connection that moves octets at a steady rate. Sockets are born in the namespaces of their nodes
//! and served by one thread that sends and one that receives. All stamps are of one clock, since all is one
//! machine, so that a delay in one direction is a subtraction.
//!
//! ```text
//!  Streams ──sender──► sent: when each number left ──┐
//!                                                    ├─ loss(): gaps, order, copies, delays   (pure)
//!          ──receiver──► arrivals: number and time ──┘
//! ```
//!
//! Where addresses are translated nobody outside can begin. A stream that **answers** another one is the other half of a
//! call: it leaves from the port at which that one arrives, for where that one comes from as its receiver sees it. A new
//! translation is followed as soon as a packet tells of it.
//!
//! [`trace`] asks a stream's own way hop by hop, from the same port to the same port, so that a router which shares out
//! by flow treats the question as it treats the stream. That proves which edge a direction takes.

mod capture;
mod flow;
mod loss;
mod packet;
mod prober;
mod receiver;
mod sender;
mod stamp;
mod stream;
pub mod trace;

pub use capture::{Capture, Passed, Point};
pub use flow::{Flow, FlowRecord, Progress};
pub use loss::{Arrival, Delays, Gap, Loss, loss, per_slot};
pub use prober::{ProbeError, Probes, Recording};
pub use stamp::{Clock, Stamp};
pub use stream::{Direction, End, Stream, StreamRecord};
