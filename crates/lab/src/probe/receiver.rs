//! The thread that receives: packets of streams, and answers of routers on their way.

use super::packet::{Kind, Packet};
use super::trace::{self, Route};
use super::{Arrival, Clock, End, Stamp, Stream, StreamRecord};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use socket::tcp::CommonOptions;
use socket::udp::{Datagrams, Inbox};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Memory for datagrams that wait: half a second of a fast stream.
const WAITING: u32 = 8 << 20;

/// How long the thread waits before it looks whether it shall stop.
const NAP: Duration = Duration::from_millis(20);

/// How many changes of a hop limit are kept.
const CHANGES: usize = 64;

/// The socket at an end of a stream; its port is free to choose.
pub(super) fn socket(end: &End) -> io::Result<Datagrams> {
    let options = CommonOptions { namespace: end.namespace.clone(), ..CommonOptions::default() };
    Datagrams::receiving(SocketAddr::new(end.address, 0), WAITING, &options)
}

/// Where a stream comes from, as its receiver sees it; nothing before it came.
pub(super) type Caller = Arc<Mutex<Option<SocketAddr>>>;

/// A stream, ready to receive.
pub(super) struct Sink {
    socket: Arc<Datagrams>,
    id: u16,
    limit: usize,
    record: StreamRecord,
    caller: Caller,
    /// What was last told there.
    told: Option<SocketAddr>,
}

impl Sink {
    /// Receives at a socket. Memory for `limit` packets is set aside.
    pub(super) fn open(socket: Arc<Datagrams>, id: u16, limit: usize) -> Self {
        let record = StreamRecord { arrivals: Vec::with_capacity(limit), ..StreamRecord::default() };
        Self { socket, id, limit, record, caller: Caller::default(), told: None }
    }

    /// Where it is told where the stream comes from.
    pub(super) fn caller(&self) -> Caller {
        Arc::clone(&self.caller)
    }

    pub(super) fn take(
        &mut self,
        run: u32,
        clock: &Clock,
        inbox: &mut Inbox,
        routes: &Mutex<Vec<Route>>,
    ) -> io::Result<()> {
        while self.socket.receive(inbox)? > 0 {
            for datagram in inbox.datagrams() {
                let Some(packet) = Packet::read(datagram.payload) else { continue };
                if packet.run != run || packet.stream != self.id {
                    continue;
                }
                if self.told != Some(datagram.from) {
                    self.told = Some(datagram.from);
                    *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = self.told;
                }
                let at = datagram.at.map_or_else(|| clock.now(), |at| clock.of_wall(at));
                match packet.kind {
                    Kind::Count => self.record.count(packet.number, at, datagram.hop_limit, self.limit),
                    Kind::Trace => on_route(routes, packet, |route, _| route.arrived = true),
                }
            }
        }
        Ok(())
    }
}

impl StreamRecord {
    fn count(&mut self, number: u32, at: Stamp, hop_limit: Option<u8>, limit: usize) {
        if self.arrivals.len() >= limit {
            self.overran = true;
            return;
        }
        self.arrivals.push(Arrival { number, at });
        if let Some(hop_limit) = hop_limit
            && self.hop_limits.last().is_none_or(|(_, last)| *last != hop_limit)
            && self.hop_limits.len() < CHANGES
        {
            self.hop_limits.push((at, hop_limit));
        }
    }
}

/// A raw socket that hears what routers answer to a node.
pub(super) struct Ear {
    socket: UdpSocket,
    is_v4: bool,
}

impl Ear {
    /// Makes the socket at the sender's end of a stream.
    pub(super) fn open(stream: &Stream) -> io::Result<Self> {
        let address = SocketAddr::new(stream.from.address, 0);
        let (domain, protocol) = match address.is_ipv4() {
            true => (Domain::IPV4, Protocol::ICMPV4),
            false => (Domain::IPV6, Protocol::ICMPV6),
        };
        let open = || {
            let socket = Socket::new(domain, Type::RAW, Some(protocol))?;
            socket.set_nonblocking(true)?;
            socket.bind(&address.into())?;
            // Its calls read any datagrams, and tell who sent them.
            Ok(UdpSocket::from(socket))
        };
        let socket = stream.from.namespace.as_ref().map_or_else(open, |namespace| namespace.enter(open))?;
        Ok(Self { socket, is_v4: address.is_ipv4() })
    }

    fn take(&self, run: u32, routes: &Mutex<Vec<Route>>) {
        let mut message = [0; 512];
        while let Ok((length, from)) = self.socket.recv_from(&mut message) {
            let message = message.get(..length).unwrap_or_default();
            if let Some(packet) = trace::exceeded(message, self.is_v4).filter(|packet| packet.run == run) {
                on_route(routes, packet, |route, limit| route.answer(limit, from.ip()));
            }
        }
    }
}

fn on_route(routes: &Mutex<Vec<Route>>, packet: Packet, note: impl FnOnce(&mut Route, u8)) {
    let mut routes = routes.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Some(route), Ok(limit)) = (routes.get_mut(usize::from(packet.stream)), u8::try_from(packet.number)) {
        note(route, limit);
    }
}

/// Receives until it is stopped.
pub(super) fn run(
    mut sinks: Vec<Sink>,
    ears: &[Ear],
    run: u32,
    clock: Clock,
    stop: &AtomicBool,
    routes: &Mutex<Vec<Route>>,
) -> io::Result<Vec<StreamRecord>> {
    socket::priority::raise();
    let mut poll = Poll::new()?;
    let sockets = sinks.iter().map(|sink| sink.socket.as_raw_fd());
    for (token, socket) in sockets.chain(ears.iter().map(|ear| ear.socket.as_raw_fd())).enumerate() {
        poll.registry().register(&mut SourceFd(&socket), Token(token), Interest::READABLE)?;
    }
    let mut events = Events::with_capacity((sinks.len() + ears.len()).max(1));
    let mut inbox = Inbox::new();
    let mut is_last = false;
    while !is_last {
        // What came in before the stop is read once more.
        is_last = stop.load(Ordering::Relaxed);
        match poll.poll(&mut events, Some(NAP)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &events {
            let Token(token) = event.token();
            if let Some(sink) = sinks.get_mut(token) {
                sink.take(run, &clock, &mut inbox, routes)?;
            } else if let Some(ear) = ears.get(token - sinks.len()) {
                ear.take(run, routes);
            }
        }
    }
    Ok(sinks.into_iter().map(|sink| sink.record).collect())
}
