//! Global Reach: two circuits whose private peerings see each other (spec 02, 13).
//!
//! A connection is a child of the private peering on which it was made; a peer connection, a row under the private
//! peering of the other circuit, shows it from there. Both circuits note it among their links, so neither is deleted
//! under it, and it counts as a virtual network link of both. What each customer announces is carried to the other by
//! [`relay`], IPv6 only by a connection with a prefix for it.

mod relay;
#[cfg(test)]
mod tests;

pub(crate) use relay::{carried, relay};

use self::relay::{inquire, tell};
use super::circuit::{Plant, link, show_body, unlink};
use super::network::connection::{give_back, opened, redeem};
use super::{Handled, Route, precondition, route, row, scope};
use crate::engine::{self, Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx, intent};
use arm_api::body::{
    CircuitConnection, Ipv6CircuitConnection, PeerCircuitConnection, ProvisioningState, ReachStatus, Reference,
};
use arm_api::{ArmError, ResourceId};
use http::StatusCode;
use model::{Family, Prefix, Value as _};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{Operation, Resource};
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/connections"
        ExpressRouteCircuitConnections_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/connections/{connectionName}"
        ExpressRouteCircuitConnections_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/connections/{connectionName}"
        ExpressRouteCircuitConnections_CreateOrUpdate Write => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/connections/{connectionName}"
        ExpressRouteCircuitConnections_Delete Write => delete),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/peerConnections"
        PeerExpressRouteCircuitConnections_List Read => list_peers),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/peerConnections/{connectionName}"
        PeerExpressRouteCircuitConnections_Get Read => get),
];

pub(super) static KINDS: &[Kind] =
    &[kind!("put-reach" => connect), kind!("delete-reach" => disconnect), kind!("relay-reach" => inquire, tell)];

/// The kind of the operation that carries routes.
const RELAY: &str = "relay-reach";

/// The kind of the rows.
const KIND: &str = "microsoft.network/expressroutecircuits/peerings/connections";

/// Where the peering of the other circuit stands in a body.
const PEER: &str = "properties.peerExpressRouteCircuitPeering";

/// The field of a row's document that answers leave out: the key of the peer connection, of the authorization.
const PLANT: &str = "plant";

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    of_kind(tx, call, "connections").await
}

async fn list_peers(tx: &mut Tx<'_>, call: &Call) -> Handled {
    of_kind(tx, call, "peerConnections").await
}

