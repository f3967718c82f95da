//! The thread that sends.
//!
//! Each number of a stream has the time at which it is due. The thread sends what is due, stamps it with the time at
//! which it really left, and sleeps. One that was kept waiting catches up, so the rate holds; how late it was at worst
//! is told, since no gap shorter than that means anything.

use super::packet::{Kind, LENGTH, Packet};
use super::receiver::Caller;
use super::{Clock, Stamp, Stream, StreamRecord, trace};
use socket::udp::Datagrams;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// The longest sleep: a question for the way waits no longer.
const NAP: Duration = Duration::from_millis(1);

/// A packet that leaves with this hop limit reaches whatever a lab is made of.
const HOP_LIMIT: u8 = 64;

/// Where a stream goes.
pub(super) enum Goal {
    /// To an address.
    At(SocketAddr),
    /// To whoever calls, once somebody does.
    Caller(Caller),
}

/// A stream, ready to send.
pub(super) struct Source {
    socket: UdpSocket,
    is_v4: bool,
    goal: Goal,
    id: u16,
    /// When the first number was due; nothing while there is nowhere to go.
    began: Option<Stamp>,
    period: u64,
    octets: Vec<u8>,
    limit: usize,
    record: StreamRecord,
}

impl Source {
    /// Sends from a socket. Memory for `limit` packets is set aside.
    pub(super) fn open(socket: &Datagrams, stream: &Stream, id: u16, goal: Goal, limit: usize) -> io::Result<Self> {
        let socket = UdpSocket::from(socket.as_fd().try_clone_to_owned()?);
        let is_v4 = stream.from.address.is_ipv4();
        let mark = u32::from(stream.class.number()) << 2;
        match is_v4 {
            true => socket2::SockRef::from(&socket).set_tos_v4(mark)?,
            false => socket2::SockRef::from(&socket).set_tclass_v6(mark)?,
        }
        let record = StreamRecord { sent: Vec::with_capacity(limit), ..StreamRecord::default() };
        let octets = vec![0; usize::from(stream.octets).max(LENGTH)];
        let began = matches!(goal, Goal::At(_)).then_some(Stamp::ZERO);
        let period = 1_000_000 / u64::from(stream.rate.max(1));
        Ok(Self { socket, is_v4, goal, id, began, period, octets, limit, record })
    }

    /// Where it goes now; nothing before anybody called.
    fn to(&self) -> Option<SocketAddr> {
        match &self.goal {
            Goal::At(address) => Some(*address),
            Goal::Caller(caller) => *caller.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// When its next number is due, in microseconds; never while there is nowhere to go.
    fn due(&self) -> u64 {
        self.began.map_or(u64::MAX, |began| u64::from(began.0) + self.record.sent.len() as u64 * self.period)
    }

    /// Sends one packet.
    fn send(&mut self, packet: Packet) -> io::Result<()> {
        let to = self.to().ok_or(io::ErrorKind::NotConnected)?;
        self.octets.iter_mut().zip(packet.write()).for_each(|(to, from)| *to = from);
        self.socket.send_to(&self.octets, to).map(|_| ())
    }

    /// When each number left.
    #[cfg(test)]
    pub(super) fn sent(&self) -> &[Stamp] {
        &self.record.sent
    }

    /// Sends what is due. Gives by how much the first of it was late.
    pub(super) fn send_due(&mut self, run: u32, clock: &Clock) -> u32 {
        if self.began.is_none() {
            // From now on all count, whether the caller is still there or not.
            self.began = self.to().map(|_| clock.now());
        }
        let mut late = 0;
        loop {
            let (number, now) = (self.record.sent.len(), clock.now());
            let behind = u64::from(now.0).checked_sub(self.due());
            let Some(behind) = behind.filter(|_| number < self.limit) else { return late };
            late = late.max(u32::try_from(behind).unwrap_or(u32::MAX));
            self.record.sent.push(now);
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            if self.send(Packet { run, stream: self.id, kind: Kind::Count, number }).is_err() {
                self.record.refused += 1;
            }
        }
    }

    /// Asks for the way: one packet for each hop limit.
    fn ask_way(&mut self, run: u32) {
        for limit in 1..=trace::MAX_HOPS {
            if self.set_hop_limit(limit).is_ok() {
                // What cannot be sent is not answered, which is what the caller sees.
                let _ = self.send(Packet { run, stream: self.id, kind: Kind::Trace, number: limit.into() });
            }
        }
        // A socket that took a hop limit takes another one.
        let _ = self.set_hop_limit(HOP_LIMIT);
    }

    fn set_hop_limit(&self, limit: u8) -> io::Result<()> {
        match self.is_v4 {
            true => self.socket.set_ttl(limit.into()),
            false => socket2::SockRef::from(&self.socket).set_unicast_hops_v6(limit.into()),
        }
    }
}

/// Sends until it is stopped. Gives what was sent, and how late the sender was at worst.
pub(super) fn run(
    mut sources: Vec<Source>,
    run: u32,
    clock: Clock,
    stop: &AtomicBool,
    asked: &Receiver<()>,
) -> (Vec<StreamRecord>, Stamp) {
    socket::priority::raise();
    let mut late = 0;
    while !stop.load(Ordering::Relaxed) {
        for source in &mut sources {
            late = late.max(source.send_due(run, &clock));
        }
        if asked.try_recv().is_ok() {
            sources.iter_mut().for_each(|source| source.ask_way(run));
        }
        let now = u64::from(clock.now().0);
        let due = sources.iter().map(Source::due).min().unwrap_or(u64::MAX);
        std::thread::sleep(Duration::from_micros(due.saturating_sub(now)).min(NAP));
    }
    (sources.into_iter().map(|source| source.record).collect(), Stamp(late))
}
