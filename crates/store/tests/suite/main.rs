//! What every store can do: the same cases, in the same order, against each database.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod cases;
mod model;
mod moves;
mod properties;
mod tls;

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

#[test]
fn sqlite_does_what_the_model_does() {
    properties::hold(200, || async { store::open("sqlite::memory:").await.unwrap() });
}

#[test]
fn postgres_does_what_the_model_does() {
    let cluster = Postgres::start().unwrap();
    let number = std::cell::Cell::new(0);
    properties::hold(20, || {
        number.set(number.get() + 1);
        let database = cluster.database(&format!("model{}", number.get())).unwrap();
        async move { store::open(&database).await.unwrap() }
    });
}

#[tokio::test]
async fn moves_between_databases() {
    let (cluster, folder) = (Postgres::start().unwrap(), tempfile::tempdir().unwrap());
    let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let database = |name: &str| cluster.database(name).unwrap();
    moves::moves(&file("a.db"), &database("a")).await;
    moves::moves(&database("b"), &file("b.db")).await;
    let missing = store::backup(&file("none.db"), &folder.path().join("none")).await.unwrap_err();
    assert!(format!("{missing:?}").contains("Missing"));
    assert!(!folder.path().join("none.db").exists());
}

#[tokio::test]
async fn a_store_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twinpath.db");
    drop(file(&folder).await);
    let pool = sqlx::SqlitePool::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("UPDATE store SET schema = 99").execute(&pool).await.unwrap();
    pool.close().await;
    let refused = store::open(path.to_str().unwrap()).await.unwrap_err();
    assert!(refused.cause.to_string().contains("schema 99"), "{}", refused.cause);
}
