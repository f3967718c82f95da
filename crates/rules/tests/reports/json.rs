//! The report for programs.

use crate::sample::{empty, sample};

#[test]
fn the_shape_is_stable() {
    let mut text = String::new();
    rules::report::json::write(&sample().report(), &mut text).unwrap();
    insta::assert_snapshot!(text);
}

#[test]
fn nothing_checked_is_still_a_document() {
    let value = rules::report::json::value(&empty().report());
    assert_eq!(value["overall"], "ready");
    assert_eq!(value["counts"]["rules"], 0);
}
