//! Input that cannot be used: a clear word, exit code 2, no panic, bounded memory.
#![allow(clippy::unwrap_used, reason = "a test ends where its input cannot be made")]

mod common;

use common::{Run, folder, twinpath};
use std::io::Write;

/// Runs a check on a file of these bytes.
fn check(bytes: &[u8]) -> Run {
    let folder = folder();
    let file = folder.path().join("bad.yaml");
    std::fs::write(&file, bytes).unwrap();
    twinpath(&["check", file.to_str().unwrap()])
}

/// Asserts exit code 2 and that the error says each of these.
#[track_caller]
fn refused(run: &Run, says: &[&str]) {
    assert_eq!(run.code, 2, "{run:?}");
    for text in says {
        assert!(run.stderr.contains(text), "`{text}` is not in:\n{}", run.stderr);
    }
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
}

#[test]
fn broken_yaml_is_refused_with_line_and_column() {
    refused(&check(b"company: Contoso\ncircuits: [a, b\nvnets: {}\n"), &["bad.yaml:", "expected well-formed YAML"]);
}

#[test]
fn an_unknown_key_is_refused_with_what_was_meant() {
    let run = check(b"circuits:\n  ams:\n    private:\n      vlam: 100\n");
    refused(&run, &["bad.yaml:4:7", "the unknown key `vlam`", "did you mean `vlan`?", "^^^^"]);
}

#[test]
fn a_wrong_type_is_refused_with_what_was_expected() {
    refused(&check(b"circuits:\n  ams:\n    private: {vlan: [1, 2]}\n"), &["a list of 2", "a VLAN id, 1 to 4094"]);
    refused(&check(b"circuits:\n  ams:\n    private: {vlan: 4095}\n"), &["vlan 4095 is outside 1..=4094"]);
}

#[test]
fn a_prefix_with_host_bits_is_refused_with_the_prefix_that_was_meant() {
    let run = check(b"sites:\n  ams: {prefixes: [10.1.2.3/16]}\n");
    refused(&run, &["bad.yaml:2:20", "host bits", "did you mean `10.1.0.0/16`?"]);
}

#[test]
fn a_name_that_nothing_has_is_refused_with_the_one_that_was_meant() {
    let run = check(b"sites: {ams: {}}\ncircuits:\n  c1: {site: asm}\n");
    refused(&run, &["the unknown site `asm`", "did you mean `ams`?"]);
}

#[test]
fn deep_nesting_is_refused() {
    let deep = format!("a: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    refused(&check(deep.as_bytes()), &["bad.yaml"]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    refused(&check(deep.as_bytes()), &["bad.yaml"]);
}

#[test]
fn anchors_that_multiply_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", ")));
    }
    refused(&check(text.as_bytes()), &["more than 4000000 values"]);
}

#[test]
fn an_anchor_within_itself_is_refused() {
    refused(&check(b"circuits: &a\n  ams: *a\n"), &["bad.yaml:2:8"]);
}

#[test]
fn bytes_that_are_no_utf8_are_refused_with_their_place() {
    refused(&check(b"company: Caf\xe9\n"), &["0xe9 at line 1, column 13", "iconv"]);
}

#[test]
fn a_truncated_export_is_refused() {
    let run = check(br#"[{"name": "ams", "type": "Microsoft.Network/expressRouteCircuits", "properties": {"peer"#);
    refused(&run, &["bad.yaml:1:"]);
}

#[test]
fn a_json_that_is_no_azure_resource_is_refused() {
    refused(&check(br#"{"hello": "world"}"#), &["bad.yaml:1:1"]);
}

#[test]
fn an_empty_file_and_a_missing_file_are_refused() {
    refused(&check(b""), &["bad.yaml"]);
    refused(&twinpath(&["check", "no-such-file.yaml"]), &["no-such-file.yaml"]);
}

#[test]
fn a_file_of_200_megabytes_is_refused_without_reading_it_whole() {
    let folder = folder();
    let path = folder.path().join("huge.yaml");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(200 << 20).unwrap();
    refused(&twinpath(&["check", path.to_str().unwrap()]), &["more than 64 MiB"]);
}

#[test]
fn one_bad_file_does_not_hide_the_others() {
    let folder = folder();
    std::fs::write(folder.path().join("a.design.yaml"), common::CONTOSO).unwrap();
    let mut bad = std::fs::File::create(folder.path().join("b.design.yaml")).unwrap();
    bad.write_all(b"circuits: [").unwrap();
    let run = twinpath(&["check", "--each", "--today", "2026-11-21", folder.path().to_str().unwrap()]);
    refused(&run, &["b.design.yaml"]);
    assert!(run.stdout.contains("a.design.yaml"), "{}", run.stdout);
}

#[test]
fn words_that_are_no_command_line_exit_with_2() {
    for words in [&["chekc"][..], &["check"], &["check", "--format", "pdf", "x"], &["explain", "NO-SUCH-RULE"]] {
        assert_eq!(twinpath(words).code, 2, "{words:?}");
    }
    let run = twinpath(&["explain", "ADDR-02"]);
    assert!(run.stderr.contains("did you mean"), "{}", run.stderr);
}
