//! `Microsoft.Network/connections` of type ExpressRoute: a gateway linked to a circuit.
//!
//! The circuit is the caller's own, or somebody else's with an authorization: one key, one connection (spec 02, 10).
//! Whether a connection carries traffic is what the edges of the circuit report, never what was ordered.

use super::{Handled, Route, route};
use super::{PLANT, change, common, gateway, virtual_network};
use crate::app::{circuit, precondition, row};
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{
    Connection, ConnectionProperties, ConnectionStatus, ConnectionType, Reference, Secret, SharedKey, read,
};
use arm_api::{ArmError, ResourceId};
use edge_api::{DomainReport, SessionState, Side, edge_name};
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::Resource;
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections" VirtualNetworkGatewayConnections_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}" VirtualNetworkGatewayConnections_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}" VirtualNetworkGatewayConnections_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}" VirtualNetworkGatewayConnections_UpdateTags Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}" VirtualNetworkGatewayConnections_Delete Write => delete),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}/sharedkey" VirtualNetworkGatewayConnections_GetSharedKey Write => shared_key),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}/sharedkey" VirtualNetworkGatewayConnections_SetSharedKey Write => set_shared_key),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}/sharedkey/reset" VirtualNetworkGatewayConnections_ResetSharedKey Write => reset_shared_key),
];

/// The kind of the rows.
pub(crate) const KIND: &str = "microsoft.network/connections";

/// The kind of circuits.
const CIRCUIT: &str = "Microsoft.Network/expressRouteCircuits";

/// How old a report may be that says how a connection is.
const FRESH: SignedDuration = SignedDuration::from_secs(60);

/// The most that a routing weight may be.
const WEIGHT: i64 = 32000;

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (rows, next) = row::listed(tx, call, KIND).await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(show(tx, row).await?);
    }
    Ok(Answer::List { items, next })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Ok(show(tx, &row).await?))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (region, tags, old) = common::before_put(tx, call).await?;
    let given: Connection = read(&call.body)?;
    let properties = &given.properties;
    let kind = properties.connection_type.unwrap_or(ConnectionType::ExpressRoute);
    if kind != ConnectionType::ExpressRoute {
        let text = format!("connectionType is {kind}; only connections of type ExpressRoute are served");
        return Err(ArmError::bad_request("ConnectionTypeNotSupported", text).at("properties.connectionType").into());
    }
    let weight = properties.routing_weight.unwrap_or(0);
    if !(0..=WEIGHT).contains(&weight) {
        let text = format!("routingWeight is {weight}, wanted 0 to {WEIGHT}");
        return Err(ArmError::bad_request("InvalidRoutingWeight", text).at("properties.routingWeight").into());
    }
    let gateway = the_gateway(tx, call, properties, &region, old.as_ref()).await?;
    fast_path(tx, &gateway, properties)?;
    let mut row = old.clone().unwrap_or_else(|| tx.make(&call.id, json!({})));
    let plant = row.document[PLANT].clone();
    let guid = row.document["properties"]["resourceGuid"].as_str().map(str::to_owned);

    let (circuit, authorization) = the_circuit(tx, call, properties, old.as_ref()).await?;
    if old.is_none() {
        may_link(tx, &circuit, &gateway, &region).await?;
    }
    let reference = |row: &Resource| ResourceId::parse(&row.id).ok().map(|id| Reference::to(&id));
    let kept = Connection {
        location: Some(region),
        tags: Some(tags),
        properties: ConnectionProperties {
            virtual_network_gateway1: reference(&gateway),
            virtual_network_gateway2: None,
            local_network_gateway2: None,
            peer: reference(&circuit),
            connection_type: Some(kind),
            routing_weight: Some(weight),
            enable_bgp: Some(properties.enable_bgp.unwrap_or(false)),
            use_policy_based_traffic_selectors: Some(false),
            express_route_gateway_bypass: Some(properties.express_route_gateway_bypass.unwrap_or(false)),
            enable_private_link_fast_path: Some(properties.enable_private_link_fast_path.unwrap_or(false)),
            resource_guid: Some(guid.unwrap_or_else(|| Uuid::new_v4().to_string())),
            connection_status: None,
            egress_bytes_transferred: None,
            ingress_bytes_transferred: None,
            provisioning_state: None,
            ..properties.clone()
        },
        ..Connection::default()
    };
    row.document = serde_json::to_value(kept).unwrap_or_default();
    row.document[PLANT] = match &authorization {
        Some(authorization) => json!({ "authorization": authorization.key }),
        None if plant.is_object() => plant,
        None => json!({}),
    };
    if let Some(key) = &properties.shared_key {
        secret(&mut row, "sharedKey", key);
    }
    change::put(tx, row.clone());
    gateway::note(tx, gateway, &row.id, true);
    circuit::link(tx, &circuit.key, &row.id).await?;
    if let Some(authorization) = authorization {
        redeem(tx, authorization, &row.id).await?;
    }
    let circuits = BTreeSet::from([circuit.key]);
    let operation = change::start(tx, call, &[row.key], &circuits);
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: show(tx, &row).await?, operation })
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = common::patch(tx, call).await?;
    Ok(Answer::Ok(show(tx, &row).await?))
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(row) = common::before_delete(tx, call).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    change::delete(tx, call, row).await
}

