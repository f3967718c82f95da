//! Figures against what was expected.
//!
//! A drill that was run several times is judged by its medians. What could not be measured is unknown, never
//! a pass.

use super::scenario::Judge;
use super::{Kind, Load, MomentKind, Plan, Run, Scenario, StreamRun};
use crate::probe::Direction;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is as expected.
    Pass,
    /// Something that is needed to tell is missing.
    Unknown,
    /// It is not.
    Fail,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        })
    }
}

/// One expectation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// What is looked at.
    pub about: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// How it stands.
    pub standing: Standing,
}

/// A scenario, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The worst of the objectives.
    pub standing: Standing,
    /// Every expectation.
    pub objectives: Vec<Objective>,
    /// Packets that the worst stream lost while the failure lasted.
    pub lost: Option<u32>,
    /// Milliseconds of packets that these are.
    pub lost_ms: Option<f64>,
    /// The longest gap of any judged stream, in milliseconds.
    pub longest_gap_ms: Option<f64>,
    /// From the failure to the first router that noticed, in milliseconds; nothing when none told.
    pub detection_ms: Option<f64>,
    /// From the failure until every path was back, in milliseconds.
    pub convergence_ms: Option<f64>,
    /// Milliseconds of packets that the worst stream lost on the way back.
    pub back_lost_ms: Option<f64>,
    /// The slowest 99th percentile while the failure lasted, in milliseconds.
    pub p99_ms: Option<f64>,
    /// Packets of the worst stream that were overtaken, from the failure on.
    pub reordered: Option<u32>,
    /// Streams that went out through one edge of Microsoft and came back through another while the failure lasted.
    pub asymmetric: Option<u32>,
    /// Flows that broke.
    pub broken: Option<u32>,
    /// The longest stall of a flow, in milliseconds.
    pub stalled_ms: Option<f64>,
}

/// Judges the runs of a scenario.
pub fn judge(scenario: &Scenario, plan: &Plan, runs: &[Run]) -> Judged {
    let expect = &scenario.expect;
    let is_dark = |stream: &StreamRun| expect.dark == Some(stream.info.kind);
    let is_judged = |stream: &&StreamRun| {
        let chosen = match expect.judge {
            None => true,
            Some(Judge::Private) => stream.info.kind == Kind::Private,
            Some(Judge::Microsoft) => stream.info.kind == Kind::Microsoft,
            Some(Judge::Voice) => stream.info.class == "EF",
        };
        chosen && !is_dark(stream)
    };
    // The worst judged stream of each run, and the median of the runs.
    let worst = |figure: &dyn Fn(&StreamRun) -> Option<f64>| {
        let of_run = |run: &Run| run.streams.iter().filter(is_judged).filter_map(figure).reduce(f64::max);
        median(runs.iter().map(of_run))
    };
    let of_run = |figure: &dyn Fn(&Run) -> Option<f64>| median(runs.iter().map(figure));
    let broken = |run: &Run| run.flows.iter().filter(|flow| flow.broken.is_some()).count();
    let has_flows = runs.iter().any(|run| !run.flows.is_empty());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a median of counts")]
    let count = |number: f64| number as u32;
    let mut judged = Judged {
        standing: Standing::Pass,
        objectives: Vec::new(),
        lost: worst(&|stream| Some(f64::from(stream.during.lost))).map(count),
        lost_ms: worst(&|stream| Some(stream.during.lost_ms)),
        longest_gap_ms: worst(&|stream| Some(stream.during.longest_gap_ms)),
        detection_ms: of_run(&|run| run.ms_to(MomentKind::Detected)),
        convergence_ms: of_run(&|run| run.ms_to(MomentKind::Converged)),
        back_lost_ms: worst(&|stream| Some(stream.back.lost_ms)),
        p99_ms: worst(&|stream| stream.during.delays.map(|delays| f64::from(delays.p99) / 1000.0)),
        reordered: worst(&|stream| Some(f64::from(stream.during.reordered + stream.back.reordered))).map(count),
        #[expect(clippy::cast_precision_loss, reason = "a handful of streams")]
        asymmetric: of_run(&|run| (!run.streams.is_empty()).then(|| run.asymmetric().count() as f64)).map(count),
        #[expect(clippy::cast_precision_loss, reason = "a handful of flows")]
        broken: of_run(&|run| has_flows.then(|| broken(run) as f64)).map(count),
        stalled_ms: of_run(&|run| run.flows.iter().map(|flow| flow.stalled_ms).reduce(f64::max)),
    };
    let mut objectives: Vec<Objective> = runs.iter().flat_map(|run| &run.faults).map(|what| fault(what)).collect();
    let mut at_most = |about: &str, limit: Option<u32>, seen: Option<f64>, unit: &str| {
        let Some(limit) = limit else { return };
        let standing = match seen {
            None => Standing::Unknown,
            Some(seen) if seen <= f64::from(limit) => Standing::Pass,
            Some(_) => Standing::Fail,
        };
        let seen = seen.map_or_else(|| "not measured".to_owned(), |seen| number(seen) + unit);
        let expected = if limit == 0 { "none".to_owned() } else { format!("at most {limit}{unit}") };
        objectives.push(Objective { about: about.to_owned(), expected, seen, standing });
    };
    match plan.lost_ms {
        Some([out, back]) if out != back => {
            let of = |direction: Direction| {
                let lost = |stream: &StreamRun| (stream.info.direction == direction).then_some(stream.during.lost_ms);
                worst(&lost)
            };
            at_most("lost by the worst path out", Some(out), of(Direction::Out), " ms");
            at_most("lost by the worst path back", Some(back), of(Direction::Back), " ms");
        }
        limits => at_most("lost by the worst path", limits.map(|[out, _]| out), judged.lost_ms, " ms"),
    }
    at_most("99 in 100 packets took", expect.p99_ms, judged.p99_ms, " ms");
    at_most("lost on the way back", expect.back_lost_ms, judged.back_lost_ms, " ms");
    let any_flow = expect.broken.filter(|_| has_flows);
    at_most("flows broken", any_flow, judged.broken.map(f64::from), "");
    objectives.extend(whole_before(runs, &is_judged));
    if let Some(kind) = expect.dark {
        objectives.extend(dark(runs, kind, plan.elsewhere.then_some(expect.elsewhere)));
    }
    if expect.exhaustion_told {
        let told = runs.iter().all(|run| run.exhaustion_told);
        objectives.push(Objective {
            about: "that the pool is exhausted".to_owned(),
            expected: "told".to_owned(),
            seen: if told { "told" } else { "not told" }.to_owned(),
            standing: if told { Standing::Pass } else { Standing::Fail },
        });
    }
    if let Some(least) = expect.bulk_percent {
        objectives.push(bulk(runs, least));
    }
    if runs.is_empty() {
        objectives.push(fault("it was not run"));
    }
    judged.standing = objectives.iter().map(|objective| objective.standing).max().unwrap_or(Standing::Unknown);
    judged.objectives = objectives;
    judged
}

