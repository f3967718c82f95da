//! Tags of a scope, apart from what carries them (`az tag`).

use super::locks::scope_of;
use super::{Handled, Route, route, scope};
use crate::{Answer, Call, Tx};
use arm_api::ArmError;
use serde_json::{Map, Value, json};
use store::Resource;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Resources/tags/default" Tags_GetAtScope Read => get),
    route!(Put "/subscriptions/{subscriptionId}/providers/Microsoft.Resources/tags/default" Tags_CreateOrUpdateAtScope Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/providers/Microsoft.Resources/tags/default" Tags_UpdateAtScope Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/providers/Microsoft.Resources/tags/default" Tags_DeleteAtScope Write => delete),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Resources/tags/default" Tags_GetAtScope Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Resources/tags/default" Tags_CreateOrUpdateAtScope Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Resources/tags/default" Tags_UpdateAtScope Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Resources/tags/default" Tags_DeleteAtScope Write => delete),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{resourceProviderNamespace}/{resourceType}/{resourceName}/providers/Microsoft.Resources/tags/default" Tags_GetAtScope Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{resourceProviderNamespace}/{resourceType}/{resourceName}/providers/Microsoft.Resources/tags/default" Tags_CreateOrUpdateAtScope Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{resourceProviderNamespace}/{resourceType}/{resourceName}/providers/Microsoft.Resources/tags/default" Tags_UpdateAtScope Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{resourceProviderNamespace}/{resourceType}/{resourceName}/providers/Microsoft.Resources/tags/default" Tags_DeleteAtScope Write => delete),
];

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope_of(tx, call).await?;
    Ok(Answer::Ok(show(&row)))
}

/// Replaces all tags.
async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope_of(tx, call).await?;
    let tags = scope::tags(&call.body["properties"])?;
    write(tx, row, tags)
}

/// Adds, takes away or replaces.
async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope_of(tx, call).await?;
    let given = scope::tags(&call.body["properties"])?;
    let mut tags = kept(&row);
    match call.body["operation"].as_str().map(str::to_ascii_lowercase).as_deref() {
        Some("replace") => tags = given,
        Some("merge") => {
            for (name, value) in given {
                // Names are equal whatever their case; the spelling that was there stays.
                let name = tags.keys().find(|known| known.eq_ignore_ascii_case(&name)).cloned().unwrap_or(name);
                tags.insert(name, value);
            }
        }
        Some("delete") => {
            tags.retain(|name, value| !given.iter().any(|(gone, of)| gone.eq_ignore_ascii_case(name) && of == value));
        }
        other => {
            let seen: String = other.unwrap_or("absent").chars().take(40).collect();
            let text = format!("operation is {seen}, wanted Merge, Replace or Delete");
            return Err(ArmError::bad_request("InvalidTagPatchOperation", text).at("operation").into());
        }
    }
    let tags = scope::tags(&json!({ "tags": tags }))?;
    write(tx, row, tags)
}

/// Takes all tags away.
async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope_of(tx, call).await?;
    write(tx, row, Map::new())?;
    Ok(Answer::Empty(200, Vec::new()))
}

fn kept(row: &Resource) -> Map<String, Value> {
    row.document["tags"].as_object().cloned().unwrap_or_default()
}

fn write(tx: &mut Tx<'_>, mut row: Resource, tags: Map<String, Value>) -> Handled {
    row.document["tags"] = Value::Object(tags);
    tx.put(row.clone());
    Ok(Answer::Ok(show(&row)))
}

fn show(row: &Resource) -> Value {
    json!({
        "id": format!("{}/providers/Microsoft.Resources/tags/default", row.id),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": { "tags": kept(row) },
    })
}
