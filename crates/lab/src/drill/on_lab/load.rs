//! More best effort than a circuit takes, from Microsoft's side.
//!
//! Sockets at a site call a service, as downloads begin, and the service sends to where calls come from: the way of the voice
//! between the two, with its translation, its classes and its shaper. Routers share calls out over the circuit's links, so
//! there are some more of them than links, and one is answered over each link. Datagrams travel in lots that the kernel
//! takes for one packet: a machine of two processors then fills two links of 1 Gbit/s, and has time for the voice.

use super::Ends;
use crate::Error;
use crate::drill::Load;
use dataplane::QinqBackend;
use socket::tcp::CommonOptions;
use socket::udp::{self, Datagrams, Inbox};
use socket::{Namespace, priority};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Octets of a datagram, and what its headers add to it on a link: Ethernet, IP, UDP.
const OCTETS: u16 = 1_372;
pub(super) const HEADERS: u64 = 42;

/// Bits of a datagram on a link.
const EACH: u64 = (OCTETS as u64 + HEADERS) * 8;

/// How long a lot may occupy a link, in microseconds, and how many datagrams it may have: the kernel's packet takes 64 KiB.
const OCCUPIES: u64 = 200;
const LOT: u64 = 40;

/// How long is waited between two looks at the clock, and what is made up for when that took longer: the circuit's queue
/// holds some tens of milliseconds.
const PAUSE: Duration = Duration::from_micros(300);
const MAKE_UP: Duration = Duration::from_millis(10);

/// Calls, of which one or the other takes each link, and how long they may take.
const CALLS: u8 = 16;
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a read may block before it looks whether it shall stop.
const NAP: Duration = Duration::from_millis(20);

/// Memory for what waits to be read.
const WAITING: u32 = 16 << 20;

/// Bits a second that can be sent over a link beside the probes.
const MOST: u64 = 1_800_000_000;

/// Why so many bits a second over each link would tell nothing here, in words.
pub(super) fn obstacle(wanted: u64, tagging: QinqBackend) -> Option<String> {
    let megabits = |bits: u64| bits / 1_000_000;
    match tagging {
        // All classes wait for it alike, and it takes each datagram for itself.
        QinqBackend::Packet => {
            Some("voice would wait for the program that puts tags on here: as root the kernel does".to_owned())
        }
        QinqBackend::VlanDevice | QinqBackend::Bpf | QinqBackend::Untagged => (wanted > MOST).then(|| {
            let [wanted, most] = [wanted, MOST].map(megabits);
            format!("that is {wanted} Mbit/s on each link, and {most} can be sent here beside the probes")
        }),
    }
}

/// Gives a rate in bits a second.
type Rate = JoinHandle<io::Result<u64>>;

/// A load that lasts until it is ended, or dropped.
pub(super) struct Loading {
    /// The figures of a link, but for what is measured.
    figures: Load,
    ended: Arc<AtomicBool>,
    /// What sends and what reads, of each link.
    links: Vec<(Rate, Rate)>,
}

/// Sends what the figures want over each link by which the near end reaches the far one, back from there.
pub(super) fn begin(ends: &Ends, figures: Load) -> Result<Loading, Error> {
    let mut loading = Loading { figures, ended: Arc::default(), links: Vec::new() };
    let wanted = loading.figures.wanted;
    for (site, service, caller) in answered(ends).map_err(Error::io("calls for a load"))? {
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let ended = Arc::clone(&loading.ended);
        let reads = thread("load-site").spawn(move || receive(&site, &ended));
        let reads = reads.map_err(Error::io("a thread for the load"))?;
        let ended = Arc::clone(&loading.ended);
        let sends = thread("load-service").spawn(move || send(&service, caller, wanted, &ended));
        loading.links.push((sends.map_err(Error::io("a thread for the load"))?, reads));
    }
    match loading.links.is_empty() {
        true => Err(Error::No(format!("no call from {} reaches {}", ends.from.0, ends.to.0))),
        false => Ok(loading),
    }
}

/// Calls from the near end to the far one, one for each way by which they arrive: the socket that called, the one that
/// was called, and where the call came from.
fn answered(ends: &Ends) -> io::Result<Vec<(UdpSocket, UdpSocket, SocketAddr)>> {
    let inside = |node: &str| if node.is_empty() { Ok(None) } else { Namespace::named(node).map(Some) };
    let options = CommonOptions { namespace: inside(&ends.to.0)?, traffic_class: 0, ..CommonOptions::default() };
    let service = Datagrams::receiving((ends.to.1, 0).into(), WAITING, &options)?;
    let to = service.local_addr()?;
    let call = || -> io::Result<Vec<UdpSocket>> {
        let call = |number: u8| {
            let socket = UdpSocket::bind((ends.from.1, 0))?;
            udp::uncut(&socket, WAITING)?;
            socket.set_read_timeout(Some(NAP))?;
            socket.send_to(&[number], to).map(|_| socket)
        };
        (0..CALLS).map(call).collect()
    };
    let mut sites: Vec<Option<UdpSocket>> = match inside(&ends.from.0)? {
        Some(namespace) => namespace.enter(call),
        None => call(),
    }?
    .into_iter()
    .map(Some)
    .collect();
    // Of each interface the first call.
    let (mut came, mut inbox, mut count) = (BTreeMap::new(), Inbox::new(), 0);
    let began = now();
    while count < usize::from(CALLS) && began.elapsed() < PATIENCE {
        count += service.receive(&mut inbox)?;
        for call in inbox.datagrams() {
            let number = call.payload.first().copied().unwrap_or_default();
            came.entry(call.interface).or_insert((usize::from(number), call.from));
        }
        std::thread::sleep(PAUSE);
    }
    let answer = |(number, from): (usize, SocketAddr)| {
        let site = sites.get_mut(number).and_then(Option::take)?;
        let service = service.as_fd().try_clone_to_owned().map(UdpSocket::from);
        Some(service.and_then(|service| udp::cut(&service, OCTETS).map(|()| (site, service, from))))
    };
    came.into_values().filter_map(answer).collect()
}

