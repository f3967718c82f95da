//! Rows as clients meet them: found or not, held against `If-Match`, listed in pages, stamped with what they are.

use super::scope;
use crate::{Call, Fault, Tx};
use arm_api::body::{ProvisioningState, Stamp};
use arm_api::{ArmError, ResourceId};
use http::StatusCode;
use serde_json::Value;
use store::{Query, Resource};
use uuid::Uuid;

/// A resource, or 404 in the words of its depth (spec 07, 2).
///
/// # Errors
///
/// 404 `ResourceNotFound` for an outermost resource, `NotFound` for a child.
pub(super) async fn found(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    let Some(resource) = tx.get(id).await? else {
        let group = id.group().unwrap_or_default();
        let text = format!("The Resource '{}/{}' under resource group '{group}' was not found.", id.kind(), id.name());
        let code = if id.parent().is_some() { "NotFound" } else { "ResourceNotFound" };
        return Err(ArmError::not_found(code, text).into());
    };
    Ok(resource)
}

/// The outermost resource that a child is below.
///
/// # Errors
///
/// 404 `ResourceNotFound`.
pub(super) async fn root(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    found(tx, &id.root()).await
}

/// What a child is written below.
///
/// # Errors
///
/// 404 `ParentResourceNotFound`.
pub(super) async fn parent(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    let parent = id.parent().unwrap_or_else(|| id.root());
    let absent = || {
        let text =
            format!("Can not perform requested operation on nested resource. Parent resource '{parent}' not found.");
        ArmError::not_found("ParentResourceNotFound", text)
    };
    Ok(tx.get(&parent).await?.ok_or_else(absent)?)
}

/// Holds a request against `If-Match`: `*` wants the resource to be there, a tag wants it to be the tag of `tagged`,
/// the resource itself or for a child the outermost resource it is below.
///
/// # Errors
///
/// 412 `PreconditionFailed`.
pub(super) fn precondition(call: &Call, there: bool, tagged: Option<&Resource>) -> Result<(), ArmError> {
    let Some(wanted) = call.if_match.as_deref() else { return Ok(()) };
    let tag = tagged.filter(|_| there).map(|resource| arm_api::body::etag_text(&resource.etag));
    let bare = |text: &str| text.trim_start_matches("W/").trim_matches('"').to_lowercase();
    let holds = match &tag {
        None => false,
        Some(tag) => wanted.split(',').map(str::trim).any(|one| one == "*" || bare(one) == bare(tag)),
    };
    if holds {
        return Ok(());
    }
    let seen: String = wanted.chars().take(100).collect();
    let is = tag.unwrap_or_else(|| "not there".to_owned());
    let text = format!("If-Match wants {seen}, and {} is {is}; read it again", call.id);
    Err(ArmError::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", text))
}

/// A page of the outermost resources of a kind in the subscription or group of a call, and where the next begins.
///
/// # Errors
///
/// The store failed.
pub(super) async fn listed(tx: &mut Tx<'_>, call: &Call, kind: &str) -> Result<(Vec<Resource>, Option<String>), Fault> {
    let (limit, after) = scope::page(tx, call)?;
    let query = Query {
        kinds: vec![kind.to_owned()],
        subscription: call.id.subscription().to_lowercase(),
        group: call.id.group().unwrap_or_default().to_lowercase(),
        top: true,
        after,
        limit: limit.saturating_add(1),
        ..Query::default()
    };
    let found = tx.store().list(&query).await?;
    Ok(scope::cut(found, limit))
}

/// Replaces the tags of a resource by those of a PATCH; absent ones stay.
///
/// # Errors
///
/// 404, 412, or 400 for a body that is none.
pub(super) async fn retag(tx: &mut Tx<'_>, call: &Call) -> Result<Resource, Fault> {
    let mut resource = found(tx, &call.id).await?;
    precondition(call, true, Some(&resource))?;
    if !call.body["tags"].is_null() {
        resource.document["tags"] = Value::Object(scope::tags(&call.body)?);
    }
    tx.put(resource.clone());
    Ok(tx.get(&call.id).await?.unwrap_or(resource))
}

/// Stamps a body with the id of its row, and the tag of `tagged`: the row itself, or the outermost one it is below.
pub(super) fn stamp(body: &mut impl Stamp, resource: &Resource, tagged: &Resource) {
    if let Ok(id) = ResourceId::parse(&resource.id) {
        body.stamp(&id, &tagged.etag);
    }
}

/// The `location` of a body, which is that of the resource for ever.
///
/// # Errors
///
/// 400 for none or an unknown one; 409 `InvalidResourceLocation` for another than before.
pub(super) fn location(tx: &Tx<'_>, call: &Call, old: Option<&Resource>) -> Result<String, ArmError> {
    let given = scope::location(&tx.settings.catalog, &call.body)?;
    match old.and_then(|old| old.document["location"].as_str()) {
        Some(is) if is != given => {
            let text = format!(
                "The resource '{}' already exists in location '{is}'; it cannot be moved to '{given}'.",
                call.id.name()
            );
            Err(ArmError::conflict("InvalidResourceLocation", text).at("location"))
        }
        _ => Ok(given),
    }
}

/// A tag that stands for what is computed and never stored.
pub(super) fn steady_etag(of: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, of.as_bytes())
}

/// Leaves a resource whose operation was refused: it is as it was, and says that the last write failed. The next one
/// repairs it (spec 07, 6).
///
/// # Errors
///
/// The store failed.
pub(super) async fn failed(tx: &mut Tx<'_>, key: &str) -> Result<(), Fault> {
    if let Some(mut resource) = tx.get_key(key).await? {
        resource.document["properties"]["provisioningState"] = Value::from(ProvisioningState::Failed.as_str());
        let parent = resource.parent.clone();
        tx.put(resource);
        if let Some(parent) = parent {
            tx.touch(&parent).await?;
        }
    }
    Ok(())
}
