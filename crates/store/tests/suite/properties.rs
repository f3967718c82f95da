//! Changes at random: every database answers, and keeps, what the model does.
//!
//! Keys, claims, edges and times are few, so that changes meet: guards that hold and guards that do not, claims that are
//! taken, operations written twice, leases that ended.

use crate::cases::{at, change, operation, resource};
use crate::model::Model;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use store::{Change, Claim, Guard, IntentWrite, Query, Resource, Secrets, State, Store};

/// One thing that is done, as bytes that it is made of: fewer and smaller ones do less.
type Act = (u8, [u8; 12]);

const KEYS: [&str; 7] = ["/a", "/a/peerings/p", "/a/peerings/q", "/a-b", "/b", "/b/peerings/p", "/ab"];
const EDGES: [&str; 2] = ["ams-a", "ams-b"];

fn acts() -> impl Strategy<Value = Vec<Act>> {
    vec((0_u8..10, any::<[u8; 12]>()), 1..50)
}

fn one<T: Copy>(items: &[T], byte: u8) -> T {
    items[usize::from(byte) % items.len()]
}

/// A change out of bytes; what it guards and rewrites is as the model knows it, or nearly so.
fn changed(model: &Model, bytes: &[u8; 12]) -> Change {
    let [what, a, b, c, d, e, f, g, h, i, j, k] = *bytes;
    let mut made = Change { who: format!("who-{}", a % 3), ..change() };
    if what & 1 != 0 {
        let mut new = resource(one(&KEYS, a), json!({ "n": b % 4 }));
        new.subscription = format!("s{}", c % 2);
        new.group = format!("g{}", d % 2);
        new.secrets = Secrets(if e.is_multiple_of(3) { json!({ "key": e }) } else { serde_json::Value::Null });
        made.puts.push(new);
        if what & 2 != 0 && one(&KEYS, f) != one(&KEYS, a) {
            made.puts.push(resource(one(&KEYS, f), json!(g % 3)));
        }
    }
    if what & 4 != 0 {
        made.deletes.push(one(&KEYS, h).to_owned());
    }
    if what & 8 != 0 {
        let key = one(&KEYS, i).to_owned();
        let revision = model.resources.get(&key).map(|found| found.revision);
        let wrong = [revision, revision, revision, None, Some(revision.unwrap_or(0) + 1)];
        made.guards.push(Guard { revision: one(&wrong, j), key });
    }
    if what & 16 != 0 {
        made.claims.push(Claim { key: format!("vlan/{}", k % 4), holder: one(&KEYS, j).to_owned() });
        if k & 16 != 0 {
            made.claims.push(Claim { key: format!("vlan/{}", (k >> 5) % 4), holder: one(&KEYS, j).to_owned() });
        }
    }
    if what & 32 != 0 {
        made.releases.push(format!("vlan/{}", g % 4));
    }
    if what & 64 != 0 {
        let id = u128::from(1 + b % 4);
        let mut new = operation(id, one(&KEYS, c), i64::from(d % 20));
        let found = model.operations.get(&new.id);
        new.version = if e.is_multiple_of(5) { u64::from(e % 3) } else { found.map_or(0, |found| found.version) };
        new.step = u32::from(f % 4);
        new.edge = (g.is_multiple_of(3)).then(|| one(&EDGES, g).to_owned());
        new.leased_until = (h.is_multiple_of(4)).then(|| at(i64::from(h % 30)));
        new.created = at(i64::from(i % 5));
        if j.is_multiple_of(3) {
            new.state = one(&[State::Succeeded, State::Failed, State::Canceled], j);
            new.ended = Some(at(i64::from(k % 20)));
        }
        made.operations.push(new);
    }
    if what & 128 != 0 {
        for (edge, key, body) in [(h, i, c), (j, k, d)] {
            let body = (body % 3 > 0).then(|| json!({ "vlan": body % 8 }));
            let secrets = Secrets(if body.is_some() && key.is_multiple_of(2) {
                json!({ "md5": key })
            } else {
                serde_json::Value::Null
            });
            made.intents.push(IntentWrite {
                edge: one(&EDGES, edge).to_owned(),
                key: one(&KEYS, key).to_owned(),
                body,
                secrets,
            });
            if e.is_multiple_of(2) {
                break;
            }
        }
    }
    made
}

