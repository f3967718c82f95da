//! Writes and deletions that go on after their answer.
//!
//! A PUT writes what is wanted in state `Updating` together with its operation; the operation says `Succeeded` and
//! tells the edges. A DELETE marks the resource; the operation asks once more whether it may go, frees what it used
//! and deletes it. When it may not, it stays as it was.

use super::{connection, gateway, public_ip, subnet, virtual_network, vnet_peering};
use crate::engine::{Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx, engine, intent};
use arm_api::body::ProvisioningState;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{Operation, Resource};
use uuid::Uuid;

pub(in crate::app) static KINDS: &[Kind] =
    &[kind!("put-network" => finish), kind!("delete-network" / revive => may_go, remove)];

/// Writes a row, in state `Updating`.
pub(super) fn put(tx: &mut Tx<'_>, mut row: Resource) {
    state(&mut row.document, ProvisioningState::Updating);
    tx.put(row);
}

/// Promises the end of a write: of the rows named, with the circuits whose edges could notice.
pub(super) fn start(tx: &mut Tx<'_>, call: &Call, rows: &[String], circuits: &BTreeSet<String>) -> Uuid {
    engine::start(tx, call, "put-network", json!({ "rows": rows, "circuits": circuits }))
}

/// Promises a deletion, and marks the resource.
pub(super) async fn delete(tx: &mut Tx<'_>, call: &Call, mut row: Resource) -> Result<Answer, Fault> {
    let before = row.document["properties"]["provisioningState"].clone();
    state(&mut row.document, ProvisioningState::Deleting);
    let parent = row.parent.clone();
    tx.put(row);
    if let Some(parent) = parent {
        tx.touch(&parent).await?;
    }
    Ok(Answer::Accepted { operation: engine::start(tx, call, "delete-network", json!({ "state": before })) })
}

/// Sets the state of a document.
pub(super) fn state(document: &mut Value, state: ProvisioningState) {
    document["properties"]["provisioningState"] = json!(state);
}

/// Keys in a list of an operation's input.
fn keys(operation: &Operation, list: &str) -> Vec<String> {
    let items = operation.input[list].as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Says that all is well, and tells the edges.
async fn finish(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    for key in keys(operation, "rows") {
        if let Some(mut row) = tx.get_key(&key).await? {
            state(&mut row.document, ProvisioningState::Succeeded);
            let parent = row.parent.clone();
            tx.put(row);
            if let Some(parent) = parent {
                tx.touch(&parent).await?;
            }
        }
    }
    for circuit in keys(operation, "circuits") {
        intent::reconcile(tx, &circuit).await?;
    }
    Ok(Next::Done)
}

/// Asks whether what shall be deleted may go.
///
/// # Errors
///
/// What holds it.
pub(super) async fn held(tx: &mut Tx<'_>, row: &Resource) -> Result<(), Fault> {
    match row.kind.as_str() {
        virtual_network::KIND => virtual_network::may_go(tx, row).await,
        subnet::KIND => subnet::may_go(row).map_err(Fault::Refused),
        vnet_peering::KIND => vnet_peering::may_go(tx, row).await,
        public_ip::KIND => public_ip::may_go(row).map_err(Fault::Refused),
        gateway::KIND => gateway::may_go(row).map_err(Fault::Refused),
        _ => Ok(()),
    }
}

async fn may_go(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    if let Some(row) = tx.get_key(&operation.resource.clone()).await? {
        held(tx, &row).await?;
    }
    Ok(Next::Done)
}

/// Deletes, frees what was used, and tells the edges.
async fn remove(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let Some(row) = tx.get_key(&operation.resource.clone()).await? else { return Ok(Next::Done) };
    held(tx, &row).await?;
    let circuits = match row.kind.as_str() {
        virtual_network::KIND => virtual_network::leave(tx, &row).await?,
        vnet_peering::KIND => vnet_peering::leave(tx, &row).await?,
        gateway::KIND => gateway::leave(tx, &row).await?,
        connection::KIND => connection::leave(tx, &row).await?,
        _ => BTreeSet::new(),
    };
    tx.delete(&row.key);
    if let Some(parent) = &row.parent {
        tx.touch(parent).await?;
    }
    for circuit in circuits {
        intent::reconcile(tx, &circuit).await?;
    }
    Ok(Next::Done)
}

/// What may not go stays as it was.
async fn revive(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    if let Some(mut row) = tx.get_key(&operation.resource.clone()).await? {
        row.document["properties"]["provisioningState"] = operation.input["state"].clone();
        let parent = row.parent.clone();
        tx.put(row);
        if let Some(parent) = parent {
            tx.touch(&parent).await?;
        }
    }
    Ok(Next::Done)
}
