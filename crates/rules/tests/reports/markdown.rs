//! The report for a pull request.

use crate::sample::{Sample, clean, empty, sample};

fn text(sample: &Sample) -> String {
    let mut text = String::new();
    rules::report::markdown::write(&sample.report(), &mut text).unwrap();
    text
}

#[test]
fn it_fits_a_pull_request() {
    insta::assert_snapshot!(text(&sample()));
}

#[test]
fn a_ready_design_is_short() {
    assert!(text(&clean()).lines().count() < 8);
    assert!(text(&empty()).starts_with("## ✅ nothing: ready"));
}

#[test]
fn every_row_of_a_table_has_its_cells() {
    let text = text(&sample());
    let mut cells = 0;
    for line in text.lines() {
        let bars = line.replace("\\|", "").matches('|').count();
        match line.starts_with('|') {
            true if cells == 0 => cells = bars,
            true => assert_eq!(bars, cells, "{line}"),
            false => cells = 0,
        }
    }
}

#[test]
fn a_design_writes_no_markup_of_its_own() {
    let evil = "circuits: {'`<img src=x>`|@org': {bandwidth: 3 Gbps, private: {primary: {subnet: 10.0.0.0/8}}}}\n";
    let text = text(&crate::sample::sample_of(evil));
    // Within code nothing is markup; outside of it nothing of the design may be.
    let outside = text.split('`').step_by(2).collect::<String>();
    assert!(!outside.contains("<img") && !outside.contains("@org"), "{outside}");
}