impl Loading {
    /// Ends it and tells what became of it on each link.
    pub(super) fn end(mut self) -> Result<Vec<Load>, Error> {
        self.ended.store(true, Ordering::Relaxed);
        let rate = |thread: Rate| {
            let rate = thread.join().map_err(|_| Error::No("a thread of the load failed".to_owned()))?;
            rate.map_err(Error::io("load"))
        };
        let links = std::mem::take(&mut self.links).into_iter();
        let load = |(sends, reads)| Ok(Load { sent: rate(sends)?, arrived: rate(reads)?, ..self.figures.clone() });
        links.map(load).collect()
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        for (sends, reads) in self.links.drain(..) {
            drop((sends.join(), reads.join()));
        }
    }
}

/// Datagrams of a lot, at so many bits a second.
fn lot_of(wanted: u64) -> usize {
    usize::try_from((wanted * OCCUPIES / 1_000_000 / EACH).clamp(1, LOT)).unwrap_or(1)
}

/// Reads until it is ended. Gives the bits a second that arrived.
fn receive(socket: &UdpSocket, ended: &AtomicBool) -> io::Result<u64> {
    // Like the probes: who else is busy here shall not be taken for the circuit.
    priority::raise();
    let mut room = vec![0; usize::from(u16::MAX)];
    let (mut first, mut span, mut bits) = (None, Duration::ZERO, 0);
    while !ended.load(Ordering::Relaxed) {
        match socket.recv(&mut room) {
            Ok(length) => {
                span = first.get_or_insert_with(now).elapsed();
                bits += (length as u64).div_ceil(OCTETS.into()) * EACH;
            }
            Err(error) if is_wait(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rate(bits, span))
}

/// Sends at a rate in bits a second until it is ended. Gives the rate that was kept.
fn send(socket: &UdpSocket, to: SocketAddr, wanted: u64, ended: &AtomicBool) -> io::Result<u64> {
    priority::raise();
    let lot = lot_of(wanted);
    let (octets, lot_bits) = (vec![0; lot * usize::from(OCTETS)], lot as u64 * EACH);
    let (began, mut bits, mut given_up) = (now(), 0, 0);
    while !ended.load(Ordering::Relaxed) {
        let due = bits_of(wanted, began.elapsed());
        given_up = given_up.max(due.saturating_sub(bits + bits_of(wanted, MAKE_UP)));
        while bits + given_up + lot_bits <= due {
            match socket.send_to(&octets, to) {
                Ok(_) => bits += lot_bits,
                // No room, or no way for now.
                Err(_) => break,
            }
        }
        std::thread::sleep(PAUSE);
    }
    Ok(rate(bits, began.elapsed()))
}

#[expect(clippy::disallowed_methods, reason = "rates are by the clock")]
fn now() -> Instant {
    Instant::now()
}

fn bits_of(rate: u64, span: Duration) -> u64 {
    u64::try_from(u128::from(rate) * span.as_micros() / 1_000_000).unwrap_or(u64::MAX)
}

fn rate(bits: u64, span: Duration) -> u64 {
    u64::try_from(u128::from(bits) * 1_000_000 / span.as_micros().max(1)).unwrap_or(u64::MAX)
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_is_short_on_a_slow_circuit_and_fits_a_packet_on_a_fast_one() {
        let megabits = |number: u64| number * 1_000_000;
        assert_eq!(lot_of(megabits(85)), 1);
        assert_eq!(lot_of(megabits(1_700)), 30);
        assert_eq!(lot_of(megabits(17_000)), 40);
        assert!(LOT * u64::from(OCTETS) + HEADERS < u64::from(u16::MAX));
    }

    #[test]
    fn a_load_that_would_measure_the_machine_is_refused_with_its_figure() {
        let said = obstacle(3_400_000_000, QinqBackend::Bpf).unwrap();
        assert!(said.contains("3400 Mbit/s") && said.contains("1800"), "{said}");
        assert!(obstacle(85_000_000, QinqBackend::Packet).is_some_and(|said| said.contains("root")));
        assert_eq!(obstacle(1_700_000_000, QinqBackend::Bpf), None);
    }

    #[test]
    fn a_call_is_answered_at_its_rate_until_that_is_ended() {
        let end = |last: u8| (String::new(), std::net::IpAddr::from([127, 0, 0, last]));
        let wanted = 20_000_000;
        let loading = begin(&Ends { from: end(1), to: end(2) }, Load { wanted, ..Load::default() }).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        let loads = loading.end().unwrap();
        // All calls come over the loopback.
        let [load] = &loads[..] else { panic!("{loads:?}") };
        assert!(load.sent > 0 && load.sent <= wanted && load.arrived > 0, "{load:?}");
    }
}
