//! `Microsoft.Network/expressRouteCircuits`: circuits as customers order, change and give them back.
//!
//! What may be ordered is said in `rules`; where a circuit is and what hangs on it in `plant`; how many there may be in
//! `quota`. The document of the row is the body without id, name, type, entity tag, secrets and children, and its
//! [`Plant`] beside. Peerings and authorizations are rows of their own, also when they come inside of a circuit: a list
//! that is there replaces them, a list that is left out leaves them alone, and what a child leaves out stays
//! (spec 07, 2).

mod plant;
mod quota;
mod rules;
mod show;
#[cfg(test)]
mod tests;

#[allow(unused_imports, reason = "connections, which call it, are on their way")]
pub(crate) use plant::{Plant, link, unlink};
pub(crate) use show::{authorization as show_authorization, body as show_body, peering as show_peering};

use super::writing::{self, Writing};
use super::{
    Handled, Route, authorization, cross_connection, peering, port, precondition, reach, route, route_filter, row,
    scope,
};
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{
    Circuit, CircuitProperties, CircuitSku, CircuitState, ProviderState, ServiceProviderProperties, SkuTier, read,
};
use arm_api::{ArmError, ResourceId};
use serde_json::{Value, json};
use store::{Query, Resource};
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/expressRouteCircuits"
        ExpressRouteCircuits_ListAll Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits"
        ExpressRouteCircuits_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}"
        ExpressRouteCircuits_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}"
        ExpressRouteCircuits_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}"
        ExpressRouteCircuits_UpdateTags Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}"
        ExpressRouteCircuits_Delete Write => delete),
];

/// The kind of the rows.
pub(crate) const KIND: &str = "microsoft.network/expressroutecircuits";

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (limit, after) = scope::page(tx, call)?;
    let query = Query {
        kinds: vec![KIND.to_owned()],
        subscription: call.id.subscription().to_lowercase(),
        group: call.id.group().unwrap_or_default().to_lowercase(),
        top: true,
        after,
        limit: limit + 1,
        ..Query::default()
    };
    if call.id.group().is_some() {
        scope::group(tx, &call.id).await?;
    }
    let (rows, next) = scope::cut(tx.store().list(&query).await?, limit);
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(show::circuit(tx, row).await?);
    }
    Ok(Answer::List { items, next })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Ok(show::circuit(tx, &row).await?))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::network_name(call.id.name())?;
    scope::group_for_write(tx, &call.id).await?;
    let region = scope::location(&tx.settings.catalog, &call.body)?;
    let tags = scope::tags(&call.body)?;
    let given: Circuit = read(&call.body)?;
    let old = tx.get(&call.id).await?;
    precondition::matched(call, old.as_ref())?;
    let before: Option<Circuit> = old.as_ref().and_then(|row| serde_json::from_value(row.document.clone()).ok());
    if let Some(was) = before.as_ref().and_then(|before| before.location.as_deref()).filter(|was| *was != region) {
        let text = format!("{} is in the location {was} and cannot move to {region}", call.id);
        return Err(ArmError::conflict("InvalidResourceLocation", text).at("location").into());
    }

    let sku = rules::sku(given.sku.as_ref(), before.as_ref().and_then(|before| before.sku.as_ref()))?;
    let (mut row, mut wanted) = match (old.clone(), &before) {
        (Some(row), Some(before)) => {
            let was = before.sku.clone().unwrap_or_default();
            rules::sku_change(&was, &sku)?;
            downgrade(tx, &row, &was, &sku, &given.properties).await?;
            (row, before.properties.clone())
        }
        _ => new(tx, call),
    };
    wanted.allow_classic_operations = Some(given.properties.allow_classic_operations.unwrap_or(false));
    wanted.global_reach_enabled =
        Some(given.properties.global_reach_enabled.or(wanted.global_reach_enabled).unwrap_or(false));
    wanted.gateway_manager_etag = Some(given.properties.gateway_manager_etag.clone().unwrap_or_default());
    if given.properties.partner_account_id.is_some() {
        wanted.partner_account_id.clone_from(&given.properties.partner_account_id);
    }

    let mut writing = Writing::of(call.id.key());
    match order(&given.properties)? {
        Order::Provider(order) => {
            by_provider(tx, call, &mut row, &mut wanted, order, &sku, &region, &mut writing).await?;
        }
        Order::Port(id, gbps) => on_port(tx, call, &mut row, &mut wanted, &id, gbps, &given, &sku, &region).await?,
    }
    wanted.peerings = None;
    wanted.authorizations = None;
    let kept = Circuit {
        location: Some(region),
        tags: Some(tags.into_iter().filter_map(|(name, tag)| Some((name, tag.as_str()?.to_owned()))).collect()),
        sku: Some(sku),
        properties: wanted,
        ..Circuit::default()
    };
    let plant = Plant::of(&row);
    row.document = serde_json::to_value(&kept).unwrap_or_default();
    plant.put(&mut row);
    writing.put(tx, row.clone(), old.as_ref());

    if let Some(list) = &given.properties.peerings {
        peering::replace(tx, call, &row, list, &mut writing).await?;
    }
    if let Some(list) = &given.properties.authorizations {
        authorization::replace(tx, &row, list, &mut writing).await?;
    }
    let operation = writing.start(tx, call, &call.id);
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: show::circuit(tx, &row).await?, operation })
}