fn fault(what: &str) -> Objective {
    let (about, expected) = ("the drill itself".to_owned(), "no fault".to_owned());
    Objective { about, expected, seen: what.to_owned(), standing: Standing::Unknown }
}

/// A path that lost packets before anything failed says nothing about the failure.
fn whole_before(runs: &[Run], is_judged: &impl Fn(&&StreamRun) -> bool) -> Option<Objective> {
    let lossy = |stream: &&StreamRun| stream.before.sent == 0 || stream.before.lost * 100 > stream.before.sent;
    let all = || runs.iter().flat_map(|run| run.streams.iter().filter(is_judged));
    let expected = "whole before the failure".to_owned();
    if all().next().is_none() && runs.iter().all(|run| run.faults.is_empty()) {
        let seen = "no path that is judged here".to_owned();
        return Some(Objective { about: "paths".to_owned(), expected, seen, standing: Standing::Unknown });
    }
    let stream = all().find(lossy)?;
    let seen = format!("{} of {} packets lost before it", stream.before.lost, stream.before.sent);
    let about = format!("{}, {}", stream.info.path, stream.info.direction);
    Some(Objective { about, expected, seen, standing: Standing::Unknown })
}

/// Best effort gets what voice leaves, on the worst link. A load that did not fill a link says nothing, about voice neither.
fn bulk(runs: &[Run], least: u8) -> Objective {
    let about = "best effort beside voice".to_owned();
    let expected = format!("at least {least} % of what voice leaves, and some of it lost");
    let share = median(runs.iter().map(|run| run.loads.iter().map(Load::share).reduce(f64::min)));
    let of = |load: &Load| {
        let [sent, arrived, wanted, line] =
            [load.sent, load.arrived, load.wanted, load.line].map(|bits| bits / 1_000_000);
        format!("{sent} of {wanted} Mbit/s sent, {arrived} arrived where {line} fit")
    };
    let loads = || runs.iter().flat_map(|run| &run.loads);
    let worst = loads().min_by(|one, other| one.share().total_cmp(&other.share()));
    let (seen, standing) = match (share, worst, loads().find(|load| !load.is_full())) {
        (Some(_), _, Some(load)) => (format!("the load did not fill the circuit: {}", of(load)), Standing::Unknown),
        (Some(share), Some(worst), None) => {
            let standing = if share >= f64::from(least) { Standing::Pass } else { Standing::Fail };
            (format!("{} %; {}", number(share.trunc()), of(worst)), standing)
        }
        _ => ("not measured".to_owned(), Standing::Unknown),
    };
    Objective { about, expected, seen, standing }
}

