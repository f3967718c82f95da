//! All formats say the same numbers.

use crate::sample::{Sample, clean, empty, sample};
use rules::report::{html, json, markdown, sarif, terminal};
use rules::{Counts, Severity, Standing};
use std::fmt::Write;

fn written(write: impl FnOnce(&mut String) -> std::fmt::Result) -> String {
    let mut text = String::new();
    write(&mut text).unwrap();
    text
}

fn numbers(sample: &Sample) {
    let report = sample.report();
    let Counts { faults, warnings, unknown, waived, hold, not_applicable, later } = report.counts;
    let counts = [faults, warnings, unknown, waived, hold, not_applicable, later];
    assert_eq!(counts.iter().sum::<usize>(), report.rows.len(), "each rule counts once");

    let json = json::value(&report);
    let keys = ["faults", "warnings", "unknown", "waived", "hold", "not_applicable", "later"];
    assert_eq!(keys.map(|key| json["counts"][key].as_u64().unwrap() as usize), counts);
    let verdicts = ["fault", "warning", "unknown", "waived", "holds", "not-applicable", "later"];
    let of = |verdict| json["rules"].as_array().unwrap().iter().filter(|rule| rule["verdict"] == verdict).count();
    assert_eq!(verdicts.map(of), counts);

    let sarif = sarif::value(&report);
    let run = &sarif["runs"][0];
    let keys = ["faults", "warnings", "unknown", "waived", "hold", "notApplicable", "later"];
    assert_eq!(keys.map(|key| run["properties"]["counts"][key].as_u64().unwrap() as usize), counts);
    let fails = run["results"].as_array().unwrap().iter().filter(|result| result["kind"] == "fail").count();
    assert_eq!(fails, report.findings.len() + report.waived.len());

    let (_, root) = crate::junit::elements(&crate::junit::text(sample));
    let required =
        |row: &&rules::report::Row<'_>| row.standing == Standing::Unknown && row.rule.severity == Severity::Required;
    let errors = report.rows.iter().filter(required).count();
    assert_eq!(root["tests"], report.rows.len().to_string());
    assert_eq!(root["failures"], (faults + warnings).to_string());
    assert_eq!(root["errors"], errors.to_string());
    assert_eq!(root["skipped"], (waived + not_applicable + later + unknown - errors).to_string());

    let terminal = written(|text| terminal::write(&report, terminal::Style { width: 200, ..Default::default() }, text));
    let markdown = written(|text| markdown::write(&report, text));
    let mut line = format!("  {}", report.overall);
    let mut bold = String::new();
    for (count, what) in report.tallies() {
        write!(line, " · {count} {what}").unwrap();
        write!(bold, "{}**{count}** {what}", if bold.is_empty() { "" } else { " · " }).unwrap();
    }
    assert!(terminal.lines().any(|shown| shown == line), "{line}\n{terminal}");
    assert!(markdown.contains(&bold), "{bold}\n{markdown}");

    let html = written(|text| html::write(&report, text));
    for (verdict, count) in verdicts.into_iter().zip(counts) {
        assert_eq!(html.matches(&format!("<tr class=\"s-{verdict}\" id=")).count(), count, "{verdict}");
        assert_eq!(html.contains(&format!("<li class=\"{verdict}\"><b>{count}</b>")), count > 0, "{verdict}");
    }
}

#[test]
fn all_formats_say_the_same_numbers() {
    numbers(&sample());
    numbers(&clean());
    numbers(&empty());
}

/// The same for a fault of every rule, so for every shape of finding that the rules give.
#[test]
fn all_formats_say_the_same_numbers_of_a_fault_of_every_rule() {
    for rule in rules::rules() {
        if let Some(case) = rule.cases.iter().find(|case| case.want == rules::Want::Fail) {
            numbers(&crate::sample::of_case(case));
        }
    }
}
