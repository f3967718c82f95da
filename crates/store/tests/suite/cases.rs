//! The cases.

use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use store::{Change, Claim, CommitError, Guard, IntentWrite, Operation, Query, Resource, Secrets, State, Store};
use uuid::Uuid;

/// Runs every case on a fresh store.
pub(crate) async fn all(store: &Arc<dyn Store>) {
    resources_are_kept_as_written(store).await;
    guards_hold(store).await;
    deletes_take_what_is_below(store).await;
    claims_are_had_once(store).await;
    a_refused_change_leaves_nothing(store).await;
    lists_are_in_order(store).await;
    operations_are_written_by_one(store).await;
    due_operations_are_taken_once(store).await;
    intents_are_in_order(store).await;
    reports_and_samples(store).await;
    the_audit_log_says_what_changed(store).await;
    changes_are_heard(store).await;
    many_writers_at_once(store).await;
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::new(1_700_000_000 + second, 123_456_789).unwrap()
}

pub(crate) fn change() -> Change {
    Change { who: "ann".into(), request: "r-1".into(), at: at(0), ..Change::default() }
}

pub(crate) fn resource(key: &str, document: Value) -> Resource {
    let parent = key.rsplit_once("/peerings/").map(|(parent, _)| parent.to_owned());
    Resource {
        key: key.into(),
        id: key.to_uppercase(),
        kind: if parent.is_some() { "circuits/peerings".into() } else { "circuits".into() },
        parent,
        subscription: "s".into(),
        group: "g".into(),
        revision: 0,
        etag: Uuid::from_u128(7),
        created: at(1),
        changed: at(2),
        document,
        secrets: Secrets::default(),
    }
}

pub(crate) fn operation(id: u128, resource: &str, due: i64) -> Operation {
    Operation {
        id: Uuid::from_u128(id),
        version: 0,
        subscription: "s".into(),
        resource: resource.into(),
        kind: "put-circuit".into(),
        step: 0,
        undoing: false,
        state: State::InProgress,
        due: at(due),
        leased_until: None,
        edge: None,
        input: json!({"b": 1, "a": 2}),
        result: None,
        error: None,
        created: at(0),
        ended: None,
    }
}

fn put(resources: &[Resource]) -> Change {
    Change { puts: resources.to_vec(), ..change() }
}

fn guard(key: &str, revision: Option<u64>) -> Guard {
    Guard { key: key.into(), revision }
}

fn claim(key: &str, holder: &str) -> Claim {
    Claim { key: key.into(), holder: holder.into() }
}

async fn resources_are_kept_as_written(store: &Arc<dyn Store>) {
    assert_eq!(store.get("/kept/a").await.unwrap(), None);
    assert_eq!(store.get("/kept/\0").await.unwrap(), None);
    let mut written = resource("/kept/a", json!({"z": "ü \u{0} \u{1F600}", "a": [1, 2.5, null, {"deep": true}]}));
    written.secrets = Secrets(json!({"sharedKey": "hidden"}));
    let revision = store.commit(&put(std::slice::from_ref(&written))).await.unwrap();
    assert!(revision > 0);
    written.revision = revision;
    let read = store.get("/kept/a").await.unwrap().unwrap();
    assert_eq!(read, written);
    assert_eq!(read.document.to_string(), written.document.to_string(), "the order of keys is kept");
    written.document = json!({});
    written.secrets = Secrets::default();
    written.revision = store.commit(&put(std::slice::from_ref(&written))).await.unwrap();
    assert!(written.revision > revision);
    assert_eq!(store.get("/kept/a").await.unwrap(), Some(written));
    store.ping().await.unwrap();
}

async fn guards_hold(store: &Arc<dyn Store>) {
    let first = store.commit(&put(&[resource("/guard/a", json!(1))])).await.unwrap();
    let guarded = |guards: Vec<Guard>| Change { guards, ..put(&[resource("/guard/b", json!(1))]) };
    for wrong in [guard("/guard/a", None), guard("/guard/a", Some(first + 1)), guard("/guard/z", Some(first))] {
        let key = wrong.key.clone();
        let refused = store.commit(&guarded(vec![wrong])).await.unwrap_err();
        assert!(matches!(&refused, CommitError::Stale(stale) if *stale == key), "{refused}");
    }
    assert_eq!(store.get("/guard/b").await.unwrap(), None);
    store.commit(&guarded(vec![guard("/guard/a", Some(first)), guard("/guard/b", None)])).await.unwrap();
    let refused = store.commit(&guarded(vec![guard("/guard/b", None)])).await.unwrap_err();
    assert!(matches!(refused, CommitError::Stale(_)));
}

