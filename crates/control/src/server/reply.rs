//! Answers as HTTP.

use super::listen::Reply;
use crate::{Answer, Call};
use arm_api::ArmError;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};
use uuid::Uuid;

/// After how many seconds a client asks again (spec 07, 1.6: without it, clients wait for 30).
const RETRY_AFTER: &str = "1";

/// An answer to a call.
pub(super) fn answer(answer: Answer, call: &Call) -> Reply {
    match answer {
        Answer::Ok(body) => json(StatusCode::OK, &body),
        Answer::Created(body) => json(StatusCode::CREATED, &body),
        Answer::Writing { created, body, operation } => {
            let status = if created { StatusCode::CREATED } else { StatusCode::OK };
            let mut reply = json(status, &body);
            poll(&mut reply, call, operation);
            reply
        }
        Answer::Accepted { operation } => {
            let mut reply = empty(StatusCode::ACCEPTED);
            poll(&mut reply, call, operation);
            set(&mut reply, "location", &operation_url(call, "operationResults", operation));
            reply
        }
        Answer::List { items, next } => {
            let mut body = json!({ "value": items });
            if let Some(next) = next {
                body["nextLink"] = json!(next_link(call, &next));
            }
            json(StatusCode::OK, &body)
        }
        Answer::Empty(status, headers) => with(empty(status_of(status)), &headers),
        Answer::Raw(status, body, headers) => with(json(status_of(status), &body), &headers),
    }
}

/// A refusal.
pub(super) fn refusal(error: &ArmError) -> Reply {
    let mut reply = json(status_of(error.status), &error.body());
    if matches!(error.status, 429 | 503) {
        set(&mut reply, "retry-after", RETRY_AFTER);
    }
    reply
}

/// A body of JSON.
pub(super) fn json(status: StatusCode, body: &Value) -> Reply {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let mut reply = Response::new(Full::new(Bytes::from(bytes)));
    *reply.status_mut() = status;
    set(&mut reply, "content-type", "application/json; charset=utf-8");
    reply
}

/// A body of text.
pub(super) fn text(status: StatusCode, kind: &'static str, body: String) -> Reply {
    let mut reply = Response::new(Full::new(Bytes::from(body)));
    *reply.status_mut() = status;
    set(&mut reply, "content-type", kind);
    reply
}

/// No body.
pub(super) fn empty(status: StatusCode) -> Reply {
    let mut reply = Response::new(Full::default());
    *reply.status_mut() = status;
    reply
}

/// Sets a header; a value that cannot be one is left out.
pub(super) fn set(reply: &mut Reply, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// What every answer says: which request it belongs to, and that it is not to be kept.
pub(super) fn mark(reply: &mut Reply, request: Uuid, correlation: Uuid) {
    set(reply, "x-ms-request-id", &request.to_string());
    set(reply, "x-ms-correlation-request-id", &correlation.to_string());
    let headers = reply.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
}

/// Makes the client poll (spec 07, 6).
fn poll(reply: &mut Reply, call: &Call, operation: Uuid) {
    set(reply, "azure-asyncoperation", &operation_url(call, "operations", operation));
    set(reply, "azure-asyncnotification", "Enabled");
    set(reply, "retry-after", RETRY_AFTER);
}

fn operation_url(call: &Call, what: &str, operation: Uuid) -> String {
    let (base, subscription, version) = (&call.base, call.id.subscription(), &call.version);
    format!(
        "{base}/subscriptions/{subscription}/providers/Microsoft.Network/locations/global/{what}/{operation}?api-version={version}"
    )
}

/// The address of the page after a key: everything that the call had, and the key.
fn next_link(call: &Call, next: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("api-version", call.version.as_str());
    for (name, value) in call.query.iter().filter(|(name, _)| !matches!(name.as_str(), "api-version" | "$skiptoken")) {
        query.append_pair(name, value);
    }
    query.append_pair("$skipToken", next);
    let path: Vec<String> = call.path.split('/').map(encoded).collect();
    format!("{}{}?{}", call.base, path.join("/"), query.finish())
}

/// A part of a path as it stands in an address.
fn encoded(part: &str) -> String {
    percent_encoding::utf8_percent_encode(part, percent_encoding::CONTROLS)
        .flat_map(str::chars)
        .map(|c| if c == ' ' { "%20".to_owned() } else { c.to_string() })
        .collect()
}

fn with(mut reply: Reply, headers: &[(&'static str, String)]) -> Reply {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            reply.headers_mut().insert(name, value);
        }
    }
    reply
}

fn status_of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
