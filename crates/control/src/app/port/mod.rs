//! ExpressRoute Direct: port pairs of one's own (spec 02, 8).
//!
//! A port pair has two links, rows of their own ([`link`]), keys for other subscriptions ([`authorization`]) and a
//! letter of authorization ([`letter`]). The circuits on it stand in its document with what they take of it ([`room`]),
//! written by whoever writes a circuit: so capacity and outer tags are decided on one row, and two circuits that want
//! the last of it cannot both have it.

mod authorization;
mod letter;
mod link;
mod loa;
mod location;
mod room;

pub(super) use authorization::{KINDS as AUTHORIZATION_KINDS, ROUTES as AUTHORIZATION_ROUTES};
pub(super) use letter::ROUTES as LETTER_ROUTES;
pub(super) use link::ROUTES as LINK_ROUTES;
pub(super) use location::ROUTES as LOCATION_ROUTES;
pub(crate) use room::{leave, tags_are_shared, take};

use super::{Handled, Route, precondition::matched, route, row, scope};
use crate::engine::{self, Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx, intent};
use arm_api::body::{Encapsulation, Port, ProvisioningState, Reference, SkuFamily};
use arm_api::{ArmError, ResourceId};
use catalog::Catalog;
use model::Bandwidth;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Operation, Resource};
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/expressRoutePorts" ExpressRoutePorts_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts"
        ExpressRoutePorts_ListByResourceGroup Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}"
        ExpressRoutePorts_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}"
        ExpressRoutePorts_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}"
        ExpressRoutePorts_UpdateTags Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}"
        ExpressRoutePorts_Delete Write => delete),
];

pub(super) static KINDS: &[Kind] = &[kind!("put-port" => apply), kind!("delete-port" / keep => remove)];

/// The kind of the rows of port pairs.
pub(super) const KIND: &str = "microsoft.network/expressrouteports";

/// What a row of a port pair holds: its body without links, and the circuits on it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    port: Port,
    /// What circuits take of it, by their keys.
    #[serde(default)]
    taken: BTreeMap<String, Taken>,
}

/// What a circuit takes of a port pair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Taken {
    /// The id of the circuit.
    id: String,
    /// Its bandwidth in Mbit/s.
    mbps: u64,
    /// Its outer tag, on a pair that tells circuits apart by one.
    #[serde(default)]
    s_tag: Option<u16>,
}

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
    let given: Port = arm_api::body::read(&call.body)?;
    let location = row::location(tx, call, old.as_ref())?;
    let tags = scope::tags(&call.body)?;
    let created = old.is_none();
    let mut resource = match old {
        Some(old) => old,
        None => tx.make(&call.id, json!({})),
    };
    let mut kept = read(&resource);
    if created {
        order(tx, &mut kept.port, &given)?;
    } else {
        unchanged(&call.id, &kept.port, &given)?;
    }
    kept.port.location = Some(location);
    kept.port.identity = given.identity;
    let properties = &mut kept.port.properties;
    properties.billing_type = given.properties.billing_type.or(properties.billing_type);
    properties.provisioning_state = Some(ProvisioningState::Updating);
    resource.document = json!(kept);
    resource.document["tags"] = Value::Object(tags);
    tx.put(resource.clone());
    link::put_all(tx, &call.id, &kept.port, given.properties.links.unwrap_or_default()).await?;
    let operation = engine::start(tx, call, "put-port", Value::Null);
    let stored = tx.get(&call.id).await?.unwrap_or(resource);
    Ok(Answer::Writing { created, body: show(tx, &stored).await?, operation })
}

/// Judges the order of a new port pair.
fn order(tx: &Tx<'_>, port: &mut Port, given: &Port) -> Result<(), ArmError> {
    let catalog = &tx.settings.catalog;
    let wanted = |field: &str, what: &str| {
        let text = format!("properties.{field} is absent, wanted {what}");
        ArmError::bad_request("InvalidRequestFormat", text).at(format!("properties.{field}"))
    };
    let properties = &given.properties;
    let name = properties.peering_location.as_deref().filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| wanted("peeringLocation", "one of ExpressRoutePortsLocations"))?;
    let place = catalog.location(name).filter(|place| place.express_route_direct).ok_or_else(|| {
        let seen: String = name.chars().take(80).collect();
        let text = format!("peering location {seen} has no ports; ExpressRoutePortsLocations lists those that have");
        ArmError::bad_request("PeeringLocationUnknown", text).at("properties.peeringLocation")
    })?;
    let speeds = speeds(catalog);
    let gbps = properties.bandwidth_in_gbps.ok_or_else(|| wanted("bandwidthInGbps", "the speed of the ports"))?;
    if !speeds.contains(&gbps) {
        let text = format!(
            "express route port cannot be created as requested bandwidth {gbps} is not available at peering location \
             {}; wanted one of {speeds:?} Gbit/s",
            place.name
        );
        return Err(ArmError::bad_request("BandwidthNotAvailable", text).at("properties.bandwidthInGbps"));
    }
    let encapsulation = properties.encapsulation.ok_or_else(|| wanted("encapsulation", "Dot1Q or QinQ"))?;
    let kept = &mut port.properties;
    kept.peering_location = Some(place.name.clone());
    kept.bandwidth_in_gbps = Some(gbps);
    kept.encapsulation = Some(encapsulation);
    kept.billing_type = Some(SkuFamily::MeteredData);
    kept.mtu = catalog.limit("link", "mtu-direct", "").map(|mtu| mtu.to_string());
    kept.ether_type = Some("0x8100".to_owned());
    kept.allocation_date = Some(tx.now.strftime("%A, %B %-d, %Y").to_string());
    kept.resource_guid = Some(Uuid::new_v4().to_string());
    Ok(())
}