async fn of_kind(tx: &mut Tx<'_>, call: &Call, kind: &str) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    let peering = super::peering::existing(tx, &call.id).await?;
    let rows = tx.children(&peering, kind).await?;
    Ok(Answer::List { items: rows.iter().map(|row| show(row, &circuit)).collect(), next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    let resource = row::found(tx, &call.id).await?;
    Ok(Answer::Ok(show(&resource, &circuit)))
}

/// A connection or peer connection, as it is answered.
fn show(resource: &Resource, circuit: &Resource) -> Value {
    ResourceId::parse(&resource.id).map_or(Value::Null, |id| show_body(resource, &id, &circuit.etag))
}

/// One end: a circuit and its private peering.
struct End {
    circuit: Resource,
    peering: Resource,
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::network_name(call.id.name())?;
    let circuit = row::above(tx, &call.id).await?;
    let peering = row::parent(tx, &call.id).await?;
    precondition::matched(call, Some(&circuit))?;
    let here = End { circuit, peering };
    let given: CircuitConnection = arm_api::body::read(&call.body)?;
    let old = tx.get(&call.id).await?;
    let was = old.as_ref().and_then(|old| {
        let id = old.document.pointer("/properties/peerExpressRouteCircuitPeering/id")?.as_str()?;
        ResourceId::parse(id).ok()
    });
    let named = match &given.properties.peer_express_route_circuit_peering {
        Some(reference) => reference.resource(PEER)?,
        None => None,
    };
    let absent = || {
        let text = format!("{PEER}.id is absent, wanted the private peering of another circuit");
        ArmError::bad_request("InvalidRequestFormat", text).at(PEER)
    };
    let peer = named.or_else(|| was.clone()).ok_or_else(absent)?;
    if let Some(was) = was.filter(|was| *was != peer) {
        let text = format!("{} goes to {was}, it cannot go to {peer}", call.id);
        return Err(ArmError::bad_request("ConnectionPeerCannotBeChanged", text).at(PEER).into());
    }
    let key = given.properties.authorization_key.as_ref();
    let (there, authorization) = other_end(tx, call, &here, &peer, key, old.is_some()).await?;
    if old.is_none() {
        may_connect(tx, &here, &there).await?;
    }
    let prefixes = prefixes(&given, old.as_ref())?;
    for end in [&here, &there] {
        apart(tx, end, &prefixes, call.id.key()).await?;
    }

    let mut resource = old.clone().unwrap_or_else(|| tx.make(&call.id, json!({})));
    if old.is_none() {
        let guid = Uuid::new_v4();
        let peer_row = peer.child("peerConnections", &guid.to_string());
        resource.document[PLANT] = json!({ "peer": peer_row.as_str() });
        if let Some(authorization) = authorization {
            resource.document[PLANT]["authorization"] = json!(authorization.key);
            redeem(tx, authorization, call.id.as_str()).await?;
        }
    }
    let plant = resource.document[PLANT].clone();
    let mut kept = CircuitConnection::default();
    let properties = &mut kept.properties;
    properties.express_route_circuit_peering = call.id.parent().map(|own| Reference::to(&own));
    properties.peer_express_route_circuit_peering = Some(Reference::to(&peer));
    properties.address_prefix = prefixes.first().map(ToString::to_string);
    let status = if old.is_some() { ReachStatus::Connected } else { ReachStatus::Connecting };
    properties.circuit_connection_status = Some(status);
    properties.ipv6_circuit_connection_config = prefixes.get(1).map(|prefix| Ipv6CircuitConnection {
        address_prefix: Some(prefix.to_string()),
        circuit_connection_status: Some(status),
    });
    properties.provisioning_state = Some(ProvisioningState::Updating);
    resource.document = json!({ "properties": kept.properties, PLANT: plant });
    mirror(tx, &resource, &call.id).await?;
    tx.put(resource.clone());
    for key in [&here.circuit.key, &there.circuit.key] {
        link(tx, key, call.id.as_str()).await?;
    }
    touch_both(tx, &here, &there).await?;
    let operation = engine::start(tx, call, "put-reach", Value::Null);
    let circuit = row::existing(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: show(&resource, &circuit), operation })
}

/// The circuit and private peering that a connection goes to, and the authorization that a new one takes.
async fn other_end(
    tx: &mut Tx<'_>,
    call: &Call,
    here: &End,
    peer: &ResourceId,
    key: Option<&arm_api::body::Secret>,
    there_already: bool,
) -> Result<(End, Option<Resource>), Fault> {
    let private = peer.kind().eq_ignore_ascii_case("Microsoft.Network/expressRouteCircuits/peerings")
        && peer.name().eq_ignore_ascii_case("AzurePrivatePeering");
    if !private || here.peering.key.rsplit('/').next() != Some("azureprivatepeering") {
        let text = format!("Global Reach goes between private peerings, not between {} and {peer}", here.peering.id);
        return Err(ArmError::bad_request("GlobalReachNeedsPrivatePeering", text).at(PEER).into());
    }
    let circuit = peer.root();
    if circuit.key() == here.circuit.key {
        let text = format!("{PEER} is on {circuit} itself, wanted another circuit");
        return Err(ArmError::bad_request("InvalidResourceReference", text).at(PEER).into());
    }
    let stranger = !circuit.subscription().eq_ignore_ascii_case(call.id.subscription()) && !there_already;
    // Whoever has no key of the circuit learns nothing about it, not even whether it is there.
    let refused = || {
        let text = format!("{circuit} is another subscription's; wanted an authorizationKey of it that is Available");
        ArmError::new(StatusCode::FORBIDDEN, "LinkedAuthorizationFailed", text).at("properties.authorizationKey")
    };
    let absent =
        |what: &ResourceId| ArmError::bad_request("InvalidResourceReference", format!("{what} was not found")).at(PEER);
    let found = tx.get(&circuit).await?;
    let mut authorization = None;
    if stranger {
        let (Some(found), Some(key)) = (&found, key) else { return Err(refused().into()) };
        authorization = Some(opened(tx, found, key).await?.ok_or_else(refused)?);
    }
    let found = found.ok_or_else(|| absent(&circuit))?;
    let peering = tx.get(peer).await?.ok_or_else(|| absent(peer))?;
    Ok((End { circuit: found, peering }, authorization))
}

/// Whether two circuits may be connected (spec 02, 13).
async fn may_connect(tx: &mut Tx<'_>, here: &End, there: &End) -> Result<(), Fault> {
    let refuse = |code: &str, text: String| Fault::Refused(ArmError::bad_request(code, text).at(PEER));
    let catalog = tx.settings.catalog.clone();
    let (one, other) = (Plant::of(&here.circuit), Plant::of(&there.circuit));
    for (end, plant) in [(here, &one), (there, &other)] {
        let id = &end.circuit.id;
        let properties = &end.circuit.document["properties"];
        let state = properties["serviceProviderProvisioningState"].as_str().unwrap_or("NotProvisioned");
        if state != "Provisioned" {
            let text = format!("the circuit {id} is {state}, wanted Provisioned by its provider");
            return Err(refuse("CircuitNotProvisionedByServiceProvider", text));
        }
        let tier = tier(&end.circuit);
        if tier.eq_ignore_ascii_case("Local") {
            let text = format!("the circuit {id} is {tier}, which has no Global Reach; wanted Standard or Premium");
            return Err(refuse("GlobalReachNotSupported", text));
        }
        let mbps = properties["serviceProviderProperties"]["bandwidthInMbps"].as_u64();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes that are sold")]
        let mbps = mbps.unwrap_or((properties["bandwidthInGbps"].as_f64().unwrap_or_default() * 1000.0) as u64);
        let most = catalog.limit("vnet-links", &format!("bandwidth-{mbps}"), tier);
        let links = plant.links.len() as u64;
        if let Some(most) = most.filter(|most| links >= *most) {
            let text =
                format!("the circuit {id} has {links} virtual network links, {tier} of {mbps} Mbit/s carries {most}");
            return Err(refuse("CircuitVirtualNetworkLinksLimitExceeded", text));
        }
    }
    if one.location.eq_ignore_ascii_case(&other.location) {
        let text = format!("both circuits are at {}; Global Reach goes between peering locations", one.location);
        return Err(refuse("GlobalReachNotSupported", text));
    }
    let region = |plant: &Plant| catalog.location(&plant.location).map(|place| place.geopolitical_region.clone());
    if region(&one) != region(&other) {
        let lesser = [here, there].into_iter().find(|end| !tier(&end.circuit).eq_ignore_ascii_case("Premium"));
        if let Some(end) = lesser {
            let text = format!(
                "{} and {} are in different geopolitical regions, and the circuit {} is {}; wanted both Premium",
                one.location,
                other.location,
                end.circuit.id,
                tier(&end.circuit)
            );
            return Err(refuse("GlobalReachNeedsPremium", text));
        }
    }
    if let Some(twice) = one.links.iter().find(|link| link.contains("/peerings/") && other.links.contains(link)) {
        return Err(refuse("GlobalReachExists", format!("{twice} connects these circuits already")));
    }
    let other =
        ResourceId::parse(&there.circuit.id).map_err(|_| ArmError::bad_request("InvalidResourceReference", PEER))?;
    if let Some(holder) = tx.store().holder(&engine::busy(&other)).await? {
        return Err(engine::in_progress(tx, &other, &holder).into());
    }
    Ok(())
}

fn tier(circuit: &Resource) -> &str {
    circuit.document["sku"]["tier"].as_str().unwrap_or("Standard")
}

/// The prefixes of a connection: a /29, which stays where it is left out, and a /125 where IPv6 is wanted.
fn prefixes(given: &CircuitConnection, old: Option<&Resource>) -> Result<Vec<Prefix>, ArmError> {
    let before: CircuitConnection =
        old.and_then(|old| serde_json::from_value(old.document.clone()).ok()).unwrap_or_default();
    let four = given.properties.address_prefix.clone().or(before.properties.address_prefix);
    let six = given.properties.ipv6_circuit_connection_config.as_ref().and_then(|six| six.address_prefix.clone());
    let mut prefixes = Vec::new();
    let wanted = [
        (four, Family::V4, 29, "properties.addressPrefix"),
        (six, Family::V6, 125, "properties.ipv6CircuitConnectionConfig.addressPrefix"),
    ];
    for (text, family, length, at) in wanted {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            if family == Family::V4 {
                let text = format!("{at} is absent, wanted a /29 that nobody else uses");
                return Err(ArmError::bad_request("AddressPrefixRequired", text).at(at));
            }
            continue;
        };
        let seen: String = text.chars().take(60).collect();
        let refuse = |why: &str| {
            let text = format!("{at} is `{seen}`, wanted a /{length}{why}");
            ArmError::bad_request("AddressPrefixInvalid", text).at(at)
        };
        let prefix = Prefix::parse(&text).map_err(|error| refuse(&format!(": {}", error.reason)))?;
        if prefix.family() != family || prefix.length() != length {
            return Err(refuse(if family == Family::V4 { " of IPv4" } else { " of IPv6" }));
        }
        prefixes.push(prefix);
    }
    Ok(prefixes)
}

