//! The main job, as a user does it: a design becomes a network on this machine, with real daemons and real packets.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use common::labs::{Labs, TODAY, is_root, machine, walk};
use serde_json::Value;
use std::path::PathBuf;

/// Of the events of one kind.
fn of_kind<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

/// Contoso comes up: every connection works, the checklist holds with what runs, a cut is survived, nothing stays.
fn comes_up(labs: &Labs, router: &str) {
    let before = machine();
    let up = ["lab", "up", "contoso.design.yaml", "--today", TODAY, "--ce", router, "--patience", "120", "--json"];
    let events = labs.events(&up);
    let reached = of_kind(&events, "reached");
    assert_eq!(reached.len(), 12, "two sites to a network, four services and the Internet");
    assert!(reached.iter().all(|one| one["works"] == true));
    let checklist = of_kind(&events, "checklist");
    assert_eq!((&checklist[0]["faults"], &checklist[0]["unknown"]), (&0.into(), &0.into()), "{checklist:?}");

    assert!(labs.twinpath(&["lab", "link", "amsterdam-primary", "cut"]).status.success());
    let way = |events: &[Value], to: &str| {
        let one = events.iter().find(|one| one["from"] == "ams" && one["to"] == to).unwrap();
        one["way"].to_string()
    };
    let events = labs.events(&["lab", "verify", "--json"]);
    assert!(!way(&events, "exchange").contains("ce-ams-1"), "{events:#?}");
    assert!(labs.twinpath(&["lab", "link", "amsterdam-primary", "heal"]).status.success());

    let nodes = labs.twinpath(&["lab", "exec", "host-ams", "--", "ip", "-br", "address", "show", "dev", "lo"]);
    assert!(String::from_utf8_lossy(&nodes.stdout).contains("10.10.0.10"));
    let second = labs.twinpath(&["lab", "up", "contoso.design.yaml", "--today", TODAY, "--name", "other", "--json"]);
    assert!(second.status.success(), "a second one beside it: {}", String::from_utf8_lossy(&second.stdout));
    for name in ["contoso", "other"] {
        assert!(labs.twinpath(&["lab", "down", "--name", name]).status.success());
    }
    assert_eq!(machine(), before, "the machine is as it was");
    assert_eq!(walk(&labs.folder.path().join("labs")), Vec::<PathBuf>::new());
}

#[test]
fn contoso_comes_up_with_bird() {
    comes_up(&Labs::new(false), "bird");
}

#[test]
fn contoso_comes_up_with_frr() {
    if is_root() {
        comes_up(&Labs::new(false), "frr");
    }
}

#[test]
fn a_plain_user_has_the_same_lab() {
    if is_root() {
        comes_up(&Labs::new(true), "bird");
    }
}

#[test]
fn a_design_with_faults_is_refused_with_its_findings() {
    let labs = Labs::new(false);
    let file = labs.folder.path().join("contoso.design.yaml");
    let text = std::fs::read_to_string(&file).unwrap().replace("vlan: 200", "vlan: 100");
    std::fs::write(&file, text).unwrap();
    let output = labs.twinpath(&["lab", "up", "contoso.design.yaml", "--today", TODAY]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("ADDR-008") && text.contains("--anyway"), "{text}");
    assert_eq!(String::from_utf8_lossy(&labs.twinpath(&["lab", "status", "--json"]).stdout).trim(), "[]");
}
