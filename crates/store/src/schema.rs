//! The tables, by version.
//!
//! Schemas only grow: version N is what the files `schema/1-…` to `schema/N-…` make, one after the other. A store of
//! an older program is brought up to date when it is opened; one of a newer program is refused, untouched.

use crate::sql::{Conn, int};

/// What was added with each version: for SQLite, for PostgreSQL.
const VERSIONS: &[(&str, &str)] = &[(include_str!("schema/1-sqlite.sql"), include_str!("schema/1-postgres.sql"))];

/// Why a store cannot be used by this program.
#[derive(Debug, thiserror::Error)]
#[error("the store has schema {found}, and this program knows schemas up to {known}; use the newer program")]
pub(crate) struct TooNew {
    pub(crate) found: i64,
    pub(crate) known: i64,
}

/// Makes the tables, or brings them up to date. Two programs may do so at once.
pub(crate) async fn migrate(conn: &mut Conn) -> Result<(), sqlx::Error> {
    // The common case asks and writes nothing.
    if version(conn).await? == Some(newest()) {
        return Ok(());
    }
    if conn.is_postgres() {
        conn.raw("BEGIN").await?;
        // Any number does, as long as every program takes the same: here, the letters `twinpath`.
        conn.rows("SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) AS locked", &[int(0x7477_696e_7061_7468_i64)])
            .await?;
    } else {
        conn.raw("BEGIN IMMEDIATE").await?;
    }
    let found = version(conn).await?.unwrap_or(0);
    if found > newest() {
        return Err(sqlx::Error::Configuration(Box::new(TooNew { found, known: newest() })));
    }
    for (sqlite, postgres) in VERSIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        conn.raw(if conn.is_postgres() { postgres } else { sqlite }).await?;
    }
    conn.run("UPDATE store SET schema = $1", &[int(newest())]).await?;
    conn.raw("COMMIT").await
}

/// The version of this program.
pub(crate) fn newest() -> i64 {
    VERSIONS.len() as i64
}

/// The version of a store; nothing when it has no tables yet.
async fn version(conn: &mut Conn) -> Result<Option<i64>, sqlx::Error> {
    let exists = if conn.is_postgres() {
        "SELECT 1 FROM (SELECT to_regclass('store') AS found) AS looked WHERE found IS NOT NULL"
    } else {
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'store'"
    };
    if conn.rows(exists, &[]).await?.is_empty() {
        return Ok(None);
    }
    conn.rows("SELECT schema FROM store", &[]).await?.first().map(|row| row.int(0)).transpose()
}