/// Paths of a kind carry nothing; or carry on where another circuit has them, in a direction or in both.
fn dark(runs: &[Run], kind: Kind, elsewhere: Option<Option<Direction>>) -> Option<Objective> {
    let is_asked = |stream: &&StreamRun| {
        stream.info.kind == kind && elsewhere.flatten().is_none_or(|direction| direction == stream.info.direction)
    };
    let streams: Vec<&StreamRun> = runs.iter().flat_map(|run| run.streams.iter().filter(is_asked)).collect();
    let lit = streams.iter().filter(|stream| !stream.during.is_dark()).count();
    let wanted = if elsewhere.is_some() { streams.len() } else { 0 };
    let standing = match streams.is_empty() {
        true => Standing::Unknown,
        false if lit == wanted => Standing::Pass,
        false => Standing::Fail,
    };
    let name = match kind {
        Kind::Private => "private peering",
        Kind::Microsoft => "Microsoft peering",
    };
    Some(Objective {
        about: format!("paths over {name}"),
        expected: if elsewhere.is_some() { "carry on over another circuit" } else { "carry nothing while it lasts" }
            .to_owned(),
        seen: format!("{lit} of {} carried something to the end", streams.len()),
        standing,
    })
}

/// The median of what is known of each run; nothing when one run does not know.
fn median(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let mut values = values.collect::<Option<Vec<f64>>>()?;
    values.sort_by(f64::total_cmp);
    let middle = values.len().checked_sub(1)? / 2;
    match values.len() % 2 {
        1 => values.get(middle).copied(),
        _ => Some((values.get(middle)? + values.get(middle + 1)?) / 2.0),
    }
}

