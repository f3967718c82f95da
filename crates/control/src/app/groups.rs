//! Resource groups, and their deletion with everything in them.
//!
//! A group is deleted by deleting what is inside, each by its own operation and by its own rules, in an order that the
//! rules allow: what uses goes before what is used. When one of them may not be deleted the group stays, with what is
//! left, and the operation says what holds it.

use super::registrations::TOP_KINDS;
use super::scope::{self, GROUPS};
use super::{Handled, Route, Verb, locks, route};
use crate::engine::{Kind, Next, kind};
use crate::{Answer, Call, Caller, Fault, Tx, engine};
use arm_api::{ApiVersion, ArmError, ResourceId};
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Operation, Query, Resource};
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourcegroups" ResourceGroups_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}" ResourceGroups_Get Read => get),
    route!(Head "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}" ResourceGroups_CheckExistence Read => exists),
    route!(Put "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}" ResourceGroups_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}" ResourceGroups_Update Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}" ResourceGroups_Delete Write => delete),
];

pub(super) static KINDS: &[Kind] = &[kind!("delete-group" => begin / keep, empty, drop_group)];

/// In which order what is inside is deleted: what uses before what is used. A kind that is not named comes last.
const ORDER: &[&str] = &[
    "microsoft.network/connections",
    "microsoft.network/virtualnetworkgateways",
    "microsoft.network/localnetworkgateways",
    "microsoft.network/virtualnetworks",
    "microsoft.network/publicipaddresses",
    "microsoft.network/expressroutecircuits",
    "microsoft.network/routefilters",
    "microsoft.network/expressrouteports",
];

/// The groups of a subscription; `$filter=tagName eq 'x' and tagValue eq 'y'`.
async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::subscription(tx, call.id.subscription()).await?;
    let filter = super::resources::Filter::of(call)?;
    let (limit, after) = scope::page(tx, call)?;
    let subscription = call.id.subscription().to_lowercase();
    let query = Query { kinds: vec![GROUPS.to_owned()], subscription, after, ..Query::default() };
    let mut found = tx.list(&query).await?;
    found.retain(|row| filter.takes(row));
    let (page, next) = scope::cut(found, limit);
    Ok(Answer::List { items: page.iter().map(show).collect(), next })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    Ok(Answer::Ok(show(&scope::group(tx, &call.id).await?)))
}

/// 204 or 404, without a body: `az group exists` reads only that.
async fn exists(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let key = scope::group_key(call.id.subscription(), call.id.group().unwrap_or_default());
    let status = if tx.get_key(&key).await?.is_some() { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND };
    Ok(Answer::Empty(status.as_u16(), Vec::new()))
}

/// Makes a group, or changes its tags. Its region is for ever.
async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::subscription(tx, call.id.subscription()).await?;
    let name = call.id.group().unwrap_or_default();
    group_name(name)?;
    let location = scope::location(&tx.settings.catalog, &call.body)?;
    let tags = scope::tags(&call.body)?;
    let key = scope::group_key(call.id.subscription(), name);
    let Some(mut row) = tx.get_key(&key).await? else {
        let mut row = tx.make(&call.id, json!({ "name": name, "location": location, "tags": tags }));
        GROUPS.clone_into(&mut row.kind);
        tx.put(row.clone());
        return Ok(Answer::Created(show(&row)));
    };
    if row.document["deleting"] == true {
        let text = format!("resource group {name} is being deleted");
        return Err(ArmError::conflict("ResourceGroupBeingDeleted", text).into());
    }
    if row.document["location"] != json!(location) {
        let text = format!(
            "resource group {name} is at {}, it cannot be made again at {location}; delete it first or name another",
            row.document["location"].as_str().unwrap_or_default()
        );
        return Err(ArmError::conflict("InvalidResourceGroupLocation", text).at("location").into());
    }
    row.document["tags"] = Value::Object(tags);
    tx.put(row.clone());
    Ok(Answer::Ok(show(&row)))
}

/// Replaces the tags.
async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let mut row = scope::group(tx, &call.id).await?;
    if !call.body["tags"].is_null() {
        row.document["tags"] = Value::Object(scope::tags(&call.body)?);
        tx.put(row.clone());
    }
    Ok(Answer::Ok(show(&row)))
}

/// Begins the deletion; the answer's `Location` ends in an empty 200, as Terraform wants it (spec 07, 12).
async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let mut row = match scope::group(tx, &call.id).await {
        Err(Fault::Refused(error)) if error.status == StatusCode::NOT_FOUND => {
            return Ok(Answer::Empty(204, Vec::new()));
        }
        found => found?,
    };
    row.document["deleting"] = json!(true);
    tx.put(row);
    let id = engine::start(tx, call, "delete-group", json!({ "group": call.id.as_str() }));
    Ok(Answer::Empty(202, poll(call, id)))
}

fn poll(call: &Call, id: Uuid) -> Vec<(&'static str, String)> {
    let subscription = call.id.subscription();
    let address =
        format!("{}/subscriptions/{subscription}/operationresults/{id}?api-version={}", call.base, call.version);
    vec![("location", address), ("retry-after", "1".to_owned())]
}

/// Only so that there is something to take back.
async fn begin(_tx: &mut Tx<'_>, _operation: &mut Operation) -> Result<Next, Fault> {
    Ok(Next::Done)
}

