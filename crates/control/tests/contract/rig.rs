//! The service without its rim: requests go to the table of routes, operations are taken to their end between them.

use arm_api::{ApiVersion, ArmError};
use catalog::Catalog;
use control::app::{self, Verb};
use control::{Answer, Call, Caller, Role, Settings};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use store::{Change, Resource, State, Store};
use testkit::arm;
use uuid::Uuid;

/// The customer's subscription.
pub(crate) const CUSTOMER: &str = "22222222-2222-2222-2222-222222222222";
/// The tenant of everybody.
const TENANT: &str = "11111111-1111-1111-1111-111111111111";

/// The service in memory, with a customer, whose subscription exists.
pub(crate) struct Rig {
    pub(crate) store: Arc<dyn Store>,
    settings: Settings,
    caller: Caller,
    /// The routes that were called.
    pub(crate) called: BTreeSet<(Verb, &'static str)>,
    /// Answers that do not fit the swagger, and those that no client may see.
    pub(crate) wrong: Vec<String>,
}

/// An answer, as a client sees it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// The operation to poll.
    pub(crate) operation: Option<Uuid>,
}

/// The subscription of a provider.
pub(crate) fn provider(name: &str) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("twinpath-provider/{}", name.to_lowercase()).as_bytes()).to_string()
}

impl Rig {
    pub(crate) async fn new() -> Self {
        let store = store::open("sqlite::memory:").await.unwrap();
        let settings = Settings {
            base: "https://localhost:8443".to_owned(),
            catalog: Arc::new(Catalog::with_files(|_| None).unwrap()),
            carriers: control::Carriers::Loopback,
            page: 100,
            remember: Duration::from_secs(3600),
            traces: control::trace::Traces::default(),
        };
        let roles = [(CUSTOMER.to_owned(), Role::Owner), ("*".to_owned(), Role::Operator)];
        let mut roles: BTreeMap<String, Role> = roles.into();
        for name in settings.catalog.providers() {
            roles.insert(provider(&name.name), Role::Provider);
        }
        let caller =
            Caller { tenant: TENANT.to_owned(), object: Uuid::nil().to_string(), name: "contract".to_owned(), roles };
        let mut rig = Self { store, settings, caller, called: BTreeSet::new(), wrong: Vec::new() };
        rig.subscription(CUSTOMER).await;
        rig
    }

    /// Makes a subscription, with everything permitted.
    pub(crate) async fn subscription(&mut self, id: &str) {
        self.caller.roles.insert(id.to_lowercase(), Role::Owner);
        let document = json!({
            "displayName": "Contract", "tenant": TENANT, "state": "Enabled", "features": {}, "m365": true,
            "registrations": {"Microsoft.Network": "Registered", "microsoft.network": "Registered"},
        });
        let now = now();
        let path = format!("/subscriptions/{id}");
        let row = Resource {
            subscription: id.to_lowercase(),
            id: path.clone(),
            ..Resource::new(&path.to_lowercase(), "microsoft.resources/subscriptions", document, now)
        };
        let change = Change { who: "contract".to_owned(), at: now, puts: vec![row], ..Change::default() };
        self.store.commit(&change).await.unwrap();
    }

    /// Sends a request, holds the answer against the swagger, and takes what it began to its end.
    pub(crate) async fn call(&mut self, verb: Verb, url: &str, body: &Value) -> Reply {
        self.call_if(verb, url, body, None).await
    }

