//! The report for programs.

use crate::sample::{empty, sample};
use serde_json::Value;
use std::collections::BTreeSet;

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

#[test]
fn the_book_names_every_key() {
    let page = include_str!("../../../../docs/book/src/reference/json-report.md");
    let mut keys = BTreeSet::new();
    collect(&rules::report::json::value(&sample().report()), &mut keys);
    let missing: Vec<_> = keys.into_iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert_eq!(missing, Vec::<String>::new());
}

fn collect(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            keys.extend(object.keys().cloned());
            object.values().for_each(|value| collect(value, keys));
        }
        Value::Array(items) => items.iter().for_each(|value| collect(value, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