/// A circuit that was not there before.
fn new(tx: &mut Tx<'_>, call: &Call) -> (Resource, CircuitProperties) {
    let row = tx.make(&call.id, json!({}));
    let key = Uuid::new_v4();
    let properties = CircuitProperties {
        service_key: Some(key.to_string()),
        circuit_provisioning_state: Some(CircuitState::Enabled),
        service_provider_provisioning_state: Some(ProviderState::NotProvisioned),
        resource_guid: Some(Uuid::new_v4().to_string()),
        ..CircuitProperties::default()
    };
    tx.claim_or_again(format!("service-key/{key}"), call.id.key());
    (row, properties)
}

/// From whom a circuit is ordered.
enum Order {
    /// From a provider.
    Provider(ServiceProviderProperties),
    /// On ports of one's own, with so many Gbit/s.
    Port(ResourceId, Option<f64>),
}

/// Reads the one order in a body.
fn order(given: &CircuitProperties) -> Result<Order, ArmError> {
    let port = match &given.express_route_port {
        Some(port) => port.resource("properties.expressRoutePort")?,
        None => None,
    };
    match (&given.service_provider_properties, port) {
        (Some(order), None) => Ok(Order::Provider(order.clone())),
        (None, Some(port)) => Ok(Order::Port(port, given.bandwidth_in_gbps)),
        (Some(_), Some(_)) => {
            let text = "both serviceProviderProperties and expressRoutePort are given, wanted one of them";
            Err(ArmError::bad_request("InvalidRequestFormat", text).at("properties.expressRoutePort"))
        }
        (None, None) => {
            let text = "neither serviceProviderProperties nor expressRoutePort is given, wanted one of them";
            Err(ArmError::bad_request("InvalidRequestFormat", text).at("properties.serviceProviderProperties"))
        }
    }
}

/// Orders from a provider, or changes such an order.
#[expect(clippy::too_many_arguments, reason = "all that an order is made of")]
async fn by_provider(
    tx: &mut Tx<'_>,
    call: &Call,
    row: &mut Resource,
    wanted: &mut CircuitProperties,
    given: ServiceProviderProperties,
    sku: &CircuitSku,
    region: &str,
    writing: &mut Writing,
) -> Result<(), Fault> {
    if let Some(port) = wanted.express_route_port.as_ref().and_then(|port| port.id.as_deref()) {
        let text = format!("{} is on {port} and cannot go to a provider; order a new circuit", call.id);
        return Err(ArmError::bad_request("ExpressRoutePortCannotBeModified", text)
            .at("properties.expressRoutePort")
            .into());
    }
    let catalog = tx.settings.catalog.clone();
    let order = rules::provider_order(&catalog, &given)?;
    let location = order.peering_location.clone().unwrap_or_default();
    rules::local(&catalog, sku, &location)?;
    match &wanted.service_provider_properties {
        Some(before) => rules::provider_change(&catalog, before, &order)?,
        None => {
            let provider = catalog.provider(order.service_provider_name.as_deref().unwrap_or_default());
            let provider = provider.map(|provider| provider.name.clone()).unwrap_or_default();
            let seed = Uuid::new_v4();
            quota::take(tx, &call.id, region, seed).await?;
            let mut plant = Plant::at(&location, &provider);
            wanted.stag = Some(i64::from(plant::outer_tag(tx, &plant, call.id.key(), seed).await?));
            let key = wanted.service_key.clone().unwrap_or_default();
            let cross = cross_connection::make(tx, call.id.key(), &provider, &location, region, &key).await?;
            plant.cross_connection = Some(cross.key.clone());
            writing.put(tx, cross, None);
            plant.put(row);
        }
    }
    wanted.service_provider_properties = Some(order);
    Ok(())
}

