//! Oddities of the real API that were seen in public, by name, each with its source. All are off until an operator
//! switches one on (`twinpath operator quirks NAME on`), so that a client can be tried against what it will meet.
//!
//! Most are played in one place, before and after the handler of a route: a request is changed as the real service
//! seems to read it, refused, or its refusal told in another way. One that is about a rule in the middle of a handler
//! is asked there with [`Quirk::is_on`].

#[cfg(test)]
mod tests;

use crate::app::operator::{Names, order, subscription_of};
use crate::app::{Route, Verb};
use crate::{Answer, Call, Fault, Tx, app};
use arm_api::ArmError;
use http::StatusCode;
use serde_json::{Value, json};
use store::{Operation, State};
use uuid::Uuid;

/// An oddity.
#[derive(Debug)]
pub struct Quirk {
    /// Its name, for ever.
    pub name: &'static str,
    /// What a client sees while it is on.
    pub what: &'static str,
    /// Where it was seen.
    pub source: &'static str,
}

/// A circuit PUT that leaves its children out removes them.
pub static CHILDREN_DROPPED: Quirk = Quirk {
    name: "children-dropped",
    what: "a PUT of a circuit that leaves out `peerings` or `authorizations` removes them; without the quirk they stay",
    source: "https://github.com/hashicorp/terraform-provider-azurerm/issues/2250",
};

/// An operation seems to go on after it ended.
pub static STALE_IN_PROGRESS: Quirk = Quirk {
    name: "stale-in-progress",
    what: "for five seconds after a write of a resource or its children, writes are refused with \
           AnotherOperationInProgress, though the operation has ended",
    source: "https://github.com/Azure/bicep/issues/5132",
};

/// The second of two writers fails late.
pub static STALE_TIME_STAMP: Quirk = Quirk {
    name: "stale-time-stamp",
    what: "a PUT that meets another operation is taken, and its operation then fails with \
           UpdateAttemptedWithStaleTimeStamp; without the quirk it is refused with 409 at once",
    source: "https://github.com/MicrosoftDocs/azure-docs/issues/23320",
};

/// Cross connections want their circuit said again.
pub static CIRCUIT_ECHO: Quirk = Quirk {
    name: "circuit-echo",
    what: "a PUT of a cross connection that leaves out `expressRouteCircuit` is refused with \
           ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified; without the quirk it stays as it is",
    source: "https://github.com/Azure/azure-rest-api-specs/issues/27436",
};

/// Cross connections want their location said again.
pub static LOCATION_ECHO: Quirk = Quirk {
    name: "peering-location-echo",
    what: "a PUT of a cross connection that leaves out `peeringLocation` is refused, though some SDKs cannot send it; \
           without the quirk it stays as it is",
    source: "https://github.com/Azure/azure-sdk-for-net/issues/20546",
};

/// VLANs may clash.
pub static VLAN_CLASH: Quirk = Quirk {
    name: "vlan-clash",
    what: "two peerings of a circuit may have the same VLAN, as in 2016; the edges then run one of them",
    source: "https://github.com/Azure/azure-cli/issues/1574",
};

/// Cross connections exist for providers only.
pub static TYPE_HIDDEN: Quirk = Quirk {
    name: "cross-connection-type-hidden",
    what: "in a subscription that is no provider's the type expressRouteCrossConnections does not exist (404); without \
           the quirk its list is empty",
    source: "https://github.com/Azure/azure-rest-api-specs/issues/7410",
};

/// The other end of Global Reach is not found.
pub static PEER_CONNECTION: Quirk = Quirk {
    name: "peer-connection-not-found",
    what: "GET of one peer connection answers 404, though the list and the circuit show it",
    source: "https://github.com/Azure/azure-rest-api-specs/issues/14548",
};

/// One write of four has to be sent again.
pub static RETRYABLE: Quirk = Quirk {
    name: "retryable",
    what: "one write of four is refused with 429 RetryableError and is to be sent again",
    source: "https://github.com/Azure/azure-libraries-for-net/issues/1001",
};

/// All of them.
pub static QUIRKS: &[&Quirk] = &[
    &CHILDREN_DROPPED,
    &STALE_IN_PROGRESS,
    &STALE_TIME_STAMP,
    &CIRCUIT_ECHO,
    &LOCATION_ECHO,
    &VLAN_CLASH,
    &TYPE_HIDDEN,
    &PEER_CONNECTION,
    &RETRYABLE,
];

/// For how many seconds [`STALE_IN_PROGRESS`] holds.
const STALE_SECONDS: i64 = 5;

/// Types of paths, in lower case.
const CIRCUITS: &str = "/providers/microsoft.network/expressroutecircuits/";
const CROSS_CONNECTIONS: &str = "/providers/microsoft.network/expressroutecrossconnections";

impl Quirk {
    /// Whether an operator switched it on.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn is_on(&self, tx: &mut Tx<'_>) -> Result<bool, Fault> {
        Ok(on(tx).await?.names.contains(self.name))
    }
}

async fn on(tx: &mut Tx<'_>) -> Result<Names, Fault> {
    order(tx, "quirks").await
}

