//! A store moves by its backup, between databases too, and arrives whole or not at all.

use crate::cases;
use serde_json::json;
use std::sync::Arc;
use store::{Change, Claim, IntentWrite, Secrets, Store};

/// Backs a filled store up, restores it at `to`, and compares.
pub(crate) async fn moves(from: &str, to: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let store = store::open(from).await.unwrap();
    cases::all(&store).await;
    let mut kept = cases::resource("/moves/a", json!({"z": 1, "a": "ü"}));
    kept.secrets = Secrets(json!("secret"));
    let claims = vec![Claim { key: "moves".into(), holder: "/moves/a".into() }];
    let body = Some(json!({"run": true}));
    let intents = vec![IntentWrite { edge: "moves".into(), key: "/moves/a".into(), body, secrets: Secrets::default() }];
    let operations = vec![cases::operation(77, "/moves/a", 5)];
    let newest = store.commit(&Change { puts: vec![kept], claims, intents, operations, ..cases::change() }).await;
    let rows = store::backup(from, &first).await.unwrap();
    assert!(rows.values().all(|rows| *rows > 0), "{rows:?}");
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&first.metadata().unwrap()) & 0o077, 0);

    // A file that was cut off, or lost a line, is refused and leaves nothing.
    let text = std::fs::read_to_string(&first).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&second, lines[..lines.len() - 1].join("\n")).unwrap();
    assert!(chain(&store::restore(to, &second).await.unwrap_err()).contains("cut off"));
    std::fs::write(&second, [&lines[..1], &lines[2..]].concat().join("\n")).unwrap();
    assert!(chain(&store::restore(to, &second).await.unwrap_err()).contains("its last line says"));

    assert_eq!((store.floor(), store::restore(to, &first).await.unwrap()), (0, rows));
    let moved: Arc<dyn Store> = store::open(to).await.unwrap();
    assert_eq!(moved.get("/moves/a").await.unwrap(), store.get("/moves/a").await.unwrap());
    assert_eq!(moved.running("/moves/a").await.unwrap(), store.running("/moves/a").await.unwrap());
    assert_eq!(moved.audit("", None, 1000).await.unwrap(), store.audit("", None, 1000).await.unwrap());
    let intent = moved.intent("moves", "/moves/a").await.unwrap().unwrap();
    let newest = newest.unwrap();
    assert!(intent.revision > newest, "edges that saw newer revisions hear of it");
    assert!(moved.floor() > newest, "and of what was taken back meanwhile");
    let next = moved.commit(&Change { puts: vec![cases::resource("/moves/b", json!(1))], ..cases::change() }).await;
    assert!(next.unwrap() > intent.revision);
    assert!(chain(&store::restore(to, &first).await.unwrap_err()).contains("not empty"));
}

fn chain(error: &dyn std::error::Error) -> String {
    error.source().map_or(error.to_string(), |cause| format!("{error}: {}", chain(cause)))
}