/// Refuses prefixes that overlap what a circuit has: link subnets, networks, other connections of its own.
async fn apart(tx: &mut Tx<'_>, end: &End, prefixes: &[Prefix], this: &str) -> Result<(), Fault> {
    let mut used: Vec<(String, Prefix)> = Vec::new();
    for peering in tx.children(&end.circuit, "peerings").await? {
        for half in ["/properties", "/properties/ipv6PeeringConfig"] {
            for link in ["primary", "secondary"] {
                let text = peering.document.pointer(&format!("{half}/{link}PeerAddressPrefix")).and_then(Value::as_str);
                used.extend(text.and_then(|text| Prefix::parse(text).ok()).map(|prefix| (peering.id.clone(), prefix)));
            }
        }
    }
    for link in Plant::of(&end.circuit).links.iter().filter(|link| link.to_lowercase() != this) {
        used.extend(super::peering::spaces(tx, link).await?);
        let Some(other) = tx.get_key(&link.to_lowercase()).await? else { continue };
        let text = other.document.pointer("/properties/addressPrefix").and_then(Value::as_str);
        used.extend(text.and_then(|text| Prefix::parse(text).ok()).map(|prefix| (other.id.clone(), prefix)));
    }
    for prefix in prefixes {
        if let Some((of, other)) = used.iter().find(|(_, other)| prefix.overlaps(*other)) {
            let text = format!("the prefix {prefix} overlaps {other} of {of}; wanted one that nothing uses");
            let error = ArmError::bad_request("AddressPrefixOverlap", text).at("properties.addressPrefix");
            return Err(error.into());
        }
    }
    Ok(())
}