/// Frees what a connection held: its place at the gateway and at the circuit, its authorization. Gives the circuit,
/// whose edges notice. Whoever deletes a connection on behalf of something else calls this first.
pub(crate) async fn leave(tx: &mut Tx<'_>, row: &Resource) -> Result<BTreeSet<String>, Fault> {
    let field = |pointer| common::id_at(&row.document, pointer);
    if let Some(gateway) = field("/properties/virtualNetworkGateway1/id")
        && let Some(gateway) = tx.get(&gateway).await?
    {
        gateway::note(tx, gateway, &row.id, false);
    }
    if let Some(authorization) = row.document[PLANT]["authorization"].as_str() {
        give_back(tx, authorization).await?;
    }
    let Some(peer) = field("/properties/peer/id") else { return Ok(BTreeSet::new()) };
    circuit::unlink(tx, peer.key(), &row.id).await?;
    Ok(BTreeSet::from([peer.key().to_owned()]))
}

/// The gateway of a connection, which stays what it is.
async fn the_gateway(
    tx: &mut Tx<'_>,
    call: &Call,
    given: &ConnectionProperties,
    region: &str,
    old: Option<&Resource>,
) -> Result<Resource, Fault> {
    const TARGET: &str = "properties.virtualNetworkGateway1";
    let id = match &given.virtual_network_gateway1 {
        Some(reference) => reference.resource(TARGET)?,
        None => None,
    };
    let missing =
        || ArmError::bad_request("InvalidRequestFormat", format!("{TARGET}.id is absent, wanted a gateway")).at(TARGET);
    let gateway = common::referred(tx, call, &id.ok_or_else(missing)?, gateway::KIND, TARGET).await?;
    let was = old.and_then(|old| common::id_at(&old.document, "/properties/virtualNetworkGateway1/id"));
    if let Some(was) = was.filter(|was| was.key() != gateway.key) {
        let text = format!("{} is at {was}, it cannot move to {}", call.id, gateway.id);
        return Err(ArmError::bad_request("ConnectionGatewayCannotBeChanged", text).at(TARGET).into());
    }
    if gateway.document["location"] != region {
        let text = format!(
            "{} is in {}, the connection in {region}; wanted the same region",
            gateway.id, gateway.document["location"]
        );
        return Err(ArmError::bad_request("InvalidResourceReference", text).at("location").into());
    }
    if gateway.document["properties"]["provisioningState"] == "Deleting" {
        let text = format!("{} is being deleted", gateway.id);
        return Err(ArmError::conflict("ReferencedResourceNotProvisioned", text).at(TARGET).into());
    }
    Ok(gateway)
}

/// FastPath is for the SKUs that carry it.
fn fast_path(tx: &Tx<'_>, gateway: &Resource, given: &ConnectionProperties) -> Result<(), ArmError> {
    if given.express_route_gateway_bypass != Some(true) {
        return Ok(());
    }
    let name = gateway.document["properties"]["sku"]["name"].as_str().unwrap_or_default();
    let mut rows = tx.settings.catalog.limits().iter();
    let able =
        rows.any(|row| row.category == "gateway" && row.key == "fastpath" && row.sku == name && row.value == "yes");
    able.then_some(()).ok_or_else(|| {
        let text = format!("FastPath (expressRouteGatewayBypass) is not available with a gateway of SKU {name}");
        ArmError::bad_request("ExpressRouteGatewayBypassNotSupported", text).at("properties.expressRouteGatewayBypass")
    })
}

