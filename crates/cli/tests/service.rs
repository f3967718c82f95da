//! A service that runs, and its clients: the demo, the operator, the provider, live evidence.
#![allow(clippy::unwrap_used, reason = "a test ends where its service cannot be started")]

mod common;

use common::{Run, folder};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A service of its own, stopped with the test.
struct Service {
    child: Child,
    data: tempfile::TempDir,
    /// What it printed until the lines to paste.
    page: Vec<String>,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    /// Starts `twinpath serve --demo`, and reads what it prints until the last line to paste.
    fn start(data: tempfile::TempDir) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_twinpath"))
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data", data.path().to_str().unwrap()])
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut page = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            page.push(line.unwrap().trim().to_owned());
            if page.last().unwrap().contains("--live") {
                break;
            }
        }
        assert!(page.iter().any(|line| line.contains("--live")), "{page:#?}");
        Self { child, data, page }
    }

    /// The address that the page says.
    fn base(&self) -> String {
        let line = self.page.iter().find_map(|line| line.split_once("--live ")).unwrap().1;
        line.split(' ').next().unwrap().to_owned()
    }

    /// A line of the page, as it would be pasted.
    fn pasted(&self, with: &str) -> String {
        self.page.iter().find(|line| line.starts_with("twinpath ") && line.contains(with)).unwrap().clone()
    }

    /// Runs `twinpath` with words, at this service.
    fn run(&self, words: &[&str]) -> Run {
        let base = self.base();
        let data = self.data.path().to_str().unwrap();
        common::twinpath(&[words, &["--data", data, "--url", &base]].concat())
    }

    /// The same, as JSON.
    fn json(&self, words: &[&str]) -> Value {
        let run = self.run(&[words, &["--json"]].concat());
        assert_eq!(run.code, 0, "{words:?}: {run:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// Pastes a line into a shell that finds the binary; the address is said, as the port is not the usual one.
fn paste(service: &Service, line: &str) -> (i32, String) {
    let folder = Path::new(env!("CARGO_BIN_EXE_twinpath")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-c", line])
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env("TWINPATH_URL", service.base())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn the_lines_of_the_demo_work_as_they_stand() {
    let service = Service::start(folder());
    let (code, text) = paste(&service, &service.pasted("provider provision"));
    assert!(code == 0 && text.contains("Provisioned"), "{code} {text}");
    let (code, text) = paste(&service, &service.pasted("operator circuits"));
    assert!(code == 0 && text.contains("contoso-ams"), "{code} {text}");

    let check = service.pasted("--live");
    let (_, text) = paste(&service, &format!("{check} --json 2>/dev/null"));
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(report["disagreements"].as_array().unwrap().len(), 0, "{:#}", report["disagreements"]);

    // What the design says otherwise than what was ordered is a finding.
    let path = service.data.path().join("contoso.design.yaml");
    let design = std::fs::read_to_string(&path).unwrap().replace("bandwidth: 1 Gbps", "bandwidth: 2 Gbps");
    std::fs::write(&path, design).unwrap();
    let (code, text) = paste(&service, &format!("{check} --json 2>/dev/null"));
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("circuits.contoso-ams.bandwidth"), "{text}");
    assert!(text.contains("/expressRouteCircuits/contoso-ams etag"), "the resource and its etag are named: {text}");

    let (code, text) = paste(&service, &service.pasted("peering set"));
    assert!(code == 0 && text.contains("AzurePrivatePeering"), "{code} {text}");
}

#[test]
fn a_second_start_finds_the_circuit_of_the_first() {
    let mut service = Service::start(folder());
    let first = service.json(&["operator", "circuits"]);
    Command::new("kill").arg(service.child.id().to_string()).status().unwrap();
    service.child.wait().unwrap();
    let data = std::mem::replace(&mut service.data, folder());
    let again = Service::start(data);
    assert_eq!(again.json(&["operator", "circuits"]), first);
    assert_eq!(first.as_array().unwrap().len(), 1);
}

#[test]
fn the_operator_stands_in_microsofts_place() {
    let service = Service::start(folder());

    // Delays and quirks.
    assert_eq!(service.json(&["operator", "delays"])["mode"], "instant");
    assert_eq!(service.json(&["operator", "delays", "fixed", "--seconds", "0"])["mode"], "fixed");
    assert_eq!(service.run(&["operator", "delays", "fixed"]).code, 2);
    let quirks = service.json(&["operator", "quirks"]);
    assert!(quirks.as_array().unwrap().iter().all(|quirk| quirk["on"] == false), "all are off at first");
    assert_eq!(service.json(&["operator", "quirks", "circuit-echo", "on"])[0]["on"], true);
    assert_eq!(service.run(&["operator", "quirks", "nonsense", "on"]).code, 2);

    // Accounts.
    let made = service.json(&["operator", "subscription", "create", "Second"]);
    let id = made[0]["subscriptionId"].as_str().unwrap();
    assert_eq!(service.json(&["operator", "subscription", "disable", id])[0]["state"], "Disabled");
    assert_eq!(service.json(&["operator", "subscription", "permit-m365", id])[0]["office365"], true);
    let principal =
        service.json(&["operator", "principal", "create", "reader", "--role", "reader", "--subscription", id]);
    let (client, secret) = (principal["clientId"].as_str().unwrap(), principal["secret"].as_str().unwrap());
    assert!(!service.run(&["operator", "principal", "list"]).stdout.contains(secret), "a secret is shown once");
    assert_ne!(service.json(&["operator", "principal", "new-secret", client])["secret"], secret);
    assert!(service.json(&["operator", "provider", "enroll", "Equinix"])["secret"].is_string());

    // Whatever was done is in the log, without secrets.
    let audit = service.run(&["operator", "audit", "--json"]).stdout;
    assert!(audit.contains("/twinpath/settings/quirks"), "{audit}");
    assert!(!audit.contains(secret) && !audit.contains("argon2"), "{audit}");

    // Prefixes of the circuit of the demo.
    let circuits = service.json(&["operator", "circuits"]);
    let key = circuits[0]["serviceKey"].as_str().unwrap();
    let said = service.json(&["operator", "prefix", "question", key, "203.0.113.0/24"]);
    assert_eq!(said["verdicts"]["203.0.113.0/24"], "questioned");
    assert_eq!(service.run(&["operator", "prefix", "question", key, "nonsense"]).code, 2);
    assert_eq!(
        service.json(&["operator", "prefix", "clear", key, "203.0.113.0/24"])["verdicts"],
        serde_json::json!({})
    );
}

#[test]
fn the_provider_takes_a_circuit_through_its_states() {
    let service = Service::start(folder());
    let key = service.json(&["operator", "circuits"])[0]["serviceKey"].as_str().unwrap().to_owned();
    let state = |rows: Value| rows[0]["properties"]["serviceProviderProvisioningState"].clone();
    assert_eq!(state(service.json(&["provider", "show", &key])), "NotProvisioned");
    assert_eq!(state(service.json(&["provider", "provision", &key, "--begin"])), "Provisioning");
    assert_eq!(state(service.json(&["provider", "provision", &key])), "Provisioned");
    let noted = service.json(&["provider", "note", &key, "rack B"]);
    assert_eq!(noted[0]["properties"]["serviceProviderNotes"], "rack B");
    assert_eq!(state(service.json(&["provider", "deprovision", &key])), "NotProvisioned");
    let unknown = service.run(&["provider", "provision", "00000000-0000-0000-0000-000000000000"]);
    assert!(unknown.code == 2 && unknown.stderr.contains("NotFound"), "{unknown:?}");
}

#[test]
fn without_a_service_the_message_says_what_to_do() {
    let empty = folder();
    let run = common::twinpath(&["operator", "circuits", "--data", empty.path().to_str().unwrap()]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains("--data") && run.stderr.contains("credentials.json"), "{}", run.stderr);
}

#[test]
fn endpoints_are_served_and_followed() {
    let mut service = Service::start(folder());
    let followed = folder();
    let (ca, dir) = (service.data.path().join("ca.pem"), followed.path().join("seen"));
    let (ca, dir) = (ca.to_str().unwrap(), dir.to_str().unwrap());
    let hook = "echo $TWINPATH_OLD $TWINPATH_NEW >> $(dirname $TWINPATH_EDITS)/hooked; test -s $TWINPATH_ENDPOINTS";
    let watch = |url: &str| {
        common::twinpath(&["m365", "watch", url, "--ca", ca, "--dir", dir, "--hook", hook, "--once", "--json"])
    };
    let base = service.base();
    let first = watch(&base);
    assert!(first.code == 0 && first.stdout.contains("\"first\""), "{first:?}");
    assert_eq!(watch(&base).code, 0, "nothing new");

    // As if the last look had been at an older version, whose answer is kept.
    let state = std::path::Path::new(dir).join("state.json");
    let text = std::fs::read_to_string(&state).unwrap();
    std::fs::write(&state, text.replace("2026082300", "2020122300")).unwrap();
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/../catalog/data/m365-endpoints-worldwide-2020122300.json");
    std::fs::copy(old, format!("{dir}/endpoints-2020122300.json")).unwrap();
    let new = watch(&base);
    assert_eq!(new.code, 1, "{new:?}");
    let told: Value = serde_json::from_str(&new.stdout).unwrap();
    assert!(told["edits"].as_array().unwrap().iter().any(|edit| edit["due"] == "by 2025-12-31"), "of /changes: {told}");
    assert_eq!(std::fs::read_to_string(format!("{dir}/hooked")).unwrap(), "2020122300 2026082300\n");

    // What was seen is evidence; an outage leaves it.
    let live = format!("{dir}/feed.live.yaml");
    service.child.kill().unwrap();
    service.child.wait().unwrap();
    let gone = watch(&base);
    assert!(gone.code == 2 && gone.stderr.contains("the last good endpoints stay in force"), "{gone:?}");
    let check = common::twinpath(&["check", "examples/contoso.design.yaml", &live, "--json"]);
    let report: Value = serde_json::from_str(&check.stdout).unwrap();
    let rule = report["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == "M365-020").unwrap();
    assert_eq!(rule["verdict"], "holds", "{rule:#}");
    assert!(rule["evidence"].to_string().contains("feed.live.yaml"), "{rule:#}");
}
