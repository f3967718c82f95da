//! The page for a browser, opened in a real Chromium.

#![allow(clippy::unwrap_used, reason = "a test ends where its input cannot be made")]

mod common;

use common::{CONTOSO, folder, run};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What a page did in the browser.
struct Opened {
    dom: String,
    /// Lines that it or the browser wrote to its console.
    console: Vec<String>,
    /// What it asked for beyond its own file.
    asked: Vec<String>,
}

/// Opens a page in headless Chromium.
fn open(page: &Path) -> Opened {
    let folder = folder();
    let netlog = folder.path().join("net.json");
    let chromium = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
        // What the browser asks on its own account finds no host; the log still tells what the page asked.
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--disable-default-apps", "--disable-extensions"])
        .args(["--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--log-net-log={}", netlog.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("chromium is installed; scripts/test sees to it");
    let log: Value = serde_json::from_str(&std::fs::read_to_string(netlog).unwrap()).unwrap();
    let text = |event: &Value, key: &str| event["params"][key].as_str().unwrap_or_default().to_owned();
    // Chromium's own requests have no origin as initiator.
    let by_page = |event: &&Value| !["", "not an origin"].contains(&&*text(event, "initiator"));
    let urls = log["events"].as_array().unwrap().iter().filter(by_page).map(|event| text(event, "url"));
    Opened {
        dom: String::from_utf8_lossy(&chromium.stdout).into_owned(),
        console: String::from_utf8_lossy(&chromium.stderr)
            .lines()
            .filter(|line| line.contains("CONSOLE"))
            .map(str::to_owned)
            .collect(),
        asked: urls.filter(|url| !url.starts_with("file:")).collect(),
    }
}

#[test]
fn the_page_opens_without_network_and_without_errors() {
    let folder = folder();
    let page = folder.path().join("report.html");
    let design = CONTOSO.replacen("bandwidth: 1 Gbps", "bandwidth: 3 Gbps", 1).replacen("asn: 65010", "asn: 65515", 1);
    let made = run(&["check", "-", "--today", "2026-11-21", "--html", page.to_str().unwrap()], &design);
    assert_eq!(made.code, 1, "{made:?}");
    let Opened { dom, console, asked } = open(&page);
    assert!(dom.contains("<svg") && dom.contains("PROV-012") && dom.contains("NET-BGP-004"), "{dom}");
    assert!(console.is_empty() && asked.is_empty(), "{console:?} {asked:?}");
}

#[test]
fn a_page_that_asks_and_errs_would_be_noticed() {
    let folder = folder();
    let page = folder.path().join("bad.html");
    std::fs::write(&page, "<img src='http://report.invalid/x.png'><script>console.error('noticed')</script>").unwrap();
    let Opened { console, asked, .. } = open(&page);
    assert!(console.iter().any(|line| line.contains("noticed")), "{console:?}");
    assert_eq!(asked.first().map(String::as_str), Some("http://report.invalid/x.png"));
}
