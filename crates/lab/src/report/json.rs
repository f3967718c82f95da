//! The report for programs, and for the checklist.
//!
//! It is a file of live evidence, as `twinpath check` reads it: `evidence`, `taken` and `dr` are words of a design
//! file, so a drill stands beside the design it was run on and answers the rule that asks when failover was tested.
//! What was measured stands under `drill`; its shape is a page of the book.

use super::Report;
use crate::drill::Standing;
use serde_json::{Value, json};

/// The version of the shape.
pub const VERSION: u32 = 1;

/// The report as a JSON value.
///
/// # Errors
/// None that a report can cause: its keys are texts and its numbers finite.
pub fn value(report: &Report) -> serde_json::Result<Value> {
    let of = |standing| report.scenarios.iter().filter(move |entry| entry.standing() == Some(standing));
    let failed: Vec<&str> = of(Standing::Fail).map(|entry| entry.name.as_str()).collect();
    // What could not be judged was not tested: one scenario that was is needed to say that there was a test.
    let dr = match of(Standing::Pass).chain(of(Standing::Fail)).next() {
        Some(_) => json!({ "last_test": report.day.to_string(), "last_test_failed": failed }),
        None => json!({}),
    };
    let mut drill = serde_json::to_value(report)?;
    if let Some(drill) = drill.as_object_mut() {
        drill.insert("version".to_owned(), VERSION.into());
        drill.insert("tool".to_owned(), json!({ "name": "twinpath", "version": env!("CARGO_PKG_VERSION") }));
        drill.insert("standing".to_owned(), serde_json::to_value(report.standing())?);
    }
    Ok(json!({ "evidence": "live", "taken": report.day.to_string(), "dr": dr, "drill": drill }))
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn a_drill_that_passed_says_when_and_that_nothing_failed() {
        let value = value(&report()).unwrap();
        assert_eq!(value["dr"], json!({ "last_test": "2026-11-21", "last_test_failed": [] }));
        let silent = &value["drill"]["scenarios"][3];
        assert_eq!((&silent["name"], &silent["judged"]["lost"]), (&json!("silent"), &json!(140)));
        assert_eq!(silent["runs"][0]["streams"][0]["during"]["longest_gap_ms"], json!(140.0));
    }

    #[test]
    fn a_drill_that_failed_or_said_nothing_is_told_apart() {
        let mut report = report();
        for entry in &mut report.scenarios {
            if let Some(judged) = &mut entry.judged {
                judged.standing = Standing::Fail;
            }
        }
        assert_eq!(value(&report).unwrap()["dr"]["last_test_failed"], json!(["carrier", "silent"]));
        report.scenarios.retain(|entry| entry.judged.is_none());
        assert_eq!(value(&report).unwrap()["dr"], json!({}));
    }
}
