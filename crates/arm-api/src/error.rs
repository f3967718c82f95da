//! What a client is told when it is refused.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An error in the shape of OData V4, with its status (spec 07, 8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("({code}) {message}")]
pub struct ArmError {
    /// The status, 400 to 599.
    pub status: u16,
    /// The code, like `VlanIdInUse`.
    pub code: String,
    /// What is wrong, what was seen, what was expected. No secrets.
    pub message: String,
    /// The field or resource that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// More of the same, when several things are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<ArmError>,
}

impl ArmError {
    /// An error with a status, a code and a message.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            code: code.to_owned(),
            message: message.into(),
            target: None,
            details: Vec::new(),
        }
    }

    /// 400 with a code.
    pub fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 409 with a code.
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 404 with a code.
    pub fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// The same error about a field, as a path like `properties.vlanId`.
    #[must_use]
    pub fn at(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The body: `{"error": {…}}`.
    pub fn body(&self) -> Value {
        json!({ "error": self.inner() })
    }

    /// What stands under `error`, also in a failed operation.
    pub fn inner(&self) -> Value {
        let mut inner = json!({ "code": self.code, "message": self.message });
        if let Some(target) = &self.target {
            inner["target"] = json!(target);
        }
        inner["details"] = self.details.iter().map(Self::inner).collect();
        inner
    }
}
