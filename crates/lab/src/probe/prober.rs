//! Streams and flows that run.

use super::flow;
use super::receiver::{self, Ear, Sink};
use super::sender::{self, Goal, Source};
use super::trace::Route;
use super::{Clock, End, Flow, FlowRecord, Stamp, Stream, StreamRecord};
use socket::udp::Datagrams;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long packets that are under way may take once sending has ended.
const DRAIN: Duration = Duration::from_millis(300);

/// How long routers may take to answer.
const ANSWERS: Duration = Duration::from_millis(150);

/// How many packets of a stream are remembered at most: five minutes at 10,000 a second, in 36 MB.
const MOST: usize = 3_000_000;

/// Why probes do not run.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// A socket could not be made.
    #[error("{path}: a socket at {node} could not be made")]
    Socket {
        /// The stream or flow.
        path: String,
        /// The node of the socket.
        node: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A thread could not be started, or ended before its time.
    #[error("probes do not run")]
    Thread(#[source] io::Error),
}

/// What streams and flows recorded, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Recording {
    /// What became of each stream.
    pub streams: Vec<StreamRecord>,
    /// What became of each flow.
    pub flows: Vec<FlowRecord>,
    /// How late the sender was at worst: no gap shorter than that says anything.
    pub late: Stamp,
    /// When sending ended.
    pub end: Stamp,
}

/// Streams and flows that run. Dropped, they stop.
pub struct Probes {
    run: u32,
    clock: Clock,
    stop_sending: Arc<AtomicBool>,
    stop_receiving: Arc<AtomicBool>,
    routes: Arc<Mutex<Vec<Route>>>,
    ask: Sender<()>,
    sender: Option<JoinHandle<(Vec<StreamRecord>, Stamp)>>,
    receiver: Option<JoinHandle<io::Result<Vec<StreamRecord>>>>,
    flows: Vec<flow::Running>,
}

impl Probes {
    /// Starts streams and flows, for no longer than `limit`. The clock begins when the first packet may leave.
    ///
    /// # Errors
    /// A socket cannot be made at a node, or a thread not be started.
    pub fn start(streams: &[Stream], flows: &[Flow], limit: Duration) -> Result<Self, ProbeError> {
        let (mut sources, mut sinks, mut ears) = (Vec::new(), Vec::new(), Vec::new());
        let (mut heard, mut ends) = (Vec::new(), Vec::new());
        for (stream, id) in streams.iter().zip(0_u16..) {
            let fault = |node: &str| {
                let (path, node) = (stream.path.clone(), node.to_owned());
                move |cause| ProbeError::Socket { path, node, cause }
            };
            let packets = limit.as_secs_f64() * f64::from(stream.rate);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of packets, bounded")]
            let packets = (packets as usize).min(MOST);
            let open = |end: &End| receiver::socket(end).map(Arc::new).map_err(fault(&end.node));
            let (near, far, goal) = match stream.answers {
                None => {
                    let (near, far) = (open(&stream.from)?, open(&stream.to)?);
                    let goal = Goal::At(far.local_addr().map_err(fault(&stream.to.node))?);
                    (near, far, goal)
                }
                Some(place) => {
                    let nobody = || fault(&stream.from.node)(io::ErrorKind::NotFound.into());
                    let called: Option<&(Arc<Datagrams>, Arc<Datagrams>)> = ends.get(place);
                    let ((near, far), sink): (_, &Sink) = called.zip(sinks.get(place)).ok_or_else(nobody)?;
                    (Arc::clone(far), Arc::clone(near), Goal::Caller(sink.caller()))
                }
            };
            sources.push(Source::open(&near, stream, id, goal, packets).map_err(fault(&stream.from.node))?);
            sinks.push(Sink::open(Arc::clone(&far), id, packets));
            ends.push((near, far));
            let place = (stream.from.node.clone(), stream.from.address);
            if !heard.contains(&place) {
                // Without the right to raw sockets ways stay unknown; that is told where they are shown.
                ears.extend(Ear::open(stream).ok());
                heard.push(place);
            }
        }
        let routes = Arc::new(Mutex::new(vec![Route::default(); streams.len()]));
        let (stop_sending, stop_receiving) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (ask, asked) = channel();
        let clock = Clock::begin();
        // Tells packets of this run from those of one before.
        let run = std::process::id() ^ RUNS.fetch_add(0x0101_0001, Ordering::Relaxed);
        let (stop, found) = (Arc::clone(&stop_receiving), Arc::clone(&routes));
        let receiver = std::thread::Builder::new()
            .name("probe-receiver".into())
            .spawn(move || receiver::run(sinks, &ears, run, clock, &stop, &found))
            .map_err(ProbeError::Thread)?;
        let stop = Arc::clone(&stop_sending);
        let mut probes = Self {
            run,
            clock,
            stop_sending,
            stop_receiving,
            routes,
            ask,
            sender: None,
            receiver: Some(receiver),
            flows: Vec::new(),
        };
        let sender = std::thread::Builder::new().name("probe-sender".into());
        let sender = sender.spawn(move || sender::run(sources, run, clock, &stop, &asked));
        probes.sender = Some(sender.map_err(ProbeError::Thread)?);
        for flow in flows {
            let fault = |cause| ProbeError::Socket { path: flow.path.clone(), node: flow.to.node.clone(), cause };
            probes.flows.push(flow::start(flow, clock, &probes.stop_sending).map_err(fault)?);
        }
        Ok(probes)
    }

