//! A provider that runs layer 3: its routers end the peerings, it writes them, it translates, and the customer keeps off.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use client::{At, Client, Who};
use common::labs::{Labs, TODAY};
use serde_json::{Value, json};
use std::process::{Command, Stdio};

const EDGES: [&str; 2] = ["pe-frankfurt-1", "pe-frankfurt-2"];

/// The lab of the example comes up, and every connection with it; gives what the checklist says of it.
fn comes_up(labs: &Labs) -> Value {
    let output = labs.twinpath(&["lab", "up", "managed.design.yaml", "--today", TODAY, "--patience", "120", "--json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reached: Vec<&Value> = events.iter().filter(|event| event["event"] == "reached").collect();
    assert_eq!(reached.len(), 3, "a network, a service and the Internet: {text}\n{}", labs.logs());
    assert!(reached.iter().all(|one| one["works"] == true), "{reached:#?}");
    events.iter().find(|event| event["event"] == "checklist").unwrap().clone()
}

/// Packets that the provider's edges sent towards Microsoft on Microsoft peering while every connection was tried, as a
/// filter of tcpdump counts them.
fn sent(labs: &Labs, filters: &[&str]) -> Vec<usize> {
    let file = |edge: &str| labs.folder.path().join(format!("{edge}.pcap"));
    let tcpdump = |edge: &&str| {
        let device = if *edge == EDGES[0] { "c1p-ms" } else { "c1s-ms" };
        let path = file(edge).display().to_string();
        // It ends when nobody holds its input any more.
        let capture = format!("tcpdump -U -n -Z root -Q out -i {device} -w {path} & cat; kill -INT $!; wait");
        let mut command = labs.command(&["lab", "exec", edge, "--", "sh", "-c", &capture]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let captures: Vec<_> = EDGES.iter().map(tcpdump).collect();
    while !EDGES.iter().all(|edge| std::fs::metadata(file(edge)).is_ok_and(|file| file.len() > 0)) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let events = labs.events(&["lab", "verify", "--json"]);
    assert!(events.iter().all(|one| one["works"] != false), "{events:#?}");
    for mut capture in captures {
        drop(capture.stdin.take());
        capture.wait().unwrap();
    }
    let count = |filter: &&str| {
        let lines = EDGES.iter().map(|edge| {
            let mut read = Command::new(lab::find("tcpdump").unwrap());
            let output = read.args(["-n", "-q", "-r"]).arg(file(edge)).arg(filter).output().unwrap();
            String::from_utf8_lossy(&output.stdout).lines().count()
        });
        lines.sum()
    };
    filters.iter().map(count).collect()
}

/// What holds, fails or is unknown of a rule, with what the service and its edges say.
fn verdict(labs: &Labs, rule: &str) -> String {
    let data = labs.folder.path().join("labs/fabrikam/service");
    let client = Client::open(&At { data: Some(data.clone()), url: None }, Who::Customer).unwrap();
    let data = data.display().to_string();
    let args = ["check", "managed.design.yaml", "--today", TODAY, "--observed", "1s", "--data", &data, "--json"];
    let output = labs.command(&args).args(["--live", &client.base]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rules = report["rules"].as_array().unwrap();
    rules.iter().find(|one| one["id"] == rule).unwrap()["verdict"].as_str().unwrap().to_owned()
}

#[test]
fn the_providers_routers_carry_translate_and_survive_a_cut() {
    let labs = Labs::new(false);
    let checklist = comes_up(&labs);
    assert_eq!((&checklist["faults"], &checklist["unknown"]), (&0.into(), &0.into()), "{checklist}");
    let seen = sent(&labs, &["src net 131.107.245.0/28", "src net 10.0.0.0/8 or src net 169.254.0.0/16"]);
    assert!(seen[0] > 0 && seen[1] == 0, "translated, and not: {seen:?}");

    let output = labs.twinpath(&["drill", "--json", "--rate", "200", "carrier"]);
    let evidence: Value = serde_json::from_slice(&output.stdout).unwrap();
    let cut = &evidence["drill"]["scenarios"][0];
    assert!(cut["judged"].is_object(), "{cut:#}");
    assert_eq!((&cut["runs"][0]["faults"], cut["runs"][0]["whole"].is_number()), (&json!([]), true), "{cut:#}");

    assert_eq!(verdict(&labs, "PROV-010"), "holds");
    // A customer who writes the peering himself, with a key of his own.
    let data = labs.folder.path().join("labs/fabrikam/service");
    let customer = Client::open(&At { data: Some(data), url: None }, Who::Customer).unwrap();
    let subscription = customer.subscription.clone().unwrap();
    let path = format!(
        "/subscriptions/{subscription}/resourceGroups/lab/providers/Microsoft.Network/expressRouteCircuits/frankfurt/peerings/AzurePrivatePeering"
    );
    let mut body = customer.get(&path).unwrap();
    body["properties"]["sharedKey"] = json!("customers-own");
    customer.finish(&ureq::http::Method::PUT, &path, Some(&body), "peering").unwrap();
    assert_eq!(verdict(&labs, "PROV-010"), "fault");
}

#[test]
fn after_the_split_each_edge_translates_to_its_half_of_the_pool() {
    let labs = Labs::new(false);
    let file = labs.folder.path().join("managed.design.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("placement: before-split", "placement: after-split")).unwrap();
    comes_up(&labs);
    let seen = sent(&labs, &["src net 131.107.245.0/28", "src net 10.0.0.0/8 or src net 169.254.0.0/16"]);
    assert!(seen[0] > 0 && seen[1] == 0, "translated, and not: {seen:?}");
}
