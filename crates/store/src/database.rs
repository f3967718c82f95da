//! The store in a database: SQLite or PostgreSQL.

use crate::error::failed;
use crate::rows::{self, AUDIT, INTENT, OPERATION, RESOURCE, places};
use crate::sql::{Arg, Conn, Kept, Pool, Row, below, count, int, nanos, text, time};
use crate::write::MANY;
use crate::writer::Writer;
use crate::{AuditEntry, Change, CommitError, Intent, Operation, Query, Resource, Store, StoreError};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use uuid::Uuid;

/// A store in a database.
#[derive(Debug)]
pub(crate) struct Database {
    /// Who reads.
    pub(crate) readers: Pool,
    /// Who writes without a [`Change`]: on SQLite the one connection of the writer.
    pub(crate) writers: Pool,
    pub(crate) writer: Writer,
    pub(crate) newest: watch::Receiver<u64>,
    pub(crate) floor: u64,
    /// Follows what others write.
    pub(crate) watcher: AbortHandle,
}

impl Drop for Database {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

impl Database {
    async fn read<T>(
        &self,
        doing: &str,
        sql: impl Into<crate::sql::Sql>,
        args: &[Arg<'_>],
        value: impl Fn(&Row) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        // PostgreSQL keeps no text with a zero byte, so nothing is found by one.
        if args.iter().any(|arg| matches!(arg, Arg::Text(Some(text)) if text.contains('\0'))) {
            return Ok(Vec::new());
        }
        let rows = self.readers.rows(sql, args).await.map_err(failed(doing))?;
        rows.iter().map(value).collect::<Result<_, _>>().map_err(failed(doing))
    }
}

#[async_trait]
impl Store for Database {
    async fn get(&self, key: &str) -> Result<Option<Resource>, StoreError> {
        let sql = format!("SELECT {RESOURCE} FROM resources WHERE key = $1");
        Ok(self.read("reading a resource", sql, &[text(key)], rows::resource).await?.pop())
    }

    async fn list(&self, query: &Query) -> Result<Vec<Resource>, StoreError> {
        let mut sql = format!("SELECT {RESOURCE} FROM resources WHERE TRUE");
        let mut args = Vec::new();
        if !query.kinds.is_empty() {
            sql += &format!(" AND kind IN ({})", places(1, query.kinds.len()));
            args.extend(rows::texts(query.kinds.iter().map(String::as_str)));
        }
        for (column, value) in [("subscription", &query.subscription), ("grp", &query.group)] {
            if !value.is_empty() {
                args.push(text(value));
                sql += &format!(" AND {column} = ${}", args.len());
            }
        }
        if let Some(parent) = &query.parent {
            args.push(text(parent));
            sql += &format!(" AND parent = ${}", args.len());
        }
        if query.top {
            sql += " AND parent IS NULL";
        }
        if let Some(after) = &query.after {
            args.push(text(after));
            sql += &format!(" AND key > ${}", args.len());
        }
        sql += " ORDER BY key";
        if query.limit > 0 {
            args.push(int(query.limit));
            sql += &format!(" LIMIT ${}", args.len());
        }
        self.read("listing resources", sql, &args, rows::resource).await
    }

    async fn holder(&self, claim: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT holder FROM claims WHERE key = $1";
        Ok(self.read("reading a claim", sql, &[text(claim)], |row| row.text(0)).await?.pop())
    }

    async fn held(&self, claims: &[String]) -> Result<BTreeSet<String>, StoreError> {
        let mut held = BTreeSet::new();
        for claims in claims.chunks(MANY) {
            let sql = format!("SELECT key FROM claims WHERE key IN ({})", places(1, claims.len()));
            let args = rows::texts(claims.iter().map(String::as_str));
            held.extend(self.read("reading claims", sql, &args, |row| row.text(0)).await?);
        }
        Ok(held)
    }

    async fn commit(&self, change: &Change) -> Result<u64, CommitError> {
        self.writer.commit(change.clone()).await
    }

    async fn operation(&self, id: Uuid) -> Result<Option<Operation>, StoreError> {
        let sql = format!("SELECT {OPERATION} FROM operations WHERE id = $1");
        Ok(self.read("reading an operation", sql, &[text(&id.to_string())], rows::operation).await?.pop())
    }

