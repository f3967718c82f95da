//! From bytes to JSON, from JSON to a body.

use super::tolerant::Tolerant;
use crate::ArmError;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads the bytes of a request's body. No bytes read as `null`.
///
/// # Errors
///
/// 400 `InvalidRequestContent`, with line and column: no UTF-8, no JSON, nested deeper than 128, bytes left over.
pub fn parse(bytes: &[u8]) -> Result<Value, ArmError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|error| {
        ArmError::bad_request("InvalidRequestContent", format!("the body is no JSON: {error}; wanted a JSON object"))
    })
}

/// Reads the body of a request: unknown fields and fields of the service's are passed over, `null` is absent, and
/// numbers and booleans may come as text.
///
/// # Errors
///
/// 400 `InvalidRequestContent` when there is no object; 400 `InvalidRequestFormat` when a field does not fit, with the
/// field as target (`properties.vlanId`), what was seen and what was wanted.
pub fn read<T: DeserializeOwned>(body: &Value) -> Result<T, ArmError> {
    if !body.is_object() {
        let seen = match body {
            Value::Null => "empty",
            Value::Array(_) => "a list",
            Value::String(_) => "a string",
            Value::Number(_) => "a number",
            Value::Bool(_) => "a boolean",
            Value::Object(_) => "an object",
        };
        return Err(ArmError::bad_request("InvalidRequestContent", format!("the body is {seen}, wanted an object")));
    }
    serde_path_to_error::deserialize(Tolerant(body)).map_err(|error| {
        let path: String = error.path().to_string().chars().take(200).collect();
        ArmError::bad_request("InvalidRequestFormat", format!("{path} {}", error.inner())).at(path)
    })
}
