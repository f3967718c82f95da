//! Circuits told apart by their tags, without VLAN devices (spec 09, 4).
//!
//! ```text
//!                      ┌── inner interface of (S 100, C 10)
//!  trunk ── tagger ────┼── inner interface of (S 100, C 20)
//!  88a8 S, 8100 C      └── …                  frames without tags
//! ```
//!
//! A [`Tagger`] is a thread that reads whole frames on the trunk and on each inner interface: inwards it takes the tags
//! off, outwards it puts them on. Frames of tags that nobody asked for are counted and dropped. Any user who may make
//! namespaces may run it. Senders into an inner interface must finish their packets in software
//! ([`finish_in_software`](socket::frame::finish_in_software)), and the trunk must carry 8 bytes more than they send:
//! what is too long for it is counted and dropped.
//!
//! A VLAN device loses its carrier with the device below it. With [`Tagger::follow`] so does the other end of each inner
//! interface: the tagger takes its own end down while the trunk has no carrier. A provider's tagger does not, as
//! providers do not ([`Tagger::start`]).

use super::netlink::Rtnetlink;
use crate::{
    Tag,
    linux::{Namespace, Net},
};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use model::VlanId;
use socket::frame::{FrameInbox, Frames};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::AsRawFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Bytes that two tags add to a frame.
pub const TAG_BYTES: u32 = 8;
/// The protocols of the outer and the inner tag.
const OUTER: u16 = 0x88a8;
const INNER: u16 = 0x8100;
/// Destination and source: the tags come behind them.
const ADDRESSES: usize = 12;
const TRUNK: Token = Token(0);
const COMMAND: Token = Token(1);
const CARRIER: Token = Token(2);
const FIRST: usize = 3;

/// A thread that puts tags on and takes them off. Dropped, it ends.
#[derive(Debug)]
pub struct Tagger {
    namespace: Namespace,
    commands: Sender<Command>,
    waker: Waker,
    counts: Arc<Mutex<Counts>>,
    thread: Option<JoinHandle<()>>,
}

/// What a tagger has moved and dropped, by tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// By tag.
    pub tags: BTreeMap<Tag, TagCount>,
    /// Frames from the trunk with tags that nobody asked for, or none.
    pub unknown: u64,
    /// The tags of the last of them.
    pub last_unknown: Option<Seen>,
}

/// What went over one tag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TagCount {
    /// Frames from the trunk.
    pub in_frames: u64,
    /// Their bytes, without tags.
    pub in_bytes: u64,
    /// Frames to the trunk.
    pub out_frames: u64,
    /// Their bytes, without tags.
    pub out_bytes: u64,
    /// Frames that the kernel did not take, either way: too long, or the interface is down or full.
    pub dropped: u64,
}

/// The numbers of tags as a frame had them: outer and inner.
pub type Seen = (Option<u16>, Option<u16>);

enum Command {
    Add(Tag, Frames, String),
    Remove(Tag),
    Stop,
}

impl Tagger {
    /// Starts the tagger of a trunk.
    ///
    /// # Errors
    ///
    /// There is no such interface in the namespace, or the right is missing (`CAP_NET_RAW`).
    pub fn start(trunk: &str, namespace: &Namespace) -> io::Result<Self> {
        Self::begin(trunk, namespace, None)
    }

    /// Starts the tagger of a trunk whose inner interfaces lose their carrier with it.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start), or the kernel does not tell of its links.
    pub fn follow(trunk: &str, namespace: &Namespace) -> io::Result<Self> {
        let mut told = Rtnetlink::open(Some(namespace))?;
        told.watch(&[libc::RTNLGRP_LINK])?;
        let carrier = Carrier { told, net: Net::open(namespace)?, trunk: trunk.to_owned(), runs: true };
        Self::begin(trunk, namespace, Some(carrier))
    }