/// The circuit of a connection, which stays what it is, and the authorization that a new connection takes.
async fn the_circuit(
    tx: &mut Tx<'_>,
    call: &Call,
    given: &ConnectionProperties,
    old: Option<&Resource>,
) -> Result<(Resource, Option<Resource>), Fault> {
    const TARGET: &str = "properties.peer";
    let id = match &given.peer {
        Some(reference) => reference.resource(TARGET)?,
        None => None,
    };
    let was = old.and_then(|old| common::id_at(&old.document, "/properties/peer/id"));
    let missing =
        || ArmError::bad_request("InvalidRequestFormat", format!("{TARGET}.id is absent, wanted a circuit")).at(TARGET);
    let id = id.or_else(|| was.clone()).ok_or_else(missing)?;
    if let Some(was) = was {
        if was != id {
            let text = format!("{} goes to {was}, it cannot go to {id}", call.id);
            return Err(ArmError::bad_request("ConnectionPeerCannotBeChanged", text).at(TARGET).into());
        }
        let gone =
            || ArmError::bad_request("InvalidResourceReference", format!("{id} is not there any more")).at(TARGET);
        let circuit = tx.get(&id).await?.ok_or_else(gone)?;
        return Ok((circuit, None));
    }
    let Some(key) = &given.authorization_key else {
        return Ok((common::referred(tx, call, &id, CIRCUIT, TARGET).await?, None));
    };
    if !id.kind().eq_ignore_ascii_case(CIRCUIT) {
        let text = format!("{TARGET}.id is {id}, wanted a resource of type {CIRCUIT}");
        return Err(ArmError::bad_request("InvalidResourceReference", text).at(TARGET).into());
    }
    // Whoever has no key of the circuit learns nothing about it, not even whether it is there.
    let wrong = || {
        let text = format!("the authorizationKey is not one of {id}");
        ArmError::new(StatusCode::FORBIDDEN, "LinkedAuthorizationFailed", text).at("properties.authorizationKey")
    };
    let circuit = tx.get(&id).await?.ok_or_else(wrong)?;
    let authorization = opened(tx, &circuit, key).await?.ok_or_else(wrong)?;
    Ok((circuit, Some(authorization)))
}

/// The authorization of a circuit that a key is, if it is one.
///
/// # Errors
///
/// 400 `AuthorizationKeyInUse` when it is or was used by another connection; the store failed.
pub(in crate::app) async fn opened(
    tx: &mut Tx<'_>,
    circuit: &Resource,
    key: &Secret,
) -> Result<Option<Resource>, Fault> {
    let authorizations = tx.children(circuit, "authorizations").await?;
    let of_key = |row: &Resource| {
        row.secrets.0["authorizationKey"].as_str().is_some_and(|k| k.eq_ignore_ascii_case(key.reveal()))
    };
    let Some(authorization) = authorizations.into_iter().find(of_key) else { return Ok(None) };
    if authorization.document["properties"]["authorizationUseStatus"] == "InUse"
        || authorization.secrets.0["spent"].is_string()
    {
        let text = format!("the authorization {} was used for another connection; each is for one", authorization.id);
        return Err(ArmError::bad_request("AuthorizationKeyInUse", text).at("properties.authorizationKey").into());
    }
    Ok(Some(authorization))
}

