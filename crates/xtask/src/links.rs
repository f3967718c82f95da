//! Links between the pages of the project: each leads to a file that exists.

use anyhow::ensure;
use std::path::{Path, PathBuf};

pub(crate) fn check() -> anyhow::Result<()> {
    let mut pages = vec![crate::root().join("README.md"), crate::root().join("ARCHITECTURE.md")];
    collect(&crate::root().join("docs"), &mut pages)?;
    let mut dead = Vec::new();
    for page in &pages {
        let text = std::fs::read_to_string(page)?;
        let folder = page.parent().unwrap_or(Path::new("."));
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
        let includes = text.split("{{#include ").skip(1).filter_map(|rest| rest.split_once("}}").map(|(path, _)| path));
        for target in targets.chain(includes) {
            let path = target.split('#').next().unwrap_or_default();
            let local = !path.is_empty() && !path.contains("://") && !path.contains(char::is_whitespace);
            if local && !folder.join(path).exists() {
                dead.push(format!("{}: {target}", page.display()));
            }
        }
    }
    ensure!(dead.is_empty(), "links that lead nowhere:\n  {}", dead.join("\n  "));
    crate::chores::say(&format!("links: {} pages, every link leads somewhere", pages.len()));
    Ok(())
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => collect(&path, pages)?,
            false if path.extension().is_some_and(|end| end == "md") => pages.push(path),
            false => {}
        }
    }
    Ok(())
}
