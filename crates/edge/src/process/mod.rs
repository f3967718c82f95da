//! The process: one edge from its configuration to its end.
//!
//! ```text
//!                  callers ─► worker 0 ──accepted──► other workers ──notices──► reports thread ─► log, counts
//!                                ▲                       ▲
//!                       commands │                       │ questions
//!  signals ─► main thread      control, metrics threads ─┘
//! ```
//!
//! The main thread only waits for the end; [`Core`] is what all threads share. A configuration is taken up by
//! [`Core::change`] alone, at the start as on a reload or by a command: commands that change something are a changed
//! configuration. Nothing of this is on the way of a route.

mod apply;
mod ask;
mod calls;
mod command;
mod door;
mod forwarding;
mod listen;
mod liveness;
mod recorded;
mod report;
mod restart;
mod roster;
mod settings;
mod signals;
mod slots;

use crate::clock::Clock;
use crate::config::{Config, Refused as BadConfig};
use crate::forward::Forwarding;
use crate::record::{Event, Stations, Tape, Text};
use crate::worker::{Refused, Worker};
use crate::{control, metrics};
use bgp_fsm::Stop;
use bgp_speaker::{Notice, Speaker};
use catalog::Catalog;
use command::Command;
use report::{Reports, Tally};
use roster::Roster;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::Duration;

pub use apply::Applied;
pub(crate) use command::Executor;
pub(crate) use listen::namespace;
pub(crate) use recorded::{Recorded, Replayer};
pub(crate) use report::Way;
pub(crate) use roster::{Found, NotFound};
pub use signals::watch_signals;
pub(crate) use slots::Slots;

/// What all threads of the process share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) clock: Clock,
    /// The file that the configuration came from, if it came from one.
    path: Option<PathBuf>,
    pub(crate) catalog: Arc<Catalog>,
    /// What runs. Whoever holds it is alone in changing anything.
    config: Mutex<Arc<Config>>,
    /// How many configurations were read before the one that runs.
    revision: AtomicU32,
    roster: Arc<RwLock<Roster>>,
    workers: Vec<Arc<Hand>>,
    watching: liveness::Watching,
    /// What forwards packets, if anything does.
    pub(crate) forwarding: Option<Arc<Forwarding>>,
    pub(crate) tally: Arc<Tally>,
    listeners: Mutex<listen::Listeners>,
    /// Tells the main thread to end; the first to say so is heard.
    end: SyncSender<End>,
}

/// A worker, and what carries commands out on it.
#[derive(Debug)]
struct Hand {
    worker: Worker,
    executor: Arc<Mutex<Executor>>,
    tape: Option<Tape>,
}

/// How a process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// For good: peers are told (Cease, administrative shutdown).
    Stop,
    /// To be started again at once: peers with graceful restart keep our routes (RFC 4724).
    Restart,
}

/// Why an edge does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] BadConfig),
    /// A place to listen cannot be had, or a thread.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// Places to listen cannot be had.
    #[error("{}", .0.join("; "))]
    Listen(Vec<String>),
    /// Packets cannot be forwarded as configured.
    #[error("data plane: {0}")]
    Dataplane(String),
}

/// A running edge; dropping it does not stop it, [`Edge::run`] does what it is told.
#[derive(Debug)]
pub struct Edge {
    core: Arc<Core>,
    /// Where metrics are.
    metrics: Option<SocketAddr>,
    end: Receiver<End>,
    reports: JoinHandle<()>,
}

impl Edge {
    /// Starts an edge with the configuration of a file.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing runs then.
    pub fn start(path: &Path, catalog: Arc<Catalog>) -> Result<Self, StartError> {
        let (config, text) = Config::load_with_text(path, &catalog)?;
        Self::start_with(config, Some((path, text)), catalog)
    }

    /// Starts an edge with a configuration that is in no file; [`Handle::take_up`] changes what it runs.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing runs then.
    pub fn start_without_file(config: Config, catalog: Arc<Catalog>) -> Result<Self, StartError> {
        Self::start_with(config, None, catalog)
    }

