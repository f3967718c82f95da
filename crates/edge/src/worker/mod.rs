//! A worker: one thread, one poll, and the routing domains that it owns.
//!
//! ```text
//!  control, BFD, another worker's door ──Request──► worker ──Notice──► reports thread
//!                                                     │
//!                                       sockets ◄─► Speaker (pure)
//! ```
//!
//! A domain's sessions, table and policy belong to one worker, so nothing on the way of a route is shared or
//! locked. What others want of it comes as a [`Request`] over a bounded channel; a question is a closure that
//! runs between two turns and answers over a channel of its own.
//!
//! One worker also watches the listeners and asks a [`Door`] about who calls. A handshake is then the matter of one
//! thread where the caller is its own: to wake a second one costs more than all else of it.
//!
//! # One slow or hostile peer slows nobody else
//!
//! A turn reads at most [`QUANTUM`] bytes of a session. Each session has credit, which comes back with time; one
//! that has used it up waits in a queue of its kind, of which each turn serves one, and those that have some
//! are served before it in every turn. So an innocent route waits for one quantum of a storm and not for the
//! storm. What is not read stays in the kernel, and TCP holds the sender back. Sending goes the same way: at most [`SHARE`] bytes of routes a
//! turn, and while a socket takes no more, nothing is kept for it but the rest of one share.

mod link;
mod taped;
mod turn;

use crate::clock::Clock;
use crate::record::Tape;
use bgp_speaker::{Notice, Peer, Speaker, Time};
use mio::{Poll, Registry, Token, Waker};
use std::fmt;
use std::io;
use std::net::TcpStream;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

pub use link::Dial;

/// How many bytes of a session are read before others have their turn.
const QUANTUM: usize = 8 << 10;

/// How many bytes of routes are written to a session before others have their turn.
const SHARE: usize = 32 << 10;

/// How many requests may wait for a worker. The acceptor and the control thread block or answer "busy".
const REQUESTS: usize = 1024;

/// The token of the waker; connections are numbered from zero.
const WAKE: Token = Token(usize::MAX);

/// Tokens of listeners are those from here on; connections are numbered below.
pub const LISTENERS: usize = usize::MAX / 2 + 1;

/// Who lets callers in. One worker has it: a caller of its own needs no other thread to come in.
pub trait Door: Send {
    /// Lets a few callers of a listener in. Those of the worker that asks are given to it, others to theirs.
    fn open(&mut self, listener: Token, own: &mut Vec<(Peer, TcpStream)>) -> Waiting;
}

/// Whether callers still wait at a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// Nobody does.
    Nobody,
    /// Others had their turn first.
    Somebody,
    /// Nobody can be let in for so long.
    For(Duration),
}

/// What others want of a worker.
pub enum Request {
    /// The worker shall let callers in from now on.
    Door(Box<dyn Door>),
    /// A peer has called.
    Accepted {
        /// Who, by the address that it called from.
        peer: Peer,
        /// The connection.
        stream: TcpStream,
    },
    /// How the peer is reached from now on.
    Dial {
        /// The peer.
        peer: Peer,
        /// Where and how.
        dial: Dial,
    },
    /// Something to do with the speaker between two turns: a change of what it runs, or a question, whose
    /// answer the closure sends wherever it is waited for.
    Ask(Question),
    /// Ends the thread once what is ready has been sent.
    Exit,
}

/// What runs on a worker's thread between two turns. It must be short.
pub type Question = Box<dyn FnOnce(&mut Speaker, Time) + Send>;

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Door(_) => f.write_str("Door"),
            Self::Accepted { peer, .. } => write!(f, "Accepted({peer:?})"),
            Self::Dial { peer, .. } => write!(f, "Dial({peer:?})"),
            Self::Ask(_) => f.write_str("Ask"),
            Self::Exit => f.write_str("Exit"),
        }
    }
}

/// What a worker tells of by itself. The receiver runs on the worker's thread and must not block.
pub type Reporter = Box<dyn FnMut(Notice, Time) + Send>;

/// Who takes what packets follow to the kernel. It runs on the worker's thread and must not block.
pub type Forwarder = Box<dyn Fn() + Send>;

/// A running worker.
#[derive(Debug)]
pub struct Worker {
    registry: Registry,
    requests: SyncSender<Request>,
    waker: Waker,
    thread: JoinHandle<io::Result<()>>,
}

/// Why a request was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too many wait already; to be tried again later.
    #[error("the worker is busy")]
    Busy,
    /// Its thread has ended.
    #[error("the worker has ended")]
    Ended,
}

impl Worker {
    /// Starts a thread around a speaker.
    ///
    /// # Errors
    ///
    /// The system has no more polls or threads.
    pub fn start(name: String, speaker: Speaker, clock: Clock, reporter: Reporter) -> io::Result<Self> {
        Self::start_recorded(name, speaker, clock, reporter, None, None)
    }

    /// The same with a recorder, which is told of every input of the speaker but those of questions, and with who is
    /// called, again with each turn, while [`Speaker::forwarding`] has something to tell.
    ///
    /// # Errors
    ///
    /// As [`Worker::start`].
    pub fn start_recorded(
        name: String,
        speaker: Speaker,
        clock: Clock,
        reporter: Reporter,
        tape: Option<Tape>,
        forwarder: Option<Forwarder>,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        let registry = poll.registry().try_clone()?;
        let (requests, inbox) = sync_channel(REQUESTS);
        let turn = turn::Turn::new(poll, clock, taped::Taped::new(speaker, tape), inbox, reporter, forwarder);
        let thread = std::thread::Builder::new().name(name).spawn(move || turn.run())?;
        Ok(Self { registry, requests, waker, thread })
    }

    /// Where listeners register that the worker shall watch, with tokens from [`LISTENERS`] on.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Hands a request over.
    ///
    /// # Errors
    ///
    /// [`Refused`]; the request is dropped then, and with it a connection that it held.
    pub fn send(&self, request: Request) -> Result<(), Refused> {
        self.requests.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => Refused::Busy,
            TrySendError::Disconnected(_) => Refused::Ended,
        })?;
        self.waker.wake().map_err(|_| Refused::Ended)
    }

    /// Has a question answered between two turns.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Speaker, Time) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let (answer, wait) = sync_channel(1);
        self.send(Request::Ask(Box::new(move |speaker, now| {
            // Nobody may be waiting any more.
            let _ = answer.send(question(speaker, now));
        })))?;
        wait.recv().map_err(|_| Refused::Ended)
    }

    /// Ends the thread and waits for it.
    ///
    /// # Errors
    ///
    /// What ended it before, if anything did.
    pub fn stop(self) -> io::Result<()> {
        // One that is too busy to take the request ends when the channel does.
        let _ = self.send(Request::Exit);
        drop(self.requests);
        let _ = self.waker.wake();
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the worker's thread panicked")))
    }
}
