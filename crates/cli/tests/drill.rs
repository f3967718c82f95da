//! Contoso is failed part by part, by the program as a user runs it, with real routers and real packets.
//!
//! What a failure costs on a busy machine is not asserted, only that it is measured, told and healed: the same drill on
//! a quiet one is judged by `scripts/` and by whoever reads its report.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use common::browser::open;
use common::labs::{Labs, TODAY, is_root};
use serde_json::Value;

/// Brings Contoso up and drills it; gives what the drill measured.
fn drilled(labs: &Labs, router: &str, scenarios: &[&str]) -> Value {
    labs.events(&["lab", "up", "contoso.design.yaml", "--today", TODAY, "--ce", router, "--patience", "120", "--json"]);
    let report = labs.folder.path().join("drill.html");
    let mut args = vec!["drill", "--json", "--rate", "200", "--html", report.to_str().unwrap()];
    args.extend(scenarios);
    let output = labs.twinpath(&args);
    let text = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{said}\n{}", labs.logs());
    let evidence: Value = serde_json::from_str(&text).unwrap();
    std::fs::write(labs.folder.path().join("drill.json"), &output.stdout).unwrap();
    evidence
}

/// The failures that were made, each with what was judged; those that do not apply are told with a reason.
fn made(evidence: &Value) -> Vec<&Value> {
    let all = evidence["drill"]["scenarios"].as_array().unwrap();
    assert!(all.iter().all(|one| one["judged"].is_object() || one["not_applicable"].is_string()), "{all:#?}");
    all.iter().filter(|one| one["judged"].is_object()).collect()
}

/// Every failure was measured on every path, and healed.
fn is_measured(one: &Value) {
    let name = one["name"].as_str().unwrap();
    let run = &one["runs"][0];
    assert_eq!(run["faults"], serde_json::json!([]), "{name}: {:#}", run["moments"]);
    assert!(run["whole"].is_number(), "{name} is not healed");
    let streams = run["streams"].as_array().unwrap();
    assert!(streams.len() >= 12, "{name}: {} streams", streams.len());
    for stream in streams {
        assert!(
            stream["before"]["sent"].as_u64() > Some(0) && stream["during"]["sent"].as_u64() > Some(0),
            "{stream:#}"
        );
        let last = stream["ways"][2]["arrived"].as_bool();
        assert_eq!(last, Some(true), "{name}: {} {} is not back", stream["path"], stream["direction"]);
    }
    assert!(!run["flows"].as_array().unwrap().is_empty());
}

#[test]
fn failures_of_contoso_are_made_measured_and_healed() {
    let labs = Labs::new(false);
    let names = ["drain", "carrier", "silent", "msee", "wrong-tag", "prefix-limit", "filter", "congestion"];
    let evidence = drilled(&labs, "bird", &names);
    let made = made(&evidence);
    made.iter().for_each(|one| is_measured(one));
    assert_eq!(made.iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    // A planned switch loses nothing, on whatever machine.
    let drain = made.iter().find(|one| one["name"] == "drain").unwrap();
    assert_eq!(drain["judged"]["lost"], 0, "{:#}", drain["judged"]);
    // Voice loses nothing while a circuit is full; how much of what is wanted a busy machine sends is another matter.
    let congestion = made.iter().find(|one| one["name"] == "congestion").unwrap();
    assert_eq!(congestion["judged"]["lost"], 0, "{:#}", congestion["judged"]);
    let loads = congestion["runs"][0]["loads"].as_array().unwrap();
    let is_loaded =
        |load: &Value| load["arrived"].as_u64() > Some(0) && load["sent"].as_u64() > load["arrived"].as_u64();
    assert!(!loads.is_empty() && loads.iter().all(is_loaded), "{loads:#?}");
    // Microsoft's direction is measured, too, though translation stands in its way.
    let comes_back = |stream: &&Value| stream["kind"] == "microsoft" && stream["direction"] == "back";
    let streams = congestion["runs"][0]["streams"].as_array().unwrap();
    assert_eq!(streams.iter().filter(comes_back).count(), 4);

    // The checklist reads it, and the page opens by itself.
    let check = labs.twinpath(&["check", "contoso.design.yaml", "drill.json", "--today", "2027-01-31", "--json"]);
    let text = String::from_utf8_lossy(&check.stdout);
    assert!(!text.contains("unknown key"), "{text}");
    let page = open(&labs.folder.path().join("drill.html"));
    assert!(page.dom.matches("<svg").count() >= made.len(), "a chart for each failure");
    assert!(page.console.is_empty() && page.asked.is_empty(), "{:?} {:?}", page.console, page.asked);
}

#[test]
#[ignore = "four minutes: the whole matrix"]
fn every_failure_of_contoso_is_made_measured_and_healed() {
    let labs = Labs::new(false);
    let evidence = drilled(&labs, "bird", &["all"]);
    let made = made(&evidence);
    made.iter().for_each(|one| is_measured(one));
    assert!(made.len() >= 15, "{}", made.len());
}

#[test]
fn a_plain_user_drills_too() {
    if is_root() {
        let labs = Labs::new(true);
        let evidence = drilled(&labs, "bird", &["silent"]);
        assert_eq!(made(&evidence).len(), 1);
        made(&evidence).into_iter().for_each(is_measured);
    }
}

#[test]
fn frr_at_the_customers_edges_is_drilled() {
    if is_root() {
        let labs = Labs::new(false);
        // What is done to links is the same for all; what is done by the router is not.
        let evidence = drilled(&labs, "frr", &["reset", "session-down"]);
        assert_eq!(made(&evidence).len(), 2);
        made(&evidence).into_iter().for_each(is_measured);
    }
}
