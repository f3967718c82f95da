//! Messages of rtnetlink(7).
//!
//! ```text
//! | length (4) | type (2) | flags (2) | sequence (4) | port (4) | fixed part | attributes: length (2), type (2), value |
//! ```
//!
//! Numbers are in the byte order of the machine. What the kernel sends is held against the bytes that are there.

use socket::Namespace;
use socket2::{SockFilter, Socket};
use std::io::{self, Read};
use std::net::IpAddr;
use std::os::fd::{AsRawFd, RawFd};

/// The header of a message, in bytes.
const HEADER: usize = 16;
/// Messages of one batch that go to the kernel in one call (spec 09, 5: up to 2000 were tried).
const BATCH: usize = 512;
/// The message that tells what was wrong, behind the flags that say it is there (netlink.h).
const ERROR_TEXT: u16 = 1;
const ACK_TLVS: u16 = 0x200;

const REQUEST: u16 = libc::NLM_F_REQUEST as u16;
const ACK: u16 = libc::NLM_F_ACK as u16;
const DUMP: u16 = libc::NLM_F_DUMP as u16;
/// It must not be there yet.
pub(crate) const NEW: u16 = (libc::NLM_F_CREATE | libc::NLM_F_EXCL) as u16;
/// It is made, or takes the place of what is there.
pub(crate) const PUT: u16 = (libc::NLM_F_CREATE | libc::NLM_F_REPLACE) as u16;

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Message(Vec<u8>);

impl Message {
    /// A request of a type (`RTM_`), with flags beyond `NLM_F_REQUEST`, and its fixed part.
    pub fn new(kind: u16, flags: u16, fixed: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(128);
        bytes.extend([0; 4]);
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((flags | REQUEST).to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(fixed);
        let mut message = Self(bytes);
        message.align();
        message
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.attribute(kind, |message| message.0.extend(value));
        self
    }

    /// Adds an attribute that holds a number.
    #[must_use]
    pub fn with_u32(self, kind: u16, value: u32) -> Self {
        self.with(kind, &value.to_ne_bytes())
    }

    /// Adds an attribute that holds a text, with the zero behind it.
    #[must_use]
    pub fn with_text(mut self, kind: u16, value: &str) -> Self {
        self.attribute(kind, |message| message.0.extend(value.bytes().chain([0])));
        self
    }

    /// Adds an attribute that holds an address.
    #[must_use]
    pub fn with_ip(self, kind: u16, value: IpAddr) -> Self {
        match value {
            IpAddr::V4(value) => self.with(kind, &value.octets()),
            IpAddr::V6(value) => self.with(kind, &value.octets()),
        }
    }

    /// Adds an attribute that holds attributes.
    #[must_use]
    pub fn nest(mut self, kind: u16, inner: impl FnOnce(Self) -> Self) -> Self {
        self.attribute(kind, |message| {
            let outer = std::mem::take(&mut message.0);
            *message = inner(Self(outer));
        });
        self
    }

    /// Adds raw bytes, such as the fixed part of a message inside an attribute.
    #[must_use]
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self.align();
        self
    }

    fn attribute(&mut self, kind: u16, write: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.0.extend([0; 2]);
        self.0.extend(kind.to_ne_bytes());
        write(self);
        let length = u16::try_from(self.0.len() - start).unwrap_or(u16::MAX);
        if let Some(place) = self.0.get_mut(start..start + 2) {
            place.copy_from_slice(&length.to_ne_bytes());
        }
        self.align();
    }

    fn align(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    /// The bytes with length, sequence number and further flags filled in.
    fn finish(&mut self, sequence: u32, flags: u16) -> &[u8] {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let flags = flags | number16(&self.0, 6).unwrap_or(0);
        if let Some(header) = self.0.first_chunk_mut::<HEADER>() {
            header[..4].copy_from_slice(&length.to_ne_bytes());
            header[6..8].copy_from_slice(&flags.to_ne_bytes());
            header[8..12].copy_from_slice(&sequence.to_ne_bytes());
        }
        &self.0
    }
}

/// A socket of rtnetlink in a namespace.
#[derive(Debug)]
pub struct Rtnetlink {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

impl Rtnetlink {
    /// A socket in the namespace, or that of the calling thread.
    ///
    /// # Errors
    ///
    /// The namespace cannot be entered.
    pub fn open(namespace: Option<&Namespace>) -> io::Result<Self> {
        Ok(Self { socket: socket::netlink::open(namespace)?, sequence: 0, buffer: vec![0; 64 << 10] })
    }

