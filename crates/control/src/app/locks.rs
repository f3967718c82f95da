//! Locks: what keeps others from deleting or changing what is in a scope.
//!
//! A lock on a subscription, a group or a resource holds for everything below. Managing locks is for owners, and is
//! itself not held up by locks.

use super::{Handled, Route, route, scope};
use crate::{Answer, Call, Fault, Tx};
use arm_api::{ArmError, ResourceId};
use serde_json::{Value, json};
use store::{Query, Resource};

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/locks" ManagementLocks_ListAtSubscriptionLevel Read => list),
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_GetAtSubscriptionLevel Read => get),
    route!(Put "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_CreateOrUpdateAtSubscriptionLevel Own => put),
    route!(Delete "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_DeleteAtSubscriptionLevel Own => delete),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Authorization/locks" ManagementLocks_ListAtResourceGroupLevel Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_GetAtResourceGroupLevel Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_CreateOrUpdateAtResourceGroupLevel Own => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_DeleteAtResourceGroupLevel Own => delete),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{resourceProviderNamespace}/{resourceType}/{resourceName}/providers/Microsoft.Authorization/locks" ManagementLocks_ListAtResourceLevel Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{resourceProviderNamespace}/{resourceType}/{resourceName}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_GetAtResourceLevel Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{resourceProviderNamespace}/{resourceType}/{resourceName}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_CreateOrUpdateAtResourceLevel Own => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/{resourceProviderNamespace}/{resourceType}/{resourceName}/providers/Microsoft.Authorization/locks/{lockName}" ManagementLocks_DeleteAtResourceLevel Own => delete),
];

/// The kind of the rows of locks.
const LOCKS: &str = "microsoft.authorization/locks";

/// What is about to be done with a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It is made or changed.
    Write,
    /// It is deleted, with everything below it.
    Delete,
}

