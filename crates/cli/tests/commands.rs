//! The commands as a user types them.

mod common;

use common::{CONTOSO, folder, run, twinpath};
use serde_json::Value;

const DAY: [&str; 2] = ["--today", "2026-11-21"];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

#[test]
fn the_reference_design_is_ready() {
    let run = twinpath(&[&["check", "examples/contoso.design.yaml"][..], &DAY].concat());
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("ready"), "{}", run.stdout);
    assert!(!run.stdout.contains('\u{1b}'), "colour without a terminal");
}

#[test]
fn a_fault_exits_with_1_and_shows_its_line() {
    let design = common::CONTOSO.replacen("subnets: 192.168.15.16/29", "subnets: 192.168.15.16/28", 1);
    let run = run(&[&["check", "-"][..], &DAY].concat(), &design);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("ADDR-002") && run.stdout.contains("192.168.15.16/28"), "{}", run.stdout);
}

#[test]
fn several_files_make_one_design_and_disagreements_show() {
    let folder = folder();
    let ordered = folder.path().join("ordered.yaml");
    std::fs::write(&ordered, "evidence: ordered\ncircuits: {amsterdam: {private: {vlan: 300}}}\n").unwrap();
    let files = ["check", "--json", "examples/contoso.design.yaml", ordered.to_str().unwrap()];
    let report = json(&twinpath(&[&files[..], &DAY].concat()).stdout);
    assert_eq!(report["disagreements"][0]["path"], "circuits.amsterdam.private.vlan");
    assert_eq!(report["disagreements"][0]["stands"]["value"], "300");
    assert_eq!(report["stage"], "ordered");
}

#[test]
fn reports_are_written_beside_the_text() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (html, sarif, junit, markdown) = (path("r.html"), path("r.sarif"), path("r.xml"), path("r.md"));
    let files = ["--html", &html, "--sarif", &sarif, "--junit", &junit, "--markdown", &markdown];
    let run = twinpath(&[&["check", "examples/contoso.design.yaml"][..], &files, &DAY].concat());
    assert_eq!(run.code, 0, "{run:?}");
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    assert!(read(&html).starts_with("<!DOCTYPE html>"));
    assert_eq!(json(&read(&sarif))["version"], "2.1.0");
    assert!(read(&junit).contains("<testsuites"));
    assert!(read(&markdown).contains("contoso.design.yaml"));
}

#[test]
fn each_file_by_itself_gives_one_sarif_log_with_a_run_for_each() {
    let folder = folder();
    let sarif = folder.path().join("all.sarif");
    let words = ["check", "--each", "examples/*.design.yaml", "--sarif", sarif.to_str().unwrap()];
    twinpath(&[&words[..], &DAY].concat());
    let runs = json(&std::fs::read_to_string(&sarif).unwrap())["runs"].as_array().unwrap().len();
    let designs = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples")).unwrap();
    let designs = designs.filter(|entry| entry.as_ref().unwrap().path().to_string_lossy().ends_with(".design.yaml"));
    assert_eq!(runs, designs.count());
}

#[test]
fn designs_of_several_companies_are_checked_one_by_one() {
    let run = twinpath(&[&["check", "examples/contoso.design.yaml", "examples/ipv6.design.yaml"][..], &DAY].concat());
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("several companies"), "{}", run.stderr);
    assert_eq!(run.stdout.matches("  ready · ").count(), 2, "{}", run.stdout);
}

#[test]
fn a_waiver_accepts_a_fault_until_it_expires() {
    let folder = folder();
    let design = folder.path().join("d.yaml");
    let waivers = folder.path().join("w.yaml");
    let wrong = common::CONTOSO.replacen("subnets: 192.168.15.16/29", "subnets: 192.168.15.16/28", 1);
    std::fs::write(&design, wrong).unwrap();
    let rule = "rule: ADDR-002, owner: network team, reason: lab only";
    std::fs::write(&waivers, format!("waivers:\n  lab: {{{rule}, expires: 2026-12-31}}\n")).unwrap();
    let check = |day: &str| {
        let files =
            ["check", design.to_str().unwrap(), "--waivers", waivers.to_str().unwrap(), "--json", "--today", day];
        json(&twinpath(&files).stdout)
    };
    let rules =
        |report: &Value, key: &str| report[key].as_array().unwrap().iter().filter(|f| f["rule"] == "ADDR-002").count();
    let before = check("2026-12-31");
    assert_eq!((rules(&before, "findings"), rules(&before, "waived")), (0, 1));
    let after = check("2027-01-01");
    assert_eq!((rules(&after, "findings"), rules(&after, "waived")), (1, 0));
    assert_eq!(after["overall"], "blocked");
    assert!(after["waivers"][0]["seen"].as_str().unwrap().contains("expired"));
}

#[test]
fn rules_and_explain_speak_to_people_and_programs() {
    let list = json(&twinpath(&["rules", "--json", "--all"]).stdout);
    assert_eq!(list.as_array().unwrap().len(), 148);
    let page = twinpath(&["explain", "acc-001"]);
    assert!(page.code == 0 && page.stdout.contains("How to mend it"), "{page:?}");
    assert_eq!(json(&twinpath(&["explain", "account-inactive", "--json"]).stdout)["id"], "ACC-001");
}

