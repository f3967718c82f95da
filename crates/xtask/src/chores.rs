//! Running commands one after another.

use anyhow::{Context, ensure};
use std::process::Command;

/// Everything that a change must pass, cheapest first.
pub(crate) fn ci() -> anyhow::Result<()> {
    let cargo = |line: &str| run("cargo", &line.split(' ').collect::<Vec<_>>());
    cargo("fmt --all --check")?;
    crate::rooms::check()?;
    crate::licences::check()?;
    crate::links::check()?;
    cargo("clippy --workspace --all-targets --locked -- -D warnings")?;
    cargo("nextest run --workspace --locked --no-fail-fast")?;
    crate::interop::run("edge", false, &[])?;
    cargo("test --doc --workspace --locked --quiet")?;
    crate::generate::run(true)?;
    crate::fuzz::run(None, 5)
}

/// Runs a command in the root of the workspace; its output goes where ours does.
pub(crate) fn run(program: &str, args: &[&str]) -> anyhow::Result<()> {
    say(&format!("{program} {}", args.join(" ")));
    let status = Command::new(program).args(args).current_dir(crate::root()).status();
    let status = status.with_context(|| format!("{program} does not start"))?;
    ensure!(status.success(), "{program} {} failed: {status}", args.join(" "));
    Ok(())
}

/// What a command prints.
pub(crate) fn output(program: &str, args: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(args).current_dir(crate::root()).output();
    let output = output.with_context(|| format!("{program} does not start"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {} failed: {errors}", args.join(" "));
    Ok(String::from_utf8(output.stdout)?)
}

/// Tells the person at the terminal.
#[expect(clippy::disallowed_macros, reason = "a chore talks to the terminal")]
pub(crate) fn say(line: &str) {
    eprintln!("── {line}");
}
