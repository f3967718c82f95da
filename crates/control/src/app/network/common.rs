//! What the routes of the virtual network side share.

use super::PLANT;
use crate::app::{
    Handled,
    precondition::{self, matched},
    row, scope,
};
use crate::{Answer, Call, Fault, Role, Tx};
use arm_api::body::{Tags, etag_text};
use arm_api::{ArmError, ResourceId};
use http::StatusCode;
use serde_json::{Map, Value, json};
use store::Resource;

/// A row as it is answered: what it is first, then its document without what the service keeps for itself.
pub(super) fn body(row: &Resource, etag: &uuid::Uuid) -> Value {
    let id = ResourceId::parse(&row.id).ok();
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(id.as_ref().map(ResourceId::name)));
    body.insert("id".to_owned(), json!(row.id));
    body.insert("etag".to_owned(), json!(etag_text(etag)));
    body.insert("type".to_owned(), json!(id.as_ref().map(ResourceId::kind)));
    for (key, value) in row.document.as_object().into_iter().flatten() {
        if key != PLANT {
            body.insert(key.clone(), value.clone());
        }
    }
    Value::Object(body)
}

/// A child and what it is below.
///
/// # Errors
///
/// 404 `ResourceNotFound` for the parent, `NotFound` for the child.
pub(super) async fn child(tx: &mut Tx<'_>, id: &ResourceId) -> Result<(Resource, Resource), Fault> {
    let parent = row::existing(tx, id).await?;
    let missing = || ArmError::not_found("NotFound", format!("Resource {id} not found."));
    let row = tx.get(id).await?.ok_or_else(missing)?;
    Ok((parent, row))
}

/// The answer of a list of resources without children.
pub(super) async fn list(tx: &mut Tx<'_>, call: &Call, kind: &str) -> Handled {
    let (rows, next) = row::listed(tx, call, kind).await?;
    Ok(Answer::List { items: rows.iter().map(|row| body(row, &row.etag)).collect(), next })
}

/// What a PUT of a resource begins with: its name, group, region and tags are held against their rules, and what was
/// there before is read. A resource stays in its region.
///
/// # Errors
///
/// As said there; 409 `InvalidResourceLocation`; 412 `PreconditionFailed`.
pub(super) async fn before_put(tx: &mut Tx<'_>, call: &Call) -> Result<(String, Tags, Option<Resource>), Fault> {
    scope::network_name(call.id.name())?;
    scope::group_for_write(tx, &call.id).await?;
    let region = scope::location(&tx.settings.catalog, &call.body)?;
    let tags = scope::tags(&call.body)?;
    let tags = tags.into_iter().filter_map(|(name, tag)| Some((name, tag.as_str()?.to_owned()))).collect();
    let old = tx.get(&call.id).await?;
    matched(call, old.as_ref())?;
    let was = old.as_ref().and_then(|row| row.document["location"].as_str());
    if let Some(was) = was.filter(|was| *was != region) {
        let text = format!("{} is in the location {was} and cannot move to {region}", call.id);
        return Err(ArmError::conflict("InvalidResourceLocation", text).at("location").into());
    }
    Ok((region, tags, old))
}

/// Replaces the tags of a resource, at once.
pub(super) async fn patch(tx: &mut Tx<'_>, call: &Call) -> Result<Resource, Fault> {
    let mut row = row::existing(tx, &call.id).await?;
    matched(call, Some(&row))?;
    precondition::idle(tx, &call.id).await?;
    if !call.body.is_object() {
        let text = format!("the body is {}, wanted {{\"tags\": {{…}}}}", scope::kind_of(&call.body));
        return Err(ArmError::bad_request("InvalidRequestContent", text).into());
    }
    if !call.body["tags"].is_null() {
        row.document["tags"] = Value::Object(scope::tags(&call.body)?);
        tx.put(row);
    }
    row::existing(tx, &call.id).await
}

/// The resource that a body refers to, which has to be of a kind.
///
/// # Errors
///
/// 403 `LinkedAuthorizationFailed` when it is in a subscription in which the caller may not write, whether it is
/// there or not; 400 `InvalidResourceReference`.
pub(super) async fn referred(
    tx: &mut Tx<'_>,
    call: &Call,
    id: &ResourceId,
    kind: &str,
    target: &str,
) -> Result<Resource, Fault> {
    if !id.kind().eq_ignore_ascii_case(kind) {
        let text = format!("{target}.id is {id}, wanted a resource of type {kind}");
        return Err(ArmError::bad_request("InvalidResourceReference", text).at(format!("{target}.id")).into());
    }
    if !may_write(call, id) {
        let text = format!("{} has no permission to join {id}, or it is not there", call.caller.name);
        return Err(ArmError::new(StatusCode::FORBIDDEN, "LinkedAuthorizationFailed", text).into());
    }
    let missing = || {
        let text = format!(
            "Resource {id} referenced by resource {} was not found. Please make sure that the referenced resource \
             exists, and that both resources are in the same region.",
            call.id
        );
        ArmError::bad_request("InvalidResourceReference", text).at(format!("{target}.id"))
    };
    Ok(tx.get(id).await?.ok_or_else(missing)?)
}

/// Whether the caller may write where an id is: always in the subscription of the call, which was asked before.
pub(super) fn may_write(call: &Call, id: &ResourceId) -> bool {
    let own = id.subscription().eq_ignore_ascii_case(call.id.subscription());
    own || matches!(call.caller.role(id.subscription()), Some(Role::NetworkContributor | Role::Owner))
}

/// The id in a field of a document.
pub(super) fn id_at(document: &Value, pointer: &str) -> Option<ResourceId> {
    ResourceId::parse(document.pointer(pointer)?.as_str()?).ok()
}

/// Adds an id to a list of ids, once.
pub(super) fn add(list: &mut Value, id: &str, item: Value) {
    remove(list, id);
    match list.as_array_mut() {
        Some(items) => items.push(item),
        None => *list = json!([item]),
    }
}

/// Takes an id out of a list of ids or of references.
pub(super) fn remove(list: &mut Value, id: &str) {
    let is = |item: &Value| {
        let text = item.as_str().or_else(|| item["id"].as_str()).unwrap_or_default();
        text.eq_ignore_ascii_case(id)
    };
    if let Some(items) = list.as_array_mut() {
        items.retain(|item| !is(item));
    }
}

/// A row for a DELETE; nothing when there is none, which is answered with 204.
pub(super) async fn before_delete(tx: &mut Tx<'_>, call: &Call) -> Result<Option<Resource>, Fault> {
    let root = tx.get(&call.id.root()).await?;
    let Some(row) = tx.get(&call.id).await? else { return Ok(None) };
    matched(call, root.as_ref())?;
    Ok(Some(row))
}