/// Deletes what is inside, one after the other, each by its own operation; waits while one is at work.
async fn empty(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    const SOON: Next = Next::Wait(Duration::from_millis(50));
    let Some(group) = tx.get_key(&operation.resource.clone()).await? else { return Ok(Next::Done) };
    let kinds = TOP_KINDS.iter().map(|&kind| kind.to_owned()).collect();
    let query = Query {
        kinds,
        subscription: group.subscription.clone(),
        group: group.document["name"].as_str().unwrap_or_default().to_lowercase(),
        top: true,
        ..Query::default()
    };
    let inside = tx.list(&query).await?;
    let rank = |row: &Resource| ORDER.iter().position(|kind| *kind == row.kind).unwrap_or(ORDER.len());
    let Some(next) = inside.iter().min_by_key(|row| (rank(row), row.key.as_str())) else { return Ok(Next::Done) };
    if !tx.store().running(&next.key).await?.is_empty() {
        return Ok(SOON);
    }
    if let Some(id) = operation.input["children"][&next.key].as_str().and_then(|id| Uuid::parse_str(id).ok()) {
        // It was asked to go, its operation has ended, and it is still there.
        let ended = tx.store().operation(id).await?.and_then(|child| child.error);
        let cause = ended.and_then(|error| serde_json::from_value(error).ok());
        let cause =
            cause.unwrap_or_else(|| ArmError::conflict("DeletionFailed", format!("{} is still there", next.id)));
        return Err(held(&group, next, cause).into());
    }
    match delete_inside(tx, next, operation).await {
        Ok(Some(child)) => operation.input["children"][&next.key] = json!(child.to_string()),
        Ok(None) => {}
        Err(Fault::Refused(cause)) => return Err(held(&group, next, cause).into()),
        Err(fault) => return Err(fault),
    }
    Ok(SOON)
}

/// Asks a resource to go as a client would; gives the operation that does it, when it is not gone at once.
async fn delete_inside(tx: &mut Tx<'_>, row: &Resource, operation: &Operation) -> Result<Option<Uuid>, Fault> {
    let unserved = || ArmError::conflict("DeletionFailed", format!("{} cannot be deleted by itself", row.id));
    let id = ResourceId::parse(&row.id).map_err(|_| unserved())?;
    let path: Vec<String> = row.id.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let (route, names) = super::find(Verb::Delete, &path).map_err(|_| unserved())?;
    let call = Call {
        path: row.id.clone(),
        id,
        names,
        version: ApiVersion::parse(Some("2024-01-01"))?,
        query: BTreeMap::new(),
        body: Value::Null,
        if_match: None,
        caller: Caller {
            tenant: String::new(),
            object: String::new(),
            name: "service".to_owned(),
            roles: BTreeMap::new(),
        },
        request: operation.id,
        base: tx.settings.base.clone(),
    };
    locks::check(tx, &call.id, locks::Deed::Delete).await?;
    match (route.handler)(tx, &call).await? {
        Answer::Accepted { operation } | Answer::Writing { operation, .. } => Ok(Some(operation)),
        Answer::Ok(_) | Answer::Created(_) | Answer::List { .. } | Answer::Empty(..) | Answer::Raw(..) => Ok(None),
    }
}

/// What a client is told when something inside may not go.
fn held(group: &Resource, row: &Resource, cause: ArmError) -> ArmError {
    let text = format!("resource group {} cannot be deleted: {} holds it: {}", group.id, row.id, cause.message);
    let mut error = ArmError::conflict("ResourceGroupDeletionBlocked", text).at(row.id.clone());
    error.details = vec![cause.at(row.id.clone())];
    error
}

/// The group stays.
async fn keep(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    if let Some(mut row) = tx.get_key(&operation.resource.clone()).await? {
        if let Some(document) = row.document.as_object_mut() {
            document.remove("deleting");
        }
        tx.put(row);
    }
    Ok(Next::Done)
}

/// The group goes, when nothing came into it meanwhile.
async fn drop_group(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let key = operation.resource.clone();
    if tx.get_key(&key).await?.is_some() {
        tx.delete(&key);
    }
    Ok(Next::Done)
}

/// Holds the name of a group against ARM's rule.
fn group_name(name: &str) -> Result<(), ArmError> {
    let good = (1..=90).contains(&name.chars().count())
        && !name.ends_with('.')
        && name.chars().all(|c| c.is_alphanumeric() || "_-.()".contains(c));
    good.then_some(()).ok_or_else(|| {
        let seen: String = name.chars().take(100).collect();
        let text = format!(
            "the resource group name `{seen}` is invalid; wanted 1 to 90 of letters, digits, `_`, `-`, `.`, `(` and `)`, not ending with `.`"
        );
        ArmError::bad_request("InvalidResourceGroup", text).at("resourceGroupName")
    })
}

/// A group as it is answered.
fn show(row: &Resource) -> Value {
    let state = if row.document["deleting"] == true { "Deleting" } else { "Succeeded" };
    json!({
        "id": row.id,
        "name": row.document["name"],
        "type": "Microsoft.Resources/resourceGroups",
        "location": row.document["location"],
        "tags": row.document["tags"].as_object().cloned().unwrap_or_default(),
        "properties": { "provisioningState": state },
    })
}
