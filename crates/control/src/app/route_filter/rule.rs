//! Rules of route filters: the communities that are let through.

use super::judge::{self, Asking};
use super::{MOST_RULES, permit, tell};
use crate::app::{Handled, Route, precondition::matched, route, row, scope};
use crate::engine::{self, Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{Access, ProvisioningState, RouteFilter, Rule, RuleType};
use arm_api::{ArmError, ResourceId};
use serde_json::{Value, json};
use store::{Operation, Resource};

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters/{routeFilterName}/routeFilterRules"
        RouteFilterRules_ListByRouteFilter Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters/{routeFilterName}/routeFilterRules/{ruleName}"
        RouteFilterRules_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters/{routeFilterName}/routeFilterRules/{ruleName}"
        RouteFilterRules_CreateOrUpdate Write => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/routeFilters/{routeFilterName}/routeFilterRules/{ruleName}"
        RouteFilterRules_Delete Write => delete),
];

pub(in crate::app) static KINDS: &[Kind] = &[kind!("delete-route-filter-rule" => remove)];

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let filter = row::found(tx, &call.id).await?;
    let rules = tx.children(&filter, "routeFilterRules").await?;
    Ok(Answer::List { items: rules.iter().map(|rule| json!(body(rule, &filter))).collect(), next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let filter = row::existing(tx, &call.id).await?;
    let rule = row::found(tx, &call.id).await?;
    Ok(Answer::Ok(json!(body(&rule, &filter))))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::network_name(call.id.name())?;
    let filter = row::above(tx, &call.id).await?;
    let old = tx.get(&call.id).await?;
    matched(call, old.as_ref().map(|_| &filter))?;
    let others = tx.children(&filter, "routeFilterRules").await?;
    if old.is_none() && others.len() >= MOST_RULES {
        return Err(too_many(&filter.id, others.len() + 1).into());
    }
    let given: Rule = arm_api::body::read(&call.body)?;
    write(tx, &filter, &call.id, given).await?;
    tx.touch(&filter.key).await?;
    let operation = engine::start(tx, call, "put-route-filter", Value::Null);
    let (filter, rule) = (row::existing(tx, &call.id).await?, row::found(tx, &call.id).await?);
    Ok(Answer::Writing { created: old.is_none(), body: json!(body(&rule, &filter)), operation })
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(mut resource) = tx.get(&call.id).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    let filter = row::existing(tx, &call.id).await?;
    matched(call, Some(&filter))?;
    let mut rule = read(&resource);
    rule.properties.provisioning_state = Some(ProvisioningState::Deleting);
    resource.document = json!(rule);
    tx.put(resource);
    tx.touch(&filter.key).await?;
    Ok(Answer::Accepted { operation: engine::start(tx, call, "delete-route-filter-rule", Value::Null) })
}

/// Step: the rule goes, and the edges announce less.
async fn remove(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let Ok(id) = ResourceId::parse(&operation.resource) else { return Ok(Next::Done) };
    tx.delete(id.key());
    tx.touch(id.root().key()).await?;
    if let Some(filter) = tx.get(&id.root()).await? {
        tell(tx, &super::read(&filter)).await?;
    }
    Ok(Next::Done)
}

/// Writes the rules that came with their filter: those that are not among them go.
pub(super) async fn put_all(tx: &mut Tx<'_>, call: &Call, filter: &Resource, rules: Vec<Rule>) -> Result<(), Fault> {
    if rules.len() > MOST_RULES {
        return Err(too_many(&filter.id, rules.len()).into());
    }
    let mut left: Vec<String> =
        tx.children(filter, "routeFilterRules").await?.into_iter().map(|child| child.key).collect();
    for (index, given) in rules.into_iter().enumerate() {
        let name = given.name.clone().unwrap_or_default();
        scope::network_name(&name).map_err(|error| error.at(format!("properties.rules[{index}].name")))?;
        let id = call.id.child("routeFilterRules", &name);
        left.retain(|key| key != id.key());
        write(tx, filter, &id, given).await?;
    }
    for key in left {
        tx.delete(&key);
    }
    Ok(())
}

/// Judges a rule and writes it.
async fn write(tx: &mut Tx<'_>, filter: &Resource, id: &ResourceId, given: Rule) -> Result<(), Fault> {
    let access = given.properties.access.unwrap_or(Access::Allow);
    if access != Access::Allow {
        let text = format!("route filter rule {} has access {access}; wanted Allow", id.name());
        return Err(ArmError::bad_request("RouteFilterRuleAccessNotSupported", text).at("properties.access").into());
    }
    let kept: RouteFilter = super::read(filter);
    let location = kept.location.clone().unwrap_or_default();
    let permit = permit(tx, id.subscription()).await?;
    let catalog = tx.settings.catalog.clone();
    let asking =
        Asking { rule: id.name(), subscription: id.subscription(), permit, cloud: judge::cloud(&catalog, &location) };
    let communities = judge::communities(&catalog, asking, &given.properties.communities.unwrap_or_default())?;
    super::refer::still_fits(tx, &kept, filter, &communities).await?;
    let mut resource = match tx.get(id).await? {
        Some(old) => old,
        None => tx.make(id, Value::Null),
    };
    let mut rule = Rule { location: given.location.or(Some(location)), ..Rule::default() };
    rule.properties.access = Some(access);
    // az leaves the type out, though the swagger wants it (spec 07, 5).
    rule.properties.route_filter_rule_type = Some(RuleType::Community);
    rule.properties.communities = Some(communities);
    rule.properties.provisioning_state = Some(ProvisioningState::Updating);
    resource.document = json!(rule);
    tx.put(resource);
    Ok(())
}

fn too_many(filter: &str, rules: usize) -> ArmError {
    let text = format!("route filter {filter} would have {rules} rules; a filter has at most {MOST_RULES}");
    ArmError::bad_request("RouteFilterRuleLimitExceeded", text).at("properties.rules")
}

/// What a row of a rule holds.
pub(super) fn read(resource: &Resource) -> Rule {
    serde_json::from_value(resource.document.clone()).unwrap_or_default()
}

/// A rule as it is answered, with the entity tag of its filter.
pub(super) fn body(resource: &Resource, filter: &Resource) -> Rule {
    let mut body = read(resource);
    row::stamp(&mut body, resource, filter);
    body
}
