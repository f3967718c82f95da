//! Operations that clients ask about (spec 07, 6).
//!
//! An operation can be asked about in the subscription whose caller began it, for as long as the service remembers it
//! ([`crate::Settings::remember`]), across restarts.

use super::{Handled, Route, route};
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use http::StatusCode;
use serde_json::{Value, json};
use store::{Operation, State};
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/locations/{location}/operations/{operationId}"
        Operations_Status Read => status),
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/locations/{location}/operationResults/{operationId}"
        Operations_Result Read => result),
    route!(Get "/subscriptions/{subscriptionId}/operationresults/{operationId}" Operations_SubscriptionResult Read => result),
];

/// After how many seconds a client asks again.
const RETRY_AFTER: &str = "1";

/// Where the operation stands: always 200, with what came of it.
async fn status(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let operation = asked(tx, call).await?;
    let mut body = json!({
        "id": call.path,
        "name": operation.id,
        "status": word(operation.state),
        "startTime": operation.created.to_string(),
    });
    if let Some(ended) = operation.ended {
        body["endTime"] = json!(ended.to_string());
    }
    match operation.state {
        State::InProgress => return Ok(Answer::Raw(200, body, vec![("retry-after", RETRY_AFTER.to_owned())])),
        State::Succeeded => {
            if let Some(result) = operation.result {
                body["properties"] = result;
            }
        }
        State::Failed | State::Canceled => body["error"] = failure(&operation).inner(),
    }
    Ok(Answer::Ok(body))
}

/// What came of the operation, with the status that it would have had at once.
async fn result(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let operation = asked(tx, call).await?;
    match operation.state {
        State::InProgress => {
            let here = format!("{}{}?api-version={}", call.base, call.path, call.version);
            Ok(Answer::Empty(202, vec![("location", here), ("retry-after", RETRY_AFTER.to_owned())]))
        }
        // Terraform takes an empty 200 for the end of a deletion, and az and the SDK do as well (spec 07, 12).
        State::Succeeded => Ok(operation.result.map_or(Answer::Empty(200, Vec::new()), Answer::Ok)),
        State::Failed | State::Canceled => Err(Fault::Refused(failure(&operation))),
    }
}

/// The operation that a call asks about.
async fn asked(tx: &Tx<'_>, call: &Call) -> Result<Operation, Fault> {
    let name = |name: &str| call.names.get(name).map(String::as_str).unwrap_or_default();
    let (subscription, given) = (name("subscriptionId").to_lowercase(), name("operationId"));
    let unknown = || {
        let seen: String = given.chars().take(40).collect();
        ArmError::not_found("OperationNotFound", format!("no operation `{seen}` is known in this subscription"))
    };
    let id = Uuid::parse_str(given).map_err(|_| unknown())?;
    let operation = tx.store().operation(id).await?;
    Ok(operation.filter(|operation| operation.subscription == subscription).ok_or_else(unknown)?)
}

/// Why an operation failed.
fn failure(operation: &Operation) -> ArmError {
    let told = operation.error.clone().unwrap_or(Value::Null);
    serde_json::from_value(told).unwrap_or_else(|_| {
        ArmError::new(StatusCode::CONFLICT, "OperationNotAllowed", "the operation was given up and says no reason")
    })
}

/// The state as it is answered.
fn word(state: State) -> &'static str {
    match state {
        State::InProgress => "InProgress",
        State::Succeeded => "Succeeded",
        State::Failed => "Failed",
        State::Canceled => "Canceled",
    }
}
