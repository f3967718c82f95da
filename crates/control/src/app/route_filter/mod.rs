//! Route filters: which of Microsoft's prefixes are announced on a Microsoft peering (spec 03, 9).
//!
//! A filter has at most one rule ([`rule`]), which names communities; what they may be is judged in [`judge`]. The
//! peerings that refer to a filter stand in its document, `properties.peerings` and `properties.ipv6Peerings`, written
//! by whoever writes a peering ([`refer`]): so a filter in use is known without a search, and an update of it reaches
//! the edges of every circuit it is attached to.

mod judge;
mod refer;
mod rule;

pub(super) use judge::usable;
pub(crate) use refer::{Family, Referring, needs_premium, refer};

use super::{Handled, Route, precondition::matched, route};
use super::{row, scope};
use crate::engine::{self, Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx, intent};
use arm_api::body::{ProvisioningState, Reference, RouteFilter, Rule};
use arm_api::{ArmError, ResourceId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{Operation, Resource};

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/routeFilters" RouteFilters_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters"
        RouteFilters_ListByResourceGroup Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters/{routeFilterName}"
        RouteFilters_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters/{routeFilterName}"
        RouteFilters_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters/{routeFilterName}"
        RouteFilters_UpdateTags Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters/{routeFilterName}"
        RouteFilters_Delete Write => delete),
];

pub(super) use rule::{KINDS as RULE_KINDS, ROUTES as RULE_ROUTES};

pub(super) static KINDS: &[Kind] = &[kind!("put-route-filter" => apply), kind!("delete-route-filter" / keep => remove)];

/// The kind of the rows of filters.
const KIND: &str = "microsoft.network/routefilters";

/// How many rules a filter may have (spec 03, 9.1).
const MOST_RULES: usize = 1;

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (resources, next) = row::listed(tx, call, KIND).await?;
    let mut items = Vec::new();
    for resource in resources {
        items.push(show(tx, &resource).await?);
    }
    Ok(Answer::List { items, next })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let resource = row::found(tx, &call.id).await?;
    Ok(Answer::Ok(show(tx, &resource).await?))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::network_name(call.id.name())?;
    scope::group_for_write(tx, &call.id).await?;
    let old = tx.get(&call.id).await?;
    matched(call, old.as_ref())?;
    let given: RouteFilter = arm_api::body::read(&call.body)?;
    let location = row::location(tx, call, old.as_ref())?;
    let tags = scope::tags(&call.body)?;
    let (created, mut resource) = match old {
        Some(old) => (false, old),
        None => (true, tx.make(&call.id, json!({}))),
    };
    let mut kept = read(&resource);
    kept.location = Some(location);
    kept.properties.provisioning_state = Some(ProvisioningState::Updating);
    resource.document = json!(kept);
    resource.document["tags"] = Value::Object(tags);
    if let Some(rules) = given.properties.rules {
        rule::put_all(tx, call, &resource, rules).await?;
    }
    tx.put(resource.clone());
    let operation = engine::start(tx, call, "put-route-filter", Value::Null);
    let stored = tx.get(&call.id).await?.unwrap_or(resource);
    Ok(Answer::Writing { created, body: show(tx, &stored).await?, operation })
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let resource = row::retag(tx, call).await?;
    Ok(Answer::Ok(show(tx, &resource).await?))
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(mut resource) = tx.get(&call.id).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    matched(call, Some(&resource))?;
    let mut kept = read(&resource);
    unused(&kept, &resource.id)?;
    kept.properties.provisioning_state = Some(ProvisioningState::Deleting);
    resource.document = json!(kept);
    tx.put(resource);
    Ok(Answer::Accepted { operation: engine::start(tx, call, "delete-route-filter", Value::Null) })
}