#[test]
fn the_catalogue_answers_and_can_be_replaced() {
    let found = json(&twinpath(&["catalog", "providers", "--at", "Dublin", "--exchange", "--json"]).stdout);
    assert!(found.as_array().unwrap().iter().any(|row| row["provider"] == "Equinix"));
    let folder = folder();
    let limits = "category,key,sku,value,unit,source,notes\nroute-limit,x,Standard,7,prefixes,test,\n";
    std::fs::write(folder.path().join("circuit-limits.csv"), limits).unwrap();
    let dir = folder.path().to_str().unwrap();
    let found = json(&twinpath(&["catalog", "limits", "--json", "--catalog", dir]).stdout);
    assert_eq!(found.as_array().unwrap().len(), 1);
    std::fs::write(folder.path().join("circuit-limits.csv"), "nonsense\n1\n").unwrap();
    let run = twinpath(&["catalog", "limits", "--catalog", dir]);
    assert!(run.code == 2 && run.stderr.contains("circuit-limits.csv, line"), "{run:?}");
}

#[test]
fn fix_shows_a_diff_and_writes_it_on_request() {
    let folder = folder();
    let design = folder.path().join("d.design.yaml");
    let wrong = common::CONTOSO.replacen("subnets: 192.168.15.16/29", "subnets: 192.168.15.16/28", 1);
    std::fs::write(&design, &wrong).unwrap();
    let file = design.to_str().unwrap();
    let shown = twinpath(&["fix", file]);
    assert_eq!(shown.code, 1, "{shown:?}");
    assert!(shown.stdout.contains("-      subnets: 192.168.15.16/28"), "{}", shown.stdout);
    assert_eq!(std::fs::read_to_string(&design).unwrap(), wrong, "only --write writes");
    assert_eq!(twinpath(&["fix", file, "--write"]).code, 0);
    assert_eq!(std::fs::read_to_string(&design).unwrap(), common::CONTOSO);
    assert_eq!(twinpath(&["fix", file]).code, 0);
}

#[test]
fn init_writes_a_design_without_faults_of_its_own() {
    let design = twinpath(&[
        "init",
        "--no-input",
        "--company",
        "Kestrel",
        "--provider",
        "Equinix",
        "--location",
        "London",
        "--location",
        "Dublin",
        "--bandwidth",
        "1 Gbps",
        "--sku",
        "premium metered",
        "--prefixes",
        "10.1.0.0/16",
        "--region",
        "uksouth",
        "--space",
        "10.200.0.0/16",
        "--microsoft",
    ]);
    assert_eq!(design.code, 0, "{design:?}");
    let report = json(&run(&[&["check", "-", "--json"][..], &DAY].concat(), &design.stdout).stdout);
    let faults: Vec<_> =
        report["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "required").collect();
    assert!(faults.is_empty(), "{faults:#?}\n{}", design.stdout);
}

#[test]
fn the_demo_tells_its_story() {
    let run = twinpath(&["demo"]);
    assert_eq!(run.code, 0, "{run:?}");
    for text in ["blocked", "twinpath fix", "ready"] {
        assert!(run.stdout.contains(text), "{text} is not in\n{}", run.stdout);
    }
}

#[test]
fn completions_manual_pages_and_schema_are_made() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(twinpath(&["completions", shell]).stdout.contains("twinpath"));
    }
    let folder = folder();
    assert_eq!(twinpath(&["man", folder.path().to_str().unwrap()]).code, 0);
    assert!(folder.path().join("twinpath-check.1").is_file());
    assert_eq!(json(&twinpath(&["schema"]).stdout)["title"], "Twinpath design");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let binary = env!("CARGO_BIN_EXE_twinpath");
    let line = format!("{binary} rules --all --json | head -c 10; exit ${{PIPESTATUS[0]}}");
    let status = std::process::Command::new("bash").args(["-c", &line]).stdout(std::process::Stdio::null()).status();
    assert!(status.unwrap().success());
}

#[test]
fn what_the_pac_file_proves_is_evidence() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (design, evidence) = (path("my.design.yaml"), path("pac.yaml"));
    let said = |line: &&str| !line.contains("pac: {") && !line.contains("unsupported_endpoints:");
    std::fs::write(&design, CONTOSO.lines().filter(said).collect::<Vec<_>>().join("\n")).unwrap();
    let verdicts = |files: &[&str]| {
        let run = twinpath(&[&["check", "--json"], files].concat());
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        ["M365-025", "M365-028"].map(|id| {
            let rule = report["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap();
            rule["verdict"].as_str().unwrap().to_owned()
        })
    };
    assert_eq!(verdicts(&[&design]), ["unknown", "unknown"]);
    let run = twinpath(&["m365", "pac", &design, "--proxy", "PROXY proxy.example.net:8080", "--evidence", &evidence]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(verdicts(&[&design, &evidence]), ["holds", "holds"]);
}
