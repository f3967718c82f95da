//! Authorizations of circuits: keys with which another subscription links one virtual network.

use super::circuit::{self, show_authorization};
use super::writing::{self, Writing};
use super::{Handled, Route, network, precondition, reach, route, row, scope};
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{Authorization, ProvisioningState};
use arm_api::{ArmError, ResourceId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::Resource;
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/authorizations"
        ExpressRouteCircuitAuthorizations_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/authorizations/{authorizationName}"
        ExpressRouteCircuitAuthorizations_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/authorizations/{authorizationName}"
        ExpressRouteCircuitAuthorizations_CreateOrUpdate Write => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/authorizations/{authorizationName}"
        ExpressRouteCircuitAuthorizations_Delete Write => delete),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/authorizations/{authorizationName}/listKeys"
        ExpressRouteCircuitAuthorizations_ListKeys Write => list_keys),
];

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    let rows = tx.children(&circuit, "authorizations").await?;
    let items = rows.iter().map(|row| show_authorization(&circuit, row)).collect();
    Ok(Answer::List { items, next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    let row = existing(tx, &call.id).await?;
    Ok(Answer::Ok(show_authorization(&circuit, &row)))
}

/// The key by itself, as the versions after 2024 give it (spec 07, 3).
async fn list_keys(tx: &mut Tx<'_>, call: &Call) -> Handled {
    row::existing(tx, &call.id).await?;
    let row = existing(tx, &call.id).await?;
    Ok(Answer::Ok(json!({ "value": row.secrets.0["authorizationKey"] })))
}

async fn existing(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    let missing = || ArmError::not_found("NotFound", format!("the authorization {id} was not found"));
    Ok(tx.get(id).await?.ok_or_else(missing)?)
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::network_name(call.id.name())?;
    let circuit = row::above(tx, &call.id).await?;
    precondition::matched(call, Some(&circuit))?;
    if !call.body.is_object() {
        let text = format!("the body is {}, wanted an object", scope::kind_of(&call.body));
        return Err(ArmError::bad_request("InvalidRequestContent", text).into());
    }
    let mut writing = Writing::of(&circuit.key);
    let created = write(tx, &call.id, &mut writing).await?;
    tx.touch(&circuit.key).await?;
    let operation = writing.start(tx, call, &call.id);
    let circuit = row::existing(tx, &call.id).await?;
    let body = tx.get(&call.id).await?.map_or(Value::Null, |row| show_authorization(&circuit, &row));
    Ok(Answer::Writing { created, body, operation })
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = tx.get(&call.id.root()).await?;
    let row = match &circuit {
        Some(_) => tx.get(&call.id).await?,
        None => None,
    };
    let (Some(circuit), Some(row)) = (circuit, row) else { return Ok(Answer::Empty(204, Vec::new())) };
    precondition::matched(call, Some(&circuit))?;
    let operation = writing::delete(tx, call, &circuit.key, &row, &call.id, &[]).await?;
    Ok(Answer::Accepted { operation })
}

/// Sets the authorizations of a circuit to those of a list: new names get keys, missing ones go.
///
/// # Errors
///
/// 400 for a child without a name or one that is there twice; the store failed.
pub(super) async fn replace(
    tx: &mut Tx<'_>,
    circuit: &Resource,
    given: &[Authorization],
    writing: &mut Writing,
) -> Result<(), Fault> {
    let parent = ResourceId::parse(&circuit.id)
        .map_err(|error| ArmError::bad_request("InvalidResourceId", error.to_string()))?;
    let mut seen = BTreeSet::new();
    for (index, authorization) in given.iter().enumerate() {
        let at = format!("properties.authorizations[{index}].name");
        let name = authorization.name.as_deref().unwrap_or_default();
        scope::network_name(name).map_err(|error| error.at(at.as_str()))?;
        let id = parent.child("authorizations", name);
        if !seen.insert(id.key().to_owned()) {
            let text = format!("{at} is {name}, which is there already");
            return Err(ArmError::bad_request("InvalidRequestFormat", text).at(at).into());
        }
        if tx.get(&id).await?.is_none() {
            write(tx, &id, writing).await?;
        }
    }
    for row in tx.children(circuit, "authorizations").await? {
        if !seen.contains(&row.key) {
            writing.remove(tx, row);
        }
    }
    Ok(())
}

/// Writes an authorization: a new one with a key that nobody else has, an old one as it is.
async fn write(tx: &mut Tx<'_>, id: &ResourceId, writing: &mut Writing) -> Result<bool, Fault> {
    let old = tx.get(id).await?;
    let row = match &old {
        Some(row) => row.clone(),
        None => {
            let document = json!({ "properties": {
                "authorizationUseStatus": "Available",
                "provisioningState": ProvisioningState::Updating,
            } });
            let mut row = tx.make(id, document);
            let key = Uuid::new_v4().to_string();
            tx.claim_or_again(format!("authorization-key/{key}"), id.key());
            row.secrets.0 = json!({ "authorizationKey": key });
            row
        }
    };
    writing.put(tx, row, old.as_ref());
    Ok(old.is_none())
}

/// Drops the connection that uses an authorization which is taken back (spec 02, 10.2).
///
/// # Errors
///
/// The store failed.
pub(super) async fn revoke(tx: &mut Tx<'_>, circuit: &str, row: &Resource) -> Result<(), Fault> {
    let user = row.document["properties"]["connectionResourceUri"].as_str().unwrap_or_default().to_owned();
    if !user.is_empty() {
        circuit::unlink(tx, circuit, &user).await?;
        if reach::drop_by(tx, &user).await? {
            return Ok(());
        }
        if let Some(connection) = tx.get_key(&user.to_lowercase()).await? {
            network::connection::leave(tx, &connection).await?;
            tx.delete(&connection.key);
        }
    }
    Ok(())
}
