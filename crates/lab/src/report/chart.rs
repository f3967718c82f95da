//! A failure as a drawing: what arrived in each 10 ms, a lane for each stream, with marks for what happened.

use super::span;
use crate::drill::{MomentKind, Run, StreamRun};
use crate::probe::Stamp;
use maud::{Markup, html};
use std::fmt::Write;
use std::ops::Range;

const WIDTH: f64 = 1120.0;
/// Where the lanes begin: names stand left of it.
const LEFT: f64 = 250.0;
const TOP: f64 = 44.0;
const LANE: f64 = 30.0;
const STEP: f64 = 40.0;
const AXIS: f64 = 34.0;
/// More lanes than that are not read.
const LANES: usize = 12;
/// Columns of a lane at most.
const COLUMNS: usize = 580;
/// What is shown before the failure and after all is as before, in microseconds.
const MARGIN: u32 = 700_000;

/// Draws a run.
pub(super) fn chart(run: &Run) -> Markup {
    let from = Stamp(run.failed.0.saturating_sub(MARGIN));
    let to = Stamp(run.whole.unwrap_or(run.healed).0.saturating_add(2 * MARGIN)).min(run.end);
    let window = from..to;
    let mut streams: Vec<&StreamRun> = run.streams.iter().collect();
    // The worst first, else as they are.
    streams.sort_by(|a, b| b.during.lost_ms.total_cmp(&a.during.lost_ms));
    let hidden = streams.len().saturating_sub(LANES);
    streams.truncate(LANES);
    let bottom = TOP + STEP * streams.len() as f64;
    let x = |at: Stamp| LEFT + (WIDTH - LEFT) * f64::from(at.since(window.start)) / f64::from(width(&window));
    let label = format!("packets received in each 10 ms, {} streams", streams.len());
    html! {
        svg.chart role="img" aria-label=(label) viewBox=(format!("0 0 {WIDTH} {}", bottom + AXIS)) {
            rect.hold x=(num(x(run.failed))) y=(num(TOP - 6.0)) width=(num(x(run.healed) - x(run.failed))) height=(num(bottom - TOP + 2.0)) {}
            @for (stream, row) in streams.iter().zip(0_u32..) {
                @let y = TOP + STEP * f64::from(row);
                text x="0" y=(num(y + 13.0)) { (stream.info.path) }
                text.small x="0" y=(num(y + 27.0)) {
                    (stream.info.direction.to_string()) " · " (stream.info.class) " · lost " (stream.during.lost)
                }
                line.base x1=(num(LEFT)) x2=(num(WIDTH)) y1=(num(y + LANE)) y2=(num(y + LANE)) {}
                path.lane d=(lane(stream, &window, y)) {}
            }
            @for (kind, class, word, at) in marks(run, &window) {
                g.mark.(class) {
                    title { (word) ": " (span(f64::from(at.since(run.failed)) / 1000.0)) " after the failure" }
                    line x1=(num(x(at))) x2=(num(x(at))) y1=(num(TOP - 6.0)) y2=(num(bottom - 4.0)) {}
                    text x=(num(x(at).min(WIDTH - 62.0) + 4.0)) y=(num(mark_height(kind))) { (word) }
                }
            }
            @for at in ticks(run, &window) {
                @let seconds = (f64::from(at.0) - f64::from(run.failed.0)) / 1e6;
                line.tick x1=(num(x(at))) x2=(num(x(at))) y1=(num(bottom - 4.0)) y2=(num(bottom + 2.0)) {}
                text.small.middle x=(num(x(at))) y=(num(bottom + 16.0)) { (format!("{seconds:+.0} s")) }
            }
            @if hidden > 0 {
                text.small x="0" y=(num(bottom + 16.0)) { (hidden) " more streams lost no more" }
            }
        }
    }
}

fn width(window: &Range<Stamp>) -> u32 {
    window.end.since(window.start).max(1)
}

/// Marks that lie close to each other are told at different heights.
fn mark_height(kind: MomentKind) -> f64 {
    match kind {
        MomentKind::Failed | MomentKind::Healed => TOP - 30.0,
        MomentKind::Detected | MomentKind::Whole => TOP - 20.0,
        MomentKind::Converged | MomentKind::FirstLost | MomentKind::Seen => TOP - 10.0,
    }
}

fn marks(run: &Run, window: &Range<Stamp>) -> Vec<(MomentKind, &'static str, &'static str, Stamp)> {
    let words = [
        (MomentKind::Failed, "failed", "failed"),
        (MomentKind::Detected, "detected", "noticed"),
        (MomentKind::Converged, "converged", "converged"),
        (MomentKind::Healed, "healed", "healed"),
        (MomentKind::Whole, "healed", "whole"),
    ];
    let found = words.into_iter().filter_map(|(kind, class, word)| Some((kind, class, word, run.moment(kind)?.at)));
    found.filter(|(.., at)| window.contains(at)).collect()
}

/// Whole seconds from the failure on, no more than a dozen.
fn ticks(run: &Run, window: &Range<Stamp>) -> Vec<Stamp> {
    let step = (width(window) / 12_000_000 + 1) * 1_000_000;
    let mut ticks = Vec::new();
    let mut at = run.failed.0;
    while at < window.end.0 {
        ticks.push(Stamp(at));
        at = at.saturating_add(step);
    }
    ticks
}

/// The outline of what arrived, full height being what was sent.
fn lane(stream: &StreamRun, window: &Range<Stamp>, y: f64) -> String {
    let first = (window.start.0 / 10_000) as usize;
    let slots = stream.per_10_ms.get(first..).unwrap_or_default();
    let slots = slots.get(..(width(window) / 10_000) as usize).unwrap_or(slots);
    let merged = slots.len().div_ceil(COLUMNS).max(1);
    let full = f64::from(stream.info.rate.max(1)) / 100.0;
    let step = (WIDTH - LEFT) * 10_000.0 / f64::from(width(window));
    let mut path = format!("M{} {}", num(LEFT), num(y + LANE));
    let mut drawn = f64::NAN;
    for (column, slots) in slots.chunks(merged).enumerate() {
        // Where slots share a column, one without packets is seen and the others are averaged.
        let sum: f64 = slots.iter().map(|count| f64::from(*count)).sum();
        let value = if slots.contains(&0) { 0.0 } else { sum / slots.len() as f64 };
        let height = y + LANE - LANE * (value / full).min(1.2) / 1.2;
        if height != drawn {
            let _ = write!(path, "H{}V{}", num(LEFT + step * (column * merged) as f64), num(height));
            drawn = height;
        }
    }
    let _ = write!(path, "H{}V{}Z", num(LEFT + step * slots.len() as f64), num(y + LANE));
    path
}

/// A coordinate: a tenth is finer than anyone sees.
fn num(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
