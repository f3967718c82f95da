//! `Microsoft.Resources/deployments`, as small as clients need it: `az network vpn-connection create` is one (spec 07, 11).
//!
//! A template with resources of types that are served is written as a client would write each of them, in the order of
//! their dependencies, all in one decision: either all are accepted or none. The deployment's operation waits until
//! theirs have ended, then takes the outputs. Secure parameters are used and forgotten; neither the deployment nor its
//! operation keeps them.

mod expression;
mod template;
#[cfg(test)]
mod tests;

use super::{Handled, Route, Verb, locks, precondition, route, scope};
use crate::engine::{Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx, engine};
use arm_api::body::{Deployment, DeploymentMode, read};
use arm_api::{ApiVersion, ArmError, ResourceId};
use expression::{Context, invalid};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use store::{Operation, Query, Resource, State};
use template::{Item, Parameters};
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}/providers/Microsoft.Resources/deployments" Deployments_ListByResourceGroup Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}/providers/Microsoft.Resources/deployments/{deploymentName}" Deployments_Get Read => get),
    route!(Head "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}/providers/Microsoft.Resources/deployments/{deploymentName}" Deployments_CheckExistence Read => exists),
    route!(Put "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}/providers/Microsoft.Resources/deployments/{deploymentName}" Deployments_CreateOrUpdate Write => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}/providers/Microsoft.Resources/deployments/{deploymentName}" Deployments_Delete Write => delete),
    route!(Post "/subscriptions/{subscriptionId}/resourcegroups/{resourceGroupName}/providers/Microsoft.Resources/deployments/{deploymentName}/validate" Deployments_Validate Write => validate),
];

pub(super) static KINDS: &[Kind] = &[kind!("deploy" / fail => wait, finish)];

/// The kind of the rows.
const KIND: &str = "microsoft.resources/deployments";

/// The private field of the document.
const PLANT: &str = "plant";

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let group = scope::group(tx, &call.id).await?;
    let (limit, after) = scope::page(tx, call)?;
    let query = Query {
        kinds: vec![KIND.to_owned()],
        parent: Some(group.key),
        after,
        limit: limit.saturating_add(1),
        ..Query::default()
    };
    let (rows, next) = scope::cut(tx.store().list(&query).await?, limit);
    Ok(Answer::List { items: rows.iter().map(show).collect(), next })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let group = scope::group(tx, &call.id).await?;
    let missing = || {
        let text = format!("Deployment '{}' could not be found in {}.", call.id.name(), group.id);
        ArmError::not_found("DeploymentNotFound", text)
    };
    let row = tx.get(&call.id).await?.ok_or_else(missing)?;
    Ok(Answer::Ok(show(&row)))
}

async fn exists(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let status = if tx.get(&call.id).await?.is_some() { 204 } else { 404 };
    Ok(Answer::Empty(status, Vec::new()))
}

/// Forgets a deployment; what it made stays.
async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    if let Some(row) = tx.get(&call.id).await? {
        precondition::idle(tx, &call.id).await?;
        tx.delete(&row.key);
    }
    Ok(Answer::Empty(204, Vec::new()))
}

/// Reads the template as a deployment would, and writes nothing.
async fn validate(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (group, plan) = plan(tx, call).await?;
    let mut row = tx.make(&call.id, document(call, &plan, "Succeeded", tx.now));
    row.parent = Some(group.key);
    Ok(Answer::Ok(show(&row)))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let name = call.id.name();
    let good = (1..=64).contains(&name.chars().count())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.()".contains(c));
    if !good {
        let seen: String = name.chars().take(80).collect();
        let text = format!(
            "the deployment name `{seen}` is invalid; wanted 1 to 64 of letters, digits, `_`, `-`, `.`, `(` and `)`"
        );
        return Err(ArmError::bad_request("InvalidDeploymentName", text).at("deploymentName").into());
    }
    let (group, plan) = plan(tx, call).await?;
    let old = tx.get(&call.id).await?;
    let mut children = Vec::new();
    for item in &plan.items {
        children.extend(write(tx, call, item).await?);
    }
    let mut row = old.clone().unwrap_or_else(|| tx.make(&call.id, Value::Null));
    row.document = document(call, &plan, "Running", tx.now);
    row.parent = Some(group.key);
    tx.put(row.clone());
    let operation = engine::start(tx, call, "deploy", json!({ "children": children }));
    Ok(Answer::Writing { created: old.is_none(), body: show(&row), operation })
}

/// What a deployment will do.
struct Plan {
    parameters: Parameters,
    variables: Map<String, Value>,
    outputs: Value,
    items: Vec<Item>,
}

