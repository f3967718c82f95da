//! One way to speak to both databases.
//!
//! Every statement is written once, with `$1` for its first argument, which SQLite and PostgreSQL both read. Columns
//! hold text, 64-bit integers or nothing, so that rows mean the same in both.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{AssertSqlSafe, Postgres, Row as _, Sqlite};
use std::borrow::Cow;
use uuid::Uuid;

/// Statements are constants of the program, or put together from such; values go in as arguments only.
pub(crate) type Sql = Cow<'static, str>;

/// Connections to a database.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    pub(crate) async fn acquire(&self) -> Result<Conn, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(pool) => Conn::Sqlite(pool.acquire().await?),
            Self::Postgres(pool) => Conn::Postgres(pool.acquire().await?),
        })
    }

    pub(crate) async fn rows(&self, sql: impl Into<Sql>, args: &[Arg<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        self.acquire().await?.rows(sql, args).await
    }
}

/// One connection, for as long as it is held.
#[derive(Debug)]
pub(crate) enum Conn {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// When a commit is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Before it is acknowledged.
    Synced,
    /// Soon after.
    Later,
}

/// A value for a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Arg<'a> {
    Text(Option<&'a str>),
    Int(Option<i64>),
}

macro_rules! bound {
    ($db:ty, $sql:expr, $args:expr) => {{
        let sql: Sql = $sql.into();
        let mut query = match sql {
            Cow::Borrowed(sql) => sqlx::query::<$db>(sql),
            Cow::Owned(sql) => sqlx::query::<$db>(AssertSqlSafe(sql)),
        };
        for arg in $args {
            query = match *arg {
                Arg::Text(text) => query.bind(text),
                Arg::Int(number) => query.bind(number),
            };
        }
        query
    }};
}

impl Conn {
    /// Runs a statement; gives how many rows it wrote.
    pub(crate) async fn run(&mut self, sql: impl Into<Sql>, args: &[Arg<'_>]) -> Result<u64, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(conn) => bound!(Sqlite, sql, args).execute(&mut **conn).await?.rows_affected(),
            Self::Postgres(conn) => bound!(Postgres, sql, args).execute(&mut **conn).await?.rows_affected(),
        })
    }

    /// Runs a statement that gives rows.
    pub(crate) async fn rows(&mut self, sql: impl Into<Sql>, args: &[Arg<'_>]) -> Result<Vec<Row>, sqlx::Error> {
        Ok(match self {
            Self::Sqlite(conn) => {
                bound!(Sqlite, sql, args).fetch_all(&mut **conn).await?.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(conn) => {
                bound!(Postgres, sql, args).fetch_all(&mut **conn).await?.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// Runs statements without arguments, as they are: transactions and schemas.
    pub(crate) async fn raw(&mut self, sql: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(conn) => _ = sqlx::raw_sql(sql).execute(&mut **conn).await?,
            Self::Postgres(conn) => _ = sqlx::raw_sql(sql).execute(&mut **conn).await?,
        }
        Ok(())
    }

    /// Begins a transaction that writes. What nobody was promised, like a lease or a report, need not be on disk when it
    /// is committed: a later commit that has to be takes it along, and when power fails before that it never was.
    pub(crate) async fn begin(&mut self, kept: Kept) -> Result<(), sqlx::Error> {
        self.raw(match (&self, kept) {
            (Self::Sqlite(_), Kept::Synced) => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
            (Self::Sqlite(_), Kept::Later) => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
            (Self::Postgres(_), Kept::Synced) => "BEGIN",
            (Self::Postgres(_), Kept::Later) => "BEGIN; SET LOCAL synchronous_commit TO off",
        })
        .await
    }

    /// Ends a transaction without its writes. When even that fails, the connection is not used again.
    pub(crate) async fn abandon(mut self) {
        if self.raw("ROLLBACK").await.is_err() {
            match &mut self {
                Self::Sqlite(conn) => conn.close_on_drop(),
                Self::Postgres(conn) => conn.close_on_drop(),
            }
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// A row that was read.
#[derive(Debug)]
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(crate) fn text(&self, column: usize) -> Result<String, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
    }

    /// A revision, a version or a number.
    pub(crate) fn count(&self, column: usize) -> Result<u64, sqlx::Error> {
        u64::try_from(self.int(column)?).map_err(decode)
    }

    pub(crate) fn time(&self, column: usize) -> Result<Timestamp, sqlx::Error> {
        from_nanos(self.int(column)?)
    }

    pub(crate) fn maybe_time(&self, column: usize) -> Result<Option<Timestamp>, sqlx::Error> {
        self.maybe_int(column)?.map(from_nanos).transpose()
    }

    pub(crate) fn uuid(&self, column: usize) -> Result<Uuid, sqlx::Error> {
        self.text(column)?.parse().map_err(decode)
    }

    pub(crate) fn json(&self, column: usize) -> Result<Value, sqlx::Error> {
        serde_json::from_str(&self.text(column)?).map_err(decode)
    }

    pub(crate) fn maybe_json(&self, column: usize) -> Result<Option<Value>, sqlx::Error> {
        self.maybe_text(column)?.map(|text| serde_json::from_str(&text).map_err(decode)).transpose()
    }
}

/// A row does not hold what was expected.
pub(crate) fn decode(cause: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(cause))
}

fn from_nanos(nanos: i64) -> Result<Timestamp, sqlx::Error> {
    Timestamp::from_nanosecond(i128::from(nanos)).map_err(|error| sqlx::Error::Decode(error.to_string().into()))
}

/// A time as kept: nanoseconds since 1970. Times beyond the years 1677 and 2262 are kept as the nearest of those.
pub(crate) fn nanos(at: Timestamp) -> i64 {
    at.as_nanosecond().clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// What is below a key: everything from the first text to before the second. Everything at all for the key `""`.
pub(crate) fn below(key: &str) -> (String, String) {
    // `0` is the byte after `/`.
    if key.is_empty() { (String::new(), char::MAX.to_string()) } else { (format!("{key}/"), format!("{key}0")) }
}

pub(crate) fn text(text: &str) -> Arg<'_> {
    Arg::Text(Some(text))
}

pub(crate) fn int(number: impl Into<i64>) -> Arg<'static> {
    Arg::Int(Some(number.into()))
}

/// A revision, version or number. All are given out by the store from 1 on, so none is beyond 2^63; what a caller
/// made up may be, and is as good as the greatest.
pub(crate) fn count(number: u64) -> Arg<'static> {
    Arg::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
}

pub(crate) fn time(at: Timestamp) -> Arg<'static> {
    Arg::Int(Some(nanos(at)))
}