/// Writes the peer connection: the same, seen from the other circuit.
async fn mirror(tx: &mut Tx<'_>, connection: &Resource, id: &ResourceId) -> Result<(), Fault> {
    let Some(peer) = connection.document[PLANT]["peer"].as_str().and_then(|id| ResourceId::parse(id).ok()) else {
        return Ok(());
    };
    let kept: CircuitConnection = serde_json::from_value(connection.document.clone()).unwrap_or_default();
    let mut seen = PeerCircuitConnection::default();
    let properties = &mut seen.properties;
    properties.express_route_circuit_peering = kept.properties.peer_express_route_circuit_peering;
    properties.peer_express_route_circuit_peering = kept.properties.express_route_circuit_peering;
    properties.address_prefix = kept.properties.address_prefix;
    properties.circuit_connection_status = kept.properties.circuit_connection_status;
    properties.connection_name = Some(id.name().to_owned());
    properties.auth_resource_guid = Some(String::new());
    properties.provisioning_state = kept.properties.provisioning_state;
    let mut resource = match tx.get(&peer).await? {
        Some(old) => old,
        None => tx.make(&peer, Value::Null),
    };
    resource.document = json!({ "properties": seen.properties });
    tx.put(resource);
    Ok(())
}

async fn touch_both(tx: &mut Tx<'_>, here: &End, there: &End) -> Result<(), Fault> {
    tx.touch(&here.peering.key).await?;
    tx.touch(&there.peering.key).await
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(mut resource) = tx.get(&call.id).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    let circuit = row::existing(tx, &call.id).await?;
    precondition::matched(call, Some(&circuit))?;
    resource.document["properties"]["provisioningState"] = json!(ProvisioningState::Deleting);
    tx.put(resource);
    tx.touch(&circuit.key).await?;
    Ok(Answer::Accepted { operation: engine::start(tx, call, "delete-reach", Value::Null) })
}

