//! From a request to an answer.

use super::identity::{self, Question};
use super::listen::{Peer, Reply};
use super::{Service, reply, request};
use crate::app::{self, Route, Verb};
use crate::auth::{self, Denied};
use crate::trace::{Parent, Told};
use crate::{Call, Caller, clock};
use arm_api::{ApiVersion, ArmError};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode, header};
use hyper::body::Incoming;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// The version that requests to our own APIs have, which carry theirs in the path.
const OWN_VERSION: &str = "2024-01-01";

/// Answers a request. A panic is answered too, with 500: a client that gets no answer cannot tell what became of it.
#[expect(clippy::disallowed_methods, reason = "the rim measures how long answers take")]
pub(super) async fn handle(service: Arc<Service>, incoming: Request<Incoming>, peer: Peer) -> Reply {
    let began = Instant::now();
    let id = Uuid::new_v4();
    let correlation = uuid_in(incoming.headers(), "x-ms-correlation-request-id").unwrap_or(id);
    let echo = wants_echo(incoming.headers()).then(|| uuid_in(incoming.headers(), "x-ms-client-request-id")).flatten();
    let (method, path) = (incoming.method().clone(), incoming.uri().path().to_owned());
    let worker = service.clone();
    // A task of its own: a client that hangs up does not stop what was begun, and a panic ends only the task.
    let parent = incoming.headers().get("traceparent").and_then(|value| Parent::parse(value.to_str().ok()?));
    let told = (method.to_string(), shown(&path));
    let work = tokio::spawn(async move {
        let tell = |answered: &(Reply, &'static str, Option<String>)| tell(answered, told, id);
        worker.settings.traces.request(id, parent, answer(&worker, incoming, id), tell).await
    });
    let (mut reply, route, who) = match work.await {
        Ok(answered) => answered,
        Err(error) => {
            tracing::error!(request = %id, "a request ended in a panic: {error}");
            let text = format!("the service made a mistake; the request is {id} in its log");
            (
                reply::refusal(&ArmError::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", text)),
                "Panic",
                None,
            )
        }
    };
    reply::mark(&mut reply, id, correlation);
    if let Some(echo) = echo {
        reply::set(&mut reply, "x-ms-client-request-id", &echo.to_string());
    }
    let (status, took) = (reply.status().as_u16(), began.elapsed());
    service.metrics.answered(route, status, took);
    tracing::debug!(
        target: "twinpath::request", request = %id, client = %peer.address, who = who.as_deref().unwrap_or("-"),
        method = %method, path = shown(&path), route, status, ms = took.as_secs_f64() * 1000.0
    );
    reply
}

/// A path as it may stand in the log.
fn shown(path: &str) -> String {
    path.escape_debug().take(400).collect()
}

/// What a trace is told of an answer.
fn tell(answered: &(Reply, &'static str, Option<String>), (method, path): (String, String), id: Uuid) -> Told {
    let (reply, route, who) = answered;
    let status = reply.status().as_u16();
    let mut texts = vec![("http.request.method", method), ("url.path", path), ("twinpath.request", id.to_string())];
    texts.extend(who.clone().map(|who| ("enduser.id", who)));
    let numbers = vec![("http.response.status_code", i64::from(status))];
    Told { name: Some((*route).to_owned()), texts, numbers, failed: status >= 500 }
}

/// The answer, the name of its route, and who called.
async fn answer(service: &Service, incoming: Request<Incoming>, id: Uuid) -> (Reply, &'static str, Option<String>) {
    let (parts, body) = incoming.into_parts();
    let read = request::path(parts.uri.path())
        .and_then(|path| Ok((path, request::query(parts.uri.query().unwrap_or_default())?)));
    let (path, query) = match read {
        Ok(read) => read,
        Err(error) => {
            request::discard(body);
            return (reply::refusal(&error), "BadAddress", None);
        }
    };
    if let Some(question) = Question::of(&path) {
        return (identity::answer(service, &question, &parts, &query, body, id).await, question.name(), None);
    }
    if let Some((reply, name)) = super::health::answer(service, &parts.method, &path).await {
        request::discard(body);
        return (reply, name, None);
    }
    if let Some((reply, name)) = super::endpoints::answer(service, &parts.method, &path, &query) {
        request::discard(body);
        return (reply, name, None);
    }
    let bearer = parts.headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or("?"));
    let caller = match service.authority.caller(bearer, clock::now()).await {
        Ok(caller) => caller,
        Err(denied) => {
            request::discard(body);
            return (challenge(service, &denied), "Denied", None);
        }
    };
    let who = Some(caller.name.clone());
    let (found, names) = match known(&parts, &path, &query, &caller) {
        Ok(known) => known,
        Err(error) => {
            request::discard(body);
            return (reply::refusal(&error), "Refused", who);
        }
    };
    let answered = match call(service, found, names, &parts, query, body, caller, id).await {
        Ok(call) => {
            let answered = app::run(&*service.store, &service.settings, found, &call, clock::now()).await;
            answered.map(|answer| reply::answer(answer, &call))
        }
        Err(error) => Err(error),
    };
    (answered.unwrap_or_else(|error| reply::refusal(&error)), found.name, who)
}

/// The route of a request, if the caller may have it.
fn known(
    parts: &Parts,
    path: &[String],
    query: &BTreeMap<String, String>,
    caller: &Caller,
) -> Result<(&'static Route, BTreeMap<String, String>), ArmError> {
    let verb = match parts.method {
        Method::GET => Verb::Get,
        Method::HEAD => Verb::Head,
        Method::PUT => Verb::Put,
        Method::PATCH => Verb::Patch,
        Method::POST => Verb::Post,
        Method::DELETE => Verb::Delete,
        _ => {
            let text = format!("{} is not served", auth_short(parts.method.as_str()));
            return Err(ArmError::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", text));
        }
    };
    if !is_own(path) {
        ApiVersion::parse(query.get("api-version").map(String::as_str))?;
    }
    let (route, names) = match app::find(verb, path) {
        // What can be read can be asked for.
        Err(_) if verb == Verb::Head => app::find(Verb::Get, path)?,
        found => found?,
    };
    let scope = format!("/{}", path.join("/"));
    auth::allow(caller, route.action, names.get("subscriptionId").map(String::as_str), &scope)?;
    Ok((route, names))
}

/// The call of a request.
#[expect(clippy::too_many_arguments, reason = "a request has so many parts, and this is the one place that joins them")]
async fn call(
    service: &Service,
    route: &Route,
    names: BTreeMap<String, String>,
    parts: &Parts,
    query: BTreeMap<String, String>,
    body: Incoming,
    caller: Caller,
    request: Uuid,
) -> Result<Call, ArmError> {
    let bytes = request::body(body, request::BODY).await?;
    let body = match route.verb {
        Verb::Put | Verb::Patch | Verb::Post => request::json(&parts.headers, &bytes)?,
        Verb::Get | Verb::Head | Verb::Delete => serde_json::Value::Null,
    };
    let (id, path) = app::address(route, &names)?;
    let version = query.get("api-version").map_or(OWN_VERSION, String::as_str);
    let if_match = match parts.headers.get(header::IF_MATCH).map(|value| value.to_str()) {
        None => None,
        Some(Ok(tag)) => Some(tag.trim().to_owned()),
        Some(Err(_)) => {
            let text = "the header If-Match is no text, wanted an entity tag";
            return Err(ArmError::bad_request("InvalidRequestFormat", text).at("If-Match"));
        }
    };
    let version = ApiVersion::parse(Some(version))?;
    let base = service.settings.base.clone();
    Ok(Call { id, path, names, version, query, body, if_match, caller, request, base })
}

/// Whether a path is one of our own APIs.
fn is_own(path: &[String]) -> bool {
    path.first().is_some_and(|part| !part.eq_ignore_ascii_case("subscriptions"))
        && !path.first().is_some_and(|part| ["tenants", "providers"].iter().any(|arm| part.eq_ignore_ascii_case(arm)))
}

/// 401, and where tokens are to be had (spec 07, 1.4). No claims are asked for: az would sign in again.
fn challenge(service: &Service, denied: &Denied) -> Reply {
    let mut reply = reply::refusal(&ArmError::from(denied));
    if *denied != Denied::Store {
        let text: String = denied.to_string().chars().filter(|c| !matches!(c, '"' | '\\') && !c.is_control()).collect();
        let base = &service.settings.base;
        let told = format!(
            "Bearer authorization_uri=\"{base}/common\", error=\"invalid_token\", error_description=\"{text}\""
        );
        reply::set(&mut reply, "www-authenticate", &told);
    }
    reply
}

fn uuid_in(headers: &HeaderMap, name: &str) -> Option<Uuid> {
    headers.get(name).and_then(|value| value.to_str().ok()).and_then(|text| Uuid::parse_str(text).ok())
}

fn wants_echo(headers: &HeaderMap) -> bool {
    headers.get("x-ms-return-client-request-id").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

fn auth_short(text: &str) -> String {
    text.chars().take(40).collect()
}
