//! The interop matrix: plays every cell, and holds the table of the book against what was found.

use crate::chores::say;
use anyhow::{Context, bail, ensure};
use std::path::Path;
use std::process::Command;

/// Cells that play at the same time. They mostly wait for daemons, so there may be more than cores.
const AT_ONCE: &str = "8";

/// Plays the cells, and compares the table or, with `update`, writes it. A `subject` other than the edge is only played.
pub(crate) fn run(subject: &str, update: bool, cells: &[String]) -> anyhow::Result<()> {
    let results = crate::root().join("target/interop");
    match std::fs::remove_dir_all(&results) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => bail!("{}: {error}", results.display()),
        Ok(()) | Err(_) => {}
    }
    let mut play = Command::new("cargo");
    play.args(["nextest", "run", "--locked", "--package", "cli", "--test", "interop", "--ignore-default-filter"]);
    play.args(["--no-fail-fast", "--test-threads", AT_ONCE, "--status-level", "slow", "--final-status-level", "slow"]);
    play.args(cells).current_dir(crate::root());
    play.env("INTEROP_RESULTS", &results).env("INTEROP_SUBJECT", subject).env("RUST_BACKTRACE", "0");
    say(&format!("interop: the cells of the matrix, {AT_ONCE} at a time, with {subject}"));
    let status = play.status().context("cargo nextest does not start")?;
    ensure!(status.success(), "a cell failed; its logs are in {}", results.join("logs").display());
    if subject == "edge" && cells.is_empty() { page(&results, update) } else { Ok(()) }
}

/// Holds the page against the results.
fn page(results: &Path, update: bool) -> anyhow::Result<()> {
    let path = crate::root().join("docs/reference/interop.md");
    let ::interop::Page { text, skipped } = ::interop::page(results);
    for skipped in &skipped {
        say(&format!("interop: not played: {skipped}"));
    }
    if !skipped.is_empty() {
        // A machine without daemons or namespaces is no reason to fail, but the one that judges changes has both.
        let judges = std::env::var_os("CI").is_some();
        ensure!(!judges && !update, "{} cells of the matrix were not played", skipped.len());
        return Ok(());
    }
    if update {
        return std::fs::write(&path, text).with_context(|| path.display().to_string());
    }
    let is = std::fs::read_to_string(&path).unwrap_or_default();
    // The daemons' versions are the machine's; all else is the table's.
    let rows =
        |page: &str| page.lines().filter(|line| !line.starts_with("| | ")).map(str::to_owned).collect::<Vec<_>>();
    ensure!(
        rows(&is) == rows(&text),
        "docs/reference/interop.md is not what was found; run `cargo xtask interop --update`"
    );
    Ok(())
}
