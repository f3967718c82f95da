//! `twinpath edge` from outside.

mod common;

use common::twinpath;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[test]
fn a_configuration_is_checked_without_starting() {
    let run = twinpath(&["edge", "--config", "examples/edge.toml", "--check"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "examples/edge.toml: 2 domains, 4 peers\n"), "{}", run.stderr);
}

#[test]
fn a_bad_configuration_is_told_with_line_and_column() {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(&file, "name = 'e'\nrouter-id = '10.0.0.1'\nworker = 2\n").unwrap();
    let path = file.path().to_str().unwrap();
    let run = twinpath(&["edge", "--config", path, "--check"]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        format!("{path}:3:1: unknown key `worker`; expected a key of the file; did you mean `workers`?\n")
    );
}

/// A process that ends with the test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_edge_runs_is_asked_and_ends_when_told_to() {
    let folder = common::folder();
    let (file, socket) = (folder.path().join("edge.toml"), folder.path().join("edge.sock"));
    let config = "name = 'e'\nrouter-id = '10.0.0.1'\nlisten = ['127.0.0.1:0']\nworkers = 1\n[[domain]]\nname = 'd'\n\
        peering = 'open'\n[[domain.peer]]\nname = 'p'\naddress = '127.0.0.2'\nasn = 65001\npassive = true\n";
    fs::write(&file, config).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_twinpath"));
    child.args(["edge", "--config"]).arg(&file).stderr(Stdio::piped());
    let mut edge = Running(child.spawn().unwrap());
    let mut log = BufReader::new(edge.0.stderr.take().unwrap()).lines();
    let ready = log.next().unwrap().unwrap();
    assert!(ready.contains("ready, listening on 127.0.0.1:"), "{ready}");

    let socket = socket.to_str().unwrap();
    let summary = twinpath(&["edge", "show", "summary", "--socket", socket]);
    let lines: Vec<&str> = summary.stdout.lines().collect();
    assert_eq!(lines[0], "Neighbor   V  AS     Up/Down  State/PfxRcd  Domain", "{summary:?}");
    assert_eq!(lines[1], "127.0.0.2  4  65001  never    Active        d");
    let json = twinpath(&["edge", "show", "sessions", "--json", "--socket", socket]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json[0]["peer"], &json[0]["state"]), (&"p".into(), &"Active".into()));
    let unknown = twinpath(&["edge", "show", "routes", "nowhere", "--socket", socket]);
    assert_eq!((unknown.code, unknown.stderr.as_str()), (2, "no domain `nowhere`\n"));

    fs::write(&file, config.replace("'p'", "'q'")).unwrap();
    let hup = Command::new("kill").args(["-HUP", &edge.0.id().to_string()]).status().unwrap();
    assert!(hup.success());
    let read = log.next().unwrap().unwrap();
    assert!(read.ends_with("configuration read again: 1 peers added; 1 peers removed"), "{read}");

    let stop = twinpath(&["edge", "stop", "--socket", socket]);
    assert_eq!((stop.code, stop.stdout.as_str()), (0, "stopping\n"));
    assert_eq!(edge.0.wait().unwrap().code(), Some(0));
    let gone = twinpath(&["edge", "show", "summary", "--socket", socket]);
    assert_eq!(gone.code, 2);
    assert!(gone.stderr.contains("no edge answers there"), "{}", gone.stderr);
}
