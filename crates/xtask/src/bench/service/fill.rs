//! A store that holds many circuits: one is ordered over the API, and its rows in a backup are written again and again
//! under other names. What is restored from that is what as many orders would have left.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The names of what is multiplied.
pub(super) const CIRCUIT: &str = "bench-template";
/// Its group; groups have a hundred circuits each.
pub(super) const GROUP: &str = "rg-template";
/// Where it is.
pub(super) const LOCATION: &str = "Amsterdam";
/// How many circuits are in a group.
pub(super) const IN_GROUP: u32 = 100;
/// Revisions of the store before it was multiplied are below.
const REVISIONS: u64 = 1_000_000;

type Row = Vec<Value>;

/// What differs between one circuit and the next.
struct Template<'t> {
    service_key: &'t str,
    tag: u64,
    stand_ins: Vec<String>,
    locations: &'t [String],
}

/// The name of the n-th circuit.
pub(super) fn circuit(number: u32) -> String {
    format!("c-{number}")
}

/// The group of the n-th circuit.
pub(super) fn group(number: u32) -> String {
    format!("rg-{}", number / IN_GROUP)
}

/// Where the n-th circuit is.
pub(super) fn location(locations: &[String], number: u32) -> &str {
    &locations[number as usize % locations.len()]
}

/// Reads a backup and writes another with `circuits` more, of which the first `peered` are handed over and have the
/// private peering of the one that was ordered; the others wait for their provider.
pub(super) fn multiply(
    from: &Path,
    to: &Path,
    service_key: &str,
    locations: &[String],
    (circuits, peered): (u32, u32),
) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(from)?;
    let mut lines = text.lines();
    let mut head: Value = serde_json::from_str(lines.next().context("no head")?)?;
    head["revision"] = json!(REVISIONS + 2 * u64::from(circuits));
    let rows: Vec<(String, Row)> = lines
        .filter_map(|line| serde_json::from_str::<BTreeMap<String, Value>>(line).ok()?.pop_first())
        .filter_map(|(table, row)| Some((table, row.as_array()?.clone())))
        .collect();
    let of = |table: &'static str| rows.iter().filter(move |(name, _)| name == table).map(|(_, row)| row);
    let document = of("resources").find(|row| column(row, 0).ends_with(CIRCUIT)).context("no circuit")?;
    let document: Value = serde_json::from_str(column(document, 10))?;
    let tag = document["properties"]["stag"].as_u64().context("no outer tag")?;
    let stand_ins = of("claims").filter_map(|row| column(row, 0).strip_prefix("stand-in/").map(str::to_owned));
    let template = Template { service_key, tag, stand_ins: stand_ins.collect(), locations };
    ensure!(circuits as usize / locations.len() < 4000, "{} locations have too few outer tags", locations.len());

    let mut out = BufWriter::new(File::create(to)?);
    writeln!(out, "{head}")?;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for table in ["resources", "claims", "operations", "intents", "reports", "samples", "audit"] {
        let count = counts.entry(table).or_default();
        let mut write = |row: &Row| -> anyhow::Result<()> {
            *count += 1;
            Ok(writeln!(out, "{}", json!({ (table): row }))?)
        };
        for row in of(table) {
            write(&raised(table, row)?)?;
            if table == "operations" || table == "audit" {
                continue;
            }
            let (is_group, is_circuit) = (column(row, 0).ends_with(GROUP), belongs(row, service_key));
            for number in (0..circuits).filter(|number| is_circuit || (is_group && number % IN_GROUP == 0)) {
                if let Some(row) = template.row(table, row, number, number < peered) {
                    write(&row)?;
                }
            }
        }
    }
    writeln!(out, "{}", json!({ "rows": counts }))?;
    Ok(out.flush()?)
}

fn column(row: &Row, at: usize) -> &str {
    row.get(at).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a row is of the circuit, or of what belongs to it.
fn belongs(row: &Row, service_key: &str) -> bool {
    let says = |text: &str| text.contains(CIRCUIT) || text.contains(service_key);
    says(column(row, 0)) || says(column(row, 1))
}

/// A row as it was, but that subscriptions may have as many circuits as one likes.
fn raised(table: &str, row: &Row) -> anyhow::Result<Row> {
    let mut row = row.clone();
    if table == "resources" && column(&row, 2) == "microsoft.resources/subscriptions" {
        let mut document: Value = serde_json::from_str(column(&row, 10))?;
        document["limits"] = json!({ "circuits": 10_000_000, "circuitsPerRegion": 10_000_000 });
        row[10] = json!(document.to_string());
    }
    Ok(row)
}

impl Template<'_> {
    /// A row for the n-th circuit; nothing when that has none such.
    fn row(&self, table: &str, row: &Row, number: u32, peered: bool) -> Option<Row> {
        let first = column(row, 0);
        let of_peering = table == "intents" || first.contains("/peerings/") || column(row, 1).contains("/peerings/");
        if of_peering && !peered {
            return None;
        }
        let mut row: Row = row.iter().map(|value| self.named(value, number, peered)).collect();
        if table == "claims" && column(&row, 0).starts_with("quota/") {
            let place = column(&row, 0).rsplit_once('/')?.0.to_owned();
            row[0] = json!(format!("{place}/{}", 1000 + number));
        }
        if table == "claims" && column(&row, 0).starts_with("s-tag/") {
            let port = column(&row, 0).rsplit_once('/')?.0.to_owned();
            row[0] = json!(format!("{port}/{}", self.tag_of(number)));
        }
        if table == "intents" {
            row[2] = json!(REVISIONS + u64::from(number) * 2 + u64::from(column(&row, 0).ends_with("-b")));
        }
        Some(row)
    }

    /// The outer tag of the n-th circuit; that of the template is taken.
    fn tag_of(&self, number: u32) -> u64 {
        let tag = 1 + u64::from(number) / self.locations.len() as u64;
        if tag < self.tag { tag } else { tag + 1 }
    }

    /// A text with the names of the n-th circuit for those of the one that was ordered.
    fn named(&self, value: &Value, number: u32, peered: bool) -> Value {
        let Some(text) = value.as_str() else { return value.clone() };
        let place = location(self.locations, number);
        let key = format!("{number:08x}-0000-4000-8000-000000000000");
        let mut text = text
            .replace(CIRCUIT, &circuit(number))
            .replace(GROUP, &group(number))
            .replace(self.service_key, &key)
            .replace(LOCATION, place)
            .replace(&LOCATION.to_lowercase(), &place.to_lowercase());
        for word in ["stag", "sTag"] {
            text = text.replace(&format!("\"{word}\":{}", self.tag), &format!("\"{word}\":{}", self.tag_of(number)));
        }
        for (side, stand_in) in (0..).zip(&self.stand_ins) {
            let index: u32 = number * 2 + side;
            let other = format!("127.{}.{}.{}", 1 + index / 62_500, index / 250 % 250, 1 + index % 250);
            text = text.replace(&format!("\"{stand_in}\""), &format!("\"{other}\""));
            if text == format!("stand-in/{stand_in}") {
                text = format!("stand-in/{other}");
            }
        }
        if !peered {
            text = text.replace("\"Provisioned\"", "\"NotProvisioned\"");
        }
        json!(text)
    }
}
