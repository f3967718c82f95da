//! Tags put on and taken off by a thread that reads and writes whole frames (packet(7)).

use super::{Counts, INNER, OUTER, Seen, TAG_BYTES};
use crate::Tag;
use crate::linux::Namespace;
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

/// Destination and source: the tags come behind them.
const ADDRESSES: usize = 12;
const TRUNK: Token = Token(0);
const COMMAND: Token = Token(1);
const FIRST: usize = 2;

/// A thread that puts tags on and takes them off. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Relay {
    namespace: Namespace,
    commands: Sender<Command>,
    waker: Waker,
    counts: Arc<Mutex<Counts>>,
    thread: Option<JoinHandle<()>>,
}

enum Command {
    Add(Tag, Frames),
    Remove(Tag),
    Stop,
}

impl Relay {
    pub(super) fn start(trunk: &str, namespace: &Namespace) -> io::Result<Self> {
        let frames = Frames::open(trunk, Some(namespace))?;
        let poll = Poll::new()?;
        poll.registry().register(&mut SourceFd(&frames.as_raw_fd()), TRUNK, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), COMMAND)?;
        let (commands, orders) = channel();
        let counts = Arc::new(Mutex::new(Counts::default()));
        let mut switch = Switch {
            poll,
            trunk: frames,
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

    pub(super) fn add(&self, tag: Tag, interface: &str) -> io::Result<()> {
        if !matches!(tag, Tag::C(_) | Tag::SC(..)) {
            return Err(super::no_tag(tag));
        }
        let frames = Frames::open(interface, Some(&self.namespace))?;
        self.counts().dropped.entry(tag).or_default();
        self.tell(Command::Add(tag, frames))
    }

    pub(super) fn remove(&self, tag: Tag) -> io::Result<()> {
        self.tell(Command::Remove(tag))
    }

    pub(super) fn count(&self) -> Counts {
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

impl Drop for Relay {
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
}

impl Switch {
    fn run(&mut self, orders: &Receiver<Command>) {
        let mut events = Events::with_capacity(256);
        // Interfaces that may have more to read. Each has one batch in its turn, so that none keeps the others waiting.
        let mut ready: VecDeque<Token> = VecDeque::new();
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
                            Command::Add(tag, frames) => ready.extend(self.add(tag, frames)),
                            Command::Remove(tag) => self.remove(tag),
                            Command::Stop => return,
                        }
                    }
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

    fn add(&mut self, tag: Tag, frames: Frames) -> Option<Token> {
        self.remove_socket(tag);
        let token = Token(self.next);
        self.next += 1;
        let source = frames.as_raw_fd();
        self.poll.registry().register(&mut SourceFd(&source), token, Interest::READABLE).ok()?;
        self.tokens.insert(token, tag);
        self.inner.insert(tag, Inner { token, frames });
        Some(token)
    }

    fn remove(&mut self, tag: Tag) {
        self.remove_socket(tag);
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).dropped.remove(&tag);
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
            *counts.dropped.entry(*tag).or_default() += (frames.len() - sent) as u64;
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
        *counts.dropped.entry(tag).or_default() += (count - sent) as u64;
        count
    }
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
