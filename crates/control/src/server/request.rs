//! What a client sent, within bounds: path, query, body.

use arm_api::ArmError;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many bytes a body may have.
pub(super) const BODY: usize = 4 * 1024 * 1024;
/// How many bytes of a body that is too long are read and thrown away, so that the client gets to read the answer.
const THROWN: u64 = 64 * 1024 * 1024;
/// How long a client may take for its body.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many bytes a part of a path may have, and a path in all.
const PART: usize = 260;
const PATH: usize = 4096;

/// A path, cut at its slashes and decoded. Empty parts are passed over: a base address that ends in a slash gives two.
///
/// # Errors
///
/// 400 when a part is no UTF-8, steps upwards, or holds what no name may hold.
pub(super) fn path(raw: &str) -> Result<Vec<String>, ArmError> {
    let bad = |text: &str| ArmError::bad_request("InvalidRequestUri", text);
    if raw.len() > PATH {
        return Err(bad("the path is longer than 4096 bytes"));
    }
    let mut parts = Vec::new();
    for part in raw.split('/').filter(|part| !part.is_empty()) {
        let part = percent_decode_str(part).decode_utf8().map_err(|_| bad("the path is no UTF-8"))?;
        if matches!(&*part, "." | "..") {
            return Err(bad("the path has a part `.` or `..`"));
        }
        if part.len() > PART {
            return Err(bad("a part of the path is longer than 260 bytes"));
        }
        if !part.is_ascii() {
            return Err(bad("a part of the path is not ASCII; names have letters, digits and `_ . - ( )`"));
        }
        if part.chars().any(|c| c.is_control() || "/\\?#%<>\"|".contains(c)) {
            return Err(bad("a part of the path holds a character that no name may hold"));
        }
        parts.push(part.into_owned());
    }
    Ok(parts)
}

/// A query, keys in lower case; of a key given twice the first counts.
///
/// # Errors
///
/// 400 when it holds control characters.
pub(super) fn query(raw: &str) -> Result<BTreeMap<String, String>, ArmError> {
    let mut query = BTreeMap::new();
    for (key, value) in form_urlencoded::parse(raw.as_bytes()) {
        if key.chars().chain(value.chars()).any(char::is_control) {
            return Err(ArmError::bad_request("InvalidRequestUri", "the query holds control characters"));
        }
        query.entry(key.to_lowercase()).or_insert(value.into_owned());
    }
    Ok(query)
}

/// Reads a body. One that is too long is refused as soon as that is known, and the rest is thrown away as it comes.
///
/// # Errors
///
/// 413 when it is too long, 408 when it takes too long, 400 when it breaks off.
pub(super) async fn body(mut body: Incoming, limit: usize) -> Result<Bytes, ArmError> {
    let said_too_much = usize::try_from(body.size_hint().lower()).map_or(true, |length| length > limit);
    let read =
        if said_too_much { Ok(Ok(None)) } else { tokio::time::timeout(PATIENCE, gather(&mut body, limit)).await };
    let slow = || ArmError::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", "the body did not come within 60 s");
    match read.map_err(|_| slow())? {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => {
            discard(body);
            let text = format!("the body is longer than {limit} bytes");
            Err(ArmError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", text))
        }
        Err(_) => Err(ArmError::bad_request("InvalidRequestContent", "the body broke off")),
    }
}

/// Reads, beside the answer, a body that nobody wants, within bounds: a client that writes all before it reads would get a
/// reset connection in place of the answer.
pub(super) fn discard(mut body: Incoming) {
    if body.is_end_stream() || body.size_hint().lower() > THROWN {
        return;
    }
    tokio::spawn(tokio::time::timeout(PATIENCE, async move {
        let mut seen = 0u64;
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX));
            if seen > THROWN {
                break;
            }
        }
    }));
}

/// The bytes of a body; nothing as soon as there are more than `limit`.
async fn gather(body: &mut Incoming, limit: usize) -> Result<Option<Bytes>, hyper::Error> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(Some(bytes.freeze()))
}

/// A body as JSON; `Null` when there is none.
///
/// # Errors
///
/// 415 when it says that it is something else, 400 when it is no JSON, too deep, or holds what cannot be stored.
pub(super) fn json(headers: &HeaderMap, bytes: &Bytes) -> Result<Value, ArmError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let kind = headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?"));
    if !kind.is_none_or(is_json) {
        let seen: String = kind.unwrap_or_default().chars().take(80).collect();
        let text = format!("the content type is `{seen}`, wanted `application/json`");
        return Err(ArmError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", text));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        ArmError::bad_request("InvalidRequestContent", format!("the body could not be read as JSON: {error}"))
    })?;
    if holds_nul(&value) {
        let text = "the body holds the character U+0000, which no value may hold";
        return Err(ArmError::bad_request("InvalidRequestContent", text));
    }
    Ok(value)
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset_alone = kind.is_empty();
    charset_alone
        || kind == "application/json"
        || kind == "text/json"
        || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Whether a text in a value holds U+0000, which PostgreSQL does not store.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_and_decoded_and_its_tricks_are_refused() {
        assert_eq!(path("//subscriptions//a%20b/").unwrap(), ["subscriptions", "a b"]);
        for trick in ["/a/../b", "/a/%2e%2e/b", "/a%2fb", "/a%5cb", "/a%00", "/a%ff", "/%c4%b0", "/a%0d%0ab"] {
            assert_eq!(path(trick).unwrap_err().status, 400, "{trick}");
        }
        assert_eq!(path(&format!("/{}", "x".repeat(300))).unwrap_err().status, 400);
    }

    #[test]
    fn bodies_that_are_no_json_are_refused_by_what_they_are() {
        let headers = |kind: &str| HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        let read = |kind, text: &'static str| json(&headers(kind), &Bytes::from_static(text.as_bytes()));
        assert!(read("application/json; charset=utf-8", "{}").is_ok());
        assert_eq!(read("text/plain", "{}").unwrap_err().status, 415);
        assert_eq!(read("application/json", "{").unwrap_err().status, 400);
        assert_eq!(read("application/json", "{\"a\":\"\\u0000\"}").unwrap_err().status, 400);
        assert_eq!(read("application/json", "{\"a\":\"\\ud800\"}").unwrap_err().status, 400);
        let deep = Bytes::from(format!("{}{}", "[".repeat(5000), "]".repeat(5000)));
        assert_eq!(json(&headers("application/json"), &deep).unwrap_err().status, 400);
        assert_eq!(json(&HeaderMap::new(), &Bytes::new()).unwrap(), Value::Null);
    }
}
