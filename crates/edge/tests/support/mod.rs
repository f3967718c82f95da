//! A running edge, and routers so small that a test can see each of their messages.
#![allow(clippy::unwrap_used, reason = "a test ends where its edge cannot be made")]

use bgp_wire::{
    AttributeSet, Capability, HoldTime, KEEPALIVE, Message, Notification, Open, Origin, PathSegment, Prefix4, RouterId,
    STANDARD_LIMIT, Session, announce4, frame,
};
use catalog::Catalog;
use edge::control::{Request, ask};
use edge::process::{Edge, End, Handle};
use model::{Asn, Prefix, Value};
use serde::de::DeserializeOwned;
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// An edge that listens on a free port of 127.0.0.1.
pub(crate) struct Running {
    folder: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) metrics: SocketAddr,
    handle: Handle,
    thread: Option<JoinHandle<End>>,
}

impl Running {
    /// Starts an edge with these domains.
    pub(crate) fn start(domains: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("edge.toml"), config(domains)).unwrap();
        Self::from(folder)
    }

    fn from(folder: tempfile::TempDir) -> Self {
        let path = folder.path().join("edge.toml");
        let edge = Edge::start(&path, Arc::new(Catalog::with_files(|_| None).unwrap())).unwrap();
        let (address, metrics, handle) = (edge.addresses()[0], edge.metrics().unwrap(), edge.handle());
        let thread = std::thread::spawn(move || edge.run().unwrap());
        Self { folder, address, metrics, handle, thread: Some(thread) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Changes the file and has it read; what the edge says.
    pub(crate) fn reload(&self, domains: &str) -> Result<String, String> {
        std::fs::write(self.path("edge.toml"), config(domains)).unwrap();
        self.tell(&Request::Reload)
    }

    /// The rows of an answer.
    pub(crate) fn rows<R: DeserializeOwned>(&self, request: &Request) -> Vec<R> {
        let answer = ask(&self.path("edge.sock"), request).unwrap();
        answer.map(|row| row.unwrap()).collect()
    }

    /// The last word of an answer without rows.
    pub(crate) fn tell(&self, request: &Request) -> Result<String, String> {
        let mut answer = ask::<serde_json::Value>(&self.path("edge.sock"), request).unwrap();
        match answer.next() {
            None => Ok(answer.end().unwrap().to_owned()),
            Some(row) => Err(row.unwrap_err().to_string()),
        }
    }

    /// Asks until the answer is as wanted.
    pub(crate) fn wait<R: DeserializeOwned + std::fmt::Debug>(
        &self,
        request: &Request,
        wanted: impl Fn(&[R]) -> bool,
    ) -> Vec<R> {
        for _ in 0..2000 {
            let rows = self.rows(request);
            if wanted(&rows) {
                return rows;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{request:?} is still answered by {:?}", self.rows::<R>(request));
    }

    /// Ends the edge and waits for it.
    pub(crate) fn end(&mut self, end: End) -> End {
        self.handle.end(end).unwrap();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = self.handle.end(End::Stop);
            let _ = thread.join();
        }
    }
}

fn config(domains: &str) -> String {
    format!(
        "name = 'test'\nasn = 65000\nrouter-id = '10.0.0.1'\nlisten = ['127.0.0.1:0']\nworkers = 2\nstate = 'state'\nmetrics = '127.0.0.1:0'\n\
         {domains}"
    )
}

/// A passive peer of an open domain.
pub(crate) fn peer(name: &str, last_octet: u8, more: &str) -> String {
    format!(
        "[[domain.peer]]\nname = '{name}'\naddress = '127.0.0.{last_octet}'\nasn = {}\npassive = true\n{more}\n",
        65000 + u32::from(last_octet)
    )
}

/// An open domain.
pub(crate) fn domain(name: &str, peers: &str) -> String {
    format!("[[domain]]\nname = '{name}'\npeering = 'open'\n{peers}")
}

/// A router at 127.0.0.N of AS 65000 + N.
pub(crate) struct Router {
    stream: TcpStream,
    session: Option<Session>,
    received: Vec<u8>,
    /// All that was ever heard.
    pub(crate) heard: Vec<u8>,
    last_octet: u8,
}

/// What a router hears.
#[derive(Debug, PartialEq)]
pub(crate) enum Heard {
    Open,
    Keepalive,
    Update,
    Notification(Notification),
    Other,
    Closed,
}

impl Router {
    /// Connects, and says nothing.
    pub(crate) fn connect(to: SocketAddr, last_octet: u8) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let from: SocketAddr = (Ipv4Addr::new(127, 0, 0, last_octet), 0).into();
        socket.bind(&from.into()).unwrap();
        socket.connect(&to.into()).unwrap();
        let stream: TcpStream = socket.into();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream, session: None, received: Vec::new(), heard: Vec::new(), last_octet }
    }

    /// Connects and brings the session up; with graceful restart or without.
    pub(crate) fn up(to: SocketAddr, last_octet: u8) -> Self {
        let mut router = Self::connect(to, last_octet);
        router.open();
        router.finish();
        router
    }

    /// Sends OPEN and KEEPALIVE.
    pub(crate) fn open(&mut self) {
        let open = self.ours();
        let mut bytes = Vec::new();
        open.write(&mut bytes).unwrap();
        bytes.extend_from_slice(&KEEPALIVE);
        self.stream.write_all(&bytes).unwrap();
    }

    /// Sends with this TTL from now on.
    pub(crate) fn set_ttl(&self, ttl: u32) {
        socket2::SockRef::from(&self.stream).set_ttl_v4(ttl).unwrap();
    }

    fn ours(&self) -> Open {
        let last_octet = self.last_octet;
        let asn = Asn(65000 + u32::from(last_octet));
        Open {
            asn,
            hold_time: HoldTime::try_from(30).unwrap(),
            router_id: RouterId::try_from(Ipv4Addr::new(10, 0, 0, last_octet)).unwrap(),
            capabilities: vec![Capability::Multiprotocol(model::Family::V4.into()), Capability::FourOctetAs(asn)],
        }
    }

    /// Hears the other side's OPEN and KEEPALIVE.
    pub(crate) fn finish(&mut self) {
        let theirs = self.next().unwrap();
        let Message::Open(theirs) = Message::read(frame_of(&theirs)).unwrap() else { panic!("no OPEN") };
        self.session = Some(Session::agreed(&self.ours(), &theirs));
        assert_eq!(self.hear(), Heard::Keepalive);
    }

    /// Announces prefixes.
    pub(crate) fn announce(&mut self, prefixes: &[Prefix4]) {
        let session = self.session.unwrap();
        let asn = Asn(65000 + u32::from(self.last_octet));
        let set = AttributeSet::new(Origin::Igp, vec![PathSegment::sequence([asn])]);
        let template = set.template(&session).unwrap();
        let hop = Ipv4Addr::new(127, 0, 0, self.last_octet);
        let (mut out, mut left) = (Vec::new(), prefixes.iter().copied());
        while announce4(&mut out, STANDARD_LIMIT, &template, hop, &mut left).unwrap() > 0 {}
        self.stream.write_all(&out).unwrap();
    }

    /// The next message.
    pub(crate) fn hear(&mut self) -> Heard {
        let Some(bytes) = self.next() else { return Heard::Closed };
        match Message::read(frame_of(&bytes)).unwrap() {
            Message::Open(_) => Heard::Open,
            Message::Keepalive => Heard::Keepalive,
            Message::Update(_) => Heard::Update,
            Message::Notification(notification) => Heard::Notification(notification),
            _ => Heard::Other,
        }
    }

    /// The NOTIFICATION that ends the session; `None` when it ends without one.
    pub(crate) fn last_words(&mut self) -> Option<Notification> {
        loop {
            match self.hear() {
                Heard::Notification(notification) => return Some(notification),
                Heard::Closed => return None,
                _ => {}
            }
        }
    }

    /// The bytes of the next message; `None` at the end of the connection.
    fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Ok(Some(frame)) = frame(&self.received, false) {
                let length = frame.length();
                return Some(self.received.drain(..length).collect());
            }
            let mut buffer = [0; 4096];
            match self.stream.read(&mut buffer) {
                Ok(0) => return None,
                Ok(count) => {
                    self.heard.extend_from_slice(&buffer[..count]);
                    self.received.extend_from_slice(&buffer[..count]);
                }
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("nothing was heard: {error}"),
            }
        }
    }
}

fn frame_of(bytes: &[u8]) -> bgp_wire::Frame<'_> {
    frame(bytes, false).unwrap().unwrap()
}

/// A prefix.
pub(crate) fn prefix(text: &str) -> Prefix4 {
    Prefix4::try_from(Prefix::parse(text).unwrap()).unwrap()
}
