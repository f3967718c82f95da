//! The service under duress: killed while customers order, and asked everything that schemathesis thinks of.

use crate::chores::{run, say};
use std::process::Command;

/// What schemathesis is, as it comes from the registry.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";

/// Runs `nothing_lost` in its full size, or in another.
pub(crate) fn lost(orders: u32, kills: u32, seed: Option<u64>, store: Option<&str>) -> anyhow::Result<()> {
    let size = format!("TWINPATH_LOST={orders},{kills}");
    let seed = seed.map(|seed| format!("TWINPATH_LOST_SEED={seed}"));
    let words = ["cargo", "test", "--package", "cli", "--test", "nothing_lost", "--"];
    let mut all: Vec<&str> = vec![&size];
    all.extend(seed.as_deref());
    all.extend(words);
    all.extend(store);
    all.extend(["--nocapture", "--test-threads", "1"]);
    run("env", &all)
}

/// Runs schemathesis against a service of its own for some minutes, with every document of an API in the tree.
pub(crate) fn schemathesis(minutes: u32) -> anyhow::Result<()> {
    let environment = crate::root().join("target/schemathesis");
    let (python, program) = (environment.join("bin/pip"), environment.join("bin/schemathesis"));
    let installed = Command::new(&program).arg("--version").output();
    if !installed.is_ok_and(|seen| String::from_utf8_lossy(&seen.stdout).contains(&SCHEMATHESIS[14..])) {
        say("schemathesis: installs it in target/schemathesis");
        run("python3", &["-m", "venv", "--clear", &environment.to_string_lossy()])?;
        run(&python.to_string_lossy(), &["install", "--quiet", "--disable-pip-version-check", SCHEMATHESIS])?;
    }
    run("cargo", &["build", "--locked", "--package", "cli"])?;
    let (program, minutes) = (program.to_string_lossy(), minutes.to_string());
    run("python3", &["clients/run.py", "target/debug/twinpath", "clients/fuzz.py", &program, &minutes])
}
