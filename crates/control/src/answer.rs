//! What a handler answers.

use serde_json::Value;
use uuid::Uuid;

/// An answer, before it is HTTP.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// 200 with a body.
    Ok(Value),
    /// 201 with a body; nothing goes on.
    Created(Value),
    /// A write that goes on: 201 (`created`) or 200 with the resource, and where to ask about the operation.
    Writing {
        /// Whether the resource is new.
        created: bool,
        /// The resource as it is now.
        body: Value,
        /// The operation.
        operation: Uuid,
    },
    /// 202 without a body, and where to ask about the operation and its result: deletions, actions.
    Accepted {
        /// The operation.
        operation: Uuid,
    },
    /// A page of a list; `next` is the key to go on after.
    List {
        /// The items.
        items: Vec<Value>,
        /// Where the next page begins.
        next: Option<String>,
    },
    /// A status without a body, like 204, with headers.
    Empty(u16, Vec<(&'static str, String)>),
    /// Anything else: status, body, headers.
    Raw(u16, Value, Vec<(&'static str, String)>),
}
