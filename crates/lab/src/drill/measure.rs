//! From what was seen to figures: what each path lost in each phase, and what happened when.

use super::{Attempt, Ground, Load, StreamInfo};
use crate::probe::{Delays, FlowRecord, Loss, Stamp, StreamRecord, loss, per_slot};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// The way of a stream, as node names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// The routers, nearest to the sender first; nothing where none told.
    pub hops: Vec<Option<String>>,
    /// Whether the question came through.
    pub arrived: bool,
}

impl Way {
    /// The edge of Microsoft on the way.
    pub fn msee(&self) -> Option<&str> {
        self.hops.iter().flatten().map(String::as_str).find(|node| node.starts_with("msee"))
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.hops.iter().all(Option::is_none) {
            return f.write_str(if self.arrived { "not told" } else { "none" });
        }
        let names = self.hops.iter().map(|hop| hop.as_deref().unwrap_or("?"));
        f.write_str(&names.collect::<Vec<_>>().join(" › "))
    }
}

/// What a stream lost among the packets that left in one phase.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Packets that left.
    pub sent: u32,
    /// Packets that did not arrive.
    pub lost: u32,
    /// How long it takes to send that many, in milliseconds: the outage, wherever it lies.
    pub lost_ms: f64,
    /// How many times packets in a row were lost.
    pub gaps: u32,
    /// The longest of these, in milliseconds.
    pub longest_gap_ms: f64,
    /// When the first lost packet left.
    pub first_lost: Option<Stamp>,
    /// When the first packet left that arrived after the last loss; nothing when none did.
    pub restored: Option<Stamp>,
    /// Packets that were overtaken.
    pub reordered: u32,
    /// Copies.
    pub duplicates: u32,
    /// Delays in microseconds.
    pub delays: Option<Delays>,
}

impl Window {
    fn new(loss: &Loss, rate: u32, window: &Range<Stamp>) -> Self {
        Self {
            sent: loss.sent,
            lost: loss.lost(),
            lost_ms: f64::from(loss.lost()) * 1000.0 / f64::from(rate.max(1)),
            gaps: u32::try_from(loss.gaps.len()).unwrap_or(u32::MAX),
            longest_gap_ms: loss.longest().map_or(0.0, |gap| f64::from(gap.micros()) / 1000.0),
            first_lost: loss.first(),
            restored: loss.last().filter(|last| *last < window.end),
            reordered: loss.reordered,
            duplicates: loss.duplicates,
            delays: loss.delays,
        }
    }

    /// Whether nothing came through at its end.
    pub fn is_dark(&self) -> bool {
        self.lost > 0 && self.restored.is_none()
    }
}

/// What became of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamRun {
    /// Which stream.
    #[serde(flatten)]
    pub info: StreamInfo,
    /// Before the failure.
    pub before: Window,
    /// While it lasted.
    pub during: Window,
    /// After the healing.
    pub back: Window,
    /// Its way before the failure, while it lasted, and at the end.
    pub ways: [Way; 3],
    /// Packets that the sender's kernel refused; they count as lost.
    pub refused: u32,
    /// Packets that arrived in each 10 ms.
    pub per_10_ms: Vec<u16>,
}

/// What became of a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowRun {
    /// What it shows.
    pub path: String,
    /// Octets that came through.
    pub octets: u64,
    /// The longest time in which nothing came through, from the failure on, in milliseconds.
    pub stalled_ms: f64,
    /// Why it broke, when it did.
    pub broken: Option<String>,
}

/// What a moment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MomentKind {
    /// The failure was made.
    Failed,
    /// The first packet left that was lost.
    FirstLost,
    /// A router noticed.
    Detected,
    /// Every path that came back before the healing was back.
    Converged,
    /// The healing began.
    Healed,
    /// All was as before.
    Whole,
    /// A router noticed something else.
    Seen,
}

/// An entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Stamp,
    /// What.
    pub kind: MomentKind,
    /// In words.
    pub what: String,
}

/// One run of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// When the failure was made.
    pub failed: Stamp,
    /// When the healing began.
    pub healed: Stamp,
    /// When all was as before; nothing when it was not in time.
    pub whole: Option<Stamp>,
    /// When the probes ended.
    pub end: Stamp,
    /// The timeline, in order.
    pub moments: Vec<Moment>,
    /// What became of the streams.
    pub streams: Vec<StreamRun>,
    /// What became of the flows.
    pub flows: Vec<FlowRun>,
    /// How late the sender was at worst: what is shorter says nothing.
    pub sender_late: Stamp,
    /// A NAT pool was told to be exhausted.
    pub exhaustion_told: bool,
    /// What became of the load on a circuit's links, when there was one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loads: Vec<Load>,
    /// What went wrong in the drill itself.
    pub faults: Vec<String>,
}