    /// The same with `If-Match`.
    pub(crate) async fn call_if(&mut self, verb: Verb, url: &str, body: &Value, if_match: Option<&str>) -> Reply {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let mut query: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (decoded(name).to_lowercase(), decoded(value)))
            .collect();
        query.entry("api-version".to_owned()).or_insert_with(|| "2024-01-01".to_owned());
        let (name, answered) = match app::find(verb, &path) {
            Err(error) => ("none", Err(error)),
            Ok((route, names)) => {
                self.called.insert((route.verb, route.path));
                (route.name, self.run(route, names, query, body, if_match).await)
            }
        };
        let reply = match answered {
            Ok(answer) => seen(answer),
            Err(error) => Reply { status: error.status, body: error.body(), operation: None },
        };
        self.judge(name, &format!("{verb:?} {url}"), reply.status, &reply.body);
        control::engine::settle(&*self.store, &self.settings, now()).await.unwrap();
        reply
    }

    async fn run(
        &self,
        route: &app::Route,
        names: BTreeMap<String, String>,
        query: BTreeMap<String, String>,
        body: &Value,
        if_match: Option<&str>,
    ) -> Result<Answer, ArmError> {
        let (id, path) = app::address(route, &names)?;
        let call = Call {
            id,
            path,
            names,
            version: ApiVersion::parse(query.get("api-version").map(String::as_str))?,
            query,
            body: body.clone(),
            if_match: if_match.map(str::to_owned),
            caller: self.caller.clone(),
            request: Uuid::new_v4(),
            base: self.settings.base.clone(),
        };
        app::run(&*self.store, &self.settings, route, &call, now()).await
    }

    /// Holds an answer against the swagger, where it knows the operation.
    fn judge(&mut self, name: &str, what: &str, status: u16, body: &Value) {
        if status >= 500 {
            self.wrong.push(format!("{what} answers {status}: {body}"));
        }
        if status >= 400 && (body["error"]["code"].as_str().is_none() || body["error"]["message"].as_str().is_none()) {
            self.wrong.push(format!("{what} answers {status} without code and message: {body}"));
        }
        if arm::operation(name).is_some()
            && let Err(wrong) = arm::validate_response(name, status, body)
        {
            self.wrong.extend(wrong.into_iter().map(|wrong| format!("{name}, {what} answers {status}: {wrong}")));
        }
    }

    /// Answers for an edge: its table is empty.
    async fn answer(&self, operation: Uuid) {
        let Some(mut asked) = self.store.operation(operation).await.unwrap().filter(|asked| asked.edge.is_some())
        else {
            return;
        };
        (asked.state, asked.result, asked.ended) = (State::Succeeded, Some(json!({ "value": [] })), Some(now()));
        let change = Change { who: "edge".to_owned(), at: now(), operations: vec![asked], ..Change::default() };
        self.store.commit(&change).await.unwrap();
    }

    /// What came of an operation: the status and body of its result. The swagger says what the result of the request
    /// that began it is, when it has the status 200.
    pub(crate) async fn result(&mut self, name: &str, subscription: &str, operation: Uuid) -> Reply {
        self.answer(operation).await;
        let place = format!("/subscriptions/{subscription}/providers/Microsoft.Network/locations/global");
        let status = self.call(Verb::Get, &format!("{place}/operations/{operation}"), &Value::Null).await;
        if !status.body["status"].is_string() {
            self.wrong.push(format!("operation {operation} of {name} says no status: {}", status.body));
        }
        let result = self.call(Verb::Get, &format!("{place}/operationResults/{operation}"), &Value::Null).await;
        if result.status == 200 && !result.body.is_null() {
            self.judge(name, &format!("the result of {name}"), 200, &result.body);
        }
        result
    }
}

/// The time of all that happens.
fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// An answer as the rim sends it.
fn seen(answer: Answer) -> Reply {
    let reply = |status, body, operation| Reply { status, body, operation };
    match answer {
        Answer::Ok(body) => reply(200, body, None),
        Answer::Created(body) => reply(201, body, None),
        Answer::Writing { created, body, operation } => reply(if created { 201 } else { 200 }, body, Some(operation)),
        Answer::Accepted { operation } => reply(202, Value::Null, Some(operation)),
        Answer::List { items, next } => {
            let mut body = json!({ "value": items });
            if let Some(next) = next {
                body["nextLink"] = json!(next);
            }
            reply(200, body, None)
        }
        Answer::Empty(status, _) => reply(status, Value::Null, None),
        Answer::Raw(status, body, _) => reply(status, body, None),
    }
}

/// Percent-encoding taken away.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16)).unwrap_or_default() as u8;
        bytes.push(if byte == b'%' { digit() * 16 + digit() } else { byte });
    }
    String::from_utf8(bytes).unwrap()
}
