//! What Prometheus reads: requests by route and status, how long they and the store take, operations, edges.
//!
//! The store is measured from outside: [`Measured`] stands before it, and sees operations begin and end, and edges
//! report, because all of that is written. Traces see it from there as well.

use crate::trace;
use async_trait::async_trait;
use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{AuditEntry, Change, CommitError, Intent, Operation, Query, Resource, State, Store, StoreError};
use uuid::Uuid;

/// Names and values of labels.
type Labels = Vec<(&'static str, String)>;

/// The metrics of a process.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram, fn() -> Histogram>,
    store: Family<Labels, Histogram, fn() -> Histogram>,
    begun: Family<Labels, Counter>,
    ended: Family<Labels, Counter>,
    heard: Family<Labels, Gauge>,
}

/// From 0.1 ms to 3.3 s, each twice the one before.
fn buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.000_1, 2.0, 16))
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("twinpath");
        let (requests, begun, ended, heard) =
            (Family::default(), Family::default(), Family::default(), Family::default());
        let seconds = Family::new_with_constructor(buckets as fn() -> Histogram);
        let store = Family::new_with_constructor(buckets as fn() -> Histogram);
        registry.register("requests", "Requests answered, by route and status", Family::clone(&requests));
        registry.register_with_unit("request_duration", "Time to answer", Unit::Seconds, Family::clone(&seconds));
        registry.register_with_unit("store_duration", "Time the store took", Unit::Seconds, Family::clone(&store));
        registry.register("operations_begun", "Operations promised here, by kind", Family::clone(&begun));
        registry.register("operations_ended", "Operations ended here, by kind and end", Family::clone(&ended));
        registry.register_with_unit(
            "edge_last_report_timestamp",
            "When an edge reported last to this process, since 1970",
            Unit::Seconds,
            Family::clone(&heard),
        );
        Self { registry, requests, seconds, store, begun, ended, heard }
    }

    /// Notes an answer.
    pub(super) fn answered(&self, route: &'static str, status: u16, took: Duration) {
        let route = ("route", route.to_owned());
        self.requests.get_or_create(&vec![route.clone(), ("status", status.to_string())]).inc();
        self.seconds.get_or_create(&vec![route]).observe(took.as_secs_f64());
    }

    /// The page.
    pub(super) fn page(&self) -> String {
        let mut page = String::new();
        // A text takes whatever is written to it.
        let _ = encode(&mut page, &self.registry);
        page
    }

    fn stored(&self, what: &'static str, began: Instant) {
        let labels = vec![("call", what.to_owned())];
        self.store.get_or_create(&labels).observe(began.elapsed().as_secs_f64());
    }

    fn committed(&self, change: &Change) {
        for operation in &change.operations {
            let kind = ("kind", operation.kind.clone());
            if operation.version == 0 {
                self.begun.get_or_create(&vec![kind.clone()]).inc();
            }
            if operation.state != State::InProgress {
                self.ended.get_or_create(&vec![kind, ("state", format!("{:?}", operation.state))]).inc();
            }
        }
    }
}

/// A store, and how long it takes.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) store: Arc<dyn Store>,
    pub(super) metrics: Arc<Metrics>,
}

#[expect(clippy::disallowed_methods, reason = "the rim measures how long the store takes")]
fn began() -> Instant {
    Instant::now()
}

#[async_trait]
impl Store for Measured {
    async fn get(&self, key: &str) -> Result<Option<Resource>, StoreError> {
        let began = began();
        let got = trace::asking("store get", self.store.get(key), || vec![("twinpath.key", key.to_owned())]).await;
        self.metrics.stored("get", began);
        got
    }

    async fn list(&self, query: &Query) -> Result<Vec<Resource>, StoreError> {
        let began = began();
        let got = trace::asking("store list", self.store.list(query), || {
            vec![
                ("twinpath.kinds", query.kinds.join(" ")),
                ("twinpath.parent", query.parent.clone().unwrap_or_default()),
            ]
        })
        .await;
        self.metrics.stored("list", began);
        got
    }

    async fn commit(&self, change: &Change) -> Result<u64, CommitError> {
        let began = began();
        let committed = trace::asking("store commit", self.store.commit(change), || {
            let promised = change.operations.iter().filter(|operation| operation.version == 0);
            promised.map(|operation| ("twinpath.operation", operation.id.to_string())).collect()
        })
        .await;
        self.metrics.stored("commit", began);
        if committed.is_ok() {
            self.metrics.committed(change);
        }
        committed
    }

    async fn report(&self, edge: &str, at: Timestamp, rows: &[(String, Value)]) -> Result<(), StoreError> {
        self.metrics.heard.get_or_create(&vec![("edge", edge.to_owned())]).set(at.as_second());
        self.store.report(edge, at, rows).await
    }

    async fn holder(&self, claim: &str) -> Result<Option<String>, StoreError> {
        self.store.holder(claim).await
    }

    async fn held(&self, claims: &[String]) -> Result<BTreeSet<String>, StoreError> {
        self.store.held(claims).await
    }

    async fn operation(&self, id: Uuid) -> Result<Option<Operation>, StoreError> {
        self.store.operation(id).await
    }

    async fn take_due(&self, now: Timestamp, lease: Duration, limit: u32) -> Result<Vec<Operation>, StoreError> {
        self.store.take_due(now, lease, limit).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.store.next_due().await
    }

    async fn questions(&self, edge: &str) -> Result<Vec<Operation>, StoreError> {
        self.store.questions(edge).await
    }

    async fn running(&self, key: &str) -> Result<Vec<Operation>, StoreError> {
        self.store.running(key).await
    }

    async fn intents(&self, edge: &str, after: u64, limit: u32) -> Result<Vec<Intent>, StoreError> {
        self.store.intents(edge, after, limit).await
    }

    async fn intent(&self, edge: &str, key: &str) -> Result<Option<Intent>, StoreError> {
        self.store.intent(edge, key).await
    }

    async fn intended(&self, key_prefix: &str) -> Result<Vec<Intent>, StoreError> {
        self.store.intended(key_prefix).await
    }

    async fn edges(&self) -> Result<Vec<String>, StoreError> {
        self.store.edges().await
    }

    async fn reports(&self, edge: &str, key_prefix: &str) -> Result<Vec<(String, Timestamp, Value)>, StoreError> {
        self.store.reports(edge, key_prefix).await
    }

    async fn sample(&self, at: Timestamp, rows: &[(String, Value)], keep: Duration) -> Result<(), StoreError> {
        self.store.sample(at, rows, keep).await
    }

    async fn samples(&self, key: &str, from: Timestamp, to: Timestamp) -> Result<Vec<(Timestamp, Value)>, StoreError> {
        self.store.samples(key, from, to).await
    }

    async fn audit(&self, key_prefix: &str, before: Option<u64>, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.store.audit(key_prefix, before, limit).await
    }

    async fn changed(&self, revision: u64, patience: Duration) -> u64 {
        self.store.changed(revision, patience).await
    }

    fn floor(&self) -> u64 {
        self.store.floor()
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.store.forget(before).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }
}