impl Run {
    /// The first moment of a kind.
    pub fn moment(&self, kind: MomentKind) -> Option<&Moment> {
        self.moments.iter().find(|moment| moment.kind == kind)
    }

    /// Milliseconds from the failure to the first moment of a kind.
    pub fn ms_to(&self, kind: MomentKind) -> Option<f64> {
        self.moment(kind).map(|moment| f64::from(moment.at.since(self.failed)) / 1000.0)
    }

    /// Paths that go through one edge of Microsoft and come back through another while the failure lasts.
    pub fn asymmetric(&self) -> impl Iterator<Item = &StreamRun> {
        let twin = |one: &StreamRun| {
            self.streams.iter().find(|other| {
                let (a, b) = (&one.info, &other.info);
                a.path == b.path && a.class == b.class && a.direction < b.direction
            })
        };
        let msee = |stream: &StreamRun| stream.ways[1].msee().map(str::to_owned);
        self.streams.iter().filter(move |one| match (msee(one), twin(one).and_then(msee)) {
            (Some(out), Some(back)) => out != back,
            _ => false,
        })
    }
}

/// The slot of the charts.
const SLOT: Stamp = Stamp::from_ms(10);

/// Measures a run.
pub fn measure(ground: &Ground, attempt: &Attempt) -> Run {
    let recording = &attempt.observed.recording;
    let end = recording.end.max(attempt.healed);
    let phases = [Stamp::ZERO..attempt.failed, attempt.failed..attempt.healed, attempt.healed..Stamp::MAX];
    let streams = ground.streams.iter().zip(&recording.streams).enumerate();
    let streams: Vec<StreamRun> = streams
        .map(|(index, (info, record))| {
            let way = |ways: &Vec<Way>| ways.get(index).cloned().unwrap_or_default();
            stream_run(info, record, &phases, attempt.ways.each_ref().map(way), end)
        })
        .collect();
    let flows = ground.flows.iter().zip(&recording.flows);
    let flows = flows.map(|(path, record)| flow_run(path, record, attempt.failed..end)).collect();
    Run {
        failed: attempt.failed,
        healed: attempt.healed,
        whole: attempt.whole,
        end,
        moments: moments(attempt, &streams),
        streams,
        flows,
        sender_late: recording.late,
        exhaustion_told: attempt.observed.seen.iter().any(|seen| seen.kind == super::SeenKind::PoolExhausted),
        loads: attempt.observed.loads.clone(),
        faults: attempt.faults.clone(),
    }
}

fn stream_run(
    info: &StreamInfo,
    record: &StreamRecord,
    phases: &[Range<Stamp>; 3],
    ways: [Way; 3],
    end: Stamp,
) -> StreamRun {
    let [before, during, back] = phases
        .each_ref()
        .map(|phase| Window::new(&loss(&record.sent, &record.arrivals, phase.clone()), info.rate, phase));
    let per_10_ms = per_slot(&record.arrivals, SLOT, end);
    StreamRun { info: info.clone(), before, during, back, ways, refused: record.refused, per_10_ms }
}

fn flow_run(path: &str, record: &FlowRecord, window: Range<Stamp>) -> FlowRun {
    let stall = record.stall(window);
    FlowRun {
        path: path.to_owned(),
        octets: record.progress.last().map_or(0, |last| last.octets),
        stalled_ms: f64::from(stall.end.since(stall.start)) / 1000.0,
        broken: record.broken.as_ref().map(|(_, why)| why.clone()),
    }
}

fn moments(attempt: &Attempt, streams: &[StreamRun]) -> Vec<Moment> {
    let moment = |kind, at, what: String| Moment { at, kind, what };
    let mut moments = vec![moment(MomentKind::Failed, attempt.failed, "failure made".into())];
    let first = streams.iter().filter_map(|stream| Some((stream.during.first_lost?, stream))).min_by_key(|(at, _)| *at);
    if let Some((at, stream)) = first {
        let what = format!("first packet lost: {}, {}", stream.info.path, stream.info.direction);
        moments.push(moment(MomentKind::FirstLost, at, what));
    }
    let mut detected = false;
    for seen in attempt.observed.seen.iter().filter(|seen| seen.at >= attempt.failed) {
        let is_first = !detected && seen.at < attempt.healed && seen.kind.is_detection();
        detected |= is_first;
        let kind = if is_first { MomentKind::Detected } else { MomentKind::Seen };
        moments.push(moment(kind, seen.at, format!("{}: {}, {}", seen.by, seen.kind, seen.about)));
    }
    if let Some(at) = streams.iter().filter_map(|stream| stream.during.restored).max() {
        moments.push(moment(MomentKind::Converged, at, "every path that came back was back".into()));
    }
    moments.push(moment(MomentKind::Healed, attempt.healed, "healing began".into()));
    if let Some(at) = attempt.whole {
        moments.push(moment(MomentKind::Whole, at, "all as before".into()));
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}