async fn deletes_take_what_is_below(store: &Arc<dyn Store>) {
    let keys = ["/del/a", "/del/a/peerings/p", "/del/a-b", "/del/a0", "/del/ab"];
    let all: Vec<Resource> = keys.iter().map(|key| resource(key, json!({"of": key}))).collect();
    let claims = keys.iter().map(|key| claim(&format!("vlan{key}"), key)).collect();
    store.commit(&Change { claims, ..put(&all) }).await.unwrap();
    store.commit(&Change { deletes: vec!["/del/a".into(), "/del/none".into()], ..change() }).await.unwrap();
    for key in keys {
        let gone = key == "/del/a" || key.starts_with("/del/a/");
        assert_eq!(store.get(key).await.unwrap().is_none(), gone, "{key}");
        assert_eq!(store.holder(&format!("vlan{key}")).await.unwrap().is_none(), gone, "{key}");
    }
    // Deleted and made again in one change: what was below is gone.
    store.commit(&put(&[resource("/del/ab/peerings/p", json!(1))])).await.unwrap();
    let again = Change { deletes: vec!["/del/ab".into()], ..put(&[resource("/del/ab", json!("new"))]) };
    store.commit(&again).await.unwrap();
    assert_eq!(store.get("/del/ab").await.unwrap().unwrap().document, json!("new"));
    assert_eq!(store.get("/del/ab/peerings/p").await.unwrap(), None);
}

async fn claims_are_had_once(store: &Arc<dyn Store>) {
    let take = |key: &str, holder: &str| Change { claims: vec![claim(key, holder)], ..change() };
    store.commit(&take("vlan/1", "/c/1")).await.unwrap();
    store.commit(&take("vlan/1", "/c/1")).await.unwrap();
    let refused = store.commit(&take("vlan/1", "/c/2")).await.unwrap_err();
    assert!(matches!(&refused, CommitError::Taken { key, holder } if key == "vlan/1" && holder == "/c/1"), "{refused}");
    // Given up and taken in one change.
    let swap = Change { releases: vec!["vlan/1".into(), "vlan/none".into()], ..take("vlan/1", "/c/2") };
    store.commit(&swap).await.unwrap();
    assert_eq!(store.holder("vlan/1").await.unwrap().as_deref(), Some("/c/2"));
    store.commit(&Change { releases: vec!["vlan/1".into()], ..change() }).await.unwrap();
    assert_eq!(store.holder("vlan/1").await.unwrap(), None);
}

async fn a_refused_change_leaves_nothing(store: &Arc<dyn Store>) {
    store
        .commit(&Change { claims: vec![claim("once", "first")], ..put(&[resource("/whole/a", json!(1))]) })
        .await
        .unwrap();
    let refused = Change {
        deletes: vec!["/whole/a".into()],
        claims: vec![claim("other", "second"), claim("once", "second")],
        operations: vec![operation(99, "/whole/b", 0)],
        intents: vec![IntentWrite {
            edge: "whole".into(),
            key: "/whole/b".into(),
            body: Some(json!(1)),
            secrets: Secrets::default(),
        }],
        ..put(&[resource("/whole/b", json!(2))])
    };
    assert!(matches!(store.commit(&refused).await, Err(CommitError::Taken { .. })));
    assert!(store.get("/whole/a").await.unwrap().is_some());
    assert!(store.get("/whole/b").await.unwrap().is_none());
    assert_eq!(store.holder("other").await.unwrap(), None);
    assert_eq!(store.operation(Uuid::from_u128(99)).await.unwrap(), None);
    assert!(store.intents("whole", 0, 10).await.unwrap().is_empty());
    assert_eq!(store.audit("/whole", None, 10).await.unwrap().len(), 1);
}