    fn begin(trunk: &str, namespace: &Namespace, carrier: Option<Carrier>) -> io::Result<Self> {
        let frames = Frames::open(trunk, Some(namespace))?;
        let poll = Poll::new()?;
        poll.registry().register(&mut SourceFd(&frames.as_raw_fd()), TRUNK, Interest::READABLE)?;
        if let Some(carrier) = &carrier {
            poll.registry().register(&mut SourceFd(&carrier.told.as_raw_fd()), CARRIER, Interest::READABLE)?;
        }
        let waker = Waker::new(poll.registry(), COMMAND)?;
        let (commands, orders) = channel();
        let counts = Arc::new(Mutex::new(Counts::default()));
        let mut switch = Switch {
            poll,
            trunk: frames,
            carrier,
            inner: BTreeMap::new(),
            tokens: BTreeMap::new(),
            next: FIRST,
            counts: counts.clone(),
            inbox: FrameInbox::new(),
        };
        let work = move || switch.run(&orders);
        let thread = std::thread::Builder::new().name(format!("tagger {trunk}")).spawn(work)?;
        Ok(Self { namespace: namespace.clone(), commands, waker, counts, thread: Some(thread) })
    }

    /// Brings frames of a tag to an interface and back. A tag that is there already gets the new interface.
    ///
    /// # Errors
    ///
    /// The tag is none ([`io::ErrorKind::InvalidInput`]), or there is no such interface in the trunk's namespace.
    pub fn add(&self, tag: Tag, interface: &str) -> io::Result<()> {
        if !matches!(tag, Tag::C(_) | Tag::SC(..)) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{tag} is no tag of a trunk")));
        }
        let frames = Frames::open(interface, Some(&self.namespace))?;
        self.counts().tags.entry(tag).or_default();
        self.tell(Command::Add(tag, frames, interface.to_owned()))
    }

    /// Frames of the tag are unknown from now on, and its counters are gone.
    ///
    /// # Errors
    ///
    /// The thread has ended.
    pub fn remove(&self, tag: Tag) -> io::Result<()> {
        self.tell(Command::Remove(tag))
    }

    /// What was moved and dropped so far.
    pub fn count(&self) -> Counts {
        self.counts().clone()
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, command: Command) -> io::Result<()> {
        self.commands.send(command).map_err(|_| io::Error::other("the tagger has ended"))?;
        self.waker.wake()
    }
}

