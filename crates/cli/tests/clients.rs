//! The journeys of the real clients against a service of their own: `clients/` has them.

use std::path::Path;
use std::process::Command;

#[test]
fn the_azure_sdk_orders_peers_links_and_tears_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/clients/bin/python");
    assert!(python.exists(), "{} is missing; `scripts/test` installs the clients", python.display());
    let journey = Command::new(python)
        .arg(root.join("clients/run.py"))
        .arg(env!("CARGO_BIN_EXE_twinpath"))
        .arg(root.join("clients/sdk.py"))
        .output()
        .expect("the journey starts");
    let (out, error) = (String::from_utf8_lossy(&journey.stdout), String::from_utf8_lossy(&journey.stderr));
    assert!(journey.status.success(), "{out}\n{error}");
    assert!(out.contains("19 steps, all as they have to be"), "{out}");
}
