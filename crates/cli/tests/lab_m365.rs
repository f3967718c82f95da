//! Microsoft 365 over the circuits of a design, as a user sees it: refused, opened, filtered, changed, and proven by the
//! packets that were captured.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use common::labs::{Labs, machine, walk};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the packets in captures went, as tcpdump reads them.
fn destinations(folder: &Path, of: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for file in walk(folder).into_iter().filter(|file| of(file.file_stem().unwrap().to_str().unwrap())) {
        let output = Command::new(lab::find("tcpdump").unwrap()).args(["-n", "-q", "-r"]).arg(file).output().unwrap();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            // 12:00:00.000000 IP 131.107.240.3.40000 > 40.96.0.10.4711: UDP, length 64
            let to = line.split(" > ").nth(1).and_then(|rest| rest.split(':').next()).unwrap();
            seen.insert(to.rsplit_once('.').unwrap().0.to_owned());
        }
    }
    seen
}

#[test]
fn the_split_is_where_packets_go() {
    let (labs, before) = (Labs::new(false), machine());
    let captures = labs.folder.path().join("captures");
    let command = ["lab", "m365", "contoso.design.yaml", "--patience", "120", "--captures", "captures", "--json"];
    let events = labs.events(&command);
    let of = |kind: &'static str| events.iter().filter(move |event| event["event"] == kind);

    let steps: Vec<&str> = of("step").map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["unauthorized", "standard", "attached", "detached", "attached-again", "changed"]);
    let refused = |name: &str| of("step").find(|step| step["step"] == name).unwrap()["refused"].to_string();
    assert!(refused("unauthorized").contains("SubscriptionNotAuthorizedForOffice365"), "{}", refused("unauthorized"));
    assert!(refused("standard").contains("RouteFilterNotCompatible"), "{}", refused("standard"));
    for step in ["attached", "detached", "attached-again", "changed"] {
        assert_eq!(refused(step), "[]", "{step}");
    }

    let packets = |step: &'static str| of("packets").filter(move |one| one["step"] == step);
    let over = |step: &'static str, from: &str, to: &str| {
        let one = packets(step).find(|one| one["from"] == from && one["to"] == to).unwrap();
        assert!(one["works"] == true && one["sent"].as_u64() > Some(50), "{one}");
        one["over"].as_str().unwrap()
    };
    for step in ["unauthorized", "standard", "detached"] {
        assert!(packets(step).all(|one| one["over"] == "internet"), "{step}: {events:#?}");
    }
    for site in ["ams", "dub"] {
        for service in ["exchange-1", "exchange-10", "skype-11", "sharepoint-31"] {
            assert_eq!(over("attached", site, service), "circuit", "{site} → {service}");
            assert_eq!(over("attached", "outside", service), "internet", "{service}");
        }
        for elsewhere in ["dns", "cdn", "crl", "common-56"] {
            assert_eq!(over("attached", site, elsewhere), "internet", "{site} → {elsewhere}");
        }
        assert_eq!(over("changed", site, "sharepoint-31"), "internet");
        assert_eq!(over("changed", site, "exchange-1"), "circuit");
    }

    // Nobody whom the change is not meant for loses a packet or a connection while it rolls.
    let change = of("change").next().unwrap();
    assert_eq!((&change["lost"], &change["hurt"]), (&0.into(), &Value::Array(Vec::new())), "{change}");
    assert_eq!((change["meant"].as_u64(), change["others"].as_u64()), (Some(2), Some(37)));

    // The captures say the same to a program that is not ours.
    let address = |name: &str| {
        let one = packets("attached").find(|one| one["to"] == name && !one["address"].is_null()).unwrap();
        one["address"].as_str().unwrap().to_owned()
    };
    let carried: BTreeSet<String> = packets("attached")
        .filter(|one| one["wanted"] == "circuit" && !one["address"].is_null())
        .map(|one| one["address"].as_str().unwrap().to_owned())
        .collect();
    let circuits = |step: &str| destinations(&captures.join(step), |link| !link.starts_with("internet"));
    assert_eq!(circuits("unauthorized"), BTreeSet::new());
    assert_eq!(circuits("detached"), BTreeSet::new());
    assert_eq!(circuits("attached"), carried);
    assert!(carried.len() > 5 && carried.contains(&address("sharepoint-31")), "{carried:?}");
    assert!(!circuits("changed").contains(&address("sharepoint-31")));
    let sites = destinations(&captures.join("attached"), |link| link == "internet-ams" || link == "internet-dub");
    assert!(sites.is_disjoint(&carried) && sites.contains(&address("common-46")), "{sites:?}");
    let outside = destinations(&captures.join("attached"), |link| link == "internet-outside");
    assert!(outside.is_superset(&carried), "{outside:?}");

    assert_eq!(machine(), before, "the machine is as it was");
    assert_eq!(walk(&labs.folder.path().join("labs")), Vec::<PathBuf>::new());
}

#[test]
fn a_design_that_carries_nothing_says_why_there_is_nothing_to_see() {
    let labs = Labs::new(false);
    let file = labs.folder.path().join("contoso.design.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("  authorization: 2026-10-05 exception granted, account team case 4711\n", ""))
        .unwrap();
    let refused = labs.twinpath(&["lab", "m365", "contoso.design.yaml"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("nothing of Microsoft 365 takes a circuit"), "{said}");
}
