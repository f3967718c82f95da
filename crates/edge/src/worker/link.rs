//! A session's socket.

use bgp_speaker::Time;
use mio::net::TcpStream;
use std::io::{self, ErrorKind, Read, Write};

/// Begins a connection to a peer, without waiting for it to be made. It runs on the worker's thread.
pub type Dial = Box<dyn FnMut() -> io::Result<std::net::TcpStream> + Send>;

/// A connected socket, or one that is being connected.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) stream: TcpStream,
    /// The kernel has not said yet that the connection is made.
    pub(super) is_connecting: bool,
    /// It is in a queue of those with something to read.
    pub(super) is_queued: bool,
    /// It is in the queue of those with more to send than one share.
    pub(super) is_sending: bool,
    /// The peer has ended its direction; what is left is to be read to the end.
    pub(super) is_ended: bool,
    /// The session is over; what still comes is thrown away.
    pub(super) is_over: bool,
    /// Bytes that the socket did not take.
    unsent: Vec<u8>,
    /// How many bytes it may still bring before it is one of the heavy ones, as of `credited`.
    credit: usize,
    credited: Time,
}

/// How many bytes a quiet session may bring at once and still be served first: a full table of a customer.
const MOST_CREDIT: usize = 64 << 10;

/// How many bytes of credit come back in a millisecond.
const CREDIT_A_MILLISECOND: usize = 1 << 10;

/// What reading a socket gave.
pub(super) enum Reading {
    /// So many bytes.
    Bytes(usize),
    /// Nothing for now.
    Empty,
    /// The connection has ended.
    Ended,
}

impl Link {
    pub(super) fn new(stream: TcpStream, is_connecting: bool) -> Self {
        Self {
            stream,
            is_connecting,
            is_queued: false,
            is_sending: false,
            is_ended: false,
            is_over: false,
            unsent: Vec::new(),
            credit: MOST_CREDIT,
            credited: Time(0),
        }
    }

    /// Reads once, to the length of the buffer at most.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Reading {
        loop {
            return match self.stream.read(buffer) {
                Ok(0) => Reading::Ended,
                Ok(count) => Reading::Bytes(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => Reading::Empty,
                Err(_) => Reading::Ended,
            };
        }
    }

    /// Notes that bytes were read; whether the session is still one of the light ones.
    pub(super) fn charge(&mut self, count: usize, now: Time) -> bool {
        let quiet = usize::try_from(now.since(self.credited).as_millis()).unwrap_or(usize::MAX);
        self.credited = now;
        self.credit = quiet.saturating_mul(CREDIT_A_MILLISECOND).saturating_add(self.credit).min(MOST_CREDIT);
        let is_light = self.credit >= count;
        self.credit = self.credit.saturating_sub(count);
        is_light
    }

    /// Whether all that was written has been taken by the socket.
    pub(super) fn is_clear(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Writes, and keeps what the socket does not take. To be called when the link is clear.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let taken = self.push(bytes)?;
        self.unsent.extend_from_slice(bytes.get(taken..).unwrap_or_default());
        Ok(())
    }

    /// Goes on with what the socket did not take before; whether any of it was taken now.
    ///
    /// # Errors
    ///
    /// The connection is gone.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        let unsent = std::mem::take(&mut self.unsent);
        let taken = self.push(&unsent)?;
        self.unsent = unsent.get(taken..).unwrap_or_default().to_vec();
        Ok(taken > 0)
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => taken += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(taken)
    }
}
