//! A flow: a TCP connection that moves octets at a steady rate, as a long transfer does.
//!
//! What counts is what an application sees: did the connection live, and for how long did nothing come through.

use super::{Clock, End, Stamp};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Octets of a write, one each [`PERIOD`]: about 1 Mbit/s.
const CHUNK: [u8; 1200] = [0x54; 1200];
const PERIOD: Duration = Duration::from_millis(10);
/// How long a call may block before it looks whether it shall stop.
const NAP: Duration = Duration::from_millis(50);
/// How long a connection may take to come up.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long what was written may take to arrive once writing has ended.
const GRACE: Duration = Duration::from_secs(5);

/// What to move.
#[derive(Debug, Clone)]
pub struct Flow {
    /// What it shows, for people: `ams → hub-weu`.
    pub path: String,
    /// Who connects and sends.
    pub from: End,
    /// Who receives.
    pub to: End,
}

/// Octets that came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// When.
    pub at: Stamp,
    /// How many there were by then.
    pub octets: u64,
}

/// What became of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowRecord {
    /// Octets that the sender's kernel took.
    pub written: u64,
    /// What came through, no more than one entry in 5 ms.
    pub progress: Vec<Progress>,
    /// Why the connection broke, or was never there, and when.
    pub broken: Option<(Stamp, String)>,
}

impl FlowRecord {
    /// The longest time within a window in which nothing came through.
    pub fn stall(&self, window: Range<Stamp>) -> Range<Stamp> {
        let inside = self.progress.iter().map(|progress| progress.at).filter(|at| window.contains(at));
        let ends = inside.clone().chain([window.end]);
        let starts = [window.start].into_iter().chain(inside);
        starts.zip(ends).map(|(from, to)| from..to).max_by_key(|span| span.end.since(span.start)).unwrap_or(window)
    }
}

/// Why a connection broke, and when.
type Broken = Option<(Stamp, String)>;

/// The two threads of a flow.
pub(super) struct Running {
    writer: JoinHandle<(u64, Broken)>,
    reader: JoinHandle<(Vec<Progress>, Broken)>,
}

/// Starts a flow. It ends on its own some time after `stop`.
pub(super) fn start(flow: &Flow, clock: Clock, stop: &Arc<AtomicBool>) -> io::Result<Running> {
    let (from, to) = (flow.from.clone(), flow.to.address);
    let listen = || TcpListener::bind((to, 0));
    let listener = flow.to.namespace.as_ref().map_or_else(listen, |namespace| namespace.enter(listen))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let stopped = Arc::clone(stop);
    let reader =
        std::thread::Builder::new().name("flow-reader".into()).spawn(move || read(&listener, clock, &stopped))?;
    let stopped = Arc::clone(stop);
    let writer =
        std::thread::Builder::new().name("flow-writer".into()).spawn(move || write(&from, address, clock, &stopped))?;
    Ok(Running { writer, reader })
}

impl Running {
    /// Waits for both threads.
    pub(super) fn join(self) -> FlowRecord {
        let fault = |_| Some((Stamp::MAX, "its thread failed".to_owned()));
        let (written, wrote) = self.writer.join().unwrap_or_else(|panic| (0, fault(panic)));
        let (progress, read) = self.reader.join().unwrap_or_else(|panic| (Vec::new(), fault(panic)));
        let received = progress.last().map_or(0, |last| last.octets);
        let missing =
            || (received < written).then(|| (Stamp::MAX, format!("{} octets never came", written - received)));
        FlowRecord { written, progress, broken: wrote.or(read).or_else(missing) }
    }
}

fn write(from: &End, to: SocketAddr, clock: Clock, stop: &AtomicBool) -> (u64, Broken) {
    let connect = || {
        let domain = socket2::Domain::for_address(to);
        let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(from.address, 0).into())?;
        socket.connect_timeout(&to.into(), PATIENCE)?;
        Ok(TcpStream::from(socket))
    };
    let connected = from.namespace.as_ref().map_or_else(connect, |namespace| namespace.enter(connect));
    let mut stream = match connected {
        Ok(stream) => stream,
        Err(error) => return (0, Some((clock.now(), format!("no connection: {error}")))),
    };
    let mut written = 0;
    if let Err(error) = stream.set_nodelay(true).and_then(|()| stream.set_write_timeout(Some(NAP))) {
        return (0, Some((clock.now(), error.to_string())));
    }
    while !stop.load(Ordering::Relaxed) {
        match stream.write(&CHUNK) {
            Ok(octets) => written += octets as u64,
            Err(error) if is_wait(&error) => {}
            Err(error) => return (written, Some((clock.now(), error.to_string()))),
        }
        std::thread::sleep(PERIOD);
    }
    // The end of the stream tells the reader that it has all.
    match stream.shutdown(std::net::Shutdown::Write) {
        Ok(()) => (written, None),
        Err(error) => (written, Some((clock.now(), error.to_string()))),
    }
}

fn read(listener: &TcpListener, clock: Clock, stop: &AtomicBool) -> (Vec<Progress>, Broken) {
    let mut progress: Vec<Progress> = Vec::new();
    let mut stream = loop {
        match listener.accept() {
            Ok((stream, _)) => break stream,
            Err(error) if is_wait(&error) && !stop.load(Ordering::Relaxed) => std::thread::sleep(PERIOD),
            Err(error) => return (progress, Some((clock.now(), format!("nobody connected: {error}")))),
        }
    };
    if let Err(error) = stream.set_nonblocking(false).and_then(|()| stream.set_read_timeout(Some(NAP))) {
        return (progress, Some((clock.now(), error.to_string())));
    }
    let mut octets = 0;
    let mut buffer = [0; 8192];
    let mut give_up = None;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (progress, None),
            Ok(count) => {
                octets += count as u64;
                note(&mut progress, Progress { at: clock.now(), octets });
            }
            Err(error) if is_wait(&error) => {
                if stop.load(Ordering::Relaxed) {
                    let end = *give_up.get_or_insert_with(|| clock.now().after(GRACE));
                    if clock.now() > end {
                        return (progress, None);
                    }
                }
            }
            Err(error) => return (progress, Some((clock.now(), error.to_string()))),
        }
    }
}

fn note(progress: &mut Vec<Progress>, now: Progress) {
    match progress.last_mut() {
        Some(last) if now.at.since(last.at) < 5000 => last.octets = now.octets,
        _ => progress.push(now),
    }
}

fn is_wait(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(times: &[u32]) -> FlowRecord {
        let progress = times.iter().map(|ms| Progress { at: Stamp::from_ms(*ms), octets: 0 }).collect();
        FlowRecord { progress, ..FlowRecord::default() }
    }

    #[test]
    fn the_longest_stall_lies_between_two_signs_of_life_or_an_end() {
        let window = Stamp::from_ms(10)..Stamp::from_ms(1000);
        let stall = |times: &[u32]| {
            let stall = record(times).stall(window.clone());
            (stall.start.0 / 1000, stall.end.0 / 1000)
        };
        assert_eq!(stall(&[20, 400, 500, 900]), (500, 900));
        assert_eq!(stall(&[20, 30]), (30, 1000));
        assert_eq!(stall(&[5, 990]), (10, 990));
        assert_eq!(stall(&[]), (10, 1000));
    }
}
