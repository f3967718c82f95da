//! From an address to a store.

use crate::database::Database;
use crate::error::failed;
use crate::sql::Pool;
use crate::writer::{CHANNEL, Writer, raise};
use crate::{Store, StoreError, schema};
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How long a statement waits for another program that writes to the same SQLite file.
const BUSY: Duration = Duration::from_secs(10);
/// How long a caller waits for a connection, or for a PostgreSQL that does not answer.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A connection to PostgreSQL that rested for so long is asked whether it still lives.
const RESTED: Duration = Duration::from_secs(1);
/// How often is looked for what others wrote, in case nobody told.
const POLL: Duration = Duration::from_secs(2);

/// Opens the store at an address, and makes its tables or brings them up to date.
///
/// - `sqlite:PATH`, or just a path: one file, made when it is not there;
/// - `sqlite::memory:`: in memory, each its own, gone when it is dropped; for tests;
/// - `postgres://user:password@host:port/database`: a PostgreSQL, which several programs may share. As libpq does, it speaks
///   TLS when the server does, and with `?sslmode=verify-full` only to the server of that name; `sslrootcert` names the
///   file of its authority, `sslcert` and `sslkey` who calls.
///
/// # Errors
///
/// The store cannot be reached, or was written by a newer program.
pub async fn open(address: &str) -> Result<Arc<dyn Store>, StoreError> {
    Ok(Arc::new(database(address).await?))
}

/// Opens the database at an address.
pub(crate) async fn database(address: &str) -> Result<Database, StoreError> {
    let doing = format!("opening the store `{}`", shown(address));
    connect(address).await.map_err(failed(&doing))
}

async fn connect(address: &str) -> Result<Database, sqlx::Error> {
    let (readers, writers) = pools(address).await?;
    let mut conn = writers.acquire().await?;
    if let Err(error) = schema::migrate(&mut conn).await {
        conn.abandon().await;
        return Err(error);
    }
    let rows = conn.rows("SELECT revision, floor FROM store", &[]).await?;
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let (revision, floor) = (row.count(0)?, row.count(1)?);
    drop(conn);
    let (tell, newest) = watch::channel(revision);
    let writer = Writer::start(writers.clone(), tell.clone());
    let watcher = tokio::spawn(watch(readers.clone(), tell)).abort_handle();
    Ok(Database { readers, writers, writer, newest, floor, watcher })
}

/// Connections for readers, and for writers.
async fn pools(address: &str) -> Result<(Pool, Pool), sqlx::Error> {
    if is_postgres(address) {
        let options = PgConnectOptions::from_str(address)?;
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("twinpath"),
        };
        let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(ACQUIRE);
        // To ask each time whether a connection still lives doubles the way to the database.
        let pool = pool.test_before_acquire(false).before_acquire(|connection, known| {
            Box::pin(async move {
                if known.idle_for > RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        });
        let pool = Pool::Postgres(pool.connect_with(options).await?);
        return Ok((pool.clone(), pool));
    }
    let path = address.strip_prefix("sqlite:").unwrap_or(address);
    // Nothing else touches a connection, so none has to be asked whether it still lives.
    let pool = || SqlitePoolOptions::new().idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    let one = || pool().max_connections(1).acquire_timeout(BUSY * 2);
    if path == ":memory:" {
        // A database in memory belongs to its connection.
        let pool = one().min_connections(1).connect_with(SqliteConnectOptions::new().in_memory(true)).await?;
        return Ok((Pool::Sqlite(pool.clone()), Pool::Sqlite(pool)));
    }
    let path = Path::new(path);
    if !path.exists() {
        private(path)?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY);
    let writers = one().connect_with(options.clone()).await?;
    let readers = pool().max_connections(4).acquire_timeout(BUSY).connect_lazy_with(options);
    Ok((Pool::Sqlite(readers), Pool::Sqlite(writers)))
}

/// Makes a file that only its owner may read: there are secrets in it.
pub(crate) fn private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether there may be a store at an address: `false` for a file that is not there, which [`open`] would make.
pub fn exists(address: &str) -> bool {
    let path = address.strip_prefix("sqlite:").unwrap_or(address);
    is_postgres(address) || path == ":memory:" || Path::new(path).exists()
}

fn is_postgres(address: &str) -> bool {
    address.starts_with("postgres://") || address.starts_with("postgresql://")
}

/// An address without its password, which may also stand behind the question mark.
pub(crate) fn shown(address: &str) -> String {
    let address = if is_postgres(address) { address.split('?').next().unwrap_or_default() } else { address };
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://{place}"),
        _ => address.to_owned(),
    }
}

/// Follows the newest revision as other programs write it: told by PostgreSQL, and by looking now and then.
async fn watch(pool: Pool, newest: watch::Sender<u64>) {
    let mut listener = None;
    loop {
        if let (Pool::Postgres(pool), None) = (&pool, &listener) {
            listener = listen(pool).await;
        }
        match &mut listener {
            Some(told) => match tokio::time::timeout(POLL, told.recv()).await {
                Ok(Ok(notification)) => {
                    if let Ok(revision) = notification.payload().parse() {
                        raise(&newest, revision);
                        continue;
                    }
                }
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the store's notifications ended");
                    listener = None;
                    tokio::time::sleep(POLL / 10).await;
                }
                Err(_) => {}
            },
            None => tokio::time::sleep(POLL).await,
        }
        if let Ok(rows) = pool.rows("SELECT revision FROM store", &[]).await
            && let Some(Ok(revision)) = rows.first().map(|row| row.count(0))
        {
            raise(&newest, revision);
        }
    }
}

async fn listen(pool: &sqlx::PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(shown("postgres://a:secret@db:5432/x"), "postgres://db:5432/x");
        assert_eq!(shown("postgres://a:sec@ret@db/x?password=secret"), "postgres://db/x");
        assert_eq!(shown("postgres://db/x?user=a&password=secret@@"), "postgres://db/x");
        assert_eq!(shown("sqlite:a?b.db"), "sqlite:a?b.db");
    }
}
