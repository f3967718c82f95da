//! A router played by hand over TCP.

use crate::edge::{Address, Running, asn};
use bgp_wire::{
    AttributeSet, Families, HEADER, KEEPALIVE, Kind, Message, Neighbor, Notification, Origin, PathSegment, Prefix4,
    Session, Update, announce4, frame, withdraw4,
};
use model::Asn;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Router {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

/// A message of the edge.
#[derive(Debug)]
pub enum Said {
    Open,
    Keepalive,
    /// How many prefixes were withdrawn, and how many announced.
    Routes(usize, usize),
    Notification(Notification),
}

pub fn open(address: Address) -> Vec<u8> {
    let mut body = vec![4];
    body.extend_from_slice(&asn(address).to_be_bytes());
    // No hold time: the test need not send KEEPALIVEs.
    body.extend_from_slice(&[0, 0]);
    body.extend_from_slice(&address);
    let mut capability = vec![2, 6, 65, 4, 0, 0];
    capability.extend_from_slice(&asn(address).to_be_bytes());
    body.push(capability.len() as u8);
    body.extend_from_slice(&capability);
    let mut bytes = vec![0xff; 16];
    bytes.extend_from_slice(&((HEADER + body.len()) as u16).to_be_bytes());
    bytes.push(1);
    bytes.extend_from_slice(&body);
    bytes
}

fn prefix(number: u32) -> Prefix4 {
    Prefix4::new((0x0a00_0000 + number * 256).into(), 24).unwrap()
}

pub fn announced(address: Address, numbers: std::ops::Range<u32>) -> Vec<u8> {
    let session = Session {
        neighbor: Neighbor::External,
        four_octet_as: true,
        families: Families::V4,
        add_path: Families::NONE,
        receive_extended: false,
        send_extended: false,
    };
    let path = vec![PathSegment::sequence([Asn(asn(address).into())])];
    let template = AttributeSet::new(Origin::Igp, path).template(&session).unwrap();
    let (mut out, mut prefixes) = (Vec::new(), numbers.map(prefix).peekable());
    while prefixes.peek().is_some() {
        announce4(&mut out, 4096, &template, Ipv4Addr::from(address), &mut prefixes).unwrap();
    }
    out
}

pub fn withdrawn(numbers: std::ops::Range<u32>) -> Vec<u8> {
    let (mut out, mut prefixes) = (Vec::new(), numbers.map(prefix).peekable());
    while prefixes.peek().is_some() {
        withdraw4(&mut out, 4096, &mut prefixes);
    }
    out
}

fn socket(address: Address) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&SockAddr::from(SocketAddr::from((address, 0)))).unwrap();
    socket
}

impl Router {
    fn new(stream: TcpStream) -> Self {
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Self { stream, unread: Vec::new() }
    }

    /// Connects from an address.
    pub fn call(edge: &Running, address: Address) -> Self {
        let socket = socket(address);
        socket.connect(&edge.address.into()).unwrap();
        Self::new(socket.into())
    }

    /// Connects, and the session comes up, with as small a window as there can be.
    pub fn establish_with_little_room(edge: &Running, address: Address) -> Self {
        let socket = socket(address);
        socket.set_recv_buffer_size(1).unwrap();
        socket.connect(&edge.address.into()).unwrap();
        let mut router = Self::new(socket.into());
        router.say(&open(address));
        router.say(&KEEPALIVE);
        router.until_established();
        router
    }

    /// Connects with a key.
    pub fn with_key(edge: &Running, address: Address, key: &str) -> Self {
        let stream = Self::dial(edge, address, Some(key));
        // An unwritable socket is one that is not connected yet; the kernel wakes the wait.
        let mut poll = mio::Poll::new().unwrap();
        let mut watched = mio::net::TcpStream::from_std(stream.try_clone().unwrap());
        poll.registry().register(&mut watched, mio::Token(0), mio::Interest::WRITABLE).unwrap();
        poll.poll(&mut mio::Events::with_capacity(1), Some(PATIENCE)).unwrap();
        stream.peer_addr().expect("the right key connects");
        Self::new(stream)
    }

    /// Begins to connect, with a key or without, and does not wait for it.
    pub fn dial(edge: &Running, address: Address, key: Option<&str>) -> TcpStream {
        let mut options = socket::ConnectOptions::new(edge.address);
        options.local = Some(SocketAddr::from((address, 0)));
        options.md5 = key.map(|key| socket::Key::new(key.as_bytes()).unwrap());
        socket::connect(&options).unwrap()
    }

    /// Connects, and the session comes up.
    pub fn establish(edge: &Running, address: Address) -> Self {
        let mut router = Self::call(edge, address);
        router.say(&open(address));
        router.say(&KEEPALIVE);
        router.until_established();
        router
    }

    /// Reads up to the End-of-RIB, which follows the KEEPALIVE and what routes there are.
    pub fn until_established(&mut self) {
        loop {
            match self.hear().expect("the edge goes on") {
                Said::Routes(0, 0) => return,
                Said::Notification(notification) => panic!("{notification:?}"),
                Said::Open | Said::Keepalive | Said::Routes(..) => {}
            }
        }
    }

    pub fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Says as much of it as is taken before the connection ends.
    pub fn say_what_is_taken(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes) {
            let kind = error.kind();
            assert!(matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
        }
    }

    /// The next message; `None` when the connection has ended.
    pub fn hear(&mut self) -> Option<Said> {
        let mut buffer = [0; 65_536];
        loop {
            if let Some(frame) = frame(&self.unread, false).expect("the edge says nothing malformed") {
                let said = match (frame.kind, Message::read(frame).expect("nothing malformed")) {
                    (_, Message::Open(_)) => Said::Open,
                    (_, Message::Notification(notification)) => Said::Notification(notification),
                    (Kind::Update, Message::Update(Update { withdrawn, nlri, .. })) => {
                        Said::Routes(withdrawn.len() / 4, nlri.len() / 4)
                    }
                    _ => Said::Keepalive,
                };
                let length = frame.length();
                self.unread.drain(..length);
                return Some(said);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => self.unread.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// How many prefixes the next UPDATE withdraws and announces.
    pub fn hear_routes(&mut self) -> (usize, usize) {
        loop {
            match self.hear().expect("the edge goes on") {
                Said::Routes(withdrawn, announced) => return (withdrawn, announced),
                Said::Notification(notification) => panic!("{notification:?}"),
                Said::Open | Said::Keepalive => {}
            }
        }
    }

    /// Reads until the sums of prefixes withdrawn and announced are enough.
    pub fn hear_until(&mut self, enough: impl Fn((usize, usize)) -> bool) {
        let mut sum = (0, 0);
        while !enough(sum) {
            let (withdrawn, announced) = self.hear_routes();
            sum = (sum.0 + withdrawn, sum.1 + announced);
        }
    }

    /// The NOTIFICATION with which the edge ended the connection, if it arrived.
    pub fn last_words(&mut self) -> Option<Notification> {
        let mut last = None;
        while let Some(said) = self.hear() {
            if let Said::Notification(notification) = said {
                last = Some(notification);
            }
        }
        last
    }

    /// Says no more, and hears what the edge still has to say.
    pub fn leave(&mut self) -> Option<Notification> {
        let _ = self.stream.shutdown(Shutdown::Write);
        self.last_words()
    }

    /// Ends the connection by a reset.
    pub fn reset(self) {
        let socket = Socket::from(self.stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }
}
