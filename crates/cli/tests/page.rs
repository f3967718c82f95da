//! The page for a browser, opened in a real Chromium.

#![allow(clippy::unwrap_used, reason = "a test ends where its input cannot be made")]

mod common;

use common::browser::{Opened, open};
use common::{CONTOSO, folder, run};

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
