//! The rooms table of ARCHITECTURE.md, held against the workspace.
//!
//! A row is `| room | what it holds | may import |`. Every crate has a row, and imports no other crate
//! of the workspace than its row allows. Dev-dependencies may also be `testkit`, and what it needs.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn check() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(crate::root().join("ARCHITECTURE.md")).context("ARCHITECTURE.md")?;
    let allowed = table(&page);
    let metadata = crate::chores::output("cargo", &["metadata", "--format-version", "1", "--no-deps", "--locked"])?;
    let actual = arrows(&serde_json::from_str(&metadata)?);
    let mut wrong = Vec::new();
    for (room, imports) in &actual {
        let Some(allowed) = allowed.get(room) else {
            wrong.push(format!("{room} has no row"));
            continue;
        };
        let forbidden = imports.iter().filter(|import| !allowed.contains(*import) && !allowed.contains("anything"));
        wrong.extend(forbidden.map(|import| format!("{room} imports {import}, which its row does not allow")));
    }
    wrong.extend(
        allowed.keys().filter(|room| !actual.contains_key(*room)).map(|room| format!("{room} has a row but no crate")),
    );
    ensure!(wrong.is_empty(), "ARCHITECTURE.md, rooms table:\n  {}", wrong.join("\n  "));
    crate::chores::say(&format!("rooms: {} crates, every arrow allowed", actual.len()));
    Ok(())
}

fn table(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let rows =
        page.lines().skip_while(|line| !line.starts_with("| room")).skip(2).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [room, _, imports] = cells[..] else { return None };
        let imports = imports.split([',', ' ']).map(|word| word.trim_matches('`')).filter(|word| !word.is_empty());
        Some((room.trim_matches('`').to_owned(), imports.map(str::to_owned).collect()))
    })
    .collect()
}

/// The crates of the workspace and which others each imports.
fn arrows(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let packages = list(metadata, "packages");
    let rooms: BTreeSet<String> = packages.iter().map(|package| text(package, "name")).collect();
    let imports = |package: &Value| {
        let dependencies = list(package, "dependencies").into_iter();
        let shipped = dependencies.filter(|dependency| dependency["kind"].is_null());
        shipped.map(|dependency| text(&dependency, "name")).filter(|name| rooms.contains(name)).collect()
    };
    packages.iter().map(|package| (text(package, "name"), imports(package))).collect()
}
