//! The journeys of the real clients against a service of their own: `clients/` has them.

use std::path::Path;
use std::process::Command;

/// Runs a journey, and holds that it came to its last step.
fn travel(journey: &str, last: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let python = root.join("target/clients/bin/python");
    assert!(python.exists(), "{} is missing; `scripts/test` installs the clients", python.display());
    let ended = Command::new(python)
        .arg(root.join("clients/run.py"))
        .arg(env!("CARGO_BIN_EXE_twinpath"))
        .arg(root.join("clients").join(journey))
        .output()
        .expect("the journey starts");
    let (out, error) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success() && out.contains(last), "{out}\n{error}");
}

#[test]
fn the_azure_sdk_orders_peers_links_and_tears_down() {
    travel("sdk.py", "19 steps, all as they have to be");
}

#[test]
fn global_reach_carries_routes_from_bird_to_bird() {
    travel("reach.py", "7 steps, all as they have to be");
}

#[test]
fn what_the_api_orders_bird_sees() {
    travel("bird.py", "16 steps, all as they have to be");
}
