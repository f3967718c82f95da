//! What the token endpoint tells who is refused.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// A refusal of the token endpoint (RFC 6749, 5.2) with the numbers that clients know (spec 07, 1.4).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {text}")]
pub struct GrantError {
    /// The status.
    pub status: StatusCode,
    /// The error of RFC 6749, like `invalid_client`.
    pub error: &'static str,
    /// The number that Entra ID gives the case.
    pub number: u32,
    /// What is wrong. No secrets.
    pub text: String,
}

impl GrantError {
    /// 400 with an error, a number and a text.
    pub(super) fn new(error: &'static str, number: u32, text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, number, text: text.into() }
    }

    /// 401 `invalid_client`.
    pub(super) fn client(number: u32, text: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::new("invalid_client", number, text) }
    }

    /// A parameter is missing.
    pub(super) fn missing(name: &str) -> Self {
        Self::new(
            "invalid_request",
            900_144,
            format!("The request body must contain the following parameter: '{name}'."),
        )
    }

    /// There is no such tenant.
    pub fn tenant(tenant: &str, error: &'static str) -> Self {
        let seen: String = tenant.chars().take(64).collect();
        Self::new(
            error,
            90_002,
            format!("Tenant '{seen}' not found. Check to make sure you have the correct tenant ID."),
        )
    }

    /// The store does not answer.
    pub(super) fn store() -> Self {
        let text = "The service is temporarily unable to answer. Try again.";
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::new("temporarily_unavailable", 90_033, text) }
    }

    /// The body.
    pub fn body(&self, request: Uuid, now: Timestamp) -> Value {
        json!({
            "error": self.error,
            "error_description": format!("AADSTS{}: {} Trace ID: {request} Timestamp: {}", self.number, self.text, stamp(now)),
            "error_codes": [self.number],
            "timestamp": stamp(now),
            "trace_id": request,
            "correlation_id": request,
        })
    }
}

fn stamp(now: Timestamp) -> String {
    now.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