/// Orders on ports of one's own, or changes such an order. The circuit is provisioned at once.
#[expect(clippy::too_many_arguments, reason = "all that an order is made of")]
async fn on_port(
    tx: &mut Tx<'_>,
    call: &Call,
    row: &mut Resource,
    wanted: &mut CircuitProperties,
    id: &ResourceId,
    gbps: Option<f64>,
    given: &Circuit,
    sku: &CircuitSku,
    region: &str,
) -> Result<(), Fault> {
    if wanted.service_provider_properties.is_some() {
        let text = format!("{} is a provider's and cannot go to ports of your own; order a new circuit", call.id);
        let target = "properties.serviceProviderProperties";
        return Err(ArmError::bad_request("ServiceProviderCannotBeModified", text).at(target).into());
    }
    let mbps = |gbps: Option<f64>| (gbps.unwrap_or_default() * 1000.0).round() as i64;
    match &wanted.express_route_port {
        Some(before) => {
            let was = before.id.clone().unwrap_or_default();
            if !was.eq_ignore_ascii_case(id.as_str()) {
                let text = format!("{} is on {was} and cannot go to {id}; order a new circuit", call.id);
                let target = "properties.expressRoutePort";
                return Err(ArmError::bad_request("ExpressRoutePortCannotBeModified", text).at(target).into());
            }
            rules::no_less(mbps(wanted.bandwidth_in_gbps), mbps(gbps), "properties.bandwidthInGbps")?;
        }
        None => quota::take(tx, &call.id, region, Uuid::new_v4()).await?,
    }
    let key = given.properties.authorization_key.as_ref();
    let room = port::take(tx, &call.caller, &call.id, id, gbps.unwrap_or_default(), key).await?;
    rules::local(&tx.settings.catalog, sku, &room.location)?;
    let mut plant = Plant::of(row);
    plant.location.clone_from(&room.location);
    plant.primary_port = format!("{}/links/link1", id.name());
    plant.secondary_port = format!("{}/links/link2", id.name());
    plant.put(row);
    wanted.stag = room.s_tag.map(i64::from);
    wanted.express_route_port = Some(arm_api::body::Reference::to(id));
    wanted.bandwidth_in_gbps = Some(f64::from(room.bandwidth.as_mbps()) / 1000.0);
    wanted.enable_direct_port_rate_limit = Some(given.properties.enable_direct_port_rate_limit.unwrap_or(false));
    wanted.service_provider_provisioning_state = Some(ProviderState::Provisioned);
    Ok(())
}

