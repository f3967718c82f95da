//! BFD beside the sessions: a peer whose path is lost loses its session at once (RFC 5882, section 4.3).

use super::command::Command;
use super::report::Limiter;
use super::roster::{Roster, WorkerId};
use super::{Core, Hand};
use crate::bfd::{Command as Bfd, Gone, Liveness, Notice, Options, Snapshot, Watch, WatchId};
use crate::clock::Clock;
use crate::config::{Config, Domain, Label, Peer};
use crate::forward::Forwarding;
use crate::record::Event;
use crate::worker::Request;
use bgp_speaker::{Peer as Number, Speaker};
use dataplane::DomainId;
use std::net::IpAddr;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// The thread that watches peers, once there is one to watch.
#[derive(Debug, Default)]
pub(super) struct Watching {
    thread: Mutex<Option<Liveness>>,
}

impl Core {
    /// Watches a peer, or watches it faster or slower; without BFD in its configuration no more. What cannot be done.
    pub(super) fn watch(
        &self,
        config: &Config,
        domain: &Domain,
        peer: &Peer,
        number: Number,
        worker: WorkerId,
    ) -> Option<String> {
        let Some(bfd) = &peer.bfd else {
            self.unwatch(number);
            return None;
        };
        let (interval_ms, multiplier) = bfd.timing();
        let interval = bfd::Interval::from_millis(interval_ms);
        let watch = Watch {
            id: id(number),
            worker,
            namespace: domain.namespace.clone(),
            device: peer.device.clone(),
            peer: peer.address,
            local: peer.local_address,
            config: bfd::Config::new(interval, interval, multiplier).expect("the configuration has the same ranges"),
        };
        let told =
            self.liveness(config).and_then(|thread| thread.tell(Bfd::Add(watch)).map_err(|gone| gone.to_string()));
        told.err().map(|error| format!("bfd of {}/{}: {error}", domain.name, peer.name))
    }

    /// Watches a peer no more, if it was watched.
    pub(super) fn unwatch(&self, number: Number) {
        if let Some(thread) = &*self.watching.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            // A thread that has ended watches nobody either.
            let _ = thread.tell(Bfd::Remove(id(number)));
        }
    }

    /// How all watched peers stand; `None` when nobody is watched.
    pub(crate) fn watched(&self) -> Option<Result<Snapshot, Gone>> {
        let thread = self.watching.thread.lock().unwrap_or_else(PoisonError::into_inner).clone();
        thread.map(|thread| thread.snapshot())
    }

    /// The domain and the name of a watched peer.
    pub(crate) fn names(&self, watch: WatchId) -> Option<(Label, Label)> {
        self.roster().names(Number(u32::try_from(watch.0).ok()?)).cloned()
    }

    /// The thread; it is started for the first peer, so that an edge without BFD has none.
    fn liveness(&self, config: &Config) -> Result<Liveness, String> {
        let mut thread = self.watching.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = &*thread {
            return Ok(thread.clone());
        }
        let wakes = self.workers.iter().map(|_| Box::new(|| ()) as crate::bfd::Wake).collect();
        let (liveness, notices, _) = crate::bfd::start(options(config), wakes).map_err(|error| error.to_string())?;
        for (hand, notices) in self.workers.iter().zip(notices) {
            let mut teller = Teller {
                hand: hand.clone(),
                roster: self.roster.clone(),
                forwarding: self.forwarding.clone(),
                clock: self.clock,
                lines: Limiter::default(),
            };
            let pass = std::thread::Builder::new().name("bfd notices".into()).spawn(move || teller.pass_on(&notices));
            pass.map_err(|error| error.to_string())?;
        }
        Ok(thread.insert(liveness).clone())
    }
}

/// Tells a worker of lost paths.
struct Teller {
    hand: Arc<Hand>,
    roster: Arc<RwLock<Roster>>,
    forwarding: Option<Arc<Forwarding>>,
    clock: Clock,
    lines: Limiter<Number>,
}

impl Teller {
    fn pass_on(&mut self, notices: &Receiver<Notice>) {
        while let Ok(notice) = notices.recv() {
            let number = Number(notice.id.0 as u32);
            self.switch(number, &notice);
            if notice.is_path_lost {
                let executor = self.hand.executor.clone();
                let down = Box::new(move |speaker: &mut Speaker, now| {
                    let mut executor = executor.lock().unwrap_or_else(PoisonError::into_inner);
                    executor.run(Command::BfdDown { peer: number }, speaker, now);
                });
                // A worker that is too busy to be told has a hold timer still.
                let _ = self.hand.worker.send(Request::Ask(down));
            }
            if let Some(held) = self.lines.pass(number, LINES_A_MINUTE, self.clock.now()) {
                let roster = self.roster.read().unwrap_or_else(PoisonError::into_inner);
                let Some((domain, peer)) = roster.names(number).cloned() else { continue };
                drop(roster);
                tracing::info!(peer = %format_args!("{domain}/{peer}"), "bfd is {} ({}){held}", notice.state, notice.diagnostic);
            }
        }
    }
}

impl Teller {
    /// Sends packets another way, or that way again, before BGP hears of it (spec 09, 6).
    fn switch(&self, peer: Number, notice: &Notice) {
        let Some(forwarding) = &self.forwarding else { return };
        let roster = self.roster.read().unwrap_or_else(PoisonError::into_inner);
        let Some((domain, address)) = roster.place(peer) else { return };
        drop(roster);
        let domain = DomainId(domain.0);
        if notice.is_path_lost
            && let Some((groups, took)) = forwarding.lose(domain, address, notice.at)
            && let Some(tape) = &self.hand.tape
        {
            let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
            tape.note(self.clock.now(), Event::Switched { peer: peer.0, groups, micros });
        }
        if notice.state == bfd::State::Up {
            forwarding.find(domain, address);
        }
    }
}

/// So many changes of a peer are told in a minute.
const LINES_A_MINUTE: u32 = 5;

/// The number of a peer, by which the thread knows it.
fn id(number: Number) -> WatchId {
    WatchId(number.0.into())
}

/// Packets come where sessions come, where that is one address.
fn options(config: &Config) -> Options {
    let mut options = Options::default();
    for address in config.listen.iter().map(|address| address.ip()).filter(|ip| !ip.is_unspecified()) {
        let place: &mut IpAddr = &mut options.listen[usize::from(address.is_ipv6())];
        if place.is_unspecified() {
            *place = address;
        }
    }
    options
}
