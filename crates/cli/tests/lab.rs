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
/// So does a second one beside it, if one is wanted.
fn comes_up(labs: &Labs, router: &str, second: Option<&str>) {
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
    if let Some(name) = second {
        let second = labs.twinpath(&["lab", "up", "contoso.design.yaml", "--today", TODAY, "--name", name, "--json"]);
        assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stdout));
    }
    for name in ["contoso"].into_iter().chain(second) {
        assert!(labs.twinpath(&["lab", "down", "--name", name]).status.success());
    }
    assert_eq!(machine(), before, "the machine is as it was");
    assert_eq!(walk(&labs.folder.path().join("labs")), Vec::<PathBuf>::new());
}

#[test]
fn contoso_comes_up_with_bird() {
    comes_up(&Labs::new(false), "bird", Some("other"));
}

#[test]
fn contoso_comes_up_with_frr() {
    if is_root() {
        comes_up(&Labs::new(false), "frr", None);
    }
}

#[test]
fn a_plain_user_has_the_same_lab() {
    if is_root() {
        comes_up(&Labs::new(true), "bird", None);
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

/// A slip of the pen, and what becomes of a network that is built all the same.
struct Fault {
    name: &'static str,
    edit: fn(&str) -> String,
    /// The code with which the service refuses the order; empty when it takes it.
    refused: &'static str,
    /// A rule that says why, with live evidence.
    rule: &'static str,
    /// Sessions that come up, of those that are known.
    established: u64,
    /// Connections that work, of twelve.
    works: usize,
}

fn once(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

fn faults() -> Vec<Fault> {
    const SUBNETS: &str = "      subnets: 192.168.15.16/29        # one half for each link\n";
    let fault = |name, edit, refused, rule, established, works| Fault { name, edit, refused, rule, established, works };
    vec![
        fault("wrong MD5 key", |text| once(text, "md5_router: set", "md5_router: none"), "", "NET-BGP-009", 6, 12),
        fault("wrong VLAN", |text| once(text, "vlan: 200", "vlan: 100"), "VlanIdInUse", "ADDR-008", 4, 12),
        fault(
            "one pool for two circuits: answers come back by the other one",
            |text| text.replace("      prefixes: [131.107.240.32/27]\n", "      prefixes: [131.107.240.0/27]\n"),
            "",
            "NAT-005",
            8,
            8,
        ),
        fault(
            "swapped host addresses",
            |text| {
                let primary = "      primary: { customer: 192.168.15.18, microsoft: 192.168.15.17 }\n";
                once(text, SUBNETS, &format!("{SUBNETS}{primary}"))
            },
            "",
            "ADDR-004",
            7,
            12,
        ),
        fault(
            "reserved AS number",
            |text| once(text, "asn: 65010", "asn: 65515"),
            "PeerAsnNotAllowed",
            "NET-BGP-004",
            6,
            12,
        ),
        fault(
            "no route filter",
            |text| once(text, "filter: [exchange, sharepoint, teams, westeurope]", "filter: []"),
            "",
            "NET-BGP-016",
            8,
            12,
        ),
        fault(
            "prefix that nobody has validated",
            |text| {
                let proof = "      manual_validation: 2026-10-02 letter of authorization, ticket 2610020040001234\n";
                let text = once(text, proof, "");
                once(&text, "      subnets_owned: 2026-08-14 RIPE NCC allocation\n", "")
            },
            "",
            "M365-023",
            6,
            12,
        ),
        fault(
            "more prefixes than the peering takes",
            |text| {
                let one = |n: u32| format!("10.{}.{}.{}/28", 10 + n / 4096, n / 16 % 256, n % 16 * 16);
                let many: Vec<String> = (0..10_001).map(one).collect();
                once(text, "advertise: [10.10.0.0/16, 10.20.0.0/16]", &format!("advertise: [{}]", many.join(", ")))
            },
            "",
            "NET-BGP-001",
            6,
            12,
        ),
        fault(
            "private sources on Microsoft peering",
            |text| {
                let text = once(text, "  operator: customer\n  placement: before-split\n", "  operator: nobody\n");
                let (head, rest) = text.split_once("  pools:\n    pool-ams").unwrap();
                let (_, tail) = rest.split_once("flows:\n").unwrap();
                format!("{head}\nflows:\n{tail}")
            },
            "",
            "NAT-002",
            8,
            4,
        ),
        fault(
            "one session only",
            |text| once(text, SUBNETS, "      subnets: 192.168.15.16/30\n"),
            "PeerAddressPrefixInvalid",
            "NET-BGP-002",
            6,
            12,
        ),
    ]
}

/// The checklist refuses the design; built all the same, it fails as the real service would, and what runs says why.
fn fails(fault: &Fault) {
    let labs = Labs::new(false);
    let file = labs.folder.path().join("contoso.design.yaml");
    let text = (fault.edit)(&std::fs::read_to_string(&file).unwrap());
    std::fs::write(&file, text).unwrap();
    let run = ["lab", "run", "contoso.design.yaml", "--today", TODAY, "--anyway", "--patience", "8", "--json"];
    let output = labs.twinpath(&run);
    let text = String::from_utf8_lossy(&output.stdout);
    let what = |part: &str| format!("{}: {part}: {text}", fault.name);
    assert_eq!(output.status.code(), Some(1), "{}", what("findings"));
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let refused: Vec<&str> =
        of_kind(&events, "refused").iter().map(|one| one["why"].as_str().unwrap_or_default()).collect();
    match fault.refused {
        "" => assert!(refused.is_empty(), "{}", what("the service takes it")),
        code => assert!(refused.iter().any(|why| why.contains(code)), "{}", what(code)),
    }
    let sessions = events.iter().find(|one| one["event"] == "done" && one["stage"] == "sessions").unwrap();
    let established = sessions["what"].as_str().and_then(|what| what.split(' ').next()).unwrap_or_default();
    assert_eq!(established, fault.established.to_string(), "{}", what("sessions"));
    let works = of_kind(&events, "reached").iter().filter(|one| one["works"] == true).count();
    assert_eq!(works, fault.works, "{}", what("connections"));
    let rules = of_kind(&events, "checklist")[0]["rules"].as_array().unwrap().clone();
    assert!(rules.iter().any(|rule| rule == fault.rule), "{}", what(fault.rule));
}

#[test]
fn three_designs_with_faults_fail_as_they_would_in_earnest() {
    faults()[..3].iter().for_each(fails);
}

#[test]
#[ignore = "two minutes: the three above are some of them"]
fn ten_designs_with_faults_fail_as_they_would_in_earnest() {
    faults().iter().for_each(fails);
}