    /// The number that its packets carry, by which [`Capture`](super::Capture) tells them.
    pub fn run(&self) -> u32 {
        self.run
    }

    /// The clock of all stamps.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Asks for the way of each stream and waits a moment for the answers.
    pub fn trace(&self) -> Vec<Route> {
        let all = || self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        all().iter_mut().for_each(|route| *route = Route::default());
        if self.ask.send(()).is_ok() {
            std::thread::sleep(ANSWERS);
        }
        all().clone()
    }

    /// Stops, waits for what is under way and gives what was recorded.
    ///
    /// # Errors
    /// A thread ended before its time.
    pub fn stop(mut self) -> Result<Recording, ProbeError> {
        let end = self.clock.now();
        self.stop_sending.store(true, Ordering::Relaxed);
        let failed = || ProbeError::Thread(io::Error::other("a thread of the probes failed"));
        let sender = self.sender.take().ok_or_else(failed)?;
        let (sent, late) = sender.join().map_err(|_| failed())?;
        std::thread::sleep(DRAIN);
        self.stop_receiving.store(true, Ordering::Relaxed);
        let receiver = self.receiver.take().ok_or_else(failed)?;
        let arrived = receiver.join().map_err(|_| failed())?.map_err(ProbeError::Thread)?;
        let whole = |(sent, arrived): (StreamRecord, StreamRecord)| StreamRecord {
            sent: sent.sent,
            refused: sent.refused,
            ..arrived
        };
        let streams = sent.into_iter().zip(arrived).map(whole).collect();
        let flows = std::mem::take(&mut self.flows).into_iter().map(flow::Running::join).collect();
        Ok(Recording { streams, flows, late, end })
    }
}

static RUNS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0x7770_0000);

impl Drop for Probes {
    fn drop(&mut self) {
        self.stop_sending.store(true, Ordering::Relaxed);
        self.stop_receiving.store(true, Ordering::Relaxed);
        if let Some(sender) = self.sender.take() {
            let _ = sender.join();
        }
        if let Some(receiver) = self.receiver.take() {
            let _ = receiver.join();
        }
        for flow in std::mem::take(&mut self.flows) {
            flow.join();
        }
    }
}

