//! What every store can do: the same cases, in the same order, against each database.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod cases;

use std::sync::Arc;
use store::Store;
use testkit::postgres::Postgres;

/// A store in a file of its own.
async fn file(folder: &tempfile::TempDir) -> Arc<dyn Store> {
    store::open(&format!("sqlite:{}", folder.path().join("twinpath.db").display())).await.unwrap()
}

#[tokio::test]
async fn sqlite_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    cases::all(&file(&folder).await).await;
}

#[tokio::test]
async fn sqlite_in_memory() {
    cases::all(&store::open("sqlite::memory:").await.unwrap()).await;
}

#[tokio::test]
async fn postgres() {
    let cluster = Postgres::start().unwrap();
    cases::all(&store::open(&cluster.database("suite").unwrap()).await.unwrap()).await;
}