impl Drop for Tagger {
    fn drop(&mut self) {
        let _ = self.tell(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Switch {
    poll: Poll,
    trunk: Frames,
    carrier: Option<Carrier>,
    inner: BTreeMap<Tag, Inner>,
    tokens: BTreeMap<Token, Tag>,
    next: usize,
    counts: Arc<Mutex<Counts>>,
    inbox: FrameInbox,
}

/// An inner interface.
struct Inner {
    token: Token,
    frames: Frames,
    name: String,
}

/// Whether the trunk has its carrier, as the inner interfaces shall show it.
struct Carrier {
    told: Rtnetlink,
    net: Net,
    trunk: String,
    runs: bool,
}

impl Carrier {
    /// Looks at the trunk again; true when it changed.
    fn look(&mut self) -> bool {
        // What was told may be old, so only that something was told counts.
        let _ = self.told.drain(|_| {});
        let runs = self.net.link(&self.trunk).is_ok_and(|link| link.running);
        std::mem::replace(&mut self.runs, runs) != runs
    }

    fn show(&self, name: &str) {
        let shown = if self.runs { self.net.up(name) } else { self.net.down(name) };
        if let Err(error) = shown {
            tracing::warn!(interface = name, %error, "does not follow {}", self.trunk);
        }
    }
}

impl Switch {
    fn run(&mut self, orders: &Receiver<Command>) {
        let mut events = Events::with_capacity(256);
        // Interfaces that may have more to read. Each has one batch in its turn, so that none keeps the others waiting.
        let mut ready: VecDeque<Token> = VecDeque::new();
        if let Some(carrier) = &mut self.carrier {
            carrier.look();
        }
        loop {
            let wait = (!ready.is_empty()).then_some(std::time::Duration::ZERO);
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                _ => {}
            }
            for event in &events {
                if event.token() == COMMAND {
                    while let Ok(command) = orders.try_recv() {
                        match command {
                            Command::Add(tag, frames, name) => ready.extend(self.add(tag, frames, name)),
                            Command::Remove(tag) => self.remove(tag),
                            Command::Stop => return,
                        }
                    }
                } else if event.token() == CARRIER {
                    self.settle();
                } else if !ready.contains(&event.token()) {
                    ready.push_back(event.token());
                }
            }
            if let Some(token) = ready.pop_front() {
                let moved = if token == TRUNK { self.inwards() } else { self.outwards(token) };
                if moved > 0 {
                    ready.push_back(token);
                }
            }
        }
    }

    /// Inner interfaces show what became of the trunk.
    fn settle(&mut self) {
        if let Some(carrier) = &mut self.carrier
            && carrier.look()
        {
            self.inner.values().for_each(|inner| carrier.show(&inner.name));
        }
    }

    fn add(&mut self, tag: Tag, frames: Frames, name: String) -> Option<Token> {
        self.remove_socket(tag);
        let token = Token(self.next);
        self.next += 1;
        let source = frames.as_raw_fd();
        self.poll.registry().register(&mut SourceFd(&source), token, Interest::READABLE).ok()?;
        self.tokens.insert(token, tag);
        if let Some(carrier) = self.carrier.as_ref().filter(|carrier| !carrier.runs) {
            carrier.show(&name);
        }
        self.inner.insert(tag, Inner { token, frames, name });
        Some(token)
    }

    fn remove(&mut self, tag: Tag) {
        self.remove_socket(tag);
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).tags.remove(&tag);
    }

    fn remove_socket(&mut self, tag: Tag) {
        if let Some(Inner { token, frames, .. }) = self.inner.remove(&tag) {
            let _ = self.poll.registry().deregister(&mut SourceFd(&frames.as_raw_fd()));
            self.tokens.remove(&token);
        }
    }

    /// One batch from the trunk; gives how many frames there were.
    fn inwards(&mut self) -> usize {
        let count = self.trunk.receive(&mut self.inbox).unwrap_or(0);
        if count == 0 {
            return 0;
        }
        let mut sorted: BTreeMap<Tag, Vec<[&[u8]; 3]>> = BTreeMap::new();
        let mut unknown = 0;
        let mut last = None;
        for frame in self.inbox.frames() {
            match untag(frame.bytes, frame.tag) {
                Ok((tag, pieces)) if self.inner.contains_key(&tag) => sorted.entry(tag).or_default().push(pieces),
                Ok((tag, _)) => (unknown, last) = (unknown + 1, Some(numbers(tag))),
                Err(seen) => (unknown, last) = (unknown + 1, Some(seen)),
            }
        }
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.unknown += unknown;
        counts.last_unknown = last.or(counts.last_unknown);
        for (tag, frames) in &sorted {
            let Some(Inner { frames: socket, .. }) = self.inner.get(tag) else { continue };
            let sent = socket.send(frames);
            let count = counts.tags.entry(*tag).or_default();
            count.in_frames += sent as u64;
            count.in_bytes += bytes(frames);
            count.dropped += (frames.len() - sent) as u64;
        }
        count
    }

    /// One batch from an inner interface.
    fn outwards(&mut self, token: Token) -> usize {
        let known = self.tokens.get(&token).and_then(|tag| Some((*tag, &self.inner.get(tag)?.frames)));
        let Some((tag, socket)) = known else { return 0 };
        let count = socket.receive(&mut self.inbox).unwrap_or(0);
        if count == 0 {
            return 0;
        }
        let head = head(tag);
        let frames: Vec<[&[u8]; 3]> = self
            .inbox
            .frames()
            .filter(|frame| frame.tag.is_none())
            .filter_map(|frame| frame.bytes.split_at_checked(ADDRESSES))
            .map(|(addresses, rest)| [addresses, head.as_slice(), rest])
            .collect();
        let sent = self.trunk.send(&frames);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counts.tags.entry(tag).or_default();
        entry.out_frames += sent as u64;
        entry.out_bytes += bytes(&frames) - (head.len() * frames.len()) as u64;
        entry.dropped += (count - sent) as u64;
        count
    }
}

fn bytes(frames: &[[&[u8]; 3]]) -> u64 {
    frames.iter().flatten().map(|piece| piece.len() as u64).sum()
}

/// The tags as they stand in a frame.
fn head(tag: Tag) -> Vec<u8> {
    let mut head = Vec::with_capacity(TAG_BYTES as usize);
    let mut put = |protocol: u16, vlan: VlanId| {
        head.extend(protocol.to_be_bytes());
        head.extend(vlan.number().to_be_bytes());
    };
    match tag {
        Tag::SC(outer, inner) => {
            put(OUTER, outer);
            put(INNER, inner);
        }
        Tag::C(inner) => put(INNER, inner),
        Tag::Untagged | Tag::Vni { .. } => {}
    }
    head
}

/// The tags of a frame from the trunk, and the pieces of the frame without them; or the numbers of tags that are none.
fn untag(bytes: &[u8], outer: Option<(u16, u16)>) -> Result<(Tag, [&[u8]; 3]), Seen> {
    let vlan = |value: u16| VlanId::try_from(value & 0xfff).ok();
    let number = |value: u16| value & 0xfff;
    match outer {
        Some((OUTER, s)) => {
            let rest = bytes.get(ADDRESSES..).unwrap_or_default();
            let c = match *rest {
                [a, b, c, d, ..] if u16::from_be_bytes([a, b]) == INNER => Some(u16::from_be_bytes([c, d])),
                _ => None,
            };
            match (vlan(s), c.and_then(vlan), bytes.get(..ADDRESSES), rest.get(4..)) {
                (Some(s), Some(c), Some(addresses), Some(rest)) => Ok((Tag::SC(s, c), [addresses, rest, &[]])),
                _ => Err((Some(number(s)), c.map(number))),
            }
        }
        Some((INNER, c)) => match vlan(c) {
            Some(c) => Ok((Tag::C(c), [bytes, &[], &[]])),
            None => Err((None, Some(number(c)))),
        },
        Some((_, other)) => Err((Some(number(other)), None)),
        None => Err((None, None)),
    }
}

fn numbers(tag: Tag) -> Seen {
    match tag {
        Tag::SC(s, c) => (Some(s.number()), Some(c.number())),
        Tag::C(c) => (None, Some(c.number())),
        Tag::Untagged | Tag::Vni { .. } => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vlan(number: u16) -> VlanId {
        number.try_into().unwrap()
    }

    #[test]
    fn tags_that_are_put_on_are_taken_off() {
        let tag = Tag::SC(vlan(100), vlan(10));
        assert_eq!(head(tag), [0x88, 0xa8, 0, 100, 0x81, 0, 0, 10]);
        let frame = [&[7; ADDRESSES][..], &head(tag)[4..], &[8, 0, 9, 9]].concat();
        let (seen, pieces) = untag(&frame, Some((OUTER, 0x6000 | 100))).unwrap();
        assert_eq!((seen, pieces.concat()), (tag, [&[7; ADDRESSES][..], &[8, 0, 9, 9]].concat()));
    }

    #[test]
    fn what_carries_no_known_tags_is_told() {
        let plain = [0; 60];
        assert_eq!(untag(&plain, None), Err((None, None)));
        assert_eq!(untag(&plain, Some((OUTER, 100))), Err((Some(100), None)));
        assert_eq!(untag(&plain, Some((OUTER, 0))), Err((Some(0), None)));
        assert_eq!(untag(&plain[..3], Some((OUTER, 5))), Err((Some(5), None)));
        assert!(untag(&plain, Some((INNER, 10))).is_ok());
    }
}
