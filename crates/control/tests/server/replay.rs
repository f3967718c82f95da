//! The recorded journey of `az` once more, request by request, over TLS: each answer has the status and the shape that
//! `az` was answered then.
//!
//! The answers of the record are a stand-in's that `az` was content with. What differs for a reason is in [`DIFFERS`].

use crate::client::{Answer, Rig, head_of, request};
use control::auth::Principal;
use control::{Role, clock};
use edge_api::{ArpRow, RouteRow, SummaryRow};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::{Change, State};
use testkit::arm::{Exchange, journey};
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// What differs, and why: a part of the request's verb and path, what is said to differ (a status as `200 not 404`, or
/// a part of what is missing), and the reason.
const DIFFERS: &[(&str, &str, &str)] = &[
    (
        "/operationResults/",
        "200 not 204",
        "a deletion ends with an empty 200, which Terraform needs for groups and az takes as well",
    ),
    ("/operationresults/", "200 not 202", "the group is gone before it is asked about"),
    ("/operationresults/", "200 not 204", "a deletion ends with an empty 200, which Terraform needs"),
    (
        "/expressRouteCrossConnections/",
        "/properties/connections list",
        "the swagger has Global Reach on the customer's side alone",
    ),
    (
        "/expressRouteCrossConnections/",
        "/properties/peeredConnections list",
        "the swagger has Global Reach on the customer's side alone",
    ),
];

/// Fields that `az` sends back as it read them.
const READ_BACK: &[&str] =
    &["primaryAzurePort", "secondaryAzurePort", "sTag", "stag", "etag", "resourceGuid", "serviceKey"];

/// A client that says what `az` said.
struct Replay {
    rig: Rig,
    token: String,
    /// The provider's subscription: in the record it is the customer's own.
    provider: String,
    /// What stands for what was recorded: names that the service gives.
    names: BTreeMap<String, String>,
    /// Fields of [`READ_BACK`] as read last.
    read: BTreeMap<String, Value>,
    /// The last operation: the path to poll, as the service said.
    operation: Option<String>,
}

impl Replay {
    async fn new() -> Self {
        let rig = Rig::start().await;
        let provider = Uuid::new_v5(&Uuid::NAMESPACE_OID, b"twinpath-provider/equinix").to_string();
        let own = rig.credentials.subscription.clone();
        let mut principal = Principal::new(&rig.credentials.tenant, "az").with_role(&own, Role::Owner);
        principal = principal.with_role(&provider, Role::Provider);
        let secret = principal.add_secret(None);
        let (at, puts) = (clock::now(), vec![principal.to_row(clock::now())]);
        rig.store.commit(&Change { at, puts, ..Change::default() }).await.unwrap();
        let token = rig.token_for(&principal.client, &secret).await;
        let names = [
            ("22222222-2222-2222-2222-222222222222".to_owned(), own),
            ("11111111-1111-1111-1111-111111111111".to_owned(), rig.credentials.tenant.clone()),
            ("33333333-3333-3333-3333-333333333333".to_owned(), principal.client.clone()),
            ("<secret>".to_owned(), secret),
            ("https%3A%2F%2Flocalhost%3A18443".to_owned(), rig.base.clone()),
        ];
        let (read, operation) = Default::default();
        Self { rig, token, provider, names: names.into(), read, operation }
    }

