//! The licences of all dependencies, held against the list in `deny.toml`.
//!
//! `cargo deny` reads the same file and checks more (advisories, duplicates); where it is not installed,
//! this keeps the licences honest.

use anyhow::{Context, ensure};
use serde_json::Value;

pub(crate) fn check() -> anyhow::Result<()> {
    let text = std::fs::read_to_string(crate::root().join("deny.toml")).context("deny.toml")?;
    let deny: toml::Table = text.parse().context("deny.toml")?;
    let allowed = words(&deny["licenses"]["allow"]);
    let exceptions = deny["licenses"].get("exceptions").and_then(toml::Value::as_array);
    let allowed_for = |package: &Value| {
        let own = exceptions.into_iter().flatten().filter(|own| own["crate"].as_str() == package["name"].as_str());
        [allowed.clone(), own.flat_map(|own| words(&own["allow"])).collect()].concat()
    };
    let metadata = crate::chores::output("cargo", &["metadata", "--format-version", "1", "--locked"])?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let wrong: Vec<String> = packages
        .iter()
        .filter(|package| !fits(package["license"].as_str().unwrap_or_default(), &allowed_for(package)))
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    ensure!(wrong.is_empty(), "licences that deny.toml does not allow:\n  {}", wrong.join("\n  "));
    crate::chores::say(&format!("licences: {} packages, all allowed", packages.len()));
    Ok(())
}

fn words(list: &toml::Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(toml::Value::as_str).collect()
}

/// Whether an SPDX expression can be met: each part joined by AND needs one alternative that is allowed.
fn fits(expression: &str, allowed: &[&str]) -> bool {
    let clean = expression.replace(['(', ')'], "");
    clean
        .split(" AND ")
        .all(|part| part.split(" OR ").flat_map(|one| one.split('/')).any(|one| allowed.contains(&one.trim())))
}