/// Whether a circuit may be linked to a gateway.
async fn may_link(tx: &mut Tx<'_>, circuit: &Resource, gateway: &Resource, region: &str) -> Result<(), Fault> {
    if let Ok(id) = ResourceId::parse(&circuit.id) {
        precondition::idle(tx, &id).await?;
    }
    let refuse = |code: &str, text: String| Fault::Refused(ArmError::bad_request(code, text).at("properties.peer"));
    let properties = &circuit.document["properties"];
    let state = properties["serviceProviderProvisioningState"].as_str().unwrap_or("NotProvisioned");
    if state != "Provisioned" {
        let text = format!("the circuit {} is {state}, wanted Provisioned by its provider", circuit.id);
        return Err(refuse("CircuitNotProvisionedByServiceProvider", text));
    }
    let peerings = tx.children(circuit, "peerings").await?;
    let private = peerings.iter().find(|row| row.key.ends_with("/azureprivatepeering"));
    if private.is_none_or(|row| row.document["properties"]["state"] == "Disabled") {
        let text = format!("the circuit {} has no private peering, or it is disabled; set it up first", circuit.id);
        return Err(refuse("CircuitPrivatePeeringRequired", text));
    }

    let (catalog, location) = (tx.settings.catalog.clone(), location(circuit));
    let tier = circuit.document["sku"]["tier"].as_str().unwrap_or("Standard").to_owned();
    let links = circuit.document[PLANT]["links"].as_array().map_or(0, Vec::len) as u64;
    let mbps = properties["serviceProviderProperties"]["bandwidthInMbps"].as_u64();
    let mbps = mbps.unwrap_or_else(|| (properties["bandwidthInGbps"].as_f64().unwrap_or_default() * 1000.0) as u64);
    let most = catalog.limit("vnet-links", &format!("bandwidth-{mbps}"), &tier);
    if let Some(most) = most.filter(|most| links >= *most) {
        let text = format!(
            "the circuit {} has {links} virtual network links, {tier} of {mbps} Mbit/s carries {most}",
            circuit.id
        );
        return Err(refuse("CircuitVirtualNetworkLinksLimitExceeded", text));
    }
    let here = catalog.region(region);
    let reach = match tier.as_str() {
        "Local" => here.is_some_and(|here| here.is_local_to(&location)),
        "Premium" => true,
        _ => {
            let place = catalog.location(&location);
            place.is_none_or(|place| here.is_some_and(|here| here.geopolitical_region == place.geopolitical_region))
        }
    };
    if !reach {
        let text = format!("a {tier} circuit at {location} does not reach {region}; {} does not fit", circuit.id);
        return Err(refuse("CircuitSkuDoesNotReachRegion", text));
    }

    let ids = gateway::connections_of(gateway);
    let (sku, carries) = gateway::carries(tx, gateway);
    if let Some(most) = carries.filter(|most| ids.len() as u64 >= *most) {
        let sku = sku.map(|sku| sku.to_string()).unwrap_or_default();
        let text = format!("the gateway {} has {} connections, {sku} carries {most}", gateway.id, ids.len());
        return Err(refuse("GatewayConnectionsLimitExceeded", text));
    }
    let mut same_place = 0;
    for id in ids {
        let Some(other) = tx.get_key(&id.to_lowercase()).await? else { continue };
        let Some(peer) = common::id_at(&other.document, "/properties/peer/id") else { continue };
        if peer.key() == circuit.key {
            let text = format!("{} is connected to {} already, by {}", gateway.id, circuit.id, other.id);
            return Err(refuse("ConnectionAlreadyExists", text));
        }
        let place = tx.get(&peer).await?.map(|other| self::location(&other));
        same_place += u64::from(place.is_some_and(|place| place == location));
    }
    let most = catalog.limit("circuit", "circuits-same-location-per-vnet", "");
    if let Some(most) = most.filter(|most| same_place >= *most) {
        let text = format!("the virtual network is linked to {same_place} circuits at {location}, at most {most} are");
        return Err(refuse("CircuitsPerLocationLimitExceeded", text));
    }
    let space = gateway::space(tx, gateway).await?;
    virtual_network::apart(tx, &circuit.key, &space).await
}

/// The peering location of a circuit.
pub(super) fn location(circuit: &Resource) -> String {
    let noted = circuit.document[PLANT]["location"].as_str();
    let ordered = circuit.document["properties"]["serviceProviderProperties"]["peeringLocation"].as_str();
    noted.filter(|noted| !noted.is_empty()).or(ordered).unwrap_or_default().to_owned()
}

/// Gives an authorization back, by its key in the store.
pub(in crate::app) async fn give_back(tx: &mut Tx<'_>, authorization: &str) -> Result<(), Fault> {
    let Some(mut authorization) = tx.get_key(authorization).await? else { return Ok(()) };
    authorization.document["properties"]["authorizationUseStatus"] = json!("Available");
    if let Some(properties) = authorization.document["properties"].as_object_mut() {
        properties.remove("connectionResourceUri");
    }
    // A key that was released is not taken a second time (spec 07, 7).
    secret(&mut authorization, "spent", &Secret::new("yes"));
    let circuit = authorization.parent.clone();
    tx.put(authorization);
    match circuit {
        Some(circuit) => tx.touch(&circuit).await,
        None => Ok(()),
    }
}

/// An authorization is used by a connection.
pub(in crate::app) async fn redeem(
    tx: &mut Tx<'_>,
    mut authorization: Resource,
    connection: &str,
) -> Result<(), Fault> {
    authorization.document["properties"]["authorizationUseStatus"] = json!("InUse");
    authorization.document["properties"]["connectionResourceUri"] = json!(connection);
    let circuit = authorization.parent.clone();
    tx.put(authorization);
    match circuit {
        Some(circuit) => tx.touch(&circuit).await,
        None => Ok(()),
    }
}