    fn start_with(config: Config, file: Option<(&Path, Text)>, catalog: Arc<Catalog>) -> Result<Self, StartError> {
        let config = Arc::new(config);
        let clock = Clock::start();
        make_room(&config);
        let fault = |what: &str| {
            let what = what.to_owned();
            move |cause| StartError::Io { what, cause }
        };
        let count = config.workers.map_or_else(spare_cores, |workers| workers.get() as usize);
        let roster = Arc::new(RwLock::new(Roster::new(count)));
        let tally = Arc::new(Tally::default());
        let (reports, reports_thread) =
            Reports::start(roster.clone(), tally.clone()).map_err(fault("no thread for reports"))?;
        let forwarding = forwarding::open(&config, &catalog).map_err(StartError::Dataplane)?;
        let (wake, woken) = sync_channel(1);
        let stations = Stations::new(&config);
        let stations_are_there = stations.are_there();
        let workers = (0..count).map(|index| {
            let reports = reports.clone();
            let stations = stations.clone();
            let found = forwarding::Found { forwarding: forwarding.clone(), roster: roster.clone() };
            let reporter = Box::new(move |notice: Notice, now| {
                found.take(&notice);
                stations.take(&notice);
                reports.take(notice, now);
            });
            let seed = random();
            let mut speaker = Speaker::new(seed);
            speaker.monitor(stations_are_there);
            let tape = config.record.as_ref().map(|record| begin(record, index)).transpose()?;
            if let Some(tape) = &tape {
                let edge = config.name.to_string();
                tape.note(clock.now(), Event::Start { edge, worker: index, seed, monitored: stations_are_there });
            }
            let executor = Arc::new(Mutex::new(Executor::new(tape.clone())));
            let name = format!("worker {index}");
            let forwarder = forwarding.is_some().then(|| forwarding::waker(&wake));
            let worker = Worker::start_recorded(name, speaker, clock, reporter, tape.clone(), forwarder)?;
            Ok(Arc::new(Hand { worker, executor, tape }))
        });
        let workers = workers.collect::<io::Result<Vec<_>>>().map_err(fault("no worker"))?;
        let nothing = Config { domains: Vec::new(), feeds: Vec::new(), ..Config::clone(&config) };
        let mut listeners = listen::Listeners::default();
        // Namespaces that are made with their domains are not there yet.
        let at_once = if forwarding.is_some() { &nothing } else { &*config };
        let failed = listeners.set(at_once, workers[door::KEEPER].worker.registry());
        if !failed.is_empty() {
            return Err(StartError::Listen(failed.iter().map(listen::tell).collect()));
        }
        let (end, told) = sync_channel(1);
        let core = Core {
            clock,
            path: file.as_ref().map(|(path, _)| (*path).to_owned()),
            catalog,
            config: Mutex::new(config.clone()),
            revision: AtomicU32::new(0),
            roster,
            workers,
            watching: liveness::Watching::default(),
            forwarding,
            tally,
            listeners: Mutex::new(listeners),
            end,
        };
        if let Some((_, text)) = file {
            core.note_config(text);
        }
        let restarting = restart::take(&config);
        if let Some(patience) = restarting {
            tracing::info!("back from a restart: waiting for the peers' routes for {} s at most", patience.as_secs());
        }
        let applied = core.change(&nothing, &config, restarting, &mut |config| match core.forwarding {
            Some(_) => core.set_listeners(config),
            // They are there already.
            None => Vec::new(),
        });
        for failed in applied.failed {
            tracing::error!("{failed}");
        }
        let core = Arc::new(core);
        core.forward(woken, restarting).map_err(fault("no thread to forward"))?;
        control::serve(core.clone(), &config.control)
            .map_err(fault(&format!("control socket {}", config.control.display())))?;
        stations.start(&core).map_err(fault("no thread for a monitoring station"))?;
        let metrics = config.metrics.map(|address| metrics::serve(core.clone(), address));
        let metrics = metrics.transpose().map_err(fault("metrics"))?;
        Ok(Self { core, metrics, end: told, reports: reports_thread })
    }

    /// The addresses that peers connect to.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.core.listeners().addresses().collect()
    }

    /// Where metrics are, if they are anywhere.
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// A handle with which other threads command this edge.
    pub fn handle(&self) -> Handle {
        Handle(self.core.clone())
    }

    /// Lets callers in, until told to end.
    ///
    /// # Errors
    ///
    /// The worker that would let them in has ended, which nothing mends.
    pub fn run(self) -> io::Result<End> {
        let door = crate::worker::Request::Door(Box::new(door::Door::new(self.core.clone())));
        self.core.workers[door::KEEPER].worker.send(door).map_err(io::Error::other)?;
        // The core holds the other end.
        let end = self.end.recv().unwrap_or(End::Stop);
        self.stop(end);
        Ok(end)
    }

    fn stop(self, end: End) {
        self.core.take_leave(end);
        *self.core.listeners() = listen::Listeners::default();
        let _ = std::fs::remove_file(&self.core.config().control);
        // A process that comes back finds what it left; one that ends for good leaves nothing.
        if let Some(forwarding) = self.core.forwarding.as_ref().filter(|_| end == End::Stop) {
            forwarding.clear();
        }
        // Others may hold the core still, but they hold no worker's thread up.
        for index in 0..self.core.workers.len() {
            let hand = &self.core.workers[index];
            let _ = hand.worker.send(crate::worker::Request::Exit);
            hand.tape.iter().for_each(Tape::flush);
        }
        drop(self.core);
        drop(self.reports);
    }
}