/// Does the acts on both, and compares whatever can be asked.
async fn agree(store: &Arc<dyn Store>, acts: &[Act]) {
    let mut model = Model::default();
    for (what, bytes) in acts {
        let [a, b, c, ..] = bytes.map(i64::from);
        match what {
            0 => {
                let (now, lease, limit) =
                    (at(a % 30), Duration::from_secs(bytes[1].into()), 1 + u32::from(bytes[2]) % 3);
                assert_eq!(store.take_due(now, lease, limit).await.unwrap(), model.take_due(now, lease, limit));
            }
            1 => assert_eq!(store.forget(at(a % 25)).await.unwrap(), model.forget(at(a % 25))),
            2 => {
                let query = asked(bytes);
                assert_eq!(store.list(&query).await.unwrap(), model.list(&query), "{query:?}");
                assert_eq!(pages(store, &query).await, model.list(&Query { limit: 0, ..query }));
            }
            3 => {
                let (edge, after) = (one(&EDGES, bytes[0]), u64::try_from(b).unwrap() % (model.revision + 2));
                let limit = 1 + u32::try_from(c).unwrap() % 4;
                assert_eq!(store.intents(edge, after, limit).await.unwrap(), model.intents(edge, after, limit));
            }
            _ => {
                let change = changed(&model, bytes);
                let (is, shall) = (store.commit(&change).await, model.commit(&change));
                assert_eq!(format!("{is:?}"), format!("{shall:?}"), "{change:#?}");
            }
        }
    }
    compare(store, &model).await;
}

async fn compare(store: &Arc<dyn Store>, model: &Model) {
    for key in KEYS {
        assert_eq!(store.get(key).await.unwrap().as_ref(), model.resources.get(key));
        assert_eq!(store.running(key).await.unwrap(), model.running(key), "{key}");
        assert_eq!(store.intended(key).await.unwrap(), model.intended(key), "{key}");
        for edge in EDGES {
            let shall = model.intended(key).into_iter().find(|intent| intent.edge == edge && intent.key == key);
            assert_eq!(store.intent(edge, key).await.unwrap(), shall);
        }
    }
    let claims: Vec<String> = (0..4).map(|n| format!("vlan/{n}")).collect();
    assert_eq!(store.held(&claims).await.unwrap(), model.claims.keys().cloned().collect());
    for claim in claims {
        assert_eq!(store.holder(&claim).await.unwrap().as_ref(), model.claims.get(&claim), "{claim}");
    }
    for (id, shall) in &model.operations {
        assert_eq!(store.operation(*id).await.unwrap().as_ref(), Some(shall));
    }
    assert_eq!(store.next_due().await.unwrap(), model.next_due());
    assert_eq!(store.edges().await.unwrap(), model.edges());
    for edge in EDGES {
        assert_eq!(store.questions(edge).await.unwrap(), model.questions(edge));
    }
    let told = store.audit("", None, 10_000).await.unwrap();
    assert!(told.windows(2).all(|two| two[0].number > two[1].number), "newest first");
    let told = told.into_iter().rev().map(|line| (line.who, line.key, line.before, line.after));
    assert_eq!(told.collect::<Vec<_>>(), model.audit);
}

fn asked(bytes: &[u8; 12]) -> Query {
    let some = |byte: u8, text: &str| if byte.is_multiple_of(3) { text.to_owned() } else { String::new() };
    let kinds = match bytes[0] % 4 {
        0 => vec!["circuits".to_owned()],
        1 => vec!["circuits".to_owned(), "circuits/peerings".to_owned()],
        _ => Vec::new(),
    };
    Query {
        kinds,
        subscription: some(bytes[1], &format!("s{}", bytes[2] % 2)),
        group: some(bytes[3], &format!("g{}", bytes[4] % 2)),
        parent: (bytes[5].is_multiple_of(4)).then(|| one(&KEYS, bytes[6]).to_owned()),
        top: bytes[7].is_multiple_of(3),
        after: (bytes[8].is_multiple_of(3)).then(|| one(&KEYS, bytes[9]).to_owned()),
        limit: u32::from(bytes[10] % 4),
    }
}

/// All that a query lists, page after page.
async fn pages(store: &Arc<dyn Store>, query: &Query) -> Vec<Resource> {
    let mut query = Query { limit: query.limit.max(1), ..query.clone() };
    let mut found: Vec<Resource> = Vec::new();
    loop {
        let page = store.list(&query).await.unwrap();
        let Some(last) = page.last() else { return found };
        query.after = Some(last.key.clone());
        found.extend(page);
    }
}

/// Plays so many cases, each on a store of its own.
pub(crate) fn hold<F: Future<Output = Arc<dyn Store>>>(cases: u32, fresh: impl Fn() -> F) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let tested = TestRunner::new(config).run(&acts(), |acts| {
        runtime.block_on(async { agree(&fresh().await, &acts).await });
        Ok(())
    });
    tested.unwrap_or_else(|error| panic!("{error}"));
}