/// Refuses what of a port pair is for ever: place, speed, encapsulation.
fn unchanged(id: &ResourceId, port: &Port, given: &Port) -> Result<(), ArmError> {
    let fixed = |field: &str, is: Option<String>, wanted: Option<String>| match (is, wanted) {
        (Some(is), Some(wanted)) if is != wanted => {
            let seen: String = wanted.chars().take(80).collect();
            let text = format!("{field} of express route port {} cannot be modified from {is} to {seen}", id.name());
            Err(ArmError::bad_request("ExpressRoutePortPropertyCannotBeModified", text)
                .at(format!("properties.{field}")))
        }
        _ => Ok(()),
    };
    let (is, given) = (&port.properties, &given.properties);
    let place = |name: &Option<String>| name.as_deref().map(str::to_lowercase);
    fixed("peeringLocation", place(&is.peering_location), place(&given.peering_location))?;
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    fixed("bandwidthInGbps", number(is.bandwidth_in_gbps), number(given.bandwidth_in_gbps))?;
    let word = |word: Option<Encapsulation>| word.map(|word| word.to_string());
    fixed("encapsulation", word(is.encapsulation), word(given.encapsulation))
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let resource = row::retag(tx, call).await?;
    Ok(Answer::Ok(show(tx, &resource).await?))
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(mut resource) = tx.get(&call.id).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    matched(call, Some(&resource))?;
    unused(&read(&resource), &call.id)?;
    resource.document["properties"]["provisioningState"] = json!(ProvisioningState::Deleting);
    tx.put(resource);
    Ok(Answer::Accepted { operation: engine::start(tx, call, "delete-port", Value::Null) })
}

/// Refuses while circuits are on the port pair (spec 02, 8.7).
fn unused(kept: &Kept, id: &ResourceId) -> Result<(), ArmError> {
    if kept.taken.is_empty() {
        return Ok(());
    }
    let circuits: Vec<&str> = kept.taken.values().map(|taken| taken.id.as_str()).take(5).collect();
    let text = format!("express route port {id} is in use by {}; delete these circuits first", circuits.join(", "));
    Err(ArmError::bad_request("InUseExpressRoutePortCannotBeDeleted", text))
}

/// The keys of the circuits on a port pair.
pub(super) fn circuits(port: &Resource) -> Vec<String> {
    read(port).taken.into_keys().collect()
}

/// Step: what was written is so, and the edges of every circuit on the pair are told.
async fn apply(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let Ok(id) = ResourceId::parse(&operation.resource).map(|id| id.root()) else { return Ok(Next::Done) };
    let Some(mut resource) = tx.get(&id).await? else { return Ok(Next::Done) };
    let circuits = circuits(&resource);
    for kind in ["links", "authorizations"] {
        for mut child in tx.children(&resource, kind).await? {
            child.document["properties"]["provisioningState"] = json!(ProvisioningState::Succeeded);
            tx.put(child);
        }
    }
    resource.document["properties"]["provisioningState"] = json!(ProvisioningState::Succeeded);
    tx.put(resource);
    for circuit in circuits {
        intent::reconcile(tx, &circuit).await?;
    }
    Ok(Next::Done)
}

/// Step: the pair goes, unless a circuit came in the meantime.
async fn remove(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let Some(resource) = tx.get_key(&operation.resource).await? else { return Ok(Next::Done) };
    if let Ok(id) = ResourceId::parse(&resource.id) {
        unused(&read(&resource), &id)?;
    }
    tx.delete(&resource.key);
    Ok(Next::Done)
}

/// Takes a deletion back.
async fn keep(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    row::failed(tx, &operation.resource).await?;
    Ok(Next::Done)
}

/// The speeds of ports in Gbit/s: those for which the catalogue knows circuits.
fn speeds(catalog: &Catalog) -> Vec<i64> {
    let rows = catalog.limits().iter().filter(|row| row.category == "direct-bandwidth");
    let speed = |key: &str| key.strip_prefix("port-")?.strip_suffix('g')?.parse().ok();
    let mut speeds: Vec<i64> = rows.filter_map(|row| speed(&row.key)).collect();
    speeds.sort_unstable();
    speeds.dedup();
    speeds
}

/// The speed of each port of a pair.
fn speed(port: &Port) -> Bandwidth {
    let gbps = u32::try_from(port.properties.bandwidth_in_gbps.unwrap_or_default()).unwrap_or_default();
    Bandwidth::mbps(gbps.saturating_mul(1000))
}

/// What a row holds.
fn read(resource: &Resource) -> Kept {
    serde_json::from_value(resource.document.clone()).unwrap_or_default()
}

/// A port pair with its links and circuits, as it is answered.
async fn show(tx: &mut Tx<'_>, resource: &Resource) -> Result<Value, Fault> {
    let Kept { mut port, taken } = read(resource);
    let links = tx.children(resource, "links").await?;
    port.properties.links = Some(links.iter().map(|link| link::body(link, resource)).collect());
    port.properties.circuits = Some(taken.values().map(|taken| Reference { id: Some(taken.id.clone()) }).collect());
    let mbps: u64 = taken.values().map(|taken| taken.mbps).sum();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred Gbit/s")]
    let gbps = mbps as f64 / 1000.0;
    port.properties.provisioned_bandwidth_in_gbps = Some(gbps);
    row::stamp(&mut port, resource, resource);
    Ok(json!(port))
}
