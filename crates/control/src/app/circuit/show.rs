//! Circuits and what is below them, as they are answered.

use crate::{Fault, Tx};
use arm_api::ResourceId;
use arm_api::body::etag_text;
use serde_json::{Map, Value, json};
use store::{Query, Resource};
use uuid::Uuid;

/// A row as it is answered: what it is first, then its document without what the service keeps for itself.
pub(crate) fn body(row: &Resource, id: &ResourceId, etag: &Uuid) -> Value {
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(id.name()));
    body.insert("id".to_owned(), json!(id.as_str()));
    body.insert("etag".to_owned(), json!(etag_text(etag)));
    body.insert("type".to_owned(), json!(id.kind()));
    for (key, value) in row.document.as_object().into_iter().flatten() {
        if key != "plant" {
            body.insert(key.clone(), value.clone());
        }
    }
    Value::Object(body)
}

/// The id of a row.
fn id_of(row: &Resource) -> Option<ResourceId> {
    ResourceId::parse(&row.id).ok()
}

/// A circuit with its peerings and authorizations.
///
/// # Errors
///
/// The store failed.
pub(super) async fn circuit(tx: &mut Tx<'_>, row: &Resource) -> Result<Value, Fault> {
    let Some(id) = id_of(row) else { return Ok(Value::Null) };
    let mut body = body(row, &id, &row.etag);
    let (mut peerings, mut authorizations) = (Vec::new(), Vec::new());
    let kinds = ["peerings", "authorizations"].map(|kind| format!("{}/{kind}", row.kind)).to_vec();
    for child in tx.list(&Query { kinds, parent: Some(row.key.clone()), ..Query::default() }).await? {
        match child.kind.ends_with("/peerings") {
            true => peerings.push(peering(tx, row, &child, None).await?),
            false => authorizations.push(authorization(row, &child)),
        }
    }
    body["properties"]["peerings"] = json!(peerings);
    body["properties"]["authorizations"] = json!(authorizations);
    Ok(body)
}

/// A peering with its Global Reach connections; `seen` is its id where it is looked at from the provider's side.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn peering(
    tx: &mut Tx<'_>,
    circuit: &Resource,
    row: &Resource,
    seen: Option<&ResourceId>,
) -> Result<Value, Fault> {
    let Some(own) = id_of(row) else { return Ok(Value::Null) };
    let mut shown = body(row, seen.unwrap_or(&own), &circuit.etag);
    if row.key.ends_with("/azureprivatepeering") && seen.is_none() {
        for (kind, list) in [("connections", "connections"), ("peerconnections", "peeredConnections")] {
            let mut found = Vec::new();
            for child in tx.children(row, kind).await? {
                found.extend(id_of(&child).map(|id| body(&child, &id, &circuit.etag)));
            }
            shown["properties"][list] = json!(found);
        }
    } else if seen.is_none() {
        shown["properties"]["connections"] = json!([]);
        shown["properties"]["peeredConnections"] = json!([]);
    }
    Ok(shown)
}

/// An authorization with its key.
pub(crate) fn authorization(circuit: &Resource, row: &Resource) -> Value {
    let Some(id) = id_of(row) else { return Value::Null };
    let mut shown = body(row, &id, &circuit.etag);
    shown["properties"]["authorizationKey"] = row.secrets.0["authorizationKey"].clone();
    shown
}