    async fn take_due(&self, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Operation>, StoreError> {
        // Most often nothing is due, and asking is cheaper than writing.
        if self.next_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let until = now.saturating_add(lease).unwrap_or(Timestamp::MAX);
        let skip = if matches!(self.writers, Pool::Postgres(_)) { "FOR UPDATE SKIP LOCKED" } else { "" };
        let sql = format!(
            "WITH free AS MATERIALIZED (SELECT id FROM operations WHERE state = 'InProgress' AND edge IS NULL \
             AND due <= $1 AND (leased_until IS NULL OR leased_until <= $1) ORDER BY due, id LIMIT $3 {skip}) \
             UPDATE operations SET leased_until = $2, version = version + 1 WHERE id IN (SELECT id FROM free) \
             RETURNING {OPERATION}"
        );
        let doing = "taking operations that are due";
        let pool = self.writers.clone();
        // In a task of its own: a caller who goes away must not leave a transaction half done.
        let work = tokio::spawn(async move {
            let mut conn = pool.acquire().await?;
            let taken = take(&mut conn, sql, &[time(now), time(until), int(limit)]).await;
            if taken.is_err() {
                conn.abandon().await;
            }
            taken
        });
        let mut taken = work.await.unwrap_or(Err(sqlx::Error::WorkerCrashed)).map_err(failed(doing))?;
        taken.sort_by_key(|operation| (operation.due, operation.id));
        Ok(taken)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT CASE WHEN leased_until > due THEN leased_until ELSE due END AS free FROM operations \
             WHERE state = 'InProgress' AND edge IS NULL ORDER BY free LIMIT 1";
        Ok(self.read("looking for operations that are due", sql, &[], |row| row.time(0)).await?.pop())
    }

    async fn questions(&self, edge: &str) -> Result<Vec<Operation>, StoreError> {
        let sql = format!(
            "SELECT {OPERATION} FROM operations WHERE state = 'InProgress' AND edge IS NOT NULL AND edge = $1 \
             ORDER BY created, id"
        );
        self.read("reading questions to an edge", sql, &[text(edge)], rows::operation).await
    }

    async fn running(&self, key: &str) -> Result<Vec<Operation>, StoreError> {
        let (from, to) = below(key);
        let sql = format!(
            "SELECT {OPERATION} FROM operations WHERE state = 'InProgress' \
             AND (resource = $1 OR (resource >= $2 AND resource < $3)) ORDER BY created, id"
        );
        self.read("reading running operations", sql, &[text(key), text(&from), text(&to)], rows::operation).await
    }

    async fn intents(&self, edge: &str, after: u64, limit: u32) -> Result<Vec<Intent>, StoreError> {
        let sql = format!(
            "SELECT {INTENT} FROM intents WHERE edge = $1 AND revision > $2 AND ($2 > 0 OR body IS NOT NULL) \
             ORDER BY revision LIMIT $3"
        );
        self.read("reading intents", sql, &[text(edge), count(after), int(limit)], rows::intent).await
    }

    async fn intent(&self, edge: &str, key: &str) -> Result<Option<Intent>, StoreError> {
        let sql = format!("SELECT {INTENT} FROM intents WHERE edge = $1 AND key = $2 AND body IS NOT NULL");
        Ok(self.read("reading an intent", sql, &[text(edge), text(key)], rows::intent).await?.pop())
    }

    async fn intended(&self, key_prefix: &str) -> Result<Vec<Intent>, StoreError> {
        let (from, to) = below(key_prefix);
        let sql = format!(
            "SELECT {INTENT} FROM intents WHERE (key = $1 OR (key >= $2 AND key < $3)) AND body IS NOT NULL \
             ORDER BY edge, key"
        );
        self.read("reading intents", sql, &[text(key_prefix), text(&from), text(&to)], rows::intent).await
    }

    async fn edges(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT edge FROM intents WHERE body IS NOT NULL ORDER BY edge";
        self.read("reading which edges have intents", sql, &[], |row| row.text(0)).await
    }

    async fn report(&self, edge: &str, at: Timestamp, rows: &[(String, Value)]) -> Result<(), StoreError> {
        let sql = "INSERT INTO reports (key, at, body, edge) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (edge, key) DO UPDATE SET at = excluded.at, body = excluded.body WHERE reports.at <= excluded.at";
        let rows = sorted(rows);
        self.small("writing a report", sql, at, rows, Some(edge.to_owned()), None).await
    }

    async fn reports(&self, edge: &str, key_prefix: &str) -> Result<Vec<(String, Timestamp, Value)>, StoreError> {
        let (from, to) = below(key_prefix);
        let sql = "SELECT key, at, body FROM reports WHERE edge = $4 AND (key = $1 OR (key >= $2 AND key < $3)) \
             ORDER BY key";
        let args = [text(key_prefix), text(&from), text(&to), text(edge)];
        self.read("reading reports", sql, &args, |row| Ok((row.text(0)?, row.time(1)?, row.json(2)?))).await
    }

    async fn sample(&self, at: Timestamp, rows: &[(String, Value)], keep: Duration) -> Result<(), StoreError> {
        let sql = "INSERT INTO samples (key, at, body) VALUES ($1, $2, $3) \
             ON CONFLICT (key, at) DO UPDATE SET body = excluded.body";
        let oldest = at.saturating_sub(keep).unwrap_or(Timestamp::MIN);
        self.small("writing samples", sql, at, sorted(rows), None, Some(oldest)).await
    }

    async fn samples(&self, key: &str, from: Timestamp, to: Timestamp) -> Result<Vec<(Timestamp, Value)>, StoreError> {
        let sql = "SELECT at, body FROM samples WHERE key = $1 AND at >= $2 AND at < $3 ORDER BY at";
        let args = [text(key), time(from), time(to)];
        self.read("reading samples", sql, &args, |row| Ok((row.time(0)?, row.json(1)?))).await
    }

    async fn audit(&self, key_prefix: &str, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let (from, to) = below(key_prefix);
        let sql = format!(
            "SELECT {AUDIT} FROM audit WHERE number < $1 AND (key = $2 OR (key >= $3 AND key < $4)) \
             ORDER BY number DESC LIMIT $5"
        );
        let args = [count(before.unwrap_or(u64::MAX)), text(key_prefix), text(&from), text(&to), int(limit)];
        self.read("reading the audit log", sql, &args, rows::audit).await
    }

    async fn changed(&self, revision: u64, patience: Duration) -> u64 {
        let mut newest = self.newest.clone();
        // Whether patience ended or the sender did, the newest known is the answer.
        _ = tokio::time::timeout(patience, newest.wait_for(|newest| *newest > revision)).await;
        *newest.borrow()
    }

    fn floor(&self) -> u64 {
        self.floor
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let doing = "forgetting operations";
        let mut conn = self.writers.acquire().await.map_err(failed(doing))?;
        let sql = "DELETE FROM operations WHERE ended IS NOT NULL AND ended < $1";
        conn.run(sql, &[time(before)]).await.map_err(failed(doing))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read("asking whether the store answers", "SELECT revision FROM store", &[], |_| Ok(())).await.map(|_| ())
    }
}

/// Rows in the order of their keys: two writers of the same rows take their locks in the same order.
fn sorted(rows: &[(String, Value)]) -> Vec<(String, String)> {
    let mut rows: Vec<_> = rows.iter().map(|(key, body)| (key.clone(), body.to_string())).collect();
    rows.sort_unstable();
    rows
}

impl Database {
    /// Writes rows of reports or samples in one transaction, and forgets samples older than `oldest`. In a task of its
    /// own: a caller who goes away must not leave a transaction half done.
    async fn small(
        &self,
        doing: &str,
        sql: &'static str,
        at: Timestamp,
        rows: Vec<(String, String)>,
        edge: Option<String>,
        oldest: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let pool = self.writers.clone();
        let work = async move {
            let mut conn = pool.acquire().await?;
            let written = write_rows(&mut conn, sql, at, &rows, edge.as_deref(), oldest).await;
            if written.is_err() {
                conn.abandon().await;
            }
            written
        };
        let ended = tokio::spawn(work).await.unwrap_or(Err(sqlx::Error::WorkerCrashed));
        ended.map_err(failed(doing))
    }
}

/// Takes operations. A lease that power failure undoes was never had.
async fn take(conn: &mut Conn, sql: String, args: &[Arg<'_>]) -> Result<Vec<Operation>, sqlx::Error> {
    conn.begin(Kept::Later).await?;
    let taken = conn.rows(sql, args).await?.iter().map(rows::operation).collect::<Result<_, _>>()?;
    conn.raw("COMMIT").await?;
    Ok(taken)
}

async fn write_rows(
    conn: &mut Conn,
    sql: &'static str,
    at: Timestamp,
    rows: &[(String, String)],
    edge: Option<&str>,
    oldest: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    conn.begin(Kept::Later).await?;
    for (key, body) in rows {
        let mut args = vec![text(key), Arg::Int(Some(nanos(at))), text(body)];
        args.extend(edge.map(text));
        conn.run(sql, &args).await?;
    }
    if let Some(oldest) = oldest {
        conn.run("DELETE FROM samples WHERE at < $1", &[time(oldest)]).await?;
    }
    conn.raw("COMMIT").await
}