async fn plan(tx: &mut Tx<'_>, call: &Call) -> Result<(Resource, Plan), Fault> {
    let group = scope::group_for_write(tx, &call.id).await?;
    let given: Deployment = read(&call.body)?;
    let properties = given.properties;
    if properties.template_link.is_some() || properties.parameters_link.is_some() {
        let text = "templates and parameters behind links are not served, wanted them in the body";
        return Err(ArmError::bad_request("TemplateLinkNotSupported", text).at("properties.templateLink").into());
    }
    if properties.mode == Some(DeploymentMode::Complete) {
        let text = "mode is Complete, which deletes what the template leaves out; only Incremental is served";
        return Err(ArmError::bad_request("DeploymentModeNotSupported", text).at("properties.mode").into());
    }
    let template = properties.template.filter(Value::is_object);
    let template = template.ok_or_else(|| invalid("it is absent, wanted an object in properties.template"))?;
    let parameters = template::parameters(&template, &properties.parameters.unwrap_or_default())?;
    let variables = template["variables"].as_object().cloned().unwrap_or_default();
    let mut context = context(&group, &parameters.plain, &variables);
    context.secrets.clone_from(&parameters.secret);
    context.reveal = true;
    let items = template::items(&template, &context, &group.id)?;
    Ok((group, Plan { parameters, variables, outputs: template["outputs"].clone(), items }))
}

/// What expressions may ask for in a group.
fn context<'c>(group: &Resource, parameters: &Map<String, Value>, variables: &Map<String, Value>) -> Context<'c> {
    let subscription = group.id.split('/').nth(2).unwrap_or_default();
    Context {
        parameters: parameters.clone(),
        variables: variables.clone(),
        group: json!({ "id": group.id, "name": group.document["name"], "location": group.document["location"] }),
        subscription: json!({ "id": format!("/subscriptions/{subscription}"), "subscriptionId": subscription }),
        ..Context::default()
    }
}

/// Writes one resource as its own route does; gives the operation that goes on.
async fn write(tx: &mut Tx<'_>, call: &Call, item: &Item) -> Result<Option<Uuid>, Fault> {
    let wrong = || invalid(&format!("resources of the type '{}' are not served", item.kind));
    let path: Vec<String> = item.id.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let (route, names) = super::find(Verb::Put, &path).map_err(|_| wrong())?;
    let served = route.action == super::Action::Write && item.kind.to_lowercase().starts_with("microsoft.network/");
    if !served {
        return Err(wrong().into());
    }
    let (id, path) = super::address(route, &names)?;
    let inner = Call {
        id,
        path,
        names,
        version: ApiVersion::parse(Some(&item.version))?,
        query: BTreeMap::new(),
        body: item.body.clone(),
        if_match: None,
        caller: call.caller.clone(),
        request: call.request,
        base: call.base.clone(),
    };
    locks::check(tx, &inner.id, locks::Deed::Write).await?;
    match (route.handler)(tx, &inner).await? {
        Answer::Writing { operation, .. } | Answer::Accepted { operation } => Ok(Some(operation)),
        Answer::Ok(_) | Answer::Created(_) | Answer::List { .. } | Answer::Empty(..) | Answer::Raw(..) => Ok(None),
    }
}

/// What is kept of a deployment.
fn document(call: &Call, plan: &Plan, state: &str, now: jiff::Timestamp) -> Value {
    let mut providers: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for item in &plan.items {
        if let Some((namespace, kind)) = item.kind.split_once('/') {
            let line = json!({ "resourceType": kind, "locations": [item.body["location"]] });
            providers.entry(namespace.to_owned()).or_default().push(line);
        }
    }
    let providers: Vec<Value> = providers
        .into_iter()
        .map(|(namespace, types)| json!({ "namespace": namespace, "resourceTypes": types }))
        .collect();
    let waits = plan.items.iter().filter(|item| !item.after.is_empty());
    let dependencies: Vec<Value> = waits
        .map(|item| {
            let after: Vec<Value> = item.after.iter().map(|id| json!({ "id": id })).collect();
            json!({ "id": item.id, "resourceType": item.kind, "resourceName": item.name, "dependsOn": after })
        })
        .collect();
    let made: Vec<Value> = plan.items.iter().map(|item| json!({ "id": item.id })).collect();
    json!({
        "properties": {
            "mode": "Incremental",
            "provisioningState": state,
            "timestamp": now.to_string(),
            "duration": "PT0S",
            "correlationId": call.request,
            "parameters": plan.parameters.shown,
            "providers": providers,
            "dependencies": dependencies,
            "outputs": {},
            "outputResources": made,
        },
        PLANT: {
            "begun": now.to_string(),
            "parameters": plan.parameters.plain,
            "secure": plan.parameters.secret.keys().collect::<Vec<_>>(),
            "variables": plan.variables,
            "outputs": plan.outputs,
        },
    })
}