fn secret(row: &mut Resource, name: &str, value: &Secret) {
    if !row.secrets.0.is_object() {
        row.secrets.0 = json!({});
    }
    row.secrets.0[name] = json!(value.reveal());
}

/// A connection with what the edges of its circuit report.
pub(super) async fn show(tx: &mut Tx<'_>, row: &Resource) -> Result<Value, Fault> {
    let mut body = common::body(row, &row.etag);
    let (mut status, mut egress, mut ingress) = (ConnectionStatus::Unknown, 0, 0);
    if let Some(circuit) = common::id_at(&row.document, "/properties/peer/id")
        && let Some(circuit) = tx.get(&circuit).await?
    {
        for report in reports(tx, &circuit).await? {
            let up = report.sessions.iter().any(|session| session.state == SessionState::Established);
            let counted = report.counters.unwrap_or_default();
            egress += counted.bytes_out;
            ingress += counted.bytes_in;
            status = match (status, up) {
                (_, true) => ConnectionStatus::Connected,
                (ConnectionStatus::Connected, false) => ConnectionStatus::Connected,
                (_, false) => ConnectionStatus::NotConnected,
            };
        }
    }
    let properties = &mut body["properties"];
    properties["connectionStatus"] = json!(status);
    properties["egressBytesTransferred"] = json!(egress);
    properties["ingressBytesTransferred"] = json!(ingress);
    Ok(body)
}

/// What the edges of a circuit report of its private peering, of late.
pub(in crate::app) async fn reports(tx: &Tx<'_>, circuit: &Resource) -> Result<Vec<DomainReport>, Fault> {
    let (location, key) = (location(circuit), format!("{}/peerings/azureprivatepeering", circuit.key));
    let mut found = Vec::new();
    for side in [Side::Primary, Side::Secondary] {
        for (of, at, report) in tx.store().reports(&edge_name(&location, side), &key).await? {
            if of == key && tx.now.duration_since(at) <= FRESH {
                found.extend(serde_json::from_value::<DomainReport>(report));
            }
        }
    }
    Ok(found)
}

/// The key of a tunnel, which a connection to a circuit does not use; kept for the clients that set one.
async fn shared_key(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    let key = row.secrets.0["sharedKey"].as_str().unwrap_or_default();
    Ok(Answer::Ok(
        json!({ "value": key, "id": format!("{}/sharedkey", row.id), "properties": { "provisioningState": "Succeeded" } }),
    ))
}

async fn set_shared_key(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let mut row = row::existing(tx, &call.id).await?;
    precondition::matched(call, Some(&row))?;
    let given: SharedKey = read(&call.body)?;
    let good = |key: &Secret| {
        let key = key.reveal();
        (1..=128).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic())
    };
    let Some(key) = given.value.filter(good) else {
        let text =
            "the shared key is absent or invalid, wanted 1 to 128 characters that can be printed, without blanks";
        return Err(ArmError::bad_request("InvalidSharedKey", text).at("value").into());
    };
    secret(&mut row, "sharedKey", &key);
    change::put(tx, row.clone());
    let operation = change::start(tx, call, &[row.key.clone()], &BTreeSet::new());
    Ok(Answer::Writing {
        created: false,
        body: json!({ "value": key.reveal(), "id": format!("{}/sharedkey", row.id) }),
        operation,
    })
}

/// Makes another key, of the length asked for.
async fn reset_shared_key(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let mut row = row::existing(tx, &call.id).await?;
    let length = call.body["keyLength"].as_u64().filter(|length| (1..=128).contains(length)).ok_or_else(|| {
        let text = format!(
            "keyLength is {}, wanted a number from 1 to 128",
            crate::app::scope::kind_of(&call.body["keyLength"])
        );
        ArmError::bad_request("InvalidSharedKeyLength", text).at("keyLength")
    })?;
    let mut key = String::new();
    while (key.len() as u64) < length {
        key.push_str(&Uuid::new_v4().simple().to_string());
    }
    key.truncate(usize::try_from(length).unwrap_or(128));
    secret(&mut row, "sharedKey", &Secret::new(key));
    change::put(tx, row.clone());
    let operation = change::start(tx, call, &[row.key.clone()], &BTreeSet::new());
    Ok(Answer::Accepted { operation })
}
