//! The thread that sends.
//!
//! Each number of a stream has the time at which it is due. The thread sends what is due, stamps it with the time at
//! which it really left, and sleeps. One that was kept waiting catches up, so the rate holds; how late it was at worst
//! is told, since no gap shorter than that means anything.

use super::packet::{Kind, LENGTH, Packet};
use super::{Clock, Stamp, Stream, StreamRecord, trace};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

/// The longest sleep: a question for the way waits no longer.
const NAP: Duration = Duration::from_millis(1);

/// A packet that leaves with this hop limit reaches whatever a lab is made of.
const HOP_LIMIT: u8 = 64;

/// A stream, ready to send.
pub(super) struct Source {
    socket: UdpSocket,
    to: SocketAddr,
    id: u16,
    period: u64,
    octets: Vec<u8>,
    limit: usize,
    record: StreamRecord,
}

impl Source {
    /// Makes the socket of a stream. Memory for `limit` packets is set aside.
    pub(super) fn open(stream: &Stream, id: u16, to: SocketAddr, limit: usize) -> io::Result<Self> {
        let bind = || {
            let socket = UdpSocket::bind((stream.from.address, 0))?;
            socket.set_nonblocking(true)?;
            let mark = u32::from(stream.class.number()) << 2;
            match to.is_ipv4() {
                true => socket2::SockRef::from(&socket).set_tos_v4(mark)?,
                false => socket2::SockRef::from(&socket).set_tclass_v6(mark)?,
            }
            Ok(socket)
        };
        let socket = stream.from.namespace.as_ref().map_or_else(bind, |namespace| namespace.enter(bind))?;
        let record = StreamRecord { sent: Vec::with_capacity(limit), ..StreamRecord::default() };
        let octets = vec![0; usize::from(stream.octets).max(LENGTH)];
        Ok(Self { socket, to, id, period: 1_000_000 / u64::from(stream.rate.max(1)), octets, limit, record })
    }

    /// Sends one packet.
    fn send(&mut self, packet: Packet) -> io::Result<()> {
        self.octets.iter_mut().zip(packet.write()).for_each(|(to, from)| *to = from);
        self.socket.send_to(&self.octets, self.to).map(|_| ())
    }

    /// Sends what is due. Gives by how much the first of it was late.
    fn send_due(&mut self, run: u32, clock: &Clock) -> u32 {
        let mut late = 0;
        loop {
            let number = self.record.sent.len();
            let (due, now) = (number as u64 * self.period, clock.now());
            let Some(behind) = u64::from(now.0).checked_sub(due).filter(|_| number < self.limit) else { return late };
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
        match self.to.is_ipv4() {
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
        let due =
            sources.iter().map(|source| source.record.sent.len() as u64 * source.period).min().unwrap_or(u64::MAX);
        std::thread::sleep(Duration::from_micros(due.saturating_sub(now)).min(NAP));
    }
    (sources.into_iter().map(|source| source.record).collect(), Stamp(late))
}