impl std::fmt::Debug for Probes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Probes").field("clock", &self.clock).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::packet::{Kind, Packet};
    use crate::probe::{Direction, loss};
    use model::Dscp;
    use socket::udp::Inbox;

    fn end(node: &str, last: u8) -> End {
        End { node: node.to_owned(), namespace: None, address: [127, 0, 0, last].into() }
    }

    #[test]
    fn on_a_path_without_faults_all_arrives_in_order() {
        let stream = |class| Stream {
            path: "here → there".to_owned(),
            direction: Direction::Out,
            class,
            from: end("here", 1),
            to: end("there", 2),
            rate: 1000,
            octets: 32,
            answers: None,
        };
        let flow = Flow { path: "here → there".to_owned(), from: end("here", 1), to: end("there", 2) };
        let back = Stream {
            direction: Direction::Back,
            from: end("there", 2),
            to: end("here", 1),
            answers: Some(0),
            ..stream(Dscp::EF)
        };
        let streams = [stream(Dscp::EF), stream(Dscp::DEFAULT), back];
        let probes = Probes::start(&streams, &[flow], Duration::from_secs(5)).unwrap();
        let began = probes.clock();
        while began.now() < Stamp::from_ms(400) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let routes = probes.trace();
        assert!(routes.iter().all(|route| route.arrived && route.hops.is_empty()), "{routes:?}");
        let recording = probes.stop().unwrap();
        for (record, stream) in recording.streams.iter().zip(&streams) {
            let least = if stream.answers.is_some() { 1 } else { 400 };
            let seen = loss(&record.sent, &record.arrivals, Stamp::ZERO..Stamp::MAX);
            assert!(seen.sent >= least && seen.lost() == 0 && seen.reordered == 0 && seen.duplicates == 0, "{seen:?}");
            assert_eq!((record.refused, record.overran, record.hop_limits.len()), (0, false, 1));
        }
        let flow = &recording.flows[0];
        assert!(flow.broken.is_none() && flow.written > 0, "{flow:?}");
        assert_eq!(flow.progress.last().map(|last| last.octets), Some(flow.written));
    }

    #[test]
    fn an_answer_goes_where_its_call_comes_from_and_follows_a_new_translation() {
        let clock = Clock::begin();
        let far = Arc::new(receiver::socket(&end("there", 2)).unwrap());
        let stream = Stream {
            path: "here → there".to_owned(),
            direction: Direction::Back,
            class: Dscp::EF,
            from: end("there", 2),
            to: end("here", 1),
            rate: 1000,
            octets: 32,
            answers: Some(0),
        };
        let mut sink = Sink::open(Arc::clone(&far), 0, 10);
        let mut answer = Source::open(&far, &stream, 1, Goal::Caller(sink.caller()), 1000).unwrap();
        answer.send_due(7, &clock);
        assert!(answer.sent().is_empty(), "nobody has called");
        let routes = Mutex::new(vec![Route::default(); 2]);
        for _ in 0..2 {
            // Each call from a port of its own, as a translator chooses one.
            let caller = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
            caller.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let call = Packet { run: 7, stream: 0, kind: Kind::Count, number: 0 };
            caller.send_to(&call.write(), far.local_addr().unwrap()).unwrap();
            sink.take(7, &clock, &mut Inbox::new(), &routes).unwrap();
            let before = answer.sent().len();
            while answer.sent().len() == before {
                answer.send_due(7, &clock);
            }
            let mut heard = [0; 64];
            let (length, from) = caller.recv_from(&mut heard).unwrap();
            let heard = Packet::read(&heard[..length]).unwrap();
            assert_eq!((heard.stream, heard.number as usize, from), (1, before, far.local_addr().unwrap()));
        }
        assert!(answer.sent()[0] > Stamp::ZERO, "its first number leaves with the first call");
    }

    #[test]
    fn a_flow_that_finds_nobody_is_broken() {
        // An address for documentation that is nobody's here.
        let from = End { address: [192, 0, 2, 1].into(), ..end("nobody", 1) };
        let flow = Flow { path: "nobody → there".to_owned(), from, to: end("there", 2) };
        let probes = Probes::start(&[], &[flow], Duration::from_secs(1)).unwrap();
        let recording = probes.stop().unwrap();
        assert!(recording.flows[0].broken.is_some());
    }
}
