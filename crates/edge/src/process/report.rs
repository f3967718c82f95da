//! What workers tell of: one line a fault and a minute, and counts of everything.
//!
//! Workers hand their notices over without waiting; a thread of its own writes the lines, so that a log that is
//! slow to read holds up no session.

use super::roster::Roster;
use bgp_fsm::{Reason, Time};
use bgp_rib::LimitReached;
use bgp_speaker::{Notice, Peer};
use bgp_wire::Notification;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

/// How many notices may wait to be written.
const WAITING: usize = 8192;

/// How long lines of the same fault of the same peer are held back after one.
const QUIET: Duration = Duration::from_secs(60);

/// Of so many faults it is remembered when they were told; beyond that all is forgotten and told once more.
const REMEMBERED: usize = 65_536;

/// Counts for metrics.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// NOTIFICATIONs by direction, code and subcode.
    pub(crate) notifications: Mutex<BTreeMap<(Way, u8, u8), u64>>,
    /// Sessions that ended for too many routes.
    pub(crate) limits: AtomicU64,
    /// Callers that nobody knows.
    pub(crate) strangers: AtomicU64,
    /// Notices that no line was written of, because too many waited.
    pub(crate) lost: AtomicU64,
}

/// Who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Sent,
    Received,
}

impl Tally {
    pub(crate) fn add(&self, counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    fn notification(&self, way: Way, notification: &Notification) {
        let mut counts = self.notifications.lock().unwrap_or_else(PoisonError::into_inner);
        let cause = notification.cause;
        *counts.entry((way, cause.code, cause.subcode)).or_default() += 1;
    }
}

/// Where workers leave what they tell.
#[derive(Debug, Clone)]
pub(crate) struct Reports {
    lines: SyncSender<(Notice, Time)>,
    tally: Arc<Tally>,
}

impl Reports {
    /// Starts the thread that writes. It ends when the last copy of the sending end is gone.
    pub(crate) fn start(roster: Arc<RwLock<Roster>>, tally: Arc<Tally>) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (lines, inbox) = sync_channel(WAITING);
        let writer = Writer { roster, tally: tally.clone(), limiter: Limiter::default(), over: None };
        let thread = std::thread::Builder::new().name("reports".into()).spawn(move || writer.run(&inbox))?;
        Ok((Self { lines, tally }, thread))
    }

    /// Takes a notice without waiting.
    pub(crate) fn take(&self, notice: Notice, now: Time) {
        if matches!(notice, Notice::Heard { .. }) {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.lines.try_send((notice, now)) {
            self.tally.add(&self.tally.lost, 1);
        }
    }
}

struct Writer {
    roster: Arc<RwLock<Roster>>,
    tally: Arc<Tally>,
    limiter: Limiter<(Peer, Kind)>,
    /// Who went over its limit: the end of its session follows, and one line tells of both.
    over: Option<(Peer, LimitReached)>,
}

/// Kinds of faults of which one line a minute is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Up,
    Down,
    Failed,
    Malformed,
    Limit,
    NearLimit,
    Crowded,
}

impl Writer {
    fn run(mut self, inbox: &Receiver<(Notice, Time)>) {
        // A line can wait; a thousand sessions that come up at once cannot.
        socket::priority::lower();
        while let Ok((notice, now)) = inbox.recv() {
            self.write(&notice, now);
        }
    }

    fn write(&mut self, notice: &Notice, now: Time) {
        match notice {
            Notice::Up { peer } => {
                self.line(*peer, Kind::Up, now, |peer, held| tracing::info!(%peer, "session is up{held}"));
            }
            Notice::Down { peer, reason, keep } => {
                self.count(reason);
                let kept = if keep.is_empty() { "" } else { ", routes are kept" };
                match self.over.take_if(|(over, _)| over == peer) {
                    Some((_, LimitReached { family, limit })) => {
                        self.line(*peer, Kind::Limit, now, |peer, held| {
                            tracing::warn!(%peer, "session is down: more than {limit} {family} routes, {reason}{held}");
                        });
                    }
                    None => {
                        self.line(*peer, Kind::Down, now, |peer, held| {
                            tracing::warn!(%peer, "session is down: {reason}{kept}{held}");
                        });
                    }
                }
            }
            Notice::Failed { peer, reason } => {
                self.count(reason);
                self.line(*peer, Kind::Failed, now, |peer, held| {
                    tracing::info!(%peer, "session does not come up: {reason}{held}");
                });
            }
            Notice::Malformed { peer, note, faults } => {
                self.line(*peer, Kind::Malformed, now, |peer, held| {
                    let bgp_rib::AttributeNote { code, problem, action } = note;
                    tracing::warn!(%peer, faults, "attribute {code} is malformed, {problem:?}: {action:?}{held}");
                });
            }
            Notice::Limit { peer, limit } => {
                self.tally.add(&self.tally.limits, 1);
                self.over = Some((*peer, *limit));
            }
            Notice::NearLimit { peer, limit } => {
                let (family, most) = (limit.family, limit.limit);
                self.line(*peer, Kind::NearLimit, now, |peer, held| {
                    tracing::warn!(%peer, "near the limit of {most} {family} routes{held}");
                });
            }
            Notice::Crowded { peer } => {
                self.line(*peer, Kind::Crowded, now, |peer, held| {
                    tracing::warn!(%peer, "unusually many different sets of attributes{held}");
                });
            }
            Notice::Heard { .. } => {}
        }
    }

