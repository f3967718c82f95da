//! Backup and restore: one file, for either database.
//!
//! The file holds JSON lines: a head, every row of every table as `{"table": [values …]}` in the order of
//! [`TABLES`], and a tail with how many there are, so that a file that was cut off is seen. A backup reads one
//! snapshot while others write. A file of an SQLite store can be restored to PostgreSQL, and the other way.
//! Secrets are in it: only its owner may read it.

use crate::error::failed;
use crate::open::{database, exists, private, shown};
use crate::rows::places;
use crate::sql::{Arg, Conn, Row};
use crate::writer::begin;
use crate::{StoreError, schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

/// So many rows are read, or written, by one statement.
const ROWS: usize = 200;
/// Edges remember revisions. After a restore new ones begin this much higher, so that every intent is news to them,
/// and none is older than what an edge saw after the backup was made.
const LEAP: i64 = 1 << 32;

/// A table: its name, its key, its columns; `#` marks those that hold numbers.
struct Table {
    name: &'static str,
    key: &'static [&'static str],
    columns: &'static [&'static str],
}

#[rustfmt::skip]
const TABLES: &[Table] = &[
    Table {
        name: "resources",
        key: &["key"],
        columns: &[
            "key", "id", "kind", "parent", "subscription", "grp", "#revision", "etag", "#created", "#changed",
            "document", "secrets",
        ],
    },
    Table { name: "claims", key: &["key"], columns: &["key", "holder"] },
    Table {
        name: "operations",
        key: &["id"],
        columns: &[
            "id", "#version", "subscription", "resource", "kind", "#step", "#undoing", "state", "#due",
            "#leased_until", "edge", "input", "result", "error", "#created", "#ended",
        ],
    },
    Table { name: "intents", key: &["edge", "key"], columns: &["edge", "key", "#revision", "body", "secrets"] },
    Table { name: "reports", key: &["edge", "key"], columns: &["edge", "key", "#at", "body"] },
    Table { name: "samples", key: &["key", "#at"], columns: &["key", "#at", "body"] },
    Table {
        name: "audit",
        key: &["#number"],
        columns: &["#number", "#at", "who", "request", "key", "was", "became"],
    },
];

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head {
    twinpath_store: i64,
    revision: i64,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
struct Tail {
    rows: Rows,
}

/// How many rows each table has.
pub type Rows = BTreeMap<String, u64>;

/// Why there is no backup, or it cannot be restored.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("line 1 is not the head of a backup of a twinpath store")]
    Head,
    #[error("the backup has schema {found}, and this program knows schemas up to {known}; use the newer program")]
    Newer { found: i64, known: i64 },
    #[error("line {0} is not a row of a table")]
    Line(usize),
    #[error("the file was cut off: its last line does not say how many rows there are")]
    CutOff,
    #[error("the file has {found:?} rows, and its last line says {said:?}")]
    Count { found: Rows, said: Rows },
    #[error("the store is not empty: it has rows in `{0}`; restore into a new one")]
    NotEmpty(&'static str),
    #[error("there is no store at this address")]
    Missing,
}

impl From<Unusable> for sqlx::Error {
    fn from(error: Unusable) -> Self {
        Self::Configuration(Box::new(error))
    }
}

/// Writes all that a store holds to a file, as it is at one moment, while others may read and write.
///
/// # Errors
///
/// There is no store at the address, it cannot be read, or the file cannot be written.
pub async fn backup(address: &str, file: &Path) -> Result<Rows, StoreError> {
    let doing = format!("backing up `{}` to {}", shown(address), file.display());
    if !exists(address) {
        return Err(failed(&doing)(Unusable::Missing.into()));
    }
    let database = database(address).await?;
    let mut conn = database.readers.acquire().await.map_err(failed(&doing))?;
    // A file of that name is replaced only by a whole one.
    let part = file.with_added_extension("part");
    let written = write(&mut conn, &part).await;
    conn.abandon().await;
    let rows = written.map_err(failed(&doing))?;
    std::fs::rename(&part, file).map_err(|error| failed(&doing)(error.into()))?;
    Ok(rows)
}

async fn write(conn: &mut Conn, file: &Path) -> Result<Rows, sqlx::Error> {
    conn.raw(if conn.is_postgres() { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "BEGIN" }).await?;
    let revision = conn.rows("SELECT revision FROM store", &[]).await?.first().map_or(Ok(0), |row| row.int(0))?;
    let mut out = BufWriter::new(private(file)?);
    line(&mut out, &Head { twinpath_store: schema::newest(), revision })?;
    let mut rows = Rows::new();
    for table in TABLES {
        let count = rows.entry(table.name.to_owned()).or_default();
        let mut last: Option<Vec<Value>> = None;
        loop {
            let page = page(conn, table, last.as_deref()).await?;
            for row in &page {
                line(&mut out, &BTreeMap::from([(table.name, row)]))?;
            }
            *count += page.len() as u64;
            last = page.into_iter().next_back();
            if last.is_none() {
                break;
            }
        }
    }
    line(&mut out, &Tail { rows: rows.clone() })?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(rows)
}

fn line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// The rows of a table that come after one, by its key.
async fn page(conn: &mut Conn, table: &Table, last: Option<&[Value]>) -> Result<Vec<Vec<Value>>, sqlx::Error> {
    let (columns, key) = (bare(table.columns), bare(table.key));
    let mut sql = format!("SELECT {columns} FROM {}", table.name);
    let mut args = Vec::new();
    if let Some(last) = last {
        sql += &format!(" WHERE ({key}) > ({})", places(1, table.key.len()));
        let of_key = table.columns.iter().zip(last).filter(|(column, _)| table.key.contains(column));
        args.extend(of_key.map(|(column, value)| arg(column, value)));
    }
    sql += &format!(" ORDER BY {key} LIMIT {ROWS}");
    let rows = conn.rows(sql, &args).await?;
    rows.iter().map(|row| values(table, row)).collect()
}

fn bare(columns: &[&str]) -> String {
    columns.iter().map(|column| column.trim_start_matches('#')).collect::<Vec<_>>().join(", ")
}

fn values(table: &Table, row: &Row) -> Result<Vec<Value>, sqlx::Error> {
    let value = |(n, column): (usize, &&str)| {
        Ok(if column.starts_with('#') { row.maybe_int(n)?.into() } else { row.maybe_text(n)?.into() })
    };
    table.columns.iter().enumerate().map(value).collect()
}

fn arg<'v>(column: &str, value: &'v Value) -> Arg<'v> {
    if column.starts_with('#') { Arg::Int(value.as_i64()) } else { Arg::Text(value.as_str()) }
}

