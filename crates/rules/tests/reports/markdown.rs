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