/// Waits until the operations of all resources have ended.
async fn wait(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    const SOON: Duration = Duration::from_millis(50);
    let children = operation.input["children"].as_array().cloned().unwrap_or_default();
    for child in children.iter().filter_map(Value::as_str).filter_map(|id| Uuid::parse_str(id).ok()) {
        let Some(child) = tx.store().operation(child).await? else { continue };
        match child.state {
            State::InProgress => return Ok(Next::Wait(SOON)),
            State::Succeeded => {}
            State::Failed | State::Canceled => {
                let cause = child.error.and_then(|error| serde_json::from_value::<ArmError>(error).ok());
                let text = "At least one resource deployment operation failed. Please see the details.";
                let mut error = ArmError::conflict("DeploymentFailed", text);
                error.details = cause.into_iter().map(|cause| cause.at(child.resource.clone())).collect();
                return Err(error.into());
            }
        }
    }
    Ok(Next::Done)
}

/// Takes the outputs.
async fn finish(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let Some(mut row) = tx.get_key(&operation.resource.clone()).await? else { return Ok(Next::Done) };
    let id = ResourceId::parse(&row.id).map_err(|_| invalid("its id does not read"))?;
    let group = scope::group(tx, &id).await?;
    let mut deployed = Map::new();
    let made = row.document["properties"]["outputResources"].as_array().cloned().unwrap_or_default();
    for id in made.iter().filter_map(|made| made["id"].as_str()) {
        let properties = properties(tx, id).await?;
        if let Some(name) = id.rsplit('/').next() {
            deployed.insert(name.to_lowercase(), properties.clone());
        }
        deployed.insert(id.to_lowercase(), properties);
    }
    let plant = row.document[PLANT].clone();
    let map = |field: &str| plant[field].as_object().cloned().unwrap_or_default();
    let mut context = context(&group, &map("parameters"), &map("variables"));
    for name in plant["secure"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        context.secrets.insert(name.to_owned(), Value::Null);
    }
    context.deployed = Some(&deployed);
    let mut outputs = Map::new();
    for (name, output) in map("outputs") {
        let value = context.resolve(&output["value"])?;
        let secure = output["type"].as_str().is_some_and(|kind| kind.to_lowercase().starts_with("secure"));
        let shown =
            if secure { json!({ "type": output["type"] }) } else { json!({ "type": output["type"], "value": value }) };
        outputs.insert(name, shown);
    }
    row.document["properties"]["outputs"] = Value::Object(outputs);
    end(&mut row, "Succeeded", tx.now);
    tx.put(row);
    Ok(Next::Done)
}

/// The properties of a resource, as its own route answers them.
async fn properties(tx: &mut Tx<'_>, id: &str) -> Result<Value, Fault> {
    let path: Vec<String> = id.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let (route, names) = super::find(Verb::Get, &path)?;
    let (id, path) = super::address(route, &names)?;
    let call = Call {
        id,
        path,
        names,
        version: ApiVersion::parse(Some("2024-01-01"))?,
        query: BTreeMap::new(),
        body: Value::Null,
        if_match: None,
        caller: crate::Caller {
            tenant: String::new(),
            object: String::new(),
            name: "service".to_owned(),
            roles: BTreeMap::new(),
        },
        request: Uuid::nil(),
        base: tx.settings.base.clone(),
    };
    match (route.handler)(tx, &call).await? {
        Answer::Ok(body) => Ok(body["properties"].clone()),
        _ => Ok(Value::Null),
    }
}

/// The deployment has failed; what it made stays, as on Azure.
async fn fail(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    if let Some(mut row) = tx.get_key(&operation.resource.clone()).await? {
        let error = operation.error.clone().and_then(|error| serde_json::from_value::<ArmError>(error).ok());
        row.document["properties"]["error"] = error.map_or(Value::Null, |error| error.inner());
        end(&mut row, "Failed", tx.now);
        tx.put(row);
    }
    Ok(Next::Done)
}

fn end(row: &mut Resource, state: &str, now: jiff::Timestamp) {
    let begun = row.document[PLANT]["begun"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let took = begun.map_or(0.0, |begun| now.duration_since(begun).as_secs_f64());
    let properties = &mut row.document["properties"];
    properties["provisioningState"] = json!(state);
    properties["timestamp"] = json!(now.to_string());
    properties["duration"] = json!(format!("PT{took:.3}S"));
}

/// A deployment as it is answered.
fn show(row: &Resource) -> Value {
    json!({
        "id": row.id,
        "name": row.id.rsplit('/').next().unwrap_or_default(),
        "type": "Microsoft.Resources/deployments",
        "properties": row.document["properties"],
    })
}
