//! `twinpath edge` from outside.

mod common;

use common::twinpath;

#[test]
fn a_configuration_is_checked_without_starting() {
    let run = twinpath(&["edge", "--config", "examples/edge.toml", "--check"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "examples/edge.toml: 2 domains, 4 peers\n"), "{}", run.stderr);
}

#[test]
fn a_bad_configuration_is_told_with_line_and_column() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, "name = 'e'\nrouter-id = '10.0.0.1'\nworker = 2\n").unwrap();
    let path = file.path().to_str().unwrap();
    let run = twinpath(&["edge", "--config", path, "--check"]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        format!("{path}:3:1: unknown key `worker`; expected a key of the file; did you mean `workers`?\n")
    );
}