/// Fills an empty store from a file that [`backup`] wrote, whole or not at all.
///
/// # Errors
///
/// The file is no backup, is cut off or is of a newer program; the store is not empty, or cannot be written.
pub async fn restore(address: &str, file: &Path) -> Result<Rows, StoreError> {
    let doing = format!("restoring {} to `{}`", file.display(), shown(address));
    let input = File::open(file).map_err(|error| failed(&doing)(error.into()))?;
    let database = database(address).await?;
    let mut conn = database.writers.acquire().await.map_err(failed(&doing))?;
    let restored = read(&mut conn, BufReader::new(input)).await;
    if restored.is_err() {
        conn.abandon().await;
    }
    restored.map_err(failed(&doing))
}

async fn read(conn: &mut Conn, input: impl BufRead) -> Result<Rows, sqlx::Error> {
    begin(conn).await?;
    for table in TABLES {
        if !conn.rows(format!("SELECT 1 FROM {} LIMIT 1", table.name), &[]).await?.is_empty() {
            return Err(Unusable::NotEmpty(table.name).into());
        }
    }
    let mut lines = input.lines().enumerate();
    let (_, head) = lines.next().ok_or(Unusable::Head)?;
    let head: Head = serde_json::from_str(&head?).map_err(|_| Unusable::Head)?;
    if head.twinpath_store > schema::newest() {
        return Err(Unusable::Newer { found: head.twinpath_store, known: schema::newest() }.into());
    }
    let mut found: Rows = TABLES.iter().map(|table| (table.name.to_owned(), 0)).collect();
    let mut group: Vec<Vec<Value>> = Vec::new();
    let mut of = &TABLES[0];
    for (n, line) in lines {
        let line = line?;
        if let Ok(tail) = serde_json::from_str::<Tail>(&line) {
            insert(conn, of, &group).await?;
            if tail.rows != found {
                return Err(Unusable::Count { found, said: tail.rows }.into());
            }
            finish(conn, head.revision).await?;
            return Ok(found);
        }
        let row: BTreeMap<String, Vec<Value>> = serde_json::from_str(&line).map_err(|_| Unusable::Line(n + 1))?;
        let (name, values) = row.into_iter().next().ok_or(Unusable::Line(n + 1))?;
        let table = TABLES.iter().find(|table| table.name == name && table.columns.len() == values.len());
        let table = table.ok_or(Unusable::Line(n + 1))?;
        if table.name != of.name || group.len() >= ROWS {
            insert(conn, of, &group).await?;
            group.clear();
            of = table;
        }
        group.push(values);
        *found.entry(name).or_default() += 1;
    }
    Err(Unusable::CutOff.into())
}

async fn insert(conn: &mut Conn, table: &Table, rows: &[Vec<Value>]) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut args = Vec::new();
    let mut groups = Vec::new();
    for row in rows {
        groups.push(format!("({})", places(args.len() + 1, row.len())));
        args.extend(table.columns.iter().zip(row).map(|(column, value)| arg(column, value)));
    }
    let sql = format!("INSERT INTO {} ({}) VALUES {}", table.name, bare(table.columns), groups.join(", "));
    conn.run(sql, &args).await.map(|_| ())
}

/// Sets the counters, and commits.
async fn finish(conn: &mut Conn, revision: i64) -> Result<(), sqlx::Error> {
    let leap = Arg::Int(Some(LEAP));
    conn.run("UPDATE intents SET revision = revision + $1", &[leap]).await?;
    let counters = "UPDATE store SET revision = $1 + $2, floor = $1 + $2";
    conn.run(counters, &[Arg::Int(Some(revision)), leap]).await?;
    if conn.is_postgres() {
        // Numbers of audit lines that were restored are not given out again.
        let next = "SELECT setval(pg_get_serial_sequence('audit', 'number'), \
             (SELECT coalesce(max(number), 0) + 1 FROM audit), false)";
        conn.rows(next, &[]).await?;
    }
    conn.raw("COMMIT").await
}