/// Refuses while peerings refer to the filter.
fn unused(kept: &RouteFilter, id: &str) -> Result<(), ArmError> {
    let users: BTreeSet<&str> = attached(kept).collect();
    if users.is_empty() {
        return Ok(());
    }
    let users: Vec<&str> = users.into_iter().take(5).collect();
    let text = format!("route filter {id} is in use by {}; detach it from there first", users.join(", "));
    Err(ArmError::bad_request("InUseRouteFilterCannotBeDeleted", text))
}

/// Step: what was written is so, and the edges of every circuit with the filter are told.
async fn apply(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let Some(id) = ResourceId::parse(&operation.resource).ok().map(|id| id.root()) else { return Ok(Next::Done) };
    let Some(mut resource) = tx.get(&id).await? else { return Ok(Next::Done) };
    let mut kept = read(&resource);
    kept.properties.provisioning_state = Some(ProvisioningState::Succeeded);
    for mut child in tx.children(&resource, "routeFilterRules").await? {
        let mut rule: Rule = rule::read(&child);
        rule.properties.provisioning_state = Some(ProvisioningState::Succeeded);
        child.document = json!(rule);
        tx.put(child);
    }
    resource.document = json!(kept);
    tx.put(resource);
    tell(tx, &kept).await?;
    Ok(Next::Done)
}

/// Step: the filter goes, unless a peering took it in the meantime.
async fn remove(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    if let Some(resource) = tx.get_key(&operation.resource).await? {
        unused(&read(&resource), &resource.id)?;
        tx.delete(&resource.key);
    }
    Ok(Next::Done)
}

/// Takes a deletion back.
async fn keep(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    row::failed(tx, &operation.resource).await?;
    Ok(Next::Done)
}

/// Tells the edges of every circuit that a filter is attached to.
async fn tell(tx: &mut Tx<'_>, kept: &RouteFilter) -> Result<(), Fault> {
    let circuits: BTreeSet<String> =
        attached(kept).filter_map(|id| Some(ResourceId::parse(id).ok()?.root().key().to_owned())).collect();
    for circuit in circuits {
        intent::reconcile(tx, &circuit).await?;
    }
    Ok(())
}

/// The ids of the peerings that refer to a filter.
fn attached(kept: &RouteFilter) -> impl Iterator<Item = &str> {
    let both = [&kept.properties.peerings, &kept.properties.ipv6_peerings];
    both.into_iter().flatten().flatten().filter_map(|reference: &Reference| reference.id.as_deref())
}

/// The communities that a filter lets through; nothing when there is no such filter.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn communities(tx: &mut Tx<'_>, filter: &ResourceId) -> Result<Option<Vec<String>>, Fault> {
    let Some(resource) = tx.get(filter).await? else { return Ok(None) };
    let rules = tx.children(&resource, "routeFilterRules").await?;
    Ok(Some(rules.iter().flat_map(|rule| rule::read(rule).properties.communities.unwrap_or_default()).collect()))
}

/// Whether Microsoft permits a subscription to use Office 365 over circuits.
///
/// # Errors
///
/// The store failed.
pub(super) async fn permit(tx: &mut Tx<'_>, subscription: &str) -> Result<bool, Fault> {
    let row = tx.get_key(&format!("/subscriptions/{}", subscription.to_lowercase())).await?;
    Ok(row.is_some_and(|row| row.document["m365"] == true))
}

/// What a row of a filter holds.
fn read(resource: &Resource) -> RouteFilter {
    serde_json::from_value(resource.document.clone()).unwrap_or_default()
}

/// A filter with its rules, as it is answered.
async fn show(tx: &mut Tx<'_>, resource: &Resource) -> Result<Value, Fault> {
    let mut body = read(resource);
    let mut rules = Vec::new();
    for child in tx.children(resource, "routeFilterRules").await? {
        rules.push(rule::body(&child, resource));
    }
    body.properties.rules = Some(rules);
    body.properties.peerings.get_or_insert_default();
    body.properties.ipv6_peerings.get_or_insert_default();
    row::stamp(&mut body, resource, resource);
    Ok(json!(body))
}
