//! Whatever dies in a lab, it heals to the design by itself, and nothing of it stays.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use common::labs::{Labs, TODAY, is_root, machine, walk};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Waits for something, as long as a busy machine may take.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    #[expect(clippy::disallowed_methods, reason = "processes take real time")]
    let now = Instant::now;
    let began = now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(60), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn up(labs: &Labs, router: &str) {
    labs.events(&["lab", "up", "contoso.design.yaml", "--today", TODAY, "--ce", router, "--patience", "120", "--json"]);
}

/// Kills so many parts of a lab, each of which heals.
fn survives(labs: &Labs, kills: u32, seed: u64) {
    let (kills, seed) = (kills.to_string(), seed.to_string());
    let events = labs.events(&["lab", "chaos", "--kills", &kills, "--seed", &seed, "--patience", "120", "--json"]);
    let died = events.iter().filter(|event| event["event"] == "died");
    assert_eq!(died.count().to_string(), kills);
    assert_eq!(events.last().unwrap()["healed"].to_string(), kills, "{events:#?}");
}

#[test]
fn whatever_is_killed_comes_back_and_nothing_stays() {
    let labs = Labs::new(false);
    let before = machine();
    up(&labs, "bird");
    let status = || -> Value { serde_json::from_slice(&labs.twinpath(&["lab", "status", "--json"]).stdout).unwrap() };
    let first = status();
    let processes: Vec<&Value> = first["processes"].as_array().unwrap().iter().collect();
    assert_eq!(processes.len(), 16);
    for process in &processes {
        let output =
            labs.twinpath(&["lab", "exec", "host-ams", "--", "kill", "-s", "KILL", &process["pid"].to_string()]);
        assert!(output.status.success(), "{process}: {}", String::from_utf8_lossy(&output.stderr));
    }
    until("everything runs again, as another process", || {
        let now = status();
        processes.iter().zip(now["processes"].as_array().unwrap()).all(|(then, now)| {
            assert_eq!(then["name"], now["name"]);
            now["pid"].is_number() && then["pid"] != now["pid"]
        })
    });
    // With a keeper of its own: the next death is of one that was started again.
    survives(&labs, 5, 1);
    assert!(labs.twinpath(&["lab", "down"]).status.success());
    assert_eq!(machine(), before, "the machine is as it was");
}

#[test]
#[ignore = "twelve minutes: fifty deaths with BIRD, and some with FRR and as a plain user"]
fn anything_dies_fifty_times_and_the_lab_heals() {
    let labs = Labs::new(false);
    let before = machine();
    up(&labs, "bird");
    survives(&labs, 50, 2026);
    drop(labs);
    assert_eq!(machine(), before, "the machine is as it was");
    if is_root() {
        for (plain, router) in [(false, "frr"), (true, "bird")] {
            let labs = Labs::new(plain);
            up(&labs, router);
            survives(&labs, 10, 7);
        }
    }
}

#[test]
fn a_run_that_is_interrupted_leaves_nothing() {
    let labs = Labs::new(false);
    let before = machine();
    let mut run = labs.command(&["lab", "run", "contoso.design.yaml", "--today", TODAY]).spawn().unwrap();
    let home = labs.folder.path().join("labs");
    let is_there = |name: &str| walk(&home).iter().any(|file| file.ends_with(Path::new(name)));
    until("edges run", || is_there("edge.run"));
    let interrupted = Command::new("kill").args(["-s", "INT", &run.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let ended = run.wait().unwrap();
    assert_eq!(ended.code(), Some(2), "{}", labs.logs());
    assert_eq!(walk(&home), Vec::<PathBuf>::new());
    assert_eq!(machine(), before, "the machine is as it was");
}
