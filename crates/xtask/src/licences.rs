//! The licences of all dependencies, held against the list in `deny.toml`.
//!
//! `cargo deny` reads the same file and checks more (advisories, duplicates); where it is not installed,
//! this keeps the licences honest.

use anyhow::{Context, ensure};
use serde_json::Value;

pub(crate) fn check() -> anyhow::Result<()> {
    let text = std::fs::read_to_string(crate::root().join("deny.toml")).context("deny.toml")?;
    let deny: toml::Table = text.parse().context("deny.toml")?;
    let allowed: Vec<&str> =
        deny["licenses"]["allow"].as_array().into_iter().flatten().filter_map(|l| l.as_str()).collect();
    let metadata = crate::chores::output("cargo", &["metadata", "--format-version", "1", "--locked"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let wrong: Vec<String> = packages
        .iter()
        .filter(|package| !fits(package["license"].as_str().unwrap_or_default(), &allowed))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    ensure!(wrong.is_empty(), "licences that deny.toml does not allow:\n  {}", wrong.join("\n  "));
    crate::chores::say(&format!("licences: {} packages, all allowed", packages.len()));
    Ok(())
}

/// Whether an SPDX expression can be met: each part joined by AND needs one alternative that is allowed.
fn fits(expression: &str, allowed: &[&str]) -> bool {
    let clean = expression.replace(['(', ')'], "");
    clean
        .split(" AND ")
        .all(|part| part.split(" OR ").flat_map(|one| one.split('/')).any(|one| allowed.contains(&one.trim())))
}
