//! The thread that says what runs: what changed soon after it did, all of it now and then.

use super::back_off::BackOff;
use super::book::{Book, Entry};
use super::client::Client;
use super::translate;
use crate::control::NeighborRow;
use crate::control::answer::{AnswerError, neighbors};
use crate::process::{Core, Handle};
use edge_api::{Counters, DomainReport, Family, Report, SessionReport, SessionState};
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often is looked for changes.
const LOOK: Duration = Duration::from_millis(250);

/// After so long without a change the service is told that we are there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// How often everything is told, counters as well.
const WHOLE: Duration = Duration::from_secs(30);

/// Looks at sessions and reports them, for ever.
#[derive(Debug)]
pub(super) struct Reporter {
    handle: Handle,
    book: Arc<Mutex<Book>>,
    client: Arc<Client>,
    listen: Vec<String>,
    /// What the service knows.
    told: BTreeMap<String, DomainReport>,
}

impl Reporter {
    pub(super) fn new(handle: Handle, book: Arc<Mutex<Book>>, client: Arc<Client>, listen: &[SocketAddr]) -> Self {
        let listen = listen.iter().map(ToString::to_string).collect();
        Self { handle, book, client, listen, told: BTreeMap::new() }
    }

    pub(super) fn run(mut self) {
        let mut back_off = BackOff::default();
        let (mut last, mut last_whole) = (None::<Instant>, None::<Instant>);
        loop {
            let due = |last: Option<Instant>, after| last.is_none_or(|last: Instant| last.elapsed() >= after);
            let whole = due(last_whole, WHOLE) || back_off.is_failing();
            // Nothing is said of sessions that cannot be asked: the edge is ending.
            if let Ok((report, now)) = self.look(whole)
                && (whole || !report.domains.is_empty() || due(last, SIGN_OF_LIFE))
            {
                match self.client.report(&report) {
                    Ok(()) => {
                        back_off.reset();
                        self.told = now;
                        last = Some(Instant::now());
                        if whole {
                            last_whole = last;
                        }
                    }
                    // The follower tells the log of it.
                    Err(_) => std::thread::sleep(back_off.failed()),
                }
            }
            std::thread::sleep(LOOK);
        }
    }

    /// What is to be told, and what runs now.
    fn look(&self, whole: bool) -> Result<(Report, BTreeMap<String, DomainReport>), AnswerError> {
        let core = self.handle.core();
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let (revision, entries) = (book.revision, book.entries().cloned().collect::<Vec<_>>());
        drop(book);
        let rows = neighbors(core, None)?;
        let rows: HashMap<(&str, &str), &NeighborRow> =
            rows.iter().map(|row| ((row.session.domain.as_str(), row.session.peer.as_str()), row)).collect();
        let live = self.live();
        let now: BTreeMap<String, DomainReport> =
            entries.iter().map(|entry| (entry.intent.key.clone(), domain(core, entry, &rows, &live))).collect();
        let news = |report: &&DomainReport| whole || self.told.get(&report.key).is_none_or(|told| differ(told, report));
        let domains = now.values().filter(news).cloned().collect();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let plane = core.config().dataplane.as_ref().and_then(|plane| plane.cloud);
        Ok((Report { version, listen: self.listen.clone(), cloud: plane, revision, domains, whole }, now))
    }

    /// Peers that BFD watches, by domain and name, and whether it sees them.
    fn live(&self) -> HashMap<(String, String), bool> {
        let core = self.handle.core();
        let Some(Ok(snapshot)) = core.watched() else { return HashMap::new() };
        let seen = snapshot.sessions.iter().filter_map(|shown| {
            let (domain, peer) = core.names(shown.watch.id)?;
            Some(((domain.to_string(), peer.to_string()), shown.state == bfd::State::Up))
        });
        seen.collect()
    }
}

fn domain(
    core: &Core,
    entry: &Entry,
    rows: &HashMap<(&str, &str), &NeighborRow>,
    live: &HashMap<(String, String), bool>,
) -> DomainReport {
    let session = |family: Family| {
        let peer = translate::peer(family);
        let bfd_up = live.get(&(entry.name.clone(), peer.to_owned())).copied();
        report(family, rows.get(&(entry.name.as_str(), peer)).copied(), bfd_up)
    };
    DomainReport {
        key: entry.intent.key.clone(),
        revision: entry.runs,
        side: entry.intent.side,
        refused: entry.refused.clone(),
        sessions: entry.intent.sessions.iter().map(|one| session(one.family)).collect(),
        counters: counters(core, &entry.name),
    }
}

/// What the data plane counted on the customer's link; over loopback nothing counts the octets of one customer.
fn counters(core: &Core, name: &str) -> Option<Counters> {
    let read = core.counters(name)?;
    let bytes = |name: &str| {
        let named = read.iter().filter(|(counter, is_link)| *is_link && counter.name == name);
        named.map(|(counter, _)| counter.bytes).sum::<u64>()
    };
    Some(Counters {
        bytes_in: bytes("in"),
        bytes_out: bytes("out"),
        dropped_in: bytes("in-dropped"),
        dropped_out: bytes("out-dropped"),
    })
}

fn report(family: Family, row: Option<&NeighborRow>, bfd_up: Option<bool>) -> SessionReport {
    let Some(row) = row else {
        return SessionReport {
            family,
            state: SessionState::Idle,
            since_seconds: None,
            received: 0,
            sent: 0,
            last_error: None,
            bfd_up: None,
            bytes_in: 0,
            bytes_out: 0,
        };
    };
    SessionReport {
        family,
        state: match row.session.state.as_str() {
            "Established" => SessionState::Established,
            "OpenConfirm" => SessionState::OpenConfirm,
            "OpenSent" => SessionState::OpenSent,
            "Active" => SessionState::Active,
            "Connect" => SessionState::Connect,
            _ => SessionState::Idle,
        },
        since_seconds: row.session.for_seconds,
        received: row.session.received.into(),
        sent: row.session.advertised.into(),
        last_error: row.session.last_error.clone(),
        bfd_up,
        bytes_in: row.bytes_in,
        bytes_out: row.bytes_out,
    }
}

/// Whether there is news: octets and seconds alone are none.
fn differ(told: &DomainReport, now: &DomainReport) -> bool {
    let bare = |report: &DomainReport| {
        let mut report = report.clone();
        for session in &mut report.sessions {
            (session.since_seconds, session.bytes_in, session.bytes_out) = (None, 0, 0);
        }
        report.counters = None;
        report
    };
    bare(told) != bare(now)
}