/// Whether a Premium circuit may become a lesser one: what only Premium carries has to go first (spec 02, 3.5).
async fn downgrade(
    tx: &mut Tx<'_>,
    row: &Resource,
    was: &CircuitSku,
    sku: &CircuitSku,
    given: &CircuitProperties,
) -> Result<(), Fault> {
    if was.tier != Some(SkuTier::Premium) || sku.tier != Some(SkuTier::Standard) {
        return Ok(());
    }
    let refuse = |text: String| Fault::Refused(ArmError::bad_request("SkuTierChangeNotAllowed", text).at("sku.tier"));
    let plant = Plant::of(row);
    let mbps = given.service_provider_properties.as_ref().and_then(|order| order.bandwidth_in_mbps);
    let mbps = mbps.unwrap_or_else(|| (given.bandwidth_in_gbps.unwrap_or_default() * 1000.0).round() as i64);
    let limit = tx.settings.catalog.limit("vnet-links", &format!("bandwidth-{mbps}"), "Standard");
    let links = plant.links.len() as u64;
    if let Some(limit) = limit.filter(|limit| links > *limit) {
        return Err(refuse(format!("the circuit has {links} virtual network links, and Standard carries {limit}")));
    }
    let catalog = tx.settings.catalog.clone();
    let home = catalog.location(&plant.location).map(|place| place.geopolitical_region.as_str());
    for link in &plant.links {
        if reach::needs_premium(tx, link).await? {
            return Err(refuse(format!("{link} goes to another geopolitical region, which needs Premium")));
        }
        let Some(connection) = tx.get_key(&link.to_lowercase()).await? else { continue };
        let region = connection.document["location"].as_str().and_then(|name| catalog.region(name));
        if let Some(region) = region.filter(|region| home.is_some_and(|home| region.geopolitical_region != home)) {
            let text = format!("{link} is in {}, which Standard does not reach from {}", region.name, plant.location);
            return Err(refuse(text));
        }
    }
    for row in tx.children(row, "peerings").await? {
        for filter in peering::filters(&row.document) {
            if route_filter::needs_premium(tx, &filter).await? {
                return Err(refuse(format!("the route filter {filter} names Office 365, which needs Premium")));
            }
        }
    }
    Ok(())
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let mut row = row::existing(tx, &call.id).await?;
    precondition::matched(call, Some(&row))?;
    precondition::idle(tx, &call.id).await?;
    if !call.body.is_object() {
        let text = format!("the body is {}, wanted {{\"tags\": {{…}}}}", scope::kind_of(&call.body));
        return Err(ArmError::bad_request("InvalidRequestContent", text).into());
    }
    if call.body["tags"] != Value::Null {
        row.document["tags"] = Value::Object(scope::tags(&call.body)?);
    }
    tx.put(row);
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Ok(show::circuit(tx, &row).await?))
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(row) = tx.get(&call.id).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    precondition::matched(call, Some(&row))?;
    let with: Vec<String> = Plant::of(&row).cross_connection.into_iter().collect();
    let operation = writing::delete(tx, call, call.id.key(), &row, &call.id, &with).await?;
    Ok(Answer::Accepted { operation })
}

/// Whether a circuit may be deleted: its provider has let go of it, and nothing uses it (spec 07, 7).
///
/// # Errors
///
/// `ConflictError`, `InUseExpressRouteCircuitCannotBeDeleted`; the store failed.
pub(super) async fn may_go(tx: &mut Tx<'_>, circuit: &Resource) -> Result<(), Fault> {
    let properties = &circuit.document["properties"];
    let state = properties["serviceProviderProvisioningState"].as_str().unwrap_or("NotProvisioned");
    if properties["serviceProviderProperties"].is_object() && state != "NotProvisioned" {
        let text = format!(
            "The specified dedicated circuit is not in Deprovisioned state, but {state}. Please initiate the \
             deprovisioning process with your service provider."
        );
        return Err(ArmError::conflict("ConflictError", text).into());
    }
    let in_use = |text: String| Fault::Refused(ArmError::conflict("InUseExpressRouteCircuitCannotBeDeleted", text));
    let plant = Plant::of(circuit);
    if !plant.links.is_empty() {
        let some: Vec<_> = plant.links.iter().take(5).map(String::as_str).collect();
        return Err(in_use(format!("{} is linked to {}; delete these first", circuit.id, some.join(", "))));
    }
    for row in tx.children(circuit, "authorizations").await? {
        if row.document["properties"]["authorizationUseStatus"] == "InUse" {
            return Err(in_use(format!("the authorization {} is in use; delete its connection first", row.id)));
        }
    }
    for row in tx.children(circuit, "peerings").await? {
        for kind in ["connections", "peerconnections"] {
            if let Some(child) = tx.children(&row, kind).await?.first() {
                return Err(in_use(format!("{} uses the circuit for Global Reach; delete it first", child.id)));
            }
        }
    }
    Ok(())
}

/// Gives back the room of a circuit on ports of one's own.
///
/// # Errors
///
/// The store failed.
pub(super) async fn leave_port(tx: &mut Tx<'_>, circuit: &str) -> Result<(), Fault> {
    let Some(row) = tx.get_key(circuit).await? else { return Ok(()) };
    let port = row.document.pointer("/properties/expressRoutePort/id").and_then(Value::as_str);
    if let (Some(Ok(port)), Ok(circuit)) = (port.map(ResourceId::parse), ResourceId::parse(&row.id)) {
        port::leave(tx, &circuit, &port).await?;
    }
    for peering in tx.children(&row, "peerings").await? {
        peering::unlink_filters(tx, &peering).await?;
    }
    Ok(())
}
