//! A service in memory, for tests: a subscription, a group, and calls as a client makes them.

use crate::app::{Verb, address, find, run};
use crate::settings::Carriers;
use crate::{Answer, Call, Caller, Role, Settings, engine};
use arm_api::{ApiVersion, ArmError};
use catalog::Catalog;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use store::{Change, Operation, Resource, State, Store};
use uuid::Uuid;

/// The tenant of the customer.
pub(crate) const TENANT: &str = "aaaaaaaa-0000-0000-0000-000000000001";
/// The subscription of the customer, with the group `rg` in West Europe.
pub(crate) const SUBSCRIPTION: &str = "11111111-1111-1111-1111-111111111111";
/// A subscription of another tenant, with a group of the same name.
pub(crate) const OTHER: &str = "22222222-2222-2222-2222-222222222222";

/// A service, and who calls it. Clones share the service.
#[derive(Debug, Clone)]
pub(crate) struct Rig {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Settings,
    pub(crate) caller: Caller,
    pub(crate) now: Timestamp,
}

/// What a client gets.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) headers: BTreeMap<String, String>,
    /// The operation that goes on, if one does.
    pub(crate) operation: Option<Uuid>,
}

impl Reply {
    /// The code of an error; empty when there is none.
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    /// The same reply, which has to have a status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// The same reply, which has to be a refusal with a code that names a field or resource.
    #[track_caller]
    pub(crate) fn refused(self, code: &str) -> Self {
        assert_eq!(self.code(), code, "{} {:#}", self.status, self.body);
        assert!((400..500).contains(&self.status), "{}", self.status);
        self
    }
}

impl Rig {
    /// A service with two customers; calls are those of the owner of [`SUBSCRIPTION`].
    pub(crate) async fn new() -> Self {
        static CATALOG: OnceLock<Arc<Catalog>> = OnceLock::new();
        let catalog = CATALOG.get_or_init(|| Arc::new(Catalog::with_files(|_| None).unwrap()));
        let settings = Settings {
            base: "https://localhost:8443".to_owned(),
            catalog: catalog.clone(),
            carriers: Carriers::Loopback,
            page: 100,
            remember: Duration::from_secs(24 * 3600),
            traces: crate::trace::Traces::default(),
        };
        let store = store::open("sqlite::memory:").await.unwrap();
        let now = "2026-06-01T12:00:00Z".parse().unwrap();
        let rig = Self { store, settings, caller: caller(SUBSCRIPTION, Role::Owner), now };
        for subscription in [SUBSCRIPTION, OTHER] {
            let document = json!({ "displayName": "Test", "tenant": TENANT, "state": "Enabled" });
            rig.put(row(&format!("/subscriptions/{subscription}"), "microsoft.resources/subscriptions", document))
                .await;
            rig.group(subscription, "rg").await;
        }
        rig
    }

    /// The same service, called by somebody else.
    pub(crate) fn with(&self, caller: Caller) -> Self {
        Self { caller, ..self.clone() }
    }

    /// The same service, called by a provider.
    pub(crate) fn provider(&self, name: &str) -> Self {
        self.with(caller(&crate::app::operator::subscription_of(name), Role::Provider))
    }

    /// Makes a resource group in West Europe.
    pub(crate) async fn group(&self, subscription: &str, name: &str) {
        let document = json!({ "name": name, "location": "westeurope", "tags": {} });
        let key = format!("/subscriptions/{subscription}/resourceGroups/{name}");
        self.put(row(&key, "microsoft.resources/resourcegroups", document)).await;
    }

    /// Writes a row as it is.
    pub(crate) async fn put(&self, row: Resource) {
        let change = Change { who: "test".to_owned(), at: self.now, puts: vec![row], ..Change::default() };
        self.store.commit(&change).await.unwrap();
    }

    /// Sends a request, and gives the answer at once: nothing that goes on has begun.
    pub(crate) async fn send(&self, verb: Verb, path: &str, if_match: Option<&str>, body: Value) -> Reply {
        match self.answer(verb, path, if_match, body).await {
            Ok((answer, call)) => reply(answer, &call),
            Err(error) => refusal(&error),
        }
    }

