//! The one who writes.
//!
//! Changes wait in a queue. A task takes all that wait, up to a bound, and writes them in one transaction, each behind
//! a savepoint, so that one that is refused takes nothing with it; then it commits once for all (group commit) and
//! answers them. One sync of the disk serves as many changes as came in during the one before.

use crate::error::{disconnected, failed};
use crate::sql::{Conn, Kept, Pool, count, text};
use crate::write::{Refusal, apply};
use crate::{Change, CommitError};
use tokio::sync::{mpsc, oneshot, watch};

/// So much is written in one transaction at most.
const GROUP: usize = 128;
/// So much waits at most; who comes then waits before the queue.
const QUEUE: usize = 1024;

/// On this channel PostgreSQL tells all replicas the newest revision.
pub(crate) const CHANNEL: &str = "twinpath_store";

/// Where changes queue.
#[derive(Debug, Clone)]
pub(crate) struct Writer(mpsc::Sender<Waiting>);

/// A change, and who waits for its revision.
#[derive(Debug)]
struct Waiting {
    change: Change,
    answer: oneshot::Sender<Result<u64, CommitError>>,
}

impl Writer {
    /// Starts the task. It ends when the last `Writer` is dropped.
    pub(crate) fn start(pool: Pool, newest: watch::Sender<u64>) -> Self {
        let (queue, mut waiting) = mpsc::channel(QUEUE);
        tokio::spawn(async move {
            let mut group = Vec::with_capacity(GROUP);
            while waiting.recv_many(&mut group, GROUP).await > 0 {
                write(&pool, &newest, std::mem::take(&mut group)).await;
            }
        });
        Self(queue)
    }

    /// Queues a change and waits until it is on disk, or refused.
    pub(crate) async fn commit(&self, change: Change) -> Result<u64, CommitError> {
        let (answer, answered) = oneshot::channel();
        let gone = |_| CommitError::Store(failed("writing a change")(sqlx::Error::WorkerCrashed));
        self.0.send(Waiting { change, answer }).await.map_err(|_| gone(()))?;
        answered.await.map_err(|_| gone(()))?
    }
}

/// Writes a group and answers it.
async fn write(pool: &Pool, newest: &watch::Sender<u64>, group: Vec<Waiting>) {
    let mut conn = match pool.acquire().await {
        Ok(conn) => conn,
        Err(error) => return fail(group, &error),
    };
    let mut answers = Vec::with_capacity(group.len());
    match write_all(&mut conn, &group, &mut answers).await {
        Ok(revision) => {
            raise(newest, revision);
            for (waiting, answer) in group.into_iter().zip(answers) {
                // Whoever asked may be gone; what was written stays.
                _ = waiting.answer.send(answer);
            }
        }
        Err(error) => {
            conn.abandon().await;
            fail(group, &error);
        }
    }
}

/// Writes a group in one transaction, with one answer for each that was written or refused. Gives the newest revision.
async fn write_all(
    conn: &mut Conn,
    group: &[Waiting],
    answers: &mut Vec<Result<u64, CommitError>>,
) -> Result<u64, sqlx::Error> {
    let before = begin(conn).await?;
    let mut newest = before;
    // One that is alone takes nothing with it when it is refused.
    let alone = group.len() == 1;
    for waiting in group {
        if !alone {
            conn.raw("SAVEPOINT change").await?;
        }
        match apply(conn, &waiting.change, newest).await {
            Ok(revision) => {
                if !alone {
                    conn.raw("RELEASE SAVEPOINT change").await?;
                }
                newest = revision;
                answers.push(Ok(revision));
            }
            Err(Refusal::Failed(error)) if disconnected(&error) => return Err(error),
            Err(refusal) => {
                if !alone {
                    conn.raw("ROLLBACK TO SAVEPOINT change").await?;
                }
                answers.push(Err(refusal.answer()));
            }
        }
    }
    if newest == before {
        conn.raw("ROLLBACK").await?;
        return Ok(newest);
    }
    if conn.is_postgres() {
        let told = newest.to_string();
        let args = [count(newest), text(CHANNEL), text(&told)];
        conn.rows("UPDATE store SET revision = $1 RETURNING pg_notify($2, $3)", &args).await?;
    } else {
        conn.run("UPDATE store SET revision = $1", &[count(newest)]).await?;
    }
    conn.raw("COMMIT").await?;
    Ok(newest)
}

/// Lets everyone know of a revision.
pub(crate) fn raise(newest: &watch::Sender<u64>, revision: u64) {
    newest.send_if_modified(|newest| {
        let newer = revision > *newest;
        *newest = revision.max(*newest);
        newer
    });
}

/// Begins a transaction that no other writer runs beside, here or in another replica. Gives the newest revision.
pub(crate) async fn begin(conn: &mut Conn) -> Result<u64, sqlx::Error> {
    conn.begin(Kept::Synced).await?;
    let lock = if conn.is_postgres() { "SELECT revision FROM store FOR UPDATE" } else { "SELECT revision FROM store" };
    conn.rows(lock, &[]).await?.first().ok_or(sqlx::Error::RowNotFound)?.count(0)
}

/// Tells everyone in a group that the store failed. Errors cannot be copied, so each gets its text.
fn fail(group: Vec<Waiting>, error: &sqlx::Error) {
    for waiting in group {
        let error = sqlx::Error::Io(std::io::Error::other(error.to_string()));
        _ = waiting.answer.send(Err(CommitError::Store(failed("writing a change")(error))));
    }
}
