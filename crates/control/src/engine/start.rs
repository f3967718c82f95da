//! Promises operations.

use crate::{Call, Tx};
use arm_api::{ArmError, ResourceId};
use serde_json::Value;
use store::{Operation, State};
use uuid::Uuid;

/// Promises an operation on the resource of a call: writes it to the transaction and keeps others off the outermost
/// resource while it runs (`AnotherOperationInProgress`, spec 07, 6). The caller's subscription may ask about it.
pub fn start(tx: &mut Tx<'_>, call: &Call, kind: &'static str, input: Value) -> Uuid {
    start_for(tx, call.id.subscription(), &call.id, kind, input)
}

/// Promises an operation on a resource whose progress another subscription may ask about, like the provider's on a
/// customer's circuit.
pub fn start_for(tx: &mut Tx<'_>, subscription: &str, on: &ResourceId, kind: &'static str, input: Value) -> Uuid {
    let operation = Operation { subscription: subscription.to_lowercase(), ..aside(tx, on.key(), kind, input) };
    let id = operation.id;
    keep_off(tx, id, on);
    tx.operation(operation);
    id
}

/// A new operation on a resource, not promised yet, that nobody may ask about and that keeps nobody off the resource.
pub(crate) fn aside(tx: &Tx<'_>, resource: &str, kind: &str, input: Value) -> Operation {
    Operation {
        id: Uuid::new_v4(),
        version: 0,
        subscription: String::new(),
        resource: resource.to_owned(),
        kind: kind.to_owned(),
        step: 0,
        undoing: false,
        state: State::InProgress,
        due: tx.now,
        leased_until: None,
        edge: None,
        input,
        result: None,
        error: None,
        created: tx.now,
        ended: None,
    }
}

/// Keeps other operations off the outermost resource of an id until the operation ends.
fn keep_off(tx: &mut Tx<'_>, operation: Uuid, on: &ResourceId) {
    let refusal = in_progress(tx, on, HOLDER);
    tx.claim(busy(on), &operation.to_string(), refusal);
}

/// What a caller is told while an operation is at work on a resource.
pub(crate) fn in_progress(tx: &Tx<'_>, on: &ResourceId, operation: &str) -> ArmError {
    ArmError::conflict(
        "AnotherOperationInProgress",
        format!(
            "Another operation on this or dependent resource is in progress: {}. To retrieve status of the operation \
             use uri: {}/subscriptions/{}/providers/Microsoft.Network/locations/global/operations/{operation}\
             ?api-version=2024-01-01",
            on.root(),
            tx.settings.base,
            on.subscription(),
        ),
    )
}

/// Stands in a refusal for who holds the claim.
pub(crate) const HOLDER: &str = "{holder}";

/// The claim of the operation at work on a resource or below it.
pub(crate) fn busy(on: &ResourceId) -> String {
    format!("busy/{}", on.root().key())
}