    /// Sends a request and waits until the kernel has done it.
    ///
    /// # Errors
    ///
    /// The kernel's answer, in its own words where it has some.
    pub fn request(&mut self, mut message: Message) -> io::Result<()> {
        let sequence = self.next();
        self.socket.send(message.finish(sequence, ACK))?;
        self.answers(|of, _, outcome| match outcome {
            Some(outcome) if of == sequence => Some(outcome),
            _ => None,
        })
    }

    /// Sends requests, many in one call, and gives the errors of those that failed, by their place. The kernel takes
    /// them in order, and one that fails does not keep those behind it.
    ///
    /// # Errors
    ///
    /// The socket's own, not the kernel's answers.
    pub fn batch(&mut self, messages: &mut [Message]) -> io::Result<Vec<(usize, io::Error)>> {
        let mut failed = Vec::new();
        for (part, messages) in messages.chunks_mut(BATCH).enumerate() {
            let first = self.next();
            let last = first.wrapping_add(messages.len() as u32 - 1);
            self.sequence = last;
            let count = messages.len();
            let mut bytes = Vec::with_capacity(count * 64);
            for (number, message) in messages.iter_mut().enumerate() {
                // Who fails answers in any case; only the last is asked to answer when it does not.
                let flags = if number + 1 == count { ACK } else { 0 };
                bytes.extend_from_slice(message.finish(first.wrapping_add(number as u32), flags));
            }
            self.socket.send(&bytes)?;
            let outcome = self.answers(|of, _, outcome| {
                let outcome = outcome?;
                let place = of.wrapping_sub(first) as usize;
                if let (Err(error), true) = (outcome, place < count) {
                    failed.push((part * BATCH + place, error));
                }
                (of == last).then_some(Ok(()))
            });
            match outcome {
                Ok(()) => {}
                // More answers than there is room for: ask one by one, which every request of a batch bears.
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                    failed.retain(|(place, _)| *place < part * BATCH);
                    for (number, message) in messages.iter().enumerate() {
                        if let Err(error) = self.request(message.clone()) {
                            failed.push((part * BATCH + number, error));
                        }
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(failed)
    }

    /// Asks for a list and hands each message's type, fixed part and attributes to `each`.
    ///
    /// # Errors
    ///
    /// The kernel's answer.
    pub fn dump(&mut self, mut message: Message, mut each: impl FnMut(u16, &[u8])) -> io::Result<()> {
        let sequence = self.next();
        self.socket.send(message.finish(sequence, DUMP))?;
        self.answers(|of, told, outcome| {
            if of != sequence {
                return None;
            }
            match outcome {
                Some(outcome) => Some(outcome),
                None => {
                    each(told.0, told.1);
                    None
                }
            }
        })
    }

    /// Asks for one thing, and gives what `read` makes of it.
    ///
    /// # Errors
    ///
    /// The kernel's answer; [`io::ErrorKind::InvalidData`] if `read` cannot use it.
    pub fn get<T>(&mut self, mut message: Message, read: impl Fn(&[u8]) -> Option<T>) -> io::Result<T> {
        let sequence = self.next();
        self.socket.send(message.finish(sequence, ACK))?;
        let mut found = None;
        self.answers(|of, told, outcome| {
            if of != sequence {
                return None;
            }
            if outcome.is_none() {
                found = read(told.1);
            }
            outcome
        })?;
        found.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// Has the kernel tell of changes of these kinds, and no longer waits for answers: from now on there is only
    /// [`drain`](Self::drain). Routes and next hops that are set are not told of, only those that go.
    pub(crate) fn watch(&mut self, groups: &[u32]) -> io::Result<()> {
        for group in groups {
            socket::netlink::join(&self.socket, *group)?;
        }
        // The type of a message, at its fifth byte, in the byte order of the machine; the filter reads big-endian.
        let is = |kind: u16, skip| SockFilter::new(0x15, skip, 0, u32::from(u16::from_be_bytes(kind.to_ne_bytes())));
        self.socket.attach_filter(&[
            SockFilter::new(0x28, 0, 0, 4),
            is(libc::RTM_NEWROUTE, 2),
            is(super::route::NEW_NEXTHOP, 1),
            SockFilter::new(0x06, 0, 0, u32::MAX),
            SockFilter::new(0x06, 0, 0, 0),
        ])?;
        // Its first request gives the socket its address, without which nothing is told.
        self.dump(Message::new(libc::RTM_GETLINK, 0, &[0; 16]), |_, _| {})?;
        self.socket.set_nonblocking(true)
    }

    /// Hands out all that was told since the last time, without waiting.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(Told<'_>)) -> io::Result<()> {
        loop {
            match (&self.socket).read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                count => messages(self.buffer.get(..count?).unwrap_or_default()).for_each(&mut each),
            }
        }
    }

    fn next(&mut self) -> u32 {
        self.sequence = self.sequence.wrapping_add(1);
        self.sequence
    }

    /// Reads answers until `take` has what it wants. It is given the sequence number, the type with what is behind the
    /// header, and the outcome if the message is one.
    fn answers(
        &mut self,
        mut take: impl FnMut(u32, (u16, &[u8]), Option<io::Result<()>>) -> Option<io::Result<()>>,
    ) -> io::Result<()> {
        loop {
            let count = match (&self.socket).read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            for told in messages(self.buffer.get(..count).unwrap_or_default()) {
                if let Some(outcome) = take(told.sequence, (told.kind, told.body), told.outcome()) {
                    return outcome;
                }
            }
        }
    }
}

impl AsRawFd for Rtnetlink {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// A message of the kernel's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) sequence: u32,
    pub(crate) body: &'a [u8],
}

impl Told<'_> {
    /// What became of a request, if the message tells that.
    fn outcome(&self) -> Option<io::Result<()>> {
        match i32::from(self.kind) {
            // What follows the end of a list may be the code of an error that befell it.
            libc::NLMSG_DONE | libc::NLMSG_ERROR => match number32(self.body, 0).map_or(0, u32::cast_signed) {
                0 => Some(Ok(())),
                code => Some(Err(self.error(code.saturating_neg()))),
            },
            _ => None,
        }
    }

    fn error(&self, code: i32) -> io::Error {
        let plain = io::Error::from_raw_os_error(code);
        // Behind the code stands the header of the request, and behind that what the kernel has to say.
        let text = (self.flags & ACK_TLVS != 0).then(|| attribute(self.body.get(4 + HEADER..)?, ERROR_TEXT)).flatten();
        match text {
            Some(text) => {
                let said = String::from_utf8_lossy(text);
                let kind = plain.kind();
                io::Error::new(kind, Refusal { code, said: said.trim_end_matches(['\0', '.']).to_owned() })
            }
            None => plain,
        }
    }
}

/// An error of the kernel's with its reason in words.
#[derive(Debug, thiserror::Error)]
#[error("{said} (os error {code})")]
struct Refusal {
    code: i32,
    said: String,
}

/// The number of the kernel's error, whether it came with words or without.
pub(crate) fn code(error: &io::Error) -> Option<i32> {
    let refusal = error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>());
    error.raw_os_error().or(refusal.map(|refusal| refusal.code))
}

/// The messages of a read; what is behind the last whole one is left out.
pub(crate) fn messages(mut rest: &[u8]) -> impl Iterator<Item = Told<'_>> {
    std::iter::from_fn(move || {
        let length = number32(rest, 0)? as usize;
        let body = rest.get(HEADER..length)?;
        let told = Told { kind: number16(rest, 4)?, flags: number16(rest, 6)?, sequence: number32(rest, 8)?, body };
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(told)
    })
}

/// The attributes of a message or of an attribute.
pub(crate) fn attributes(mut rest: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    /// The bits above are flags.
    const TYPE: u16 = 0x3fff;
    std::iter::from_fn(move || {
        let length = usize::from(number16(rest, 0)?);
        let value = rest.get(4..length)?;
        let kind = number16(rest, 2)? & TYPE;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The value of the first attribute of a type.
pub(crate) fn attribute(rest: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(rest).find(|(of, _)| *of == kind).map(|(_, value)| value)
}

pub(crate) fn number16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub(crate) fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub(crate) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let mut message = Message::new(24, NEW, &[1; 12]).with_u32(1, 7).nest(2, |inner| inner.with_text(3, "eth0"));
        let bytes = message.finish(5, ACK).to_vec();
        let told = messages(&bytes).next().unwrap();
        assert_eq!((told.kind, told.sequence), (24, 5));
        let inner = attribute(&told.body[12..], 2).unwrap();
        assert_eq!(text(attribute(inner, 3).unwrap()), "eth0");
        assert_eq!(number32(attribute(&told.body[12..], 1).unwrap(), 0), Some(7));
    }

    #[test]
    fn what_ends_early_is_left_out() {
        let mut message = Message::new(24, 0, &[0; 12]).with_text(3, "eth0");
        let bytes = message.finish(5, 0).to_vec();
        for length in 0..bytes.len() {
            assert_eq!(messages(&bytes[..length]).count(), 0);
        }
        assert_eq!(attribute(&[255, 255, 1, 0], 1), None);
        assert_eq!(attributes(&[0, 0, 0, 0, 0, 0]).count(), 0);
    }
}
