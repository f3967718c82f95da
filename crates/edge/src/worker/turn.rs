//! The loop of a worker, and what one turn of it does.

use super::link::{Link, Reading};
use super::taped::Taped;
use super::{Dial, Door, Forwarder, LISTENERS, QUANTUM, Reporter, Request, SHARE, WAKE, Waiting};
use crate::clock::Clock;
use bgp_speaker::{Conn, Effect, Peer, Time};
use mio::event::Event;
use mio::{Events, Interest, Poll, Token};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

/// How many events one poll may give. More of them wait in the kernel.
const EVENTS: usize = 256;

/// How many requests are taken in one turn.
const REQUESTS_A_TURN: usize = 64;

/// How long a connection that is over waits for the peer to close its end.
const LINGER: Duration = Duration::from_secs(2);

/// How many connections may wait so; beyond that the oldest is let go.
const MOST_LINGERING: usize = 1024;

/// The state of a worker's thread.
pub(super) struct Turn {
    poll: Poll,
    clock: Clock,
    requests: Receiver<Request>,
    report: Reporter,
    forwarder: Option<Forwarder>,
    speaker: Taped,
    links: HashMap<Conn, Link>,
    dials: HashMap<Peer, Dial>,
    /// Who lets callers in, if this worker does.
    door: Option<Box<dyn Door>>,
    /// Listeners with callers that were not all let in.
    called: BTreeSet<Token>,
    /// Nobody can be let in before this time.
    closed_until: Option<Time>,
    callers: Vec<(Peer, TcpStream)>,
    /// Sessions with something to read that brought little lately. All of them are served in each turn.
    light: VecDeque<Conn>,
    /// Those that brought much. One of them is served in each turn.
    heavy: VecDeque<Conn>,
    /// Sessions that had more to send than one share.
    sending: VecDeque<Conn>,
    /// Connections that are over, until the peer has closed its end or the time is up.
    lingering: VecDeque<(Time, Conn)>,
    /// More requests wait than one turn takes.
    has_requests: bool,
    ready: Vec<Conn>,
    effects: Vec<Effect>,
    buffer: Box<[u8]>,
    out: Vec<u8>,
}

impl Turn {
    pub(super) fn new(
        poll: Poll,
        clock: Clock,
        speaker: Taped,
        requests: Receiver<Request>,
        report: Reporter,
        forwarder: Option<Forwarder>,
    ) -> Self {
        Self {
            poll,
            clock,
            requests,
            report,
            forwarder,
            speaker,
            links: HashMap::new(),
            dials: HashMap::new(),
            door: None,
            called: BTreeSet::new(),
            closed_until: None,
            callers: Vec::new(),
            light: VecDeque::new(),
            heavy: VecDeque::new(),
            sending: VecDeque::new(),
            lingering: VecDeque::new(),
            has_requests: false,
            ready: Vec::new(),
            effects: Vec::new(),
            buffer: vec![0; QUANTUM].into_boxed_slice(),
            out: Vec::with_capacity(SHARE + (SHARE >> 2)),
        }
    }

