//! The traced statements, held against the seed documents themselves.
//!
//! The documents are not part of the project; given their folder, this tells which of their lines carry
//! a statement that no row of `crates/rules/data/statements.csv` names.

use anyhow::{Context, ensure};
use std::path::Path;

/// The date in the head of each seed document, by label; documents are known by it, whatever their file is called.
const DATES: &[(&str, &str)] = &[
    ("SEED-2015", "07/28/2015"),
    ("SEED-2017A", "01/06/2017"),
    ("SEED-2017B", "03/22/2017"),
    ("SEED-2025", "01/31/2025"),
    ("SEED-M365", "6/5/2019"),
];

pub(crate) fn check(dir: &Path) -> anyhow::Result<()> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        texts.extend(std::fs::read_to_string(entry?.path()));
    }
    let mut open = Vec::new();
    for (label, date) in DATES {
        let dated = |text: &&String| text.lines().take(30).any(|line| line.contains("ms.date") && line.contains(date));
        let text =
            texts.iter().find(dated).with_context(|| format!("no document of {date} ({label}) in the folder"))?;
        let rows = rules::statements::statements().iter().filter(|row| row.doc.label == *label);
        let named: Vec<u32> = rows.map(|row| row.line).collect();
        for (number, line) in (1..).zip(text.lines()) {
            if is_prose(line) && !named.contains(&number) {
                open.push(format!("{label}, line {number}: {}", line.trim().chars().take(100).collect::<String>()));
            }
        }
    }
    ensure!(open.is_empty(), "{} lines that no statement names:\n  {}", open.len(), open.join("\n  "));
    crate::chores::say(&format!("seeds: every statement of {} documents is traced", DATES.len()));
    Ok(())
}

/// Whether a line says something: no heading, no metadata, no picture, not empty.
fn is_prose(line: &str) -> bool {
    let line = line.trim();
    let words = line.split_whitespace().count();
    let metadata =
        line.starts_with(|c: char| c.is_ascii_lowercase()) && line.contains([':', '=']) && !line.contains(". ");
    words > 3 && !metadata && !line.starts_with(['#', '!', '<', '|']) && !line.starts_with("[!")
}
