//! A change becomes rows.
//!
//! All changes are written one after the other: the writer holds the row of `store` (PostgreSQL) or the database
//! (SQLite) until it commits. So what a change finds is what stands, its guards are compared once, and revisions
//! are in the order of commits: whoever saw revision N has seen, or can see, everything below N.

use crate::rows::{places, texts};
use crate::sql::{Arg, Conn, below, count, int, text, time};
use crate::{Change, CommitError, Operation, Resource};
use serde_json::Value;
use std::collections::BTreeMap;

/// So many keys go into one statement.
pub(crate) const MANY: usize = 100;

/// Why a change is not written.
#[derive(Debug)]
pub(crate) enum Refusal {
    Stale(String),
    Taken { key: String, holder: String },
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Refusal {
    /// A constraint that does not hold, a deadlock, a serialization failure: somebody else was first. The rest is
    /// the database's own trouble.
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        let constraint = error.as_database_error().is_some_and(|error| {
            error.is_unique_violation() || error.is_foreign_key_violation() || error.is_check_violation()
        });
        match code {
            Some(code) if constraint || code == "40001" || code == "40P01" => Self::Stale(error.to_string()),
            _ => Self::Failed(error),
        }
    }
}

impl Refusal {
    pub(crate) fn answer(self) -> CommitError {
        match self {
            Self::Stale(key) => CommitError::Stale(key),
            Self::Taken { key, holder } => CommitError::Taken { key, holder },
            Self::Failed(error) => CommitError::Store(crate::error::failed("writing a change")(error)),
        }
    }
}

/// What is known of a resource before the change.
struct Before {
    revision: u64,
    document: String,
    secrets: Option<String>,
}

/// Writes a change into the open transaction; `newest` is the newest revision given out. Gives the one it becomes.
pub(crate) async fn apply(conn: &mut Conn, change: &Change, newest: u64) -> Result<u64, Refusal> {
    // Every intent gets a revision of its own, and the whole change is known by the last of them.
    let revision = newest + change.intents.len().max(1) as u64;
    let mut before = befores(conn, change).await?;
    for guard in &change.guards {
        if guard.revision != before.get(&guard.key).map(|before| before.revision) {
            return Err(Refusal::Stale(guard.key.clone()));
        }
    }
    let mut audit = Audit { change, rows: Vec::new() };
    for key in &change.deletes {
        delete(conn, key, &mut before, &mut audit).await?;
    }
    for resource in &change.puts {
        put(conn, resource, revision, before.remove(&resource.key), &mut audit).await?;
    }
    for claim in &change.releases {
        conn.run("DELETE FROM claims WHERE key = $1", &[text(claim)]).await?;
    }
    for claim in &change.claims {
        take(conn, &claim.key, &claim.holder).await?;
    }
    for operation in &change.operations {
        write_operation(conn, operation).await?;
    }
    for (n, write) in (newest + 1..).zip(&change.intents) {
        let keys = [text(&write.edge), text(&write.key)];
        match &write.body {
            None => {
                let take_back = "UPDATE intents SET revision = $3, body = NULL, secrets = NULL \
                     WHERE edge = $1 AND key = $2 AND body IS NOT NULL";
                conn.run(take_back, &[keys[0], keys[1], count(n)]).await?;
            }
            Some(body) => {
                let (body, secrets) = (body.to_string(), write.secrets.kept());
                let write = "INSERT INTO intents (edge, key, revision, body, secrets) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (edge, key) DO UPDATE SET revision = excluded.revision, body = excluded.body, \
                     secrets = excluded.secrets";
                let args = [keys[0], keys[1], count(n), text(&body), Arg::Text(secrets.as_deref())];
                conn.run(write, &args).await?;
            }
        }
    }
    audit.write(conn).await?;
    Ok(revision)
}

/// What is guarded or will be written, as it stands.
async fn befores(conn: &mut Conn, change: &Change) -> Result<BTreeMap<String, Before>, sqlx::Error> {
    let mut keys: Vec<&str> = change.guards.iter().map(|guard| guard.key.as_str()).collect();
    keys.extend(change.puts.iter().map(|resource| resource.key.as_str()));
    keys.sort_unstable();
    keys.dedup();
    let mut found = BTreeMap::new();
    for keys in keys.chunks(MANY) {
        let sql =
            format!("SELECT key, revision, document, secrets FROM resources WHERE key IN ({})", places(1, keys.len()));
        for row in conn.rows(sql, &texts(keys.iter().copied())).await? {
            let before = Before { revision: row.count(1)?, document: row.text(2)?, secrets: row.maybe_text(3)? };
            found.insert(row.text(0)?, before);
        }
    }
    Ok(found)
}

/// Deletes a resource with what is below it and the claims that they hold.
async fn delete<'c>(
    conn: &mut Conn,
    key: &str,
    before: &mut BTreeMap<String, Before>,
    audit: &mut Audit<'c>,
) -> Result<(), sqlx::Error> {
    let (from, to) = below(key);
    let range = [text(key), text(&from), text(&to)];
    let deleted = conn
        .rows("DELETE FROM resources WHERE key = $1 OR (key >= $2 AND key < $3) RETURNING key, document", &range)
        .await?;
    let mut rows = Vec::with_capacity(deleted.len());
    for row in &deleted {
        rows.push((row.text(0)?, row.text(1)?));
    }
    rows.sort_unstable();
    for (key, document) in rows {
        before.remove(&key);
        audit.rows.push((key, Some(document), None));
    }
    conn.run("DELETE FROM claims WHERE holder = $1 OR (holder >= $2 AND holder < $3)", &range).await?;
    Ok(())
}

