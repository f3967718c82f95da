//! The thread: it sleeps until a packet, a timer or a command, and does what the front page of the room `bfd` asks.

use super::engine::{Engine, token};
use super::{Command, Snapshot};
use bfd::Time;
use mio::{Events, Poll};
use socket::priority::{self, Priority};
use socket::udp::Inbox;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant, SystemTime};

/// Batches read from one socket in a turn. A flood in one namespace costs the others no more than that.
const QUOTA: usize = 4;

/// Turns begin so far apart. Without it each packet of thousands of sessions would wake the thread for itself; like this
/// those that come within a tick of the wheel are read and answered together.
const TURN: Duration = Duration::from_millis(1);

/// Commands done in a turn, and watches tried that wait. Opening a session takes sockets inside a namespace, some tenths
/// of a millisecond, and the sessions that run must not wait for long.
const COMMANDS: usize = 16;

/// How often the chores are done.
const CHORES: Duration = Duration::from_secs(1);

/// How soon a worker that had no room for notices is tried again.
const RETRY: Duration = Duration::from_millis(5);

pub(super) struct Thread {
    pub(super) engine: Engine,
    pub(super) poll: Poll,
    pub(super) commands: Receiver<Command>,
    pub(super) start: Instant,
    inbox: Inbox,
    /// Places whose sockets may hold something.
    unread: Vec<usize>,
    due: Vec<u32>,
    priority: Priority,
}

impl Thread {
    pub(super) fn new(engine: Engine, poll: Poll, commands: Receiver<Command>, start: Instant) -> Self {
        let (inbox, priority) = (Inbox::new(), Priority::Ordinary);
        Self { engine, poll, commands, start, inbox, unread: Vec::new(), due: Vec::new(), priority }
    }

    /// Runs until it is told to stop, or nobody is left to tell it.
    pub(super) fn run(mut self) {
        self.priority = priority::raise();
        if self.priority == Priority::Ordinary {
            tracing::warn!("bfd runs at ordinary priority: sessions faster than 300 ms may fall on a busy machine");
        }
        let mut events = Events::with_capacity(1024);
        let mut chores = self.now();
        let mut is_behind = false;
        let mut turn = self.now();
        loop {
            let since = self.now().since(turn);
            if since < TURN && !is_behind {
                std::thread::sleep(TURN - since);
            }
            let wait = if is_behind { Duration::ZERO } else { self.wait(chores) };
            if let Err(error) = self.poll.poll(&mut events, Some(wait))
                && error.kind() != std::io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "bfd cannot wait for packets");
                std::thread::sleep(RETRY);
            }
            for event in &events {
                // The waker's token is 0.
                if let Some(place) = event.token().0.checked_sub(token(0).0)
                    && self.engine.mark_unread(place)
                {
                    self.unread.push(place);
                }
            }
            turn = self.now();
            let Some(is_full) = self.take_commands() else {
                let now = self.now();
                self.engine.stop(now);
                return;
            };
            self.read_all();
            self.fire();
            let now = self.now();
            if chores <= now {
                chores = now.after(CHORES);
                self.engine.chores(now);
            }
            let is_trying = self.engine.retry(COMMANDS, now);
            self.engine.flush();
            is_behind = is_full || is_trying || !self.unread.is_empty();
        }
    }

    fn now(&self) -> Time {
        self.start.elapsed().into()
    }

    /// How long there is nothing to do unless a packet or a command comes.
    fn wait(&self, chores: Time) -> Duration {
        let next = self.engine.wheel.next().map_or(chores, |timer| timer.min(chores));
        let wait = next.since(self.now());
        if self.engine.has_untold() { wait.min(RETRY) } else { wait }
    }

    /// Gives whether more may wait; `None` if it is time to stop.
    fn take_commands(&mut self) -> Option<bool> {
        for _ in 0..COMMANDS {
            match self.commands.try_recv() {
                Ok(Command::Show(reply)) => {
                    let sessions = self.engine.show(self.now());
                    // Who does not wait any more is not told.
                    let _ =
                        reply.try_send(Snapshot { sessions, counters: self.engine.counters, priority: self.priority });
                }
                Ok(Command::Stop) | Err(TryRecvError::Disconnected) => return None,
                Ok(command) => {
                    let now = self.now();
                    self.engine.command(command, now);
                }
                Err(TryRecvError::Empty) => return Some(false),
            }
        }
        Some(true)
    }

    fn read_all(&mut self) {
        let mut unread = std::mem::take(&mut self.unread);
        unread.retain(|&place| !self.read(place));
        self.unread = unread;
    }

    /// Reads a socket. Gives whether it was emptied.
    fn read(&mut self, index: usize) -> bool {
        for _ in 0..QUOTA {
            let before = self.now();
            let Some(Some(place)) = self.engine.places.get_mut(index) else { return true };
            let (count, drained) = match place.receiver.receive(&mut self.inbox) {
                Ok(count) => (count, place.drained),
                Err(error) => {
                    tracing::debug!(%error, "bfd cannot read");
                    place.is_unread = false;
                    return true;
                }
            };
            let (now, wall) = (self.now(), SystemTime::now());
            let mut latest = drained;
            for datagram in self.inbox.datagrams() {
                // The kernel stamps by the wall clock, which may be set while a packet waits. Whatever it says, the
                // packet came after the socket was last seen empty, and before now.
                let age = datagram.at.and_then(|at| wall.duration_since(at).ok()).unwrap_or_default();
                let at = Time::from(Duration::from(now).saturating_sub(age)).max(drained);
                latest = latest.max(at);
                self.engine.deliver(index, &datagram, at, now);
            }
            let is_empty = count < Inbox::CAPACITY;
            if let Some(Some(place)) = self.engine.places.get_mut(index) {
                // A socket that is never empty is read in the order of arrival, and so far it was.
                place.drained = if is_empty { before } else { latest };
                place.is_unread &= !is_empty;
            }
            if is_empty {
                return true;
            }
        }
        false
    }

    fn fire(&mut self) {
        let now = self.now();
        self.engine.wheel.pass(now, &mut self.due);
        for timer in std::mem::take(&mut self.due) {
            // Nobody is given up whose packet lies in the socket.
            if let Some(place) = self.engine.suspects(timer, now)
                && !self.read(place)
                && self.engine.mark_unread(place)
            {
                self.unread.push(place);
            }
            let now = self.now();
            self.engine.fire(timer, now);
        }
    }
}