    fn line(&mut self, peer: Peer, kind: Kind, now: Time, write: impl FnOnce(&str, Held)) {
        let most = match kind {
            // Each is news as long as they are few; a session that flaps is not.
            Kind::Up | Kind::Down => 5,
            Kind::Failed | Kind::Malformed | Kind::Limit | Kind::NearLimit | Kind::Crowded => 1,
        };
        let Some(held) = self.limiter.pass((peer, kind), most, now) else { return };
        let roster = self.roster.read().unwrap_or_else(PoisonError::into_inner);
        let name = match roster.names(peer) {
            Some((domain, name)) => format!("{domain}/{name}"),
            // It is gone by now.
            None => peer.to_string(),
        };
        drop(roster);
        write(&name, held);
    }

    fn count(&self, reason: &Reason) {
        match reason {
            Reason::Sent(notification) => self.tally.notification(Way::Sent, notification),
            Reason::Received(notification) => self.tally.notification(Way::Received, notification),
            Reason::Closed | Reason::ConnectFailed | Reason::ConnectTimeout | Reason::Replaced => {}
        }
    }
}

/// Lets a few of a kind pass in [`QUIET`] and counts the others.
#[derive(Debug)]
pub(crate) struct Limiter<K> {
    last: HashMap<K, Window>,
}

/// A span of [`QUIET`] from its first line on.
#[derive(Debug)]
struct Window {
    began: Time,
    passed: u32,
    held: u64,
}

impl<K> Default for Limiter<K> {
    fn default() -> Self {
        Self { last: HashMap::new() }
    }
}

/// How many lines were held back before this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held(u64);

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            1 => f.write_str(" (1 such line was held back)"),
            count => write!(f, " ({count} such lines were held back)"),
        }
    }
}

impl<K: std::hash::Hash + Eq> Limiter<K> {
    /// Whether a line of a kind may be written, with the number of those held back before it.
    pub(crate) fn pass(&mut self, kind: K, most: u32, now: Time) -> Option<Held> {
        if self.last.len() >= REMEMBERED {
            self.last.clear();
        }
        let window = self.last.entry(kind).or_insert(Window { began: now, passed: 0, held: 0 });
        if now.since(window.began) >= QUIET {
            *window = Window { began: now, passed: 0, held: window.held };
        }
        if window.passed == most {
            window.held += 1;
            return None;
        }
        window.passed += 1;
        Some(Held(std::mem::take(&mut window.held)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_and_a_count_of_the_others() {
        let mut limiter = Limiter::default();
        assert_eq!(limiter.pass("a", 1, Time(0)), Some(Held(0)));
        assert_eq!(limiter.pass("a", 1, Time(1)), None);
        assert_eq!(limiter.pass("b", 1, Time(2)), Some(Held(0)));
        assert_eq!(limiter.pass("a", 1, Time(59_999)), None);
        assert_eq!(limiter.pass("a", 1, Time(60_000)).unwrap().to_string(), " (2 such lines were held back)");
        assert_eq!(limiter.pass("a", 1, Time(120_000)), Some(Held(0)));
    }

    #[test]
    fn what_is_no_fault_by_itself_may_come_more_often() {
        let mut limiter = Limiter::default();
        let passed = (0..10).filter(|_| limiter.pass("up", 5, Time(0)).is_some()).count();
        assert_eq!((passed, limiter.pass("up", 5, Time(60_000))), (5, Some(Held(5))));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut limiter = Limiter::default();
        for kind in 0..=REMEMBERED {
            limiter.pass(kind, 1, Time(0));
        }
        assert!(limiter.last.len() <= REMEMBERED);
    }
}
