//! nftables, by its own program: whole tables as text, read and applied at once in a namespace.

use super::Namespace;
use crate::{Error, Result};
use serde_json::Value;
use std::io::{self, Write};
use std::process::{Command, Output, Stdio};

/// Replaces or adds what the text says, all of it or nothing.
///
/// # Errors
///
/// `nft` is not installed, or does not take the text: its first words.
pub fn load(namespace: &Namespace, text: &str) -> Result<()> {
    run(namespace, &["-f", "-"], text).map(|_| ())
}

/// The text that takes a table away, whether it is there or not.
pub fn without(table: &str) -> String {
    format!("table inet {table} {{ }}\ndelete table inet {table}\n")
}

/// The named counters of a table: name, packets, bytes. Those of a table that is not there are none.
///
/// # Errors
///
/// `nft` is not installed.
pub fn counters(namespace: &Namespace, table: &str) -> Result<Vec<(String, u64, u64)>> {
    let Ok(output) = run(namespace, &["-j", "list", "counters", "table", "inet", table], "") else {
        return Ok(Vec::new());
    };
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let list = answer["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
    let read = |item: &Value| {
        let counter = item.get("counter")?;
        let number = |key: &str| counter[key].as_u64();
        Some((counter["name"].as_str()?.to_owned(), number("packets")?, number("bytes")?))
    };
    Ok(list.iter().filter_map(read).collect())
}

fn run(namespace: &Namespace, arguments: &[&str], input: &str) -> Result<Output> {
    let output = namespace.enter(|| {
        let mut command = Command::new("nft");
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        // What it does not read shows in its own words.
        let fed = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output()?;
        if output.status.success() { fed.map(|()| output) } else { Ok(output) }
    });
    let refused = |said: String| Error::Program { program: "nft", said };
    match output {
        Ok(output) if output.status.success() => Ok(output),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(refused(said.lines().take(3).collect::<Vec<_>>().join(" ")))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(refused("is not installed (Debian: apt install nftables)".to_owned()))
        }
        Err(error) => Err(refused(error.to_string())),
    }
}
