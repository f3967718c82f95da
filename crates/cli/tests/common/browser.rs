//! Pages in a real Chromium.

use super::folder;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What a page did in the browser.
pub(crate) struct Opened {
    pub(crate) dom: String,
    /// Lines that it or the browser wrote to its console.
    pub(crate) console: Vec<String>,
    /// What it asked for beyond its own file.
    pub(crate) asked: Vec<String>,
}

/// Opens a page in headless Chromium.
pub(crate) fn open(page: &Path) -> Opened {
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