/// A number as people write it: no more digits than it is good for.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value == value.trunc() || value >= 10.0 => format!("{value:.0}"),
        value => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::ground;
    use super::super::{Scenarios, Way, Window, plan};
    use super::*;
    use crate::probe::Stamp;
    use proptest::prelude::*;

    fn run(lost: u32) -> Run {
        let window = |sent, lost| Window { sent, lost, lost_ms: f64::from(lost), ..Window::default() };
        let streams = ground().streams.into_iter().map(|info| StreamRun {
            info,
            before: window(1000, 0),
            during: window(3000, lost),
            back: window(2000, 0),
            ways: Default::default(),
            refused: 0,
            per_10_ms: Vec::new(),
        });
        Run {
            failed: Stamp::from_ms(1000),
            healed: Stamp::from_ms(4000),
            whole: Some(Stamp::from_ms(4200)),
            end: Stamp::from_ms(6000),
            moments: Vec::new(),
            streams: streams.collect(),
            flows: Vec::new(),
            sender_late: Stamp::ZERO,
            exhaustion_told: false,
            loads: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn judged(name: &str, runs: &[Run]) -> Judged {
        let scenarios = Scenarios::builtin().unwrap();
        let scenario = scenarios.chosen(&[name.to_owned()]).unwrap()[0];
        judge(scenario, &plan(scenario, &ground()).unwrap(), runs)
    }

    #[test]
    fn the_median_of_the_runs_is_judged() {
        let runs = [run(900), run(120), run(110)];
        assert_eq!(judged("silent", &runs).standing, Standing::Pass);
        assert_eq!(judged("silent", &runs).lost, Some(120));
        assert_eq!(judged("silent", &runs[..1]).standing, Standing::Fail);
        assert_eq!(judged("silent", &runs[..2]).lost_ms, Some(510.0));
    }

    #[test]
    fn what_was_not_measured_is_no_pass() {
        assert_eq!(judged("silent", &[]).standing, Standing::Unknown);
        let mut faulty = run(0);
        faulty.faults.push("not done".into());
        assert_eq!(judged("silent", &[faulty]).standing, Standing::Unknown);
        let mut lossy = run(0);
        lossy.streams[1].before.lost = 11;
        assert_eq!(judged("silent", &[lossy]).standing, Standing::Unknown);
        let mut none = run(0);
        none.streams.clear();
        assert_eq!(judged("silent", &[none]).standing, Standing::Unknown);
    }

    #[test]
    fn nothing_lost_means_nothing() {
        assert_eq!(judged("drain", &[run(0)]).standing, Standing::Pass);
        assert_eq!(judged("drain", &[run(1)]).standing, Standing::Fail);
    }

    #[test]
    fn out_through_one_edge_and_back_through_another_is_asymmetric() {
        let mut run = run(0);
        let way = |msee: &str| Way { hops: vec![None, Some(msee.to_owned())], arrived: true };
        run.streams[0].ways[1] = way("msee-a");
        run.streams[1].ways[1] = way("msee-a");
        assert_eq!(run.asymmetric().count(), 0);
        run.streams[1].ways[1] = way("msee-b");
        assert_eq!(run.asymmetric().count(), 1);
        run.streams[1].ways[1] = Way::default();
        assert_eq!(run.asymmetric().count(), 0);
    }

    #[test]
    fn voice_is_held_against_a_load_that_filled_the_circuit_only() {
        let mut ground = ground();
        ground.circuits[0].has_filter = true;
        ground.circuits[0].bandwidth = Some(100_000_000);
        for stream in &mut ground.streams {
            (stream.kind, stream.class) = (Kind::Microsoft, "EF".to_owned());
        }
        let scenarios = Scenarios::builtin().unwrap();
        let scenario = scenarios.chosen(&["congestion".to_owned()]).unwrap()[0];
        let plan = plan(scenario, &ground).unwrap();
        let judged = |sent: u64, arrived: u64, lost: u32| {
            let mut run = run(lost);
            for (stream, info) in run.streams.iter_mut().zip(&ground.streams) {
                stream.info = info.clone();
                stream.during.delays = Some(crate::probe::Delays { p50: 100, p99: 900, max: 3000 });
            }
            let load = |arrived| Load { line: 100_000_000, voice: 2_000_000, wanted: 170_000_000, sent, arrived };
            run.loads = if sent > 0 { vec![load(98_000_000), load(arrived)] } else { Vec::new() };
            judge(scenario, &plan, &[run]).standing
        };
        assert_eq!(judged(169_000_000, 97_000_000, 0), Standing::Pass);
        assert_eq!(judged(169_000_000, 97_000_000, 1), Standing::Fail, "voice was lost");
        assert_eq!(judged(169_000_000, 89_000_000, 0), Standing::Fail, "best effort got too little");
        assert_eq!(judged(140_000_000, 97_000_000, 0), Standing::Unknown, "too little was sent");
        assert_eq!(judged(169_000_000, 168_000_000, 0), Standing::Unknown, "all of it came through");
        assert_eq!(judged(0, 0, 0), Standing::Unknown, "nothing was sent");
    }

    #[test]
    fn what_carries_on_over_another_circuit_may_be_one_direction() {
        let mut run = run(0);
        (run.streams[1].during.lost, run.streams[1].during.restored) = (3000, None);
        let standing = |elsewhere| dark(&[run.clone()], Kind::Private, elsewhere).unwrap().standing;
        assert_eq!(standing(Some(Some(Direction::Out))), Standing::Pass);
        assert_eq!(standing(Some(None)), Standing::Fail);
        assert_eq!(standing(None), Standing::Fail);
    }

    /// Runs in each of which the streams lose as given, in turn.
    fn runs_of(lost: &[Vec<u32>]) -> Vec<Run> {
        let one = |lost: &Vec<u32>| {
            let mut run = run(0);
            for (stream, lost) in run.streams.iter_mut().zip(lost.iter().cycle()) {
                (stream.during.lost, stream.during.lost_ms) = (*lost, f64::from(*lost));
            }
            run
        };
        lost.iter().map(one).collect()
    }

    proptest! {
        #[test]
        fn more_loss_never_stands_better(
            lost in prop::collection::vec(prop::collection::vec(0_u32..400, 1..4), 1..6),
            more in 0_u32..400,
        ) {
            let worse: Vec<Vec<u32>> = lost.iter().map(|run| run.iter().map(|lost| lost + more).collect()).collect();
            for name in ["drain", "carrier", "silent", "flap"] {
                prop_assert!(judged(name, &runs_of(&lost)).standing <= judged(name, &runs_of(&worse)).standing);
            }
        }

        #[test]
        fn the_order_of_runs_does_not_matter(
            lost in prop::collection::vec(prop::collection::vec(0_u32..400, 1..4), 1..6),
        ) {
            let mut runs = runs_of(&lost);
            let before = judged("silent", &runs);
            runs.reverse();
            prop_assert_eq!(judged("silent", &runs), before);
        }

        #[test]
        fn what_says_nothing_never_passes(
            lost in prop::collection::vec(prop::collection::vec(0_u32..400, 1..4), 1..6),
            which in 0_usize..6,
            how in 0_usize..4,
        ) {
            let mut runs = runs_of(&lost);
            let index = which % runs.len();
            let spoilt = &mut runs[index];
            match how {
                0 => spoilt.faults.push("not undone".into()),
                1 => spoilt.streams.clear(),
                2 => spoilt.streams[0].before.sent = 0,
                _ => spoilt.streams[0].before.lost = spoilt.streams[0].before.sent,
            }
            for name in ["drain", "carrier", "silent", "flap", "reset"] {
                prop_assert_ne!(judged(name, &runs).standing, Standing::Pass);
            }
        }
    }
}
