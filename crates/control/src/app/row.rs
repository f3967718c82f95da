//! Rows as clients meet them: found or not, listed in pages, stamped with what they are.

use super::precondition::matched;
use super::scope;
use crate::{Call, Fault, Tx};
use arm_api::body::{ProvisioningState, Stamp};
use arm_api::{ArmError, ResourceId};
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

/// The outermost resource of an id: itself, or what it is below.
///
/// # Errors
///
/// 404 `ResourceNotFound` or `ResourceGroupNotFound`.
pub(super) async fn existing(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    let root = id.root();
    if let Some(row) = tx.get(&root).await? {
        return Ok(row);
    }
    scope::group(tx, &root).await?;
    let text = format!(
        "The Resource '{}/{}' under resource group '{}' was not found.",
        root.kind(),
        root.name(),
        root.group().unwrap_or_default()
    );
    Err(ArmError::not_found("ResourceNotFound", text).into())
}

/// The outermost resource below which a child is written.
///
/// # Errors
///
/// 404 `ParentResourceNotFound` or `ResourceGroupNotFound`.
pub(super) async fn above(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    scope::group_for_write(tx, id).await?;
    let root = id.root();
    let missing = || {
        let text = format!(
            "Can not perform requested operation on nested resource. Parent resource '{}' not found.",
            root.name()
        );
        ArmError::not_found("ParentResourceNotFound", text)
    };
    Ok(tx.get(&root).await?.ok_or_else(missing)?)
}

/// What a child is written directly below.
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

/// A page of the outermost resources of a kind in the subscription or group of a call, and where the next begins.
///
/// # Errors
///
/// 404 `ResourceGroupNotFound`; the store failed.
pub(super) async fn listed(tx: &mut Tx<'_>, call: &Call, kind: &str) -> Result<(Vec<Resource>, Option<String>), Fault> {
    let (limit, after) = scope::page(tx, call)?;
    if call.id.group().is_some() {
        scope::group(tx, &call.id).await?;
    }
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
    matched(call, Some(&resource))?;
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
