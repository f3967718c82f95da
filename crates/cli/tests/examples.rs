//! Every example with the report that it must give: `examples/expected/NAME.txt`.
//!
//! `UPDATE_EXPECT=1 cargo nextest run -p cli --test examples` rewrites them; the change is reviewed like code.

#![allow(clippy::unwrap_used, reason = "a test ends where its input cannot be read")]

mod common;

use common::twinpath;
use std::path::PathBuf;

fn examples() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples"))
}

/// Checks files of `examples/` and compares the report, word for word.
#[track_caller]
fn expect(name: &str, files: &[&str], more: &[&str], code: i32) {
    let files: Vec<String> = files.iter().map(|file| format!("examples/{file}")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let run = twinpath(&[&["check", "--today", "2026-11-21", "--verbose"], &files[..], more].concat());
    assert_eq!(run.code, code, "{run:?}");
    let path = examples().join("expected").join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &run.stdout).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(run.stdout == expected, "{} differs from what is printed:\n{}", path.display(), run.stdout);
}

#[test]
fn contoso() {
    expect("contoso", &["contoso.design.yaml"], &[], 0);
}

#[test]
fn contoso_running() {
    let files = ["contoso.design.yaml", "contoso.ordered.yaml", "contoso.live.yaml"];
    expect("contoso-running", &files, &[], 0);
}

#[test]
fn single() {
    expect("single", &["single.design.yaml"], &[], 0);
}

#[test]
fn classic_2015() {
    expect("classic-2015", &["classic-2015.design.yaml"], &["--profile", "2015"], 0);
}

#[test]
fn classic_2015_today() {
    expect("classic-2015-today", &["classic-2015.design.yaml"], &[], 1);
}

#[test]
fn ipv6() {
    expect("ipv6", &["ipv6.design.yaml"], &[], 0);
}

#[test]
fn direct() {
    expect("direct", &["direct.design.yaml"], &[], 0);
}

#[test]
fn m365_only() {
    expect("m365-only", &["m365-only.design.yaml"], &[], 0);
}

#[test]
fn managed() {
    expect("managed", &["managed.design.yaml"], &[], 0);
}

#[test]
fn no_example_is_without_its_report() {
    let reports = examples().join("expected");
    for entry in std::fs::read_dir(examples()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".design.yaml") {
            assert!(reports.join(format!("{name}.txt")).is_file(), "{name} has no report");
        }
    }
}