/// Plays quirks before the handler: gives the request as it is to be read, when that differs from what was sent.
///
/// # Errors
///
/// The refusal of a quirk; the store failed.
pub(crate) async fn before(tx: &mut Tx<'_>, route: &Route, call: &Call) -> Result<Option<Call>, Fault> {
    let path = call.path.to_lowercase();
    if !path.contains("/providers/microsoft.network/") {
        return Ok(None);
    }
    let names = on(tx).await?.names;
    let is_on = |quirk: &Quirk| names.contains(quirk.name);
    if names.is_empty() {
        return Ok(None);
    }
    let writes = matches!(route.verb, Verb::Put | Verb::Patch | Verb::Delete);
    if writes && is_on(&RETRYABLE) && call.request.as_bytes()[0].is_multiple_of(4) {
        let text = "a retryable error occurred; send the request again";
        return Err(ArmError::new(StatusCode::TOO_MANY_REQUESTS, "RetryableError", text).into());
    }
    if path.contains(CROSS_CONNECTIONS)
        && is_on(&TYPE_HIDDEN)
        && !is_provider(tx, &call.id.subscription().to_lowercase())
    {
        let text = format!(
            "The resource type could not be found in the namespace 'Microsoft.Network' for api version '{}'.",
            call.version
        );
        return Err(ArmError::not_found("InvalidResourceType", text).into());
    }
    if route.name == "PeerExpressRouteCircuitConnections_Get" && is_on(&PEER_CONNECTION) {
        return Err(ArmError::not_found("NotFound", format!("Resource {} not found.", call.path)).into());
    }
    if writes && is_on(&STALE_IN_PROGRESS) {
        stale_in_progress(tx, call).await?;
    }
    if route.name == "ExpressRouteCrossConnections_CreateOrUpdate" {
        echo(call, is_on(&CIRCUIT_ECHO), is_on(&LOCATION_ECHO))?;
    }
    let drops = route.name == "ExpressRouteCircuits_CreateOrUpdate" && is_on(&CHILDREN_DROPPED);
    Ok(drops.then(|| without_children(call)))
}

/// Plays quirks after a refusal: gives the answer in its place, when there is one.
///
/// # Errors
///
/// The refusal as it was; the store failed.
pub(crate) async fn refused(tx: &mut Tx<'_>, route: &Route, call: &Call, refusal: ArmError) -> Result<Answer, Fault> {
    let late = route.verb == Verb::Put && refusal.code == "AnotherOperationInProgress";
    if !late || !call.path.to_lowercase().contains(CIRCUITS) || !STALE_TIME_STAMP.is_on(tx).await? {
        return Err(refusal.into());
    }
    let path: Vec<String> = call.path.trim_matches('/').split('/').map(str::to_owned).collect();
    let Ok((get, _)) = app::find(Verb::Get, &path) else { return Err(refusal.into()) };
    let body = match (get.handler)(tx, call).await {
        Ok(Answer::Ok(body)) => body,
        Ok(_) | Err(_) => return Err(refusal.into()),
    };
    let error = ArmError::conflict(
        "UpdateAttemptedWithStaleTimeStamp",
        format!("the update of {} was attempted with a stale time stamp; read it and try again", call.id),
    );
    let operation = Operation {
        id: Uuid::new_v4(),
        version: 0,
        subscription: call.id.subscription().to_lowercase(),
        resource: call.id.key().to_owned(),
        kind: "quirk".to_owned(),
        step: 0,
        undoing: false,
        state: State::Failed,
        due: tx.now,
        leased_until: None,
        edge: None,
        input: Value::Null,
        result: None,
        error: serde_json::to_value(&error).ok(),
        created: tx.now,
        ended: Some(tx.now),
    };
    let id = operation.id;
    tx.operation(operation);
    Ok(Answer::Writing { created: false, body, operation: id })
}

/// Refuses writes for a while after the last one.
async fn stale_in_progress(tx: &mut Tx<'_>, call: &Call) -> Result<(), Fault> {
    let Some(root) = tx.get_key(call.id.root().key()).await? else { return Ok(()) };
    if tx.now.as_second() - root.changed.as_second() >= STALE_SECONDS {
        return Ok(());
    }
    let text = format!("Another operation on this or dependent resource is in progress: {}", root.id);
    Err(ArmError::conflict("AnotherOperationInProgress", text).into())
}

/// What a cross connection has to say again.
fn echo(call: &Call, circuit: bool, location: bool) -> Result<(), ArmError> {
    let given = |pointer: &str| call.body.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if circuit && !given("/properties/expressRouteCircuit/id") {
        let text = "the circuit that a cross connection refers to cannot be modified; it was left out";
        let code = "ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified";
        return Err(ArmError::bad_request(code, text).at("properties.expressRouteCircuit"));
    }
    if location && !given("/properties/peeringLocation") {
        let name = call.id.name();
        let text = format!("The Peering Location for an Express Route Cross Connection {name} cannot be modified to .");
        return Err(ArmError::bad_request("PeeringLocationCannotBeModified", text).at("properties.peeringLocation"));
    }
    Ok(())
}

/// The request with an empty list for each list of children that it left out.
fn without_children(call: &Call) -> Call {
    let mut call = call.clone();
    if let Some(Value::Object(properties)) = call.body.get_mut("properties") {
        for list in ["peerings", "authorizations"] {
            properties.entry(list).or_insert_with(|| json!([]));
        }
    }
    call
}

fn is_provider(tx: &Tx<'_>, subscription: &str) -> bool {
    tx.settings.catalog.providers().iter().any(|provider| subscription_of(&provider.name) == subscription)
}