    async fn answer(
        &self,
        verb: Verb,
        path: &str,
        if_match: Option<&str>,
        body: Value,
    ) -> Result<(Answer, Call), ArmError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_lowercase(), value.to_owned()))
            .collect();
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let (route, names) = find(verb, &parts)?;
        let (id, path) = address(route, &names)?;
        let version = query.get("api-version").map_or("2024-01-01", String::as_str);
        let call = Call {
            id,
            path,
            names,
            version: ApiVersion::parse(Some(version))?,
            query,
            body,
            if_match: if_match.map(str::to_owned),
            caller: self.caller.clone(),
            request: Uuid::new_v4(),
            base: self.settings.base.clone(),
        };
        let answer = run(&*self.store, &self.settings, route, &call, self.now).await?;
        Ok((answer, call))
    }

    /// Runs all that is due.
    pub(crate) async fn settle(&self) {
        engine::settle(&*self.store, &self.settings, self.now).await.unwrap();
    }

    /// Asks like a client: sends, waits for what goes on, and gives what came of it. Of a PUT that is the resource, of
    /// a refused operation the error with its own status.
    pub(crate) async fn call(&self, verb: Verb, path: &str, body: Value) -> Reply {
        let first = self.send(verb, path, None, body).await;
        let Some(operation) = first.operation else { return first };
        self.settle().await;
        let subscription = path.split('/').nth(2).unwrap_or_default();
        let at = |what| {
            format!("/subscriptions/{subscription}/providers/Microsoft.Network/locations/westeurope/{what}/{operation}")
        };
        let status = self.send(Verb::Get, &at("operations"), None, Value::Null).await;
        assert_eq!(status.status, 200);
        match status.body["status"].as_str() {
            Some("Succeeded") if verb == Verb::Put => {
                let path = path.split('?').next().unwrap_or_default();
                Reply { status: first.status, ..self.send(Verb::Get, path, None, Value::Null).await }
            }
            Some("InProgress") => status,
            _ => self.send(Verb::Get, &at("operationResults"), None, Value::Null).await,
        }
    }

    /// GET.
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call(Verb::Get, path, Value::Null).await
    }

    /// PUT, to its end.
    pub(crate) async fn put_to(&self, path: &str, body: Value) -> Reply {
        self.call(Verb::Put, path, body).await
    }

    /// DELETE, to its end.
    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.call(Verb::Delete, path, Value::Null).await
    }

    /// An operation as it stands.
    pub(crate) async fn operation(&self, reply: &Reply) -> Operation {
        self.store.operation(reply.operation.unwrap()).await.unwrap().unwrap()
    }

    /// The state of an operation.
    pub(crate) async fn state(&self, reply: &Reply) -> State {
        self.operation(reply).await.state
    }

    /// Orders a circuit of 200 Mbps from Equinix at Amsterdam, and gives its path.
    pub(crate) async fn circuit(&self, name: &str) -> String {
        let path = network(&format!("expressRouteCircuits/{name}"));
        self.put_to(&path, order("Premium", 200)).await.is(201);
        path
    }

    /// Sets the provider's state of a circuit, as the provider does.
    pub(crate) async fn provision(&self, circuit: &str, state: &str) -> Reply {
        let key = self.get(circuit).await.body["properties"]["serviceKey"].as_str().unwrap().to_owned();
        let subscription = crate::app::operator::subscription_of("Equinix");
        let path = format!(
            "/subscriptions/{subscription}/resourceGroups/CrossConnection-Amsterdam/providers/Microsoft.Network/expressRouteCrossConnections/{key}"
        );
        let body = json!({ "location": "westeurope", "properties": { "serviceProviderProvisioningState": state } });
        self.provider("Equinix").put_to(&path, body).await
    }
}

/// The path of a network resource of the customer's group.
pub(crate) fn network(rest: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network/{rest}")
}

/// The order of a circuit from Equinix at Amsterdam.
pub(crate) fn order(tier: &str, mbps: u32) -> Value {
    json!({
        "location": "westeurope",
        "sku": { "tier": tier, "family": "MeteredData" },
        "properties": { "serviceProviderProperties": {
            "serviceProviderName": "Equinix", "peeringLocation": "Amsterdam", "bandwidthInMbps": mbps,
        } },
    })
}

/// A principal with a role in one subscription.
pub(crate) fn caller(subscription: &str, role: Role) -> Caller {
    Caller {
        tenant: TENANT.to_owned(),
        object: "00000000-0000-0000-0000-00000000000a".to_owned(),
        name: format!("{role:?} of {subscription}"),
        roles: BTreeMap::from([(subscription.to_owned(), role)]),
    }
}

/// A row that stands for itself.
pub(crate) fn row(id: &str, kind: &str, document: Value) -> Resource {
    let part = |at: usize| id.split('/').nth(at).unwrap_or_default().to_lowercase();
    Resource {
        id: id.to_owned(),
        subscription: part(2),
        group: part(4),
        ..Resource::new(&id.to_lowercase(), kind, document, Timestamp::UNIX_EPOCH)
    }
}

fn refusal(error: &ArmError) -> Reply {
    Reply { status: error.status, body: error.body(), headers: BTreeMap::new(), operation: None }
}

fn reply(answer: Answer, call: &Call) -> Reply {
    let plain = |status, body| Reply { status, body, headers: BTreeMap::new(), operation: None };
    let named = |headers: Vec<(&'static str, String)>| {
        headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    match answer {
        Answer::Ok(body) => plain(200, body),
        Answer::Created(body) => plain(201, body),
        Answer::Writing { created, body, operation } => {
            Reply { operation: Some(operation), ..plain(if created { 201 } else { 200 }, body) }
        }
        Answer::Accepted { operation } => Reply { operation: Some(operation), ..plain(202, Value::Null) },
        Answer::List { items, next } => {
            let mut body = json!({ "value": items });
            if let Some(next) = next {
                body["nextLink"] = json!(format!("{}?$skiptoken={next}", call.path));
            }
            plain(200, body)
        }
        Answer::Empty(status, headers) => Reply { headers: named(headers), ..plain(status, Value::Null) },
        Answer::Raw(status, body, headers) => Reply { headers: named(headers), ..plain(status, body) },
    }
}