    fn ours(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (recorded, ours)| text.replace(recorded, ours))
    }

    /// The path of a request. An operation of the record is the last one of ours.
    fn url(&self, said: &Exchange) -> String {
        let mut url = self.ours(&said.url);
        if said.url.contains("/expressRouteCrossConnections") {
            url = url.replacen(&self.rig.credentials.subscription, &self.provider, 1);
        }
        let of_operation = |word: &&&str| url.to_lowercase().contains(&word.to_lowercase());
        if let (Some(word), Some(ours)) =
            (["/operations/", "/operationResults/"].iter().find(of_operation), &self.operation)
        {
            let id = ours.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
            let at = url.to_lowercase().find(&word.to_lowercase()).unwrap_or_default() + word.len();
            let end = url[at..].find('?').map_or(url.len(), |end| at + end);
            url.replace_range(at..end, id);
        }
        url
    }

    fn body(&self, said: &Exchange) -> Option<String> {
        match &said.sent {
            Value::Null => None,
            Value::String(form) => Some(self.ours(form)),
            body => {
                let mut body: Value = serde_json::from_str(&self.ours(&body.to_string())).unwrap();
                self.send_back(&mut body);
                Some(body.to_string())
            }
        }
    }

    fn send_back(&self, body: &mut Value) {
        match body {
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    match self.read.get(name) {
                        Some(read) if READ_BACK.contains(&name.as_str()) => *value = read.clone(),
                        _ => self.send_back(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.send_back(item)),
            _ => {}
        }
    }

    async fn say(&mut self, said: &Exchange) -> Answer {
        let (url, body) = (self.url(said), self.body(said));
        let kind = if said.sent.is_string() { "application/x-www-form-urlencoded" } else { "application/json" };
        let mut text = request(&said.verb, &url, &self.token, kind, body.as_deref());
        if let Some(tag) = &said.if_match {
            text = text.replacen("\r\n", &format!("\r\nIf-Match: {}\r\n", self.ours(tag)), 1);
        }
        let answer = if said.verb == "HEAD" {
            let mut stream = self.rig.connect().await;
            stream.write_all(text.as_bytes()).await.unwrap();
            head_of(&mut stream).await
        } else {
            self.rig.raw(text.as_bytes()).await
        };
        self.learn(&said.answer, &answer.json());
        let place = answer.header("azure-asyncoperation").or_else(|| answer.header("location")).map(str::to_owned);
        if let Some(place) = place.and_then(|place| Some(place.strip_prefix(&self.rig.base)?.to_owned())) {
            self.operation = Some(place.clone());
            self.finish(&place, &url).await;
        }
        answer
    }

    /// Waits until an operation has ended; gives the answer of an edge, since none runs.
    async fn finish(&self, place: &str, url: &str) {
        let id = place.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let id = Uuid::parse_str(id).unwrap();
        loop {
            let operation = self.rig.store.operation(id).await.unwrap().unwrap();
            if operation.state != State::InProgress {
                return;
            }
            if operation.edge.is_some() {
                let mut asked = operation;
                (asked.state, asked.result, asked.ended) = (State::Succeeded, Some(table(url)), Some(clock::now()));
                let change =
                    Change { who: "edge".to_owned(), at: clock::now(), operations: vec![asked], ..Change::default() };
                self.rig.store.commit(&change).await.unwrap();
            } else {
                self.rig.store.changed(0, std::time::Duration::ZERO).await;
                tokio::task::yield_now().await;
            }
        }
    }

    /// Notes what the service gave in place of what is recorded.
    fn learn(&mut self, recorded: &Value, ours: &Value) {
        match (recorded, ours) {
            (Value::Object(recorded), Value::Object(ours)) => {
                for (name, value) in ours {
                    if READ_BACK.contains(&name.as_str()) && !value.is_null() {
                        self.read.insert(name.clone(), value.clone());
                    }
                    if let Some(recorded) = recorded.get(name) {
                        match (recorded.as_str(), value.as_str()) {
                            (Some(recorded), Some(value)) if name == "etag" || name == "serviceKey" => {
                                self.names.insert(recorded.to_owned(), value.to_owned());
                            }
                            _ => self.learn(recorded, value),
                        }
                    }
                }
            }
            (Value::Array(recorded), Value::Array(ours)) => {
                recorded.iter().zip(ours).for_each(|(recorded, ours)| self.learn(recorded, ours));
            }
            _ => {}
        }
    }
}

/// The table that an edge gives, of one row.
fn table(url: &str) -> Value {
    let rows = if url.contains("/arpTables/") {
        json!([ArpRow {
            age: 0,
            interface: "Microsoft".into(),
            ip_address: "10.255.20.2".into(),
            mac_address: String::new()
        }])
    } else if url.contains("/routeTablesSummary/") {
        json!([SummaryRow {
            neighbor: "10.255.20.1".into(),
            v: 4,
            asn: 65021,
            up_down: "1d".into(),
            state_pfx_rcd: "1".into()
        }])
    } else {
        json!([RouteRow {
            network: "10.1.0.0/16".into(),
            next_hop: "10.255.20.1".into(),
            loc_prf: String::new(),
            weight: 0,
            path: "65021".into(),
        }])
    };
    json!({ "value": rows })
}

/// The fields of a body, each with the kind of its value; items of lists are one.
fn shape(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| shape(value, &format!("{at}/{name}"), into)),
        Value::Array(items) => {
            into.insert(format!("{at} list"));
            items.iter().for_each(|item| shape(item, &format!("{at}[]"), into));
        }
        Value::Null => {}
        Value::Bool(_) => _ = into.insert(format!("{at} boolean")),
        Value::Number(_) => _ = into.insert(format!("{at} number")),
        Value::String(_) => _ = into.insert(format!("{at} text")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_az_said_is_answered_as_az_was_answered() {
    let mut replay = Replay::new().await;
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    let said = journey();
    for (number, said) in said.iter().enumerate() {
        let wrong_secret = said.status == 401;
        let kept = replay.names.clone();
        if wrong_secret {
            replay.names.insert("<secret>".to_owned(), "wrong".to_owned());
        }
        let answer = replay.say(said).await;
        if wrong_secret {
            replay.names = kept;
        }
        let what = format!("{} {}", said.verb, said.url.split('?').next().unwrap_or_default());
        let mut differs = Vec::new();
        if answer.status != said.status {
            differs.push(format!("{} not {}: {}", answer.status, said.status, answer.text));
        } else {
            let (mut theirs, mut ours) = (BTreeSet::new(), BTreeSet::new());
            shape(&said.answer, "", &mut theirs);
            shape(&answer.json(), "", &mut ours);
            differs.extend(theirs.difference(&ours).map(|missing| format!("without {missing}")));
        }
        for difference in differs {
            let reason = DIFFERS.iter().position(|(part, how, _)| what.contains(part) && difference.contains(how));
            match reason {
                Some(reason) => _ = used.insert(reason),
                None => wrong.push(format!("{number} {} {what}: {difference}", said.command)),
            }
        }
    }
    let stale: Vec<_> = DIFFERS.iter().enumerate().filter(|(at, _)| !used.contains(at)).collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(stale.is_empty(), "reasons for what does not differ: {stale:?}");
    assert!(said.len() > 150, "{}", said.len());
    replay.rig.stop().await;
}