async fn lists_are_in_order(store: &Arc<dyn Store>) {
    let mut rows = Vec::new();
    for key in ["/list/b", "/list/B", "/list/a_", "/list/a-", "/list/a", "/list/é", "/list/a/peerings/p"] {
        rows.push(Resource { subscription: "lists".into(), ..resource(key, json!(key)) });
    }
    rows.push(Resource { subscription: "lists".into(), group: "h".into(), ..resource("/list/h", json!(1)) });
    rows.push(Resource { subscription: "lists".into(), kind: "nets".into(), ..resource("/list/n", json!(1)) });
    store.commit(&put(&rows)).await.unwrap();
    let all = Query { subscription: "lists".into(), ..Query::default() };
    let list = async |query: &Query| {
        let found = store.list(query).await.unwrap();
        found.into_iter().map(|resource| resource.key[6..].to_owned()).collect::<Vec<_>>()
    };
    // By bytes, whatever the language of the database.
    assert_eq!(list(&all).await, ["B", "a", "a-", "a/peerings/p", "a_", "b", "h", "n", "é"]);
    assert_eq!(list(&Query { top: true, ..all.clone() }).await, ["B", "a", "a-", "a_", "b", "h", "n", "é"]);
    assert_eq!(list(&Query { after: Some("/list/a-".into()), limit: 2, ..all.clone() }).await, ["a/peerings/p", "a_"]);
    assert_eq!(list(&Query { group: "h".into(), ..all.clone() }).await, ["h"]);
    assert_eq!(
        list(&Query { kinds: vec!["nets".into(), "circuits/peerings".into()], ..all.clone() }).await,
        ["a/peerings/p", "n"]
    );
    assert_eq!(list(&Query { parent: Some("/list/a".into()), ..Query::default() }).await, ["a/peerings/p"]);
}

async fn operations_are_written_by_one(store: &Arc<dyn Store>) {
    let mut new = operation(1, "/op/a", 1000);
    new.error = Some(json!({"code": "Nope"}));
    new.result = Some(json!([1]));
    let write = |operation: &Operation| Change { operations: vec![operation.clone()], ..change() };
    store.commit(&write(&new)).await.unwrap();
    assert!(matches!(store.commit(&write(&new)).await, Err(CommitError::Stale(_))), "made once");
    let mut read = store.operation(new.id).await.unwrap().unwrap();
    assert_eq!(read, Operation { version: 1, ..new.clone() });
    read.step = 1;
    store.commit(&write(&read)).await.unwrap();
    assert!(matches!(store.commit(&write(&read)).await, Err(CommitError::Stale(_))), "only one writes version 2");
    assert_eq!(store.running("/op/a").await.unwrap().len(), 1);
    assert_eq!(store.running("/op").await.unwrap().len(), 1);
    assert_eq!(store.running("/op/a/b").await.unwrap().len(), 0);
    let ended = Operation { version: 2, state: State::Succeeded, ended: Some(at(5)), ..new };
    store.commit(&write(&ended)).await.unwrap();
    assert_eq!(store.running("/op").await.unwrap().len(), 0);
    assert_eq!(store.forget(at(5)).await.unwrap(), 0);
    assert_eq!(store.forget(at(6)).await.unwrap(), 1);
    assert_eq!(store.operation(ended.id).await.unwrap(), None);
}

