//! Answers as tables for people, or as they are for programs.

use crate::table;
use serde_json::Value;
use std::io::Write;

/// How answers are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    /// As JSON.
    pub(crate) json: bool,
}

impl Page {
    /// A list: each item as a row, or all of them as JSON.
    pub(crate) fn table(
        self,
        items: &[Value],
        heading: &[&str],
        row: impl Fn(&Value) -> Vec<String>,
    ) -> anyhow::Result<()> {
        self.either(&Value::from(items.to_vec()), items, heading, row)
    }

    /// Some value as JSON, or rows for it.
    pub(crate) fn either(
        self,
        value: &Value,
        rows: &[Value],
        heading: &[&str],
        row: impl Fn(&Value) -> Vec<String>,
    ) -> anyhow::Result<()> {
        let mut out = anstream::stdout().lock();
        if self.json {
            writeln!(out, "{value:#}")?;
        } else {
            let rows: Vec<Vec<String>> = rows.iter().map(row).collect();
            table::write(&mut out, heading, &rows)?;
        }
        Ok(())
    }

    /// Edges.
    pub(super) fn edges(self, edges: &[Value]) -> anyhow::Result<()> {
        let heading = ["Edge", "State", "Sessions", "Domains", "Drain", "Port", "Last report"];
        self.table(edges, &heading, |edge| {
            let sessions = format!("{} of {}", edge["established"], edge["sessions"]);
            let drain = if edge["drain"] == true { "drained" } else { "–" };
            let port = if edge["portDown"] == true { "down" } else { "up" };
            let last = text(&edge["lastReport"]);
            vec![
                text(&edge["name"]),
                text(&edge["state"]),
                sessions,
                text(&edge["domains"]),
                drain.into(),
                port.into(),
                last,
            ]
        })
    }

    /// Quirks.
    pub(super) fn quirks(self, quirks: &[Value]) -> anyhow::Result<()> {
        self.table(quirks, &["Quirk", "", "What a client sees", "Source"], |quirk| {
            let on = if quirk["on"] == true { "on" } else { "off" };
            vec![text(&quirk["name"]), on.to_owned(), text(&quirk["what"]), text(&quirk["source"])]
        })
    }
}

/// A value in a cell.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text as a part of an address.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                escaped.push(char::from(byte))
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
