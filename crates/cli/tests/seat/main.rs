//! Does a drill measure the truth, and what does a failure cost with our edge, BIRD or FRR in Microsoft's seat?
//!
//! A small world of real routers and real packets is failed by the scenarios that come with the program. Microsoft's
//! two edges in it are played by BIRD, by FRR or by the program itself, and all else is the same. It runs in namespaces
//! of its own, by root and by a plain user. Nothing of the machine is touched.
//!
//! `cargo xtask bench drill` runs [`figures`] of the optimized build for the page of benchmarks.

#![allow(clippy::unwrap_used, reason = "a test ends where its world cannot be made")]

mod enter;
mod seat;
mod world;

use enter::enter;
use lab::drill::{Judged, MomentKind, Run, Standing, judge, measure, plan, run};
use lab::drill::{Pace, Scenarios, World};
use lab::probe::Direction;
use seat::Seat;
use std::io::Write;
use std::time::Duration;
use world::Small;

/// Long enough for the slowest to notice and to switch.
const HOLD: Duration = Duration::from_millis(1600);

/// Drills a world.
fn drill(small: &mut Small, name: &str) -> (Run, Judged) {
    let scenarios = Scenarios::builtin().unwrap();
    let scenario = scenarios.chosen(&[name.to_owned()]).unwrap()[0];
    let mut plan = plan(scenario, small.ground()).unwrap();
    plan.hold = HOLD;
    let short = Duration::from_millis(500);
    let pace = Pace { warm: short, settle: short, ..Pace::default() };
    let attempt = run(small, &plan, &pace).unwrap();
    let run = measure(small.ground(), &attempt);
    assert!(run.faults.is_empty(), "{name}: {:?}\n{:#?}", run.faults, run.moments);
    let judged = judge(scenario, &plan, std::slice::from_ref(&run));
    (run, judged)
}

/// What one failure costs on the worst path, in milliseconds of packets.
fn worst(run: &Run) -> f64 {
    run.streams.iter().map(|stream| stream.during.lost_ms).fold(0.0, f64::max)
}

/// The edges of Microsoft on each way, at a time.
fn msees(run: &Run, when: usize) -> Vec<Option<String>> {
    run.streams.iter().map(|stream| stream.ways[when].msee().map(str::to_owned)).collect()
}

fn all(msee: &str) -> Vec<Option<String>> {
    vec![Some(msee.to_owned()); 3]
}

fn measures_the_truth() {
    let mut small = Small::build(Seat::Bird, 50);

    let (run, judged) = drill(&mut small, "drain");
    assert_eq!((judged.standing, worst(&run)), (Standing::Pass, 0.0), "a planned switch loses nothing");
    assert_eq!(msees(&run, 0), all("msee-a"), "{:?}", run.streams);
    assert_eq!(msees(&run, 1), all("msee-b"), "{:?}", run.streams);
    assert_eq!(msees(&run, 2), all("msee-a"), "{:?}", run.streams);

    let (run, _) = drill(&mut small, "silent");
    // BFD takes 100 to 150 ms; a busy machine takes longer to act on it, and never less.
    assert!((50.0..=400.0).contains(&worst(&run)), "{:?}", run.streams);
    let out = run.streams.iter().filter(|stream| stream.info.direction == Direction::Out);
    assert!(out.clone().all(|stream| stream.during.lost >= 50), "every path out went through the link");
    let noticed = run.ms_to(MomentKind::Detected).unwrap();
    assert!(noticed >= 50.0, "noticed after {noticed} ms");
    assert!(run.moment(MomentKind::Detected).unwrap().what.contains("BFD down"), "{:?}", run.moments);
    assert!(run.flows.iter().all(|flow| flow.broken.is_none() && flow.stalled_ms >= 50.0), "{:?}", run.flows);
    assert_eq!(msees(&run, 1), all("msee-b"), "{:?}", run.streams);

    let (run, _) = drill(&mut small, "carrier");
    assert!(worst(&run) < 400.0, "{:?}", run.streams);
    let heard = |what: &str| run.moments.iter().any(|moment| moment.what.contains(what));
    assert!(heard("ce: link down") && run.streams.iter().all(|stream| !stream.during.is_dark()), "{:?}", run.moments);
}

#[test]
fn drill_by_root_measures_the_truth() {
    if enter("drill_by_root_measures_the_truth", false) {
        measures_the_truth();
    }
}

#[test]
fn drill_by_a_plain_user_measures_the_truth() {
    if enter("drill_by_a_plain_user_measures_the_truth", true) {
        measures_the_truth();
    }
}

/// Who sits in Microsoft's seat switches and comes back.
fn takes_the_seat(seat: Seat, scenario: &str) {
    let mut small = Small::build(seat, 300);
    let (run, _) = drill(&mut small, scenario);
    assert_eq!(msees(&run, 0), all("msee-a"), "{:?}", run.streams);
    assert_eq!(msees(&run, 1), all("msee-b"), "{:?}", run.streams);
    assert_eq!(msees(&run, 2), all("msee-a"), "{:?}", run.streams);
    assert!(run.streams.iter().all(|stream| !stream.during.is_dark()), "{:?}", run.moments);
    if scenario == "drain" {
        assert_eq!(worst(&run), 0.0, "a planned switch loses nothing: {:?}", run.streams);
    }
}

#[test]
fn the_edge_takes_the_seat() {
    if enter("the_edge_takes_the_seat", false) {
        takes_the_seat(Seat::Edge, "drain");
    }
}

#[test]
fn frr_takes_the_seat() {
    if enter("frr_takes_the_seat", false) {
        takes_the_seat(Seat::Frr, "silent");
    }
}

/// Failures, by the interval of BFD in milliseconds.
const CASES: [(u32, &[&str]); 2] = [(300, &["drain", "session-down", "carrier", "silent"]), (50, &["silent"])];

#[test]
#[ignore = "minutes: the figures of `cargo xtask bench drill`, which gives the seat and how often"]
fn figures() {
    if !enter("figures", false) {
        return;
    }
    let variable = |name: &str| std::env::var(name).unwrap();
    let seat = Seat::named(&variable("TWINPATH_TEST_SEAT")).unwrap();
    let times: usize = variable("TWINPATH_TEST_TIMES").parse().unwrap();
    // A world for each round: an edge whose session fell several times in a row waits longer each time before it comes
    // back (RFC 4271, 8.1.1).
    for (interval, names) in CASES.into_iter().cycle().take(CASES.len() * times) {
        let mut small = Small::build(seat, interval);
        for name in names {
            let (run, _) = drill(&mut small, name);
            let detected = run.ms_to(MomentKind::Detected).map_or_else(|| "-".to_owned(), |ms| ms.to_string());
            writeln!(std::io::stderr(), "figure: {name} {interval} {} {detected}", worst(&run)).unwrap();
        }
    }
}