async fn due_operations_are_taken_once(store: &Arc<dyn Store>) {
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(store.take_due(at(100), Duration::from_secs(5), 10).await.unwrap(), []);
    let mut operations: Vec<Operation> = (10..16).map(|n| operation(n, "/due/a", n as i64)).collect();
    operations[5].edge = Some("edge-a".into());
    store.commit(&Change { operations, ..change() }).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(at(10)));
    let ids = |taken: &[Operation]| taken.iter().map(|operation| operation.id.as_u128()).collect::<Vec<_>>();
    let (one, two) = tokio::join!(
        store.take_due(at(13), Duration::from_secs(5), 2),
        store.take_due(at(13), Duration::from_secs(5), 2)
    );
    let mut taken = ids(&[one.unwrap(), two.unwrap()].concat());
    taken.sort_unstable();
    assert_eq!(taken, [10, 11, 12, 13], "each taken once");
    assert_eq!(store.next_due().await.unwrap(), Some(at(14)));
    // The lease ends, and who had it before cannot write any more.
    let again = store.take_due(at(18), Duration::from_secs(5), 1).await.unwrap();
    assert_eq!(ids(&again), [10]);
    assert_eq!((again[0].version, again[0].leased_until), (3, Some(at(23))));
    let late = Operation { version: 2, ..again[0].clone() };
    assert!(matches!(store.commit(&Change { operations: vec![late], ..change() }).await, Err(CommitError::Stale(_))));
    assert_eq!(ids(&store.questions("edge-a").await.unwrap()), [15]);
    assert!(store.questions("edge-b").await.unwrap().is_empty());
    let mut rest = store.running("/due").await.unwrap();
    for operation in &mut rest {
        (operation.state, operation.ended) = (State::Canceled, Some(at(50)));
    }
    store.commit(&Change { operations: rest, ..change() }).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), None);
}

async fn intents_are_in_order(store: &Arc<dyn Store>) {
    let write = |edge: &str, key: &str, body: Option<Value>| IntentWrite {
        edge: edge.into(),
        key: key.into(),
        secrets: Secrets(if body.is_some() { json!({"md5": key}) } else { Value::Null }),
        body,
    };
    let intents = vec![
        write("a", "/i/1", Some(json!(1))),
        write("a", "/i/2", Some(json!(2))),
        write("b", "/i/1", Some(json!(3))),
    ];
    let first = store.commit(&Change { intents, ..change() }).await.unwrap();
    let read = store.intents("a", 0, 10).await.unwrap();
    assert_eq!(read.iter().map(|intent| intent.key.as_str()).collect::<Vec<_>>(), ["/i/1", "/i/2"]);
    assert!(read[0].revision < read[1].revision && read[1].revision < first);
    assert_eq!(read[1].secrets, Secrets(json!({"md5": "/i/2"})));
    assert_eq!(store.intents("a", read[0].revision, 10).await.unwrap(), [read[1].clone()]);
    assert_eq!(store.intents("a", 0, 1).await.unwrap(), [read[0].clone()]);
    assert_eq!(store.intent("a", "/i/1").await.unwrap(), Some(read[0].clone()));
    assert_eq!(store.intended("/i/1").await.unwrap().len(), 2);
    assert_eq!(store.edges().await.unwrap(), ["a", "b"]);
    // Taken back: those who follow are told, those who begin are not; what never was is not taken back.
    let intents = vec![write("a", "/i/1", None), write("b", "/i/9", None)];
    let second = store.commit(&Change { intents, ..change() }).await.unwrap();
    let told = store.intents("a", first, 10).await.unwrap();
    assert_eq!((told.len(), told[0].key.as_str(), &told[0].body), (1, "/i/1", &None));
    assert!(told[0].revision > first && told[0].revision <= second);
    assert_eq!(store.intents("a", 0, 10).await.unwrap(), [read[1].clone()]);
    assert_eq!(store.intent("a", "/i/1").await.unwrap(), None);
    assert!(store.intents("b", first, 10).await.unwrap().is_empty());
}

async fn reports_and_samples(store: &Arc<dyn Store>) {
    store.report("e-1", at(0), &[(String::new(), json!("up")), ("/r/a".into(), json!(1))]).await.unwrap();
    store.report("e-2", at(0), &[("/r/a".into(), json!(2)), ("/r/a/x".into(), json!(3))]).await.unwrap();
    store.report("e-1", at(1), &[("/r/a".into(), json!(4))]).await.unwrap();
    let row = |key: &str, second, body| (key.to_owned(), at(second), body);
    let of_two = [row("/r/a", 0, json!(2)), row("/r/a/x", 0, json!(3))];
    assert_eq!(store.reports("e-2", "/r/a").await.unwrap(), of_two);
    assert_eq!(store.reports("e-2", "/r/a/x").await.unwrap(), of_two[1..]);
    assert_eq!(store.reports("e-1", "").await.unwrap(), [row("", 0, json!("up")), row("/r/a", 1, json!(4))]);
    let keep = Duration::from_secs(10);
    for second in [0, 5, 10, 15] {
        store.sample(at(second), &[("/s".into(), json!(second)), ("/t".into(), json!(0))], keep).await.unwrap();
    }
    assert_eq!(store.samples("/s", at(0), at(15)).await.unwrap(), [(at(5), json!(5)), (at(10), json!(10))]);
}