async fn put(
    conn: &mut Conn,
    resource: &Resource,
    revision: u64,
    before: Option<Before>,
    audit: &mut Audit<'_>,
) -> Result<(), sqlx::Error> {
    let write = "INSERT INTO resources \
         (key, id, kind, parent, subscription, grp, revision, etag, created, changed, document, secrets) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (key) DO UPDATE SET \
         id = excluded.id, kind = excluded.kind, parent = excluded.parent, subscription = excluded.subscription, \
         grp = excluded.grp, revision = excluded.revision, etag = excluded.etag, created = excluded.created, \
         changed = excluded.changed, document = excluded.document, secrets = excluded.secrets";
    let (etag, document, secrets) = (resource.etag.to_string(), resource.document.to_string(), resource.secrets.kept());
    let args = [
        text(&resource.key),
        text(&resource.id),
        text(&resource.kind),
        Arg::Text(resource.parent.as_deref()),
        text(&resource.subscription),
        text(&resource.group),
        count(revision),
        text(&etag),
        time(resource.created),
        time(resource.changed),
        text(&document),
        Arg::Text(secrets.as_deref()),
    ];
    conn.run(write, &args).await?;
    // A parent is written again for its child's sake, with a new entity tag and nothing else: not worth a line. Of
    // changed secrets the log says when and by whom, and shows the document, which they are no part of.
    let same = before.as_ref().is_some_and(|before| before.document == document && before.secrets == secrets);
    if !same {
        audit.rows.push((resource.key.clone(), before.map(|before| before.document), Some(document)));
    }
    Ok(())
}

async fn take(conn: &mut Conn, key: &str, holder: &str) -> Result<(), Refusal> {
    let take = "INSERT INTO claims (key, holder) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
    if conn.run(take, &[text(key), text(holder)]).await? == 1 {
        return Ok(());
    }
    let found = conn.rows("SELECT holder FROM claims WHERE key = $1", &[text(key)]).await?;
    match found.first().map(|row| row.text(0)).transpose()? {
        Some(other) if other == holder => Ok(()),
        Some(other) => Err(Refusal::Taken { key: key.to_owned(), holder: other }),
        None => Err(Refusal::Stale(key.to_owned())),
    }
}

/// Writes an operation if it still has the version that was read, which becomes one more.
async fn write_operation(conn: &mut Conn, operation: &Operation) -> Result<(), Refusal> {
    let sql = if operation.version == 0 {
        "INSERT INTO operations (id, version, subscription, resource, kind, step, undoing, state, due, leased_until, \
         edge, input, result, error, created, ended) \
         VALUES ($1, $2 + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
         ON CONFLICT (id) DO NOTHING"
    } else {
        "UPDATE operations SET version = $2 + 1, subscription = $3, resource = $4, kind = $5, step = $6, \
         undoing = $7, state = $8, due = $9, leased_until = $10, edge = $11, input = $12, result = $13, error = $14, \
         created = $15, ended = $16 WHERE id = $1 AND version = $2"
    };
    let id = operation.id.to_string();
    let input = operation.input.to_string();
    let result = operation.result.as_ref().map(Value::to_string);
    let error = operation.error.as_ref().map(Value::to_string);
    let args = [
        text(&id),
        count(operation.version),
        text(&operation.subscription),
        text(&operation.resource),
        text(&operation.kind),
        int(operation.step),
        int(operation.undoing),
        text(operation.state.name()),
        time(operation.due),
        Arg::Int(operation.leased_until.map(crate::sql::nanos)),
        Arg::Text(operation.edge.as_deref()),
        text(&input),
        Arg::Text(result.as_deref()),
        Arg::Text(error.as_deref()),
        time(operation.created),
        Arg::Int(operation.ended.map(crate::sql::nanos)),
    ];
    if conn.run(sql, &args).await? == 1 { Ok(()) } else { Err(Refusal::Stale(id)) }
}

/// Lines for the audit log: key, document before, document after.
struct Audit<'c> {
    change: &'c Change,
    rows: Vec<(String, Option<String>, Option<String>)>,
}

impl Audit<'_> {
    async fn write(self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        for rows in self.rows.chunks(MANY) {
            let mut values = Vec::with_capacity(rows.len());
            let mut args = vec![time(self.change.at), text(&self.change.who), text(&self.change.request)];
            for (key, was, became) in rows {
                values.push(format!("($1, $2, $3, {})", places(args.len() + 1, 3)));
                args.extend([text(key), Arg::Text(was.as_deref()), Arg::Text(became.as_deref())]);
            }
            let sql = format!("INSERT INTO audit (at, who, request, key, was, became) VALUES {}", values.join(", "));
            conn.run(sql, &args).await?;
        }
        Ok(())
    }
}