/// Step: both ends are told.
async fn connect(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let Some(mut resource) = tx.get_key(&operation.resource).await? else { return Ok(Next::Done) };
    let Ok(id) = ResourceId::parse(&resource.id) else { return Ok(Next::Done) };
    let properties = &mut resource.document["properties"];
    properties["provisioningState"] = json!(ProvisioningState::Succeeded);
    properties["circuitConnectionStatus"] = json!(ReachStatus::Connected);
    if properties["ipv6CircuitConnectionConfig"].is_object() {
        properties["ipv6CircuitConnectionConfig"]["circuitConnectionStatus"] = json!(ReachStatus::Connected);
    }
    mirror(tx, &resource, &id).await?;
    let ends = ends(&resource);
    tx.put(resource);
    for circuit in ends {
        tx.touch(&circuit).await?;
        intent::reconcile(tx, &circuit).await?;
        relay::start(tx, &circuit);
    }
    Ok(Next::Done)
}

/// Step: the connection goes from both circuits.
async fn disconnect(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    drop_by(tx, &operation.resource.clone()).await?;
    Ok(Next::Done)
}

/// The keys of the circuits that a connection connects.
fn ends(connection: &Resource) -> BTreeSet<String> {
    let peer = connection.document[PLANT]["peer"].as_str().unwrap_or_default();
    let circuit = |id: &str| Some(ResourceId::parse(id).ok()?.root().key().to_owned());
    [connection.id.as_str(), peer].into_iter().filter_map(circuit).collect()
}

/// Drops a connection by its id, with what shows it on the other circuit, and gives its authorization back. Says
/// whether it was one; another id than that of a connection between circuits is passed over.
///
/// # Errors
///
/// The store failed.
pub(super) async fn drop_by(tx: &mut Tx<'_>, id: &str) -> Result<bool, Fault> {
    let Some(resource) = tx.get_key(&id.to_lowercase()).await? else { return Ok(false) };
    if resource.kind != KIND {
        return Ok(false);
    }
    tx.delete(&resource.key);
    if let Some(peer) = resource.document[PLANT]["peer"].as_str() {
        tx.delete(&peer.to_lowercase());
    }
    if let Some(authorization) = resource.document[PLANT]["authorization"].as_str() {
        give_back(tx, authorization).await?;
    }
    for circuit in ends(&resource) {
        unlink(tx, &circuit, &resource.id).await?;
        tx.touch(&circuit).await?;
        intent::reconcile(tx, &circuit).await?;
        // Forgets what was kept of it, when this was its last connection.
        relay::start(tx, &circuit);
    }
    Ok(true)
}

/// Whether a connection by its id needs Premium on both its circuits, since their regions are different (spec 02, 13).
///
/// # Errors
///
/// The store failed.
pub(super) async fn needs_premium(tx: &mut Tx<'_>, id: &str) -> Result<bool, Fault> {
    let Some(resource) = tx.get_key(&id.to_lowercase()).await?.filter(|row| row.kind == KIND) else { return Ok(false) };
    let catalog = tx.settings.catalog.clone();
    let mut regions = BTreeSet::new();
    for circuit in ends(&resource) {
        let Some(circuit) = tx.get_key(&circuit).await? else { continue };
        regions.extend(catalog.location(&Plant::of(&circuit).location).map(|place| place.geopolitical_region.clone()));
    }
    Ok(regions.len() > 1)
}