/// Holds a write against the locks on the resource and on what it stands in; a deletion also against those below.
///
/// # Errors
///
/// 409 `ScopeLocked`, naming the locks.
pub(crate) async fn check(tx: &mut Tx<'_>, id: &ResourceId, deed: Deed) -> Result<(), Fault> {
    let subscription = id.subscription().to_lowercase();
    let all = tx.list(&Query { kinds: vec![LOCKS.to_owned()], subscription, ..Query::default() }).await?;
    let holds = |lock: &&Resource| {
        let scope = lock.document["scope"].as_str().unwrap_or_default().to_lowercase();
        match deed {
            Deed::Write => lock.document["level"] == "ReadOnly" && within(id.key(), &scope),
            Deed::Delete => within(id.key(), &scope) || within(&scope, id.key()),
        }
    };
    let names: Vec<&str> = all.iter().filter(holds).map(|lock| lock.id.as_str()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let deed = match deed {
        Deed::Write => "write",
        Deed::Delete => "delete",
    };
    let text = format!(
        "the scope '{id}' cannot perform {deed} operation because following scope(s) are locked: '{}'; remove the lock and try again",
        names.join("', '")
    );
    Err(ArmError::conflict("ScopeLocked", text).into())
}

/// Whether a key is a scope or stands below it.
fn within(key: &str, scope: &str) -> bool {
    key.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The scope of a path: what stands before `/providers/Microsoft.Authorization`. It has to exist.
pub(super) async fn scope_of(tx: &mut Tx<'_>, call: &Call) -> Result<Resource, Fault> {
    let name = |key: &str| call.names.get(key).map_or("", String::as_str);
    let subscription = scope::subscription(tx, name("subscriptionId")).await?;
    if !call.names.contains_key("resourceGroupName") {
        return Ok(subscription);
    }
    let key = scope::group_key(name("subscriptionId"), name("resourceGroupName"));
    let missing = || {
        let text = format!("Resource group '{}' could not be found.", name("resourceGroupName"));
        ArmError::not_found("ResourceGroupNotFound", text)
    };
    let group = tx.get_key(&key).await?.ok_or_else(missing)?;
    if !call.names.contains_key("resourceName") {
        return Ok(group);
    }
    let (namespace, kind) = (name("resourceProviderNamespace"), name("resourceType"));
    let key = format!("{key}/providers/{namespace}/{kind}/{}", name("resourceName")).to_lowercase();
    let missing = || {
        let text = format!(
            "The Resource '{namespace}/{kind}/{}' under resource group '{}' was not found.",
            name("resourceName"),
            name("resourceGroupName")
        );
        ArmError::not_found("ResourceNotFound", text)
    };
    Ok(tx.get_key(&key).await?.ok_or_else(missing)?)
}

/// The locks on a scope and below it.
async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let scope = scope_of(tx, call).await?;
    let query = Query { kinds: vec![LOCKS.to_owned()], subscription: scope.subscription.clone(), ..Query::default() };
    let at_scope =
        call.query.get("$filter").is_some_and(|filter| filter.replace(' ', "").eq_ignore_ascii_case("atScope()"));
    let mut found = tx.list(&query).await?;
    found.retain(|lock| {
        let of = lock.document["scope"].as_str().unwrap_or_default().to_lowercase();
        if at_scope { of == scope.key } else { within(&of, &scope.key) }
    });
    Ok(Answer::List { items: found.iter().map(show).collect(), next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let scope = scope_of(tx, call).await?;
    let missing = || {
        let text = format!("the lock '{}' on '{}' could not be found", name(call), scope.id);
        ArmError::not_found("LockNotFound", text)
    };
    let lock = tx.get_key(&id(&scope, name(call)).to_lowercase()).await?.ok_or_else(missing)?;
    Ok(Answer::Ok(show(&lock)))
}

/// Makes a lock or changes it.
async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let scope = scope_of(tx, call).await?;
    let id = id(&scope, name(call));
    let good = (1..=260).contains(&name(call).chars().count())
        && !name(call).contains(['<', '>', '%', '&', ':', '\\', '?', '/']);
    if !good {
        let seen: String = name(call).chars().take(100).collect();
        let text = format!("the lock name `{seen}` is invalid; wanted 1 to 260 characters, none of <>%&:\\?/");
        return Err(ArmError::bad_request("InvalidLockName", text).at("lockName").into());
    }
    let properties = &call.body["properties"];
    let level = match properties["level"].as_str() {
        Some(text) if text.eq_ignore_ascii_case("CanNotDelete") => "CanNotDelete",
        Some(text) if text.eq_ignore_ascii_case("ReadOnly") => "ReadOnly",
        other => {
            let seen: String = other.unwrap_or("absent").chars().take(60).collect();
            let text = format!("the lock level is {seen}, wanted CanNotDelete or ReadOnly");
            return Err(ArmError::bad_request("InvalidLockLevel", text).at("properties.level").into());
        }
    };
    let notes: Option<String> = properties["notes"].as_str().map(|notes| notes.chars().take(512).collect());
    let document = json!({ "name": name(call), "scope": scope.id, "level": level, "notes": notes });
    let known = tx.get_key(&id.to_lowercase()).await?;
    let created = known.is_none();
    let lock = match known {
        Some(known) => Resource { document, ..known },
        None => Resource {
            id: id.clone(),
            parent: Some(scope.key.clone()),
            subscription: scope.subscription.clone(),
            group: scope.group.clone(),
            ..Resource::new(&id.to_lowercase(), LOCKS, document, tx.now)
        },
    };
    tx.put(lock.clone());
    // Whoever is about to write in the scope has read it, and decides again.
    tx.touch(&scope.key).await?;
    Ok(if created { Answer::Created(show(&lock)) } else { Answer::Ok(show(&lock)) })
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let scope = scope_of(tx, call).await?;
    let key = id(&scope, name(call)).to_lowercase();
    if tx.get_key(&key).await?.is_none() {
        return Ok(Answer::Empty(204, Vec::new()));
    }
    tx.delete(&key);
    Ok(Answer::Empty(200, Vec::new()))
}

fn name(call: &Call) -> &str {
    call.names.get("lockName").map_or("", String::as_str)
}

fn id(scope: &Resource, name: &str) -> String {
    format!("{}/providers/Microsoft.Authorization/locks/{name}", scope.id)
}

fn show(lock: &Resource) -> Value {
    let mut properties = json!({ "level": lock.document["level"] });
    if lock.document["notes"].is_string() {
        properties["notes"] = lock.document["notes"].clone();
    }
    json!({ "id": lock.id, "name": lock.document["name"], "type": "Microsoft.Authorization/locks", "properties": properties })
}