    /// Runs until the other end of the requests is gone, or says to stop.
    ///
    /// # Errors
    ///
    /// The poll itself fails, which no session can mend.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let patience = self.patience();
            if patience != Some(Duration::ZERO) {
                self.speaker.flush();
            }
            match self.poll.poll(&mut events, patience) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            for event in &events {
                self.note(event);
            }
            if !self.take_requests() {
                return Ok(());
            }
            self.let_in();
            for _ in 0..self.light.len() {
                if let Some(conn) = self.light.pop_front() {
                    self.read(conn);
                }
            }
            self.flush();
            if let Some(conn) = self.heavy.pop_front() {
                self.read(conn);
                self.flush();
            }
            if let Some(conn) = self.sending.pop_front() {
                if let Some(link) = self.links.get_mut(&conn) {
                    link.is_sending = false;
                }
                self.send(conn);
            }
            let now = self.clock.now();
            self.speaker.tick(now);
            self.flush();
            if let Some(forwarder) = self.forwarder.as_ref().filter(|_| self.speaker.has_forwarding()) {
                forwarder();
            }
            self.let_go(now);
        }
    }

    /// How long the poll may wait.
    fn patience(&self) -> Option<Duration> {
        if self.has_requests || !(self.light.is_empty() && self.heavy.is_empty() && self.sending.is_empty()) {
            return Some(Duration::ZERO);
        }
        if !self.called.is_empty() && self.closed_until.is_none() && self.door.is_some() {
            return Some(Duration::ZERO);
        }
        let lingering = self.lingering.front().map(|(until, _)| *until);
        let first = self.speaker.deadline().into_iter().chain(lingering).chain(self.closed_until).min();
        first.map(|deadline| self.clock.until(deadline))
    }

    fn note(&mut self, event: &Event) {
        if event.token() == WAKE {
            return;
        }
        if event.token().0 >= LISTENERS {
            self.called.insert(event.token());
            return;
        }
        let conn = Conn(event.token().0 as u32);
        let Some(link) = self.links.get_mut(&conn) else { return };
        if link.is_connecting && (event.is_writable() || event.is_error() || event.is_read_closed()) {
            return self.connected(conn);
        }
        if event.is_writable() && !link.is_clear() {
            match link.flush() {
                Ok(progress) => {
                    if progress {
                        self.speaker.progress(conn, self.clock.now());
                    }
                    self.send(conn);
                }
                Err(_) => return self.closed(conn),
            }
        }
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.is_ended |= event.is_read_closed() || event.is_error();
        if (event.is_readable() || link.is_ended) && !link.is_queued {
            link.is_queued = true;
            self.light.push_back(conn);
        }
    }

    /// Lets a few callers of each listener in.
    fn let_in(&mut self) {
        if self.called.is_empty() || self.closed_until.is_some_and(|until| self.clock.now() < until) {
            return;
        }
        self.closed_until = None;
        let Some(mut door) = self.door.take() else { return };
        let mut callers = std::mem::take(&mut self.callers);
        for listener in std::mem::take(&mut self.called) {
            match door.open(listener, &mut callers) {
                Waiting::Nobody => continue,
                Waiting::Somebody => {}
                Waiting::For(time) => self.closed_until = Some(self.clock.now() + time),
            }
            self.called.insert(listener);
        }
        callers.drain(..).for_each(|(peer, stream)| self.accepted(peer, stream));
        self.callers = callers;
        self.door = Some(door);
    }

    fn accepted(&mut self, peer: Peer, stream: TcpStream) {
        let now = self.clock.now();
        let Some(conn) = self.speaker.accepted(peer, now) else { return };
        match self.register(conn, stream, false) {
            // What has come already raises no event, or one that has been told before.
            Ok(()) => self.light.push_back(conn),
            Err(_) => self.speaker.closed(conn, now),
        }
    }

    /// The kernel has decided on a connection that we asked for.
    fn connected(&mut self, conn: Conn) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        let now = self.clock.now();
        match link.stream.take_error() {
            Ok(None) => match link.stream.peer_addr() {
                Ok(_) => {
                    link.is_connecting = false;
                    link.is_queued = true;
                    self.light.push_back(conn);
                    self.speaker.connected(conn, now);
                }
                // Woken too early: the decision is still out.
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
                Err(_) => self.failed(conn),
            },
            Ok(Some(_)) | Err(_) => self.failed(conn),
        }
    }

    fn failed(&mut self, conn: Conn) {
        self.forget(conn);
        self.speaker.failed(conn, self.clock.now());
    }

    fn closed(&mut self, conn: Conn) {
        self.forget(conn);
        self.speaker.closed(conn, self.clock.now());
    }

    fn forget(&mut self, conn: Conn) {
        if let Some(mut link) = self.links.remove(&conn) {
            // The kernel forgets a socket that is closed by itself; an error here changes nothing.
            let _ = self.poll.registry().deregister(&mut link.stream);
        }
    }

    /// Reads one quantum.
    fn read(&mut self, conn: Conn) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.is_queued = false;
        match link.read(&mut self.buffer) {
            Reading::Bytes(count) => {
                let now = self.clock.now();
                let is_light = link.charge(count, now);
                // A short read has emptied a stream socket, so the next bytes come with an event of their own.
                if count == self.buffer.len() || link.is_ended {
                    link.is_queued = true;
                    if is_light { self.light.push_back(conn) } else { self.heavy.push_back(conn) }
                }
                if link.is_over {
                    return;
                }
                let bytes = self.buffer.get(..count).unwrap_or_default();
                self.speaker.received(conn, bytes, now);
            }
            Reading::Empty => {}
            Reading::Ended if link.is_over => self.forget(conn),
            Reading::Ended => self.closed(conn),
        }
    }

    /// Sends what the speaker has for anyone, and does what it asks for, until it asks for nothing.
    fn flush(&mut self) {
        loop {
            self.speaker.drain_effects(&mut self.effects);
            self.speaker.drain_ready(&mut self.ready);
            if self.effects.is_empty() && self.ready.is_empty() {
                return;
            }
            let mut ready = std::mem::take(&mut self.ready);
            ready.drain(..).for_each(|conn| self.send(conn));
            self.ready = ready;
            let mut effects = std::mem::take(&mut self.effects);
            effects.drain(..).for_each(|effect| self.act(effect));
            self.effects = effects;
        }
    }

    /// Sends one share to a connection whose socket takes it.
    fn send(&mut self, conn: Conn) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        if link.is_connecting || link.is_over || !link.is_clear() {
            return;
        }
        self.out.clear();
        let more = self.speaker.fill(conn, &mut self.out, SHARE, self.clock.now());
        if link.write(&self.out).is_err() {
            return self.closed(conn);
        }
        if !link.is_clear() {
            self.speaker.blocked(conn, self.clock.now());
        } else if more && !link.is_sending {
            link.is_sending = true;
            self.sending.push_back(conn);
        }
    }

    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Connect { peer, conn } => self.connect(peer, conn),
            Effect::Close { conn, last } => self.close(conn, &last),
            Effect::Notice(notice) => (self.report)(notice, self.clock.now()),
        }
    }

    fn connect(&mut self, peer: Peer, conn: Conn) {
        let made = match self.dials.get_mut(&peer) {
            Some(dial) => dial(),
            None => Err(io::ErrorKind::AddrNotAvailable.into()),
        };
        match made.and_then(|stream| self.register(conn, stream, true)) {
            Ok(()) => {}
            Err(_) => self.speaker.failed(conn, self.clock.now()),
        }
    }

    fn register(&mut self, conn: Conn, stream: std::net::TcpStream, is_connecting: bool) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = mio::net::TcpStream::from_std(stream);
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(conn.0 as usize), interest)?;
        self.links.insert(conn, Link::new(stream, is_connecting));
        Ok(())
    }

    /// Closes a connection after the last words, as far as the socket takes them at once.
    ///
    /// A socket that is closed with bytes unread resets the connection, and the reset overtakes the
    /// NOTIFICATION. So what still comes is read and thrown away until the peer closes too, for a while.
    fn close(&mut self, conn: Conn, last: &[u8]) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        if link.is_connecting || !link.is_clear() || link.write(last).is_err() {
            return self.forget(conn);
        }
        let _ = link.stream.shutdown(Shutdown::Write);
        link.is_over = true;
        self.lingering.push_back((self.clock.now() + LINGER, conn));
        if self.lingering.len() > MOST_LINGERING
            && let Some((_, conn)) = self.lingering.pop_front()
        {
            self.forget(conn);
        }
    }

    /// Forgets connections whose time to linger is up.
    fn let_go(&mut self, now: Time) {
        while let Some((_, conn)) = self.lingering.front().copied().filter(|(until, _)| *until <= now) {
            self.lingering.pop_front();
            self.forget(conn);
        }
    }

    /// Takes what others ask for; whether the worker shall go on.
    fn take_requests(&mut self) -> bool {
        self.has_requests = true;
        for _ in 0..REQUESTS_A_TURN {
            match self.requests.try_recv() {
                Ok(Request::Exit) | Err(TryRecvError::Disconnected) => {
                    self.flush();
                    return false;
                }
                Ok(request) => self.answer(request),
                Err(TryRecvError::Empty) => {
                    self.has_requests = false;
                    break;
                }
            }
        }
        true
    }

    fn answer(&mut self, request: Request) {
        let now = self.clock.now();
        match request {
            Request::Accepted { peer, stream } => self.accepted(peer, stream),
            Request::Door(door) => self.door = Some(door),
            Request::Dial { peer, dial } => drop(self.dials.insert(peer, dial)),
            Request::Ask(ask) => ask(self.speaker.speaker(), now),
            Request::Exit => {}
        }
    }
}
