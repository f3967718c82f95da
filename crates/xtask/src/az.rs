//! The journey with the real az, and its record in the book.

use anyhow::{Context, ensure};
use std::path::Path;
use std::process::Command;

/// The az that is installed where there is none, as it comes from the registry.
const AZ: &str = "azure-cli==2.91.0";

/// Runs `clients/az.py` against a service of its own and writes the record.
pub(crate) fn run() -> anyhow::Result<()> {
    let root = crate::root();
    let environment = root.join("target/az");
    if !environment.join("bin/az").exists() {
        crate::chores::say("az: installs az in target/az");
        command(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
        command(Command::new(environment.join("bin/pip")).args(["install", "--quiet", AZ]))?;
    }
    command(Command::new("cargo").args(["build", "--locked", "--package", "cli"]))?;
    crate::chores::say("az: the journey, a few minutes");
    command(
        Command::new("python3")
            .arg("clients/run.py")
            .arg(root.join("target/debug/twinpath"))
            .args(["clients/az.py", "docs/book/src/reference/az-journey.md"])
            .arg(environment.join("bin/az")),
    )
}

fn command(command: &mut Command) -> anyhow::Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    let status = command.current_dir(crate::root()).status().with_context(|| format!("{name} does not start"))?;
    ensure!(status.success(), "{name} ended with {status}");
    Ok(())
}
