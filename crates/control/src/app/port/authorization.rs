//! Keys with which another subscription puts a circuit on a port pair: one key, one circuit.

use crate::app::{Handled, Route, precondition::matched, route, row, scope};
use crate::engine::{self, Kind, Next, kind};
use crate::{Answer, Call, Fault, Role, Tx};
use arm_api::body::{PortAuthorization, ProvisioningState, Secret, UseStatus};
use arm_api::{ArmError, ResourceId};
use serde_json::{Value, json};
use store::{Operation, Resource, Secrets};
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/authorizations"
        ExpressRoutePortAuthorizations_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/authorizations/{authorizationName}"
        ExpressRoutePortAuthorizations_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/authorizations/{authorizationName}"
        ExpressRoutePortAuthorizations_CreateOrUpdate Write => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/authorizations/{authorizationName}"
        ExpressRoutePortAuthorizations_Delete Write => delete),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/authorizations/{authorizationName}/listKeys"
        ExpressRoutePortAuthorizations_ListKeys Write => list_keys),
];

pub(in crate::app) static KINDS: &[Kind] =
    &[kind!("put-port-authorization" => apply), kind!("delete-port-authorization" / keep => remove)];

/// Where the key stands among the secrets of a row.
const KEY: &str = "authorizationKey";

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let port = row::found(tx, &call.id).await?;
    let rows = tx.children(&port, "authorizations").await?;
    Ok(Answer::List { items: rows.iter().map(|row| json!(body(call, row, &port))).collect(), next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let port = row::existing(tx, &call.id).await?;
    let resource = row::found(tx, &call.id).await?;
    Ok(Answer::Ok(json!(body(call, &resource, &port))))
}

async fn list_keys(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let resource = row::found(tx, &call.id).await?;
    Ok(Answer::Ok(json!({ "value": resource.secrets.0[KEY] })))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::network_name(call.id.name())?;
    let port = row::above(tx, &call.id).await?;
    let old = tx.get(&call.id).await?;
    matched(call, old.as_ref().map(|_| &port))?;
    // Everything of an authorization is the service's; a body that is none is refused all the same.
    if !call.body.is_null() {
        let _: PortAuthorization = arm_api::body::read(&call.body)?;
    }
    let created = old.is_none();
    let mut resource = match old {
        Some(old) => old,
        None => {
            let mut fresh = PortAuthorization::default();
            fresh.properties.authorization_use_status = Some(UseStatus::Available);
            let mut resource = tx.make(&call.id, json!(fresh));
            resource.secrets = Secrets(json!({ KEY: Uuid::new_v4() }));
            resource
        }
    };
    let mut kept = read(&resource);
    kept.properties.provisioning_state = Some(ProvisioningState::Updating);
    resource.document = json!(kept);
    tx.put(resource.clone());
    tx.touch(&port.key).await?;
    let operation = engine::start(tx, call, "put-port-authorization", Value::Null);
    let port = row::existing(tx, &call.id).await?;
    Ok(Answer::Writing { created, body: json!(body(call, &resource, &port)), operation })
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(mut resource) = tx.get(&call.id).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    let port = row::existing(tx, &call.id).await?;
    matched(call, Some(&port))?;
    unused(&resource)?;
    resource.document["properties"]["provisioningState"] = json!(ProvisioningState::Deleting);
    tx.put(resource);
    tx.touch(&port.key).await?;
    Ok(Answer::Accepted { operation: engine::start(tx, call, "delete-port-authorization", Value::Null) })
}

/// Refuses while a circuit is on the pair by this key.
fn unused(resource: &Resource) -> Result<(), ArmError> {
    let kept = read(resource);
    if kept.properties.authorization_use_status != Some(UseStatus::InUse) {
        return Ok(());
    }
    let circuit = kept.properties.circuit_resource_uri.unwrap_or_default();
    let text = format!("authorization {} is in use by {circuit}; delete that circuit first", resource.id);
    Err(ArmError::bad_request("InUseAuthorizationCannotBeDeleted", text))
}

/// Step: what was written is so.
async fn apply(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    if let Some(mut resource) = tx.get_key(&operation.resource).await? {
        resource.document["properties"]["provisioningState"] = json!(ProvisioningState::Succeeded);
        let parent = resource.parent.clone().unwrap_or_default();
        tx.put(resource);
        tx.touch(&parent).await?;
    }
    Ok(Next::Done)
}

/// Step: the key goes, unless a circuit used it in the meantime.
async fn remove(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    if let Some(resource) = tx.get_key(&operation.resource).await? {
        unused(&resource)?;
        tx.delete(&resource.key);
        tx.touch(&resource.parent.unwrap_or_default()).await?;
    }
    Ok(Next::Done)
}

/// Takes a deletion back.
async fn keep(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    row::failed(tx, &operation.resource).await?;
    Ok(Next::Done)
}

/// Uses a key of a pair for a circuit, if it is one that nobody uses. Says whether.
pub(super) async fn take(tx: &mut Tx<'_>, port: &Resource, circuit: &ResourceId, key: &Secret) -> Result<bool, Fault> {
    for mut resource in tx.children(port, "authorizations").await? {
        let mut kept = read(&resource);
        let properties = &mut kept.properties;
        let same = resource.secrets.0[KEY].as_str().is_some_and(|is| is.eq_ignore_ascii_case(key.reveal()));
        let free = properties.authorization_use_status == Some(UseStatus::Available)
            && properties.provisioning_state != Some(ProvisioningState::Deleting);
        if same && free {
            properties.authorization_use_status = Some(UseStatus::InUse);
            properties.circuit_resource_uri = Some(circuit.as_str().to_owned());
            resource.document = json!(kept);
            tx.put(resource);
            tx.touch(&port.key).await?;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Lets the key of a circuit be used again.
pub(super) async fn release(tx: &mut Tx<'_>, port: &Resource, circuit: &ResourceId) -> Result<(), Fault> {
    for mut resource in tx.children(port, "authorizations").await? {
        let mut kept = read(&resource);
        let user = kept.properties.circuit_resource_uri.as_deref().unwrap_or_default();
        if user.eq_ignore_ascii_case(circuit.as_str()) {
            kept.properties.authorization_use_status = Some(UseStatus::Available);
            kept.properties.circuit_resource_uri = None;
            resource.document = json!(kept);
            tx.put(resource);
            tx.touch(&port.key).await?;
        }
    }
    Ok(())
}

/// What a row holds, without the key.
fn read(resource: &Resource) -> PortAuthorization {
    serde_json::from_value(resource.document.clone()).unwrap_or_default()
}

/// An authorization as it is answered: with its key for those who may write.
fn body(call: &Call, resource: &Resource, port: &Resource) -> PortAuthorization {
    let mut body = read(resource);
    body.properties.circuit_resource_uri.get_or_insert_default();
    if matches!(call.caller.role(call.id.subscription()), Some(Role::Owner | Role::NetworkContributor | Role::Operator))
    {
        body.properties.authorization_key = resource.secrets.0[KEY].as_str().map(Secret::new);
    }
    row::stamp(&mut body, resource, port);
    body
}