/// Commands an edge from another thread.
#[derive(Debug, Clone)]
pub struct Handle(Arc<Core>);

impl Handle {
    /// Reads the configuration again and takes up what changed.
    ///
    /// # Errors
    ///
    /// The file cannot be used; what runs goes on.
    pub fn reload(&self) -> Result<Applied, BadConfig> {
        self.0.reload()
    }

    /// Changes what runs to what `change` makes of the configuration, and touches nothing else.
    pub fn take_up(&self, change: impl FnOnce(&mut Config)) -> Applied {
        self.0.alter(change)
    }

    /// What the edge's own threads share.
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0
    }

    /// Ends the process.
    ///
    /// # Errors
    ///
    /// A restart needs a mark, and it cannot be left; the process goes on.
    pub fn end(&self, end: End) -> io::Result<()> {
        self.0.end(end)
    }
}

impl Core {
    fn roster(&self) -> RwLockReadGuard<'_, Roster> {
        self.roster.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn roster_mut(&self) -> RwLockWriteGuard<'_, Roster> {
        self.roster.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries commands out on a worker, in order, and waits for it.
    fn command(&self, worker: roster::WorkerId, commands: Vec<Command>) -> Result<(), Refused> {
        let hand = &self.workers[worker];
        let executor = hand.executor.clone();
        hand.worker.ask(move |speaker, now| {
            let mut executor = executor.lock().unwrap_or_else(PoisonError::into_inner);
            for command in commands {
                executor.run(command, speaker, now);
            }
        })
    }

    /// Writes down that a configuration was read, where anything is written down.
    fn note_config(&self, mut text: Text) {
        text.revision = self.revision.fetch_add(1, Ordering::Relaxed) + 1;
        for tape in self.workers.iter().filter_map(|hand| hand.tape.as_ref()) {
            tape.note(self.clock.now(), Event::Config(text.clone()));
        }
    }

    fn listeners(&self) -> MutexGuard<'_, listen::Listeners> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens and closes listeners.
    fn set_listeners(&self, config: &Config) -> Vec<String> {
        let failed = self.listeners().set(config, self.workers[door::KEEPER].worker.registry());
        failed.iter().map(listen::tell).collect()
    }

    /// Tells peers that we go; those that keep our routes over a restart are told nothing (RFC 4724).
    fn take_leave(&self, end: End) {
        let mut any = false;
        for hand in &self.workers {
            let executor = hand.executor.clone();
            let stopped = hand.worker.ask(move |speaker, now| {
                let mut executor = executor.lock().unwrap_or_else(PoisonError::into_inner);
                let told = speaker.peers().filter(|view| end == End::Stop || view.config.graceful_restart.is_none());
                let told: Vec<_> = told.map(|view| view.peer).collect();
                let up = speaker.peers().any(|view| view.state.established().is_some());
                for peer in told {
                    let stop = match end {
                        End::Stop => Stop::Shutdown(None),
                        End::Restart => Stop::Reset(None),
                    };
                    executor.run(Command::Stop { peer, stop }, speaker, now);
                }
                up
            });
            any |= stopped.unwrap_or(false);
        }
        if any {
            // The last words are with the kernel; a moment lets peers read them before the sockets go.
            std::thread::sleep(LAST_WORDS);
        }
    }
}

/// How long the process stays after it has told its peers that it goes.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Descriptors beside those of sessions: listeners, files, BFD, whoever asks.
const OTHER_FILES: usize = 64;

/// Makes room for the sockets of all peers, and says so where the limit of open files is too low for them.
fn make_room(config: &Config) {
    let peers: usize = config.domains.iter().map(|domain| domain.peers.len()).sum();
    // A call of ours and one of theirs may be open at once (RFC 4271, 6.8).
    let wanted = u32::try_from(2 * peers + OTHER_FILES).unwrap_or(u32::MAX);
    match socket::descriptors::reserve(wanted) {
        Ok(limit) if limit < (peers + OTHER_FILES) as u64 => {
            tracing::warn!("at most {limit} open files, and {peers} peers: raise the limit (ulimit -n, LimitNOFILE=)");
        }
        Ok(_) => {}
        Err(error) => tracing::warn!("no room for the sockets of {peers} peers: {error}"),
    }
}

/// How many workers there are when nobody says: one core is for the kernel, for BFD, and for whoever asks.
fn spare_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| usize::from(cores).saturating_sub(1).max(1))
}

/// A number that peers cannot know, from the keys that the standard library draws for its maps.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Begins the recording of a worker.
fn begin(record: &crate::config::Record, worker: usize) -> io::Result<Tape> {
    let mut path = record.file.as_os_str().to_owned();
    path.push(format!(".worker-{worker}"));
    Tape::begin(path.into(), u64::from(record.max_mib.get()) << 20, record.files.get() - 1)
}
