//! The report of a drill beside the design that was drilled.

mod reading;

use reading::{design, problem};

const DRILL: &str = r#"{"evidence": "live", "taken": "2026-11-21", "dr": {"last_test": "2026-11-21", "last_test_failed": ["silent"]},
    "drill": {"version": 1, "scenarios": [{"name": "silent", "runs": []}]}}"#;

#[test]
fn it_says_when_failover_was_tested_and_what_failed_and_its_measurements_are_no_facts() {
    let design = design(&["company: Contoso\ndr: {last_test: 2026-11-01}\n", DRILL]);
    assert_eq!(design.dr.last_test.value().map(ToString::to_string).as_deref(), Some("2026-11-21"));
    assert_eq!(design.dr.last_test_failed.values().collect::<Vec<_>>(), ["silent"]);
}

#[test]
fn a_design_does_not_measure() {
    let (.., seen, _) = problem("company: Contoso\ndrill: {version: 1}\n");
    assert_eq!(seen, "the unknown key `drill`");
}