async fn the_audit_log_says_what_changed(store: &Arc<dyn Store>) {
    let mut one = resource("/audit/a", json!({"n": 1}));
    store.commit(&put(&[one.clone()])).await.unwrap();
    one.etag = Uuid::from_u128(8);
    store.commit(&put(&[one.clone()])).await.unwrap();
    one.secrets = Secrets(json!("very secret"));
    store.commit(&put(&[one.clone()])).await.unwrap();
    one.document = json!({"n": 2});
    store.commit(&put(&[one.clone(), resource("/audit/a/peerings/p", json!(3))])).await.unwrap();
    let bob = Change { who: "bob".into(), deletes: vec!["/audit/a".into()], ..change() };
    store.commit(&bob).await.unwrap();
    let lines = store.audit("/audit/a", None, 10).await.unwrap();
    assert!(!format!("{lines:?}").contains("very secret"));
    let seen: Vec<_> = lines.iter().map(|line| (line.key.as_str(), line.before.clone(), line.after.clone())).collect();
    let (one, two, three) = (Some(json!({"n": 1})), Some(json!({"n": 2})), Some(json!(3)));
    let expected = [
        ("/audit/a/peerings/p", three.clone(), None),
        ("/audit/a", two.clone(), None),
        ("/audit/a/peerings/p", None, three),
        ("/audit/a", one.clone(), two),
        ("/audit/a", one.clone(), one.clone()),
        ("/audit/a", None, one),
    ];
    assert_eq!(seen, expected);
    assert_eq!((lines[0].who.as_str(), lines[5].who.as_str(), lines[5].at), ("bob", "ann", at(0)));
    assert_eq!(store.audit("/audit/a", Some(lines[3].number), 1).await.unwrap(), lines[4..5]);
    assert_eq!(store.audit("", None, 2).await.unwrap(), lines[..2]);
}

async fn changes_are_heard(store: &Arc<dyn Store>) {
    let newest = store.commit(&put(&[resource("/heard/a", json!(1))])).await.unwrap();
    assert_eq!(store.changed(newest, Duration::from_millis(1)).await, newest);
    assert_eq!(store.changed(0, Duration::from_secs(60)).await, newest);
    let another = put(&[resource("/heard/a", json!(2))]);
    let (heard, written) = tokio::join!(store.changed(newest, Duration::from_secs(60)), store.commit(&another));
    assert!(heard > newest && heard <= written.unwrap());
}

/// Twenty writers add to one number, each reading it anew when another was first; everyone also claims one thing.
async fn many_writers_at_once(store: &Arc<dyn Store>) {
    store.commit(&put(&[resource("/many/a", json!(0))])).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for n in 0..20 {
        let store = Arc::clone(store);
        writers.spawn(async move {
            let mut claimed = 0;
            for round in 0..5 {
                loop {
                    let mut read = store.get("/many/a").await.unwrap().unwrap();
                    let guards = vec![guard("/many/a", Some(read.revision))];
                    read.document = json!(read.document.as_u64().unwrap() + 1);
                    match store.commit(&Change { guards, ..put(&[read]) }).await {
                        Ok(_) => break,
                        Err(CommitError::Stale(_)) => {}
                        Err(other) => panic!("{other}"),
                    }
                }
                let claims = vec![claim(&format!("many/{round}"), &format!("writer {n}"))];
                match store.commit(&Change { claims, ..change() }).await {
                    Ok(_) => claimed += 1,
                    Err(CommitError::Taken { .. }) => {}
                    Err(other) => panic!("{other}"),
                }
            }
            claimed
        });
    }
    let claimed: u32 = writers.join_all().await.into_iter().sum();
    assert_eq!(claimed, 5, "each claim has one holder");
    assert_eq!(store.get("/many/a").await.unwrap().unwrap().document, json!(100));
}
