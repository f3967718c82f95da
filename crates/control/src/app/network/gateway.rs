//! `Microsoft.Network/virtualNetworkGateways` of type ExpressRoute.
//!
//! A gateway stands in the `GatewaySubnet` of its network, which it has to itself. Its connections are noted in its
//! private field. VPN gateways are not served and are refused as such.

use super::{Handled, Route, route};
use super::{PLANT, change, common, public_ip, subnet, virtual_network};
use crate::app::row;
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{
    AutoScale, AutoScaleBounds, BgpSettings, Gateway, GatewayProperties, GatewaySku as SkuBody, GatewayType,
    IpConfiguration, ProvisioningState, Stamp, VpnType, read,
};
use arm_api::{ArmError, ResourceId};
use model::GatewaySku;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::Resource;
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways" VirtualNetworkGateways_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}" VirtualNetworkGateways_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}" VirtualNetworkGateways_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}" VirtualNetworkGateways_UpdateTags Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}" VirtualNetworkGateways_Delete Write => delete),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/connections" VirtualNetworkGateways_ListConnections Read => connections),
];

/// The kind of the rows.
pub(crate) const KIND: &str = "microsoft.network/virtualnetworkgateways";

/// The AS number of gateways (spec 03, 5).
const ASN: i64 = 65515;

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    common::list(tx, call, KIND).await
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Ok(common::body(&row, &row.etag)))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (region, tags, old) = common::before_put(tx, call).await?;
    let given: Gateway = read(&call.body)?;
    let kind = given.properties.gateway_type.unwrap_or(GatewayType::Vpn);
    if kind != GatewayType::ExpressRoute {
        let text = format!("gatewayType is {kind}; only gateways of type ExpressRoute are served");
        return Err(ArmError::bad_request("GatewayTypeNotSupported", text).at("properties.gatewayType").into());
    }
    let (sku, scale) = sku(tx, &given.properties)?;
    let before: Option<Gateway> = old.as_ref().and_then(|row| serde_json::from_value(row.document.clone()).ok());
    if let Some(before) = &before {
        sku_change(tx, before, sku, scale.as_ref(), old.as_ref())?;
    }
    let mut row = old.clone().unwrap_or_else(|| tx.make(&call.id, json!({})));
    let configurations = place(tx, call, &region, sku, &given.properties, before.as_ref()).await?;
    let address = configurations.first().and_then(|first| first.properties.private_ip_address.clone());
    let was = before.map(|before| before.properties).unwrap_or_default();
    let plant = row.document[PLANT].clone();
    let kept = Gateway {
        location: Some(region),
        tags: Some(tags),
        identity: given.identity,
        extended_location: given.extended_location,
        properties: GatewayProperties {
            auto_scale_configuration: scale,
            ip_configurations: Some(configurations),
            gateway_type: Some(kind),
            vpn_type: Some(given.properties.vpn_type.unwrap_or(VpnType::RouteBased)),
            enable_bgp: Some(given.properties.enable_bgp.unwrap_or(false)),
            active_active: Some(given.properties.active_active.unwrap_or(false)),
            sku: Some(SkuBody { name: Some(sku.to_string()), tier: Some(sku.to_string()), capacity: Some(2) }),
            bgp_settings: Some(BgpSettings {
                asn: Some(ASN),
                bgp_peering_address: address,
                peer_weight: Some(0),
                bgp_peering_addresses: None,
            }),
            resource_guid: Some(was.resource_guid.unwrap_or_else(|| Uuid::new_v4().to_string())),
            provisioning_state: None,
            ..given.properties
        },
        ..Gateway::default()
    };
    row.document = serde_json::to_value(kept).unwrap_or_default();
    row.document[PLANT] = if plant.is_object() { plant } else { json!({ "connections": [] }) };
    change::put(tx, row.clone());
    let circuits = circuits(tx, &row).await?;
    let operation = change::start(tx, call, &[row.key], &circuits);
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: common::body(&row, &row.etag), operation })
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = common::patch(tx, call).await?;
    Ok(Answer::Ok(common::body(&row, &row.etag)))
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(row) = common::before_delete(tx, call).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    may_go(&row)?;
    change::delete(tx, call, row).await
}

/// The connections of a gateway.
async fn connections(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    let mut items = Vec::new();
    for id in connections_of(&row) {
        if let Some(connection) = tx.get_key(&id.to_lowercase()).await? {
            items.push(super::connection::show(tx, &connection).await?);
        }
    }
    Ok(Answer::List { items, next: None })
}

/// Whether a gateway may be deleted: nothing is connected to it.
pub(super) fn may_go(row: &Resource) -> Result<(), ArmError> {
    match connections_of(row).first() {
        None => Ok(()),
        Some(connection) => {
            let text = format!("the gateway {} has the connection {connection}; delete it first", row.id);
            Err(ArmError::bad_request("VirtualNetworkGatewayCannotBeDeleted", text))
        }
    }
}

/// Frees its subnets and addresses.
pub(super) async fn leave(tx: &mut Tx<'_>, row: &Resource) -> Result<BTreeSet<String>, Fault> {
    let circuits = circuits(tx, row).await?;
    let kept: Gateway = serde_json::from_value(row.document.clone()).unwrap_or_default();
    for configuration in kept.properties.ip_configurations.iter().flatten() {
        vacate(tx, configuration).await?;
    }
    Ok(circuits)
}

/// Reads the SKU, and how far it scales.
fn sku(tx: &Tx<'_>, given: &GatewayProperties) -> Result<(GatewaySku, Option<AutoScale>), ArmError> {
    let text = given.sku.as_ref().and_then(|sku| sku.name.as_deref().or(sku.tier.as_deref())).unwrap_or("Standard");
    let sku =
        GatewaySku::ALL.iter().copied().find(|sku| sku.to_string().eq_ignore_ascii_case(text)).ok_or_else(|| {
            let known: Vec<String> = GatewaySku::ALL.iter().map(ToString::to_string).collect();
            let seen: String = text.chars().take(40).collect();
            let text = format!("sku.name is `{seen}`, wanted one of {} for an ExpressRoute gateway", known.join(", "));
            ArmError::bad_request("InvalidGatewaySku", text).at("properties.sku.name")
        })?;
    let target = "properties.autoScaleConfiguration.bounds";
    let bounds = given.auto_scale_configuration.as_ref().and_then(|scale| scale.bounds.clone());
    if sku != GatewaySku::ErGwScale {
        if bounds.is_some_and(|bounds| bounds.min.is_some() || bounds.max.is_some()) {
            let text = format!("autoScaleConfiguration is of ErGwScale, the SKU is {sku}");
            return Err(ArmError::bad_request("AutoScaleNotSupported", text).at(target));
        }
        return Ok((sku, None));
    }
    let limit = |key: &str, other: i64| {
        let limit = tx.settings.catalog.limit("gateway", key, "ErGwScale");
        limit.and_then(|limit| i64::try_from(limit).ok()).unwrap_or(other)
    };
    let (least, most) = (limit("scale-unit-min", 1), limit("scale-unit-max", 40));
    let min = bounds.as_ref().and_then(|bounds| bounds.min).unwrap_or(least);
    let max = bounds.as_ref().and_then(|bounds| bounds.max).unwrap_or(min.max(least));
    if min < least || max > most || min > max {
        let text =
            format!("the scale units are {min} to {max}, wanted {least} to {most} and no more at least than at most");
        return Err(ArmError::bad_request("InvalidAutoScaleBounds", text).at(target));
    }
    Ok((sku, Some(AutoScale { bounds: Some(AutoScaleBounds { min: Some(min), max: Some(max) }) })))
}

/// A gateway grows within its family; its connections have to fit.
fn sku_change(
    tx: &Tx<'_>,
    before: &Gateway,
    sku: GatewaySku,
    scale: Option<&AutoScale>,
    row: Option<&Resource>,
) -> Result<(), ArmError> {
    let was = before.properties.sku.as_ref().and_then(|sku| sku.name.clone()).unwrap_or_default();
    let zonal = |name: &str| name.starts_with("ErGw");
    if zonal(&was) != zonal(&sku.to_string()) {
        let text = format!("a gateway of SKU {was} cannot become {sku}: one of them is zone redundant; make a new one");
        return Err(ArmError::bad_request("GatewaySkuChangeNotAllowed", text).at("properties.sku.name"));
    }
    let connections = row.map(|row| connections_of(row).len()).unwrap_or_default();
    let most = circuits_limit(tx, sku, scale);
    if let Some(most) = most.filter(|most| connections as u64 > *most) {
        let text = format!("the gateway has {connections} connections, and {sku} carries {most}");
        return Err(ArmError::bad_request("GatewaySkuChangeNotAllowed", text).at("properties.sku.name"));
    }
    Ok(())
}

/// How many circuits a gateway of a SKU carries.
fn circuits_limit(tx: &Tx<'_>, sku: GatewaySku, scale: Option<&AutoScale>) -> Option<u64> {
    let units = scale.and_then(|scale| scale.bounds.as_ref()).and_then(|bounds| bounds.min);
    tx.settings.catalog.gateway_circuits(sku, units.and_then(|units| u32::try_from(units).ok()))
}

/// The SKU of a stored gateway, and how many circuits it carries.
pub(super) fn carries(tx: &Tx<'_>, row: &Resource) -> (Option<GatewaySku>, Option<u64>) {
    let kept: Gateway = serde_json::from_value(row.document.clone()).unwrap_or_default();
    let name = kept.properties.sku.and_then(|sku| sku.name).unwrap_or_default();
    let sku = GatewaySku::ALL.iter().copied().find(|sku| sku.to_string() == name);
    (sku, sku.and_then(|sku| circuits_limit(tx, sku, kept.properties.auto_scale_configuration.as_ref())))
}

/// Puts a gateway in its subnet and gives it its addresses; frees those that it had and has no more.
async fn place(
    tx: &mut Tx<'_>,
    call: &Call,
    region: &str,
    sku: GatewaySku,
    given: &GatewayProperties,
    before: Option<&Gateway>,
) -> Result<Vec<IpConfiguration>, Fault> {
    const TARGET: &str = "properties.ipConfigurations";
    let configurations = given.ip_configurations.clone().unwrap_or_default();
    if configurations.is_empty() {
        let text = format!("the gateway has no ipConfigurations, wanted one in {}", subnet::GATEWAY);
        return Err(ArmError::bad_request("VirtualNetworkGatewayIpConfigurationMissing", text).at(TARGET).into());
    }
    for configuration in before.and_then(|before| before.properties.ip_configurations.as_ref()).into_iter().flatten() {
        vacate(tx, configuration).await?;
    }
    let mut placed: Vec<IpConfiguration> = Vec::new();
    for (at, mut configuration) in configurations.into_iter().enumerate() {
        let target = format!("{TARGET}[{at}].properties.subnet");
        let name = configuration.name.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
        crate::app::scope::network_name(&name)?;
        if placed.iter().any(|other| other.name.as_deref() == Some(name.as_str())) {
            let text = format!("two ipConfigurations are called {name}");
            return Err(ArmError::bad_request("DuplicateResourceName", text).at(TARGET).into());
        }
        let id = call.id.child("ipConfigurations", &name);
        let home = match &configuration.properties.subnet {
            Some(reference) => reference.resource(&target)?,
            None => None,
        };
        let missing = || {
            ArmError::bad_request(
                "InvalidRequestFormat",
                format!("{target}.id is absent, wanted a {}", subnet::GATEWAY),
            )
            .at(target.clone())
        };
        let mut home = common::referred(tx, call, &home.ok_or_else(missing)?, subnet::KIND, &target).await?;
        let network = home.parent.clone().unwrap_or_default();
        let location = tx.get_key(&network).await?.map(|network| network.document["location"].clone());
        stands(&home, region, location.as_ref(), call.id.key(), &target)?;
        let prefix = subnet::prefixes(&home).into_iter().find(|prefix| prefix.family() == model::Family::V4);
        // The first four addresses of a subnet are the cloud's own.
        let address = prefix.and_then(|prefix| prefix.address(4 + u32::try_from(at).unwrap_or(0)));
        configuration.properties.private_ip_address = address.map(|address| address.to_string());
        configuration.properties.private_ip_allocation_method = Some(arm_api::body::AllocationMethod::Dynamic);
        configuration.properties.provisioning_state = Some(ProvisioningState::Succeeded);
        let list = &mut home.document["properties"]["ipConfigurations"];
        common::add(list, id.as_str(), json!({ "id": id.as_str() }));
        tx.put(home);
        tx.touch(&network).await?;
        if let Some(reference) = &configuration.properties.public_ip_address {
            let target = format!("{TARGET}[{at}].properties.publicIPAddress");
            if let Some(address) = reference.resource(&target)? {
                let address = common::referred(tx, call, &address, public_ip::KIND, &target).await?;
                public(&address, region, sku, &id, &target)?;
                public_ip::take(tx, address, id.as_str()).await?;
            }
        }
        configuration.stamp(&id, &Uuid::nil());
        configuration.etag = None;
        placed.push(configuration);
    }
    Ok(placed)
}

/// Holds a subnet against the rules for gateways.
fn stands(
    home: &Resource,
    region: &str,
    location: Option<&Value>,
    gateway: &str,
    target: &str,
) -> Result<(), ArmError> {
    let name = home.id.rsplit('/').next().unwrap_or_default();
    if !name.eq_ignore_ascii_case(subnet::GATEWAY) {
        let text = format!("the gateway's subnet is {name}, wanted one that is called {}", subnet::GATEWAY);
        return Err(ArmError::bad_request("InvalidGatewaySubnet", text).at(target));
    }
    if location.is_none_or(|location| location != region) {
        let text = format!("{} is not in {region}, where the gateway is", home.id);
        return Err(ArmError::bad_request("InvalidResourceReference", text).at(target));
    }
    let users = home.document["properties"]["ipConfigurations"].as_array().into_iter().flatten();
    let other = users
        .filter_map(|user| user["id"].as_str())
        .find(|user| !user.to_lowercase().starts_with(&format!("{gateway}/")));
    match other {
        None => Ok(()),
        Some(other) => {
            let text = format!("{} is in use by {other}; a virtual network has one ExpressRoute gateway", home.id);
            Err(ArmError::bad_request("GatewaySubnetInUse", text).at(target))
        }
    }
}

/// Holds a public address against the rules for gateways.
fn public(address: &Resource, region: &str, sku: GatewaySku, user: &ResourceId, target: &str) -> Result<(), ArmError> {
    if address.document["location"] != region {
        let text = format!("{} is not in {region}, where the gateway is", address.id);
        return Err(ArmError::bad_request("InvalidResourceReference", text).at(target));
    }
    if let Some(other) = public_ip::user(address).filter(|other| !other.eq_ignore_ascii_case(user.as_str())) {
        let text = format!("the public address {} is in use by {other}", address.id);
        return Err(ArmError::bad_request("PublicIPAddressInUse", text).at(target));
    }
    if sku.to_string().starts_with("ErGw") && address.document["sku"]["name"] == "Basic" {
        let text = format!("{} is of SKU Basic, a gateway of SKU {sku} needs Standard", address.id);
        return Err(ArmError::bad_request("GatewayPublicIpsMustHaveStandardSku", text).at(target));
    }
    Ok(())
}

/// Frees what an address of a gateway had.
async fn vacate(tx: &mut Tx<'_>, configuration: &IpConfiguration) -> Result<(), Fault> {
    let own = configuration.id.clone().unwrap_or_default();
    let id = |reference: &Option<arm_api::body::Reference>| {
        reference.as_ref().and_then(|reference| ResourceId::parse(reference.id.as_deref()?).ok())
    };
    if let Some(home) = id(&configuration.properties.subnet)
        && let Some(mut home) = tx.get(&home).await?
    {
        common::remove(&mut home.document["properties"]["ipConfigurations"], &own);
        let network = home.parent.clone().unwrap_or_default();
        tx.put(home);
        tx.touch(&network).await?;
    }
    if let Some(address) = id(&configuration.properties.public_ip_address)
        && let Some(address) = tx.get(&address).await?
        && public_ip::user(&address).is_some_and(|user| user.eq_ignore_ascii_case(&own))
    {
        public_ip::free(tx, address);
    }
    Ok(())
}

/// The ids of the connections of a gateway.
pub(in crate::app) fn connections_of(row: &Resource) -> Vec<String> {
    let ids = row.document[PLANT]["connections"].as_array().into_iter().flatten();
    ids.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Notes a connection, or that it is gone.
pub(super) fn note(tx: &mut Tx<'_>, mut gateway: Resource, connection: &str, there: bool) {
    let list = &mut gateway.document[PLANT]["connections"];
    match there {
        true => common::add(list, connection, json!(connection)),
        false => common::remove(list, connection),
    }
    tx.put(gateway);
}

/// The keys of the circuits that a gateway is connected to.
pub(in crate::app) async fn circuits(tx: &mut Tx<'_>, gateway: &Resource) -> Result<BTreeSet<String>, Fault> {
    let mut circuits = BTreeSet::new();
    for id in connections_of(gateway) {
        if let Some(connection) = tx.get_key(&id.to_lowercase()).await? {
            circuits.extend(common::id_at(&connection.document, "/properties/peer/id").map(|id| id.key().to_owned()));
        }
    }
    Ok(circuits)
}

/// The gateway in a network.
pub(super) async fn of_network(tx: &mut Tx<'_>, network: &Resource) -> Result<Option<Resource>, Fault> {
    let home = tx.get_key(&format!("{}/subnets/{}", network.key, subnet::GATEWAY.to_lowercase())).await?;
    let user = home.and_then(|home| common::id_at(&home.document, "/properties/ipConfigurations/0/id"));
    match user {
        Some(user) => tx.get(&user.root()).await,
        None => Ok(None),
    }
}

/// The circuits that a network's own gateway is connected to.
pub(super) async fn circuits_of_network(tx: &mut Tx<'_>, network: &Resource) -> Result<BTreeSet<String>, Fault> {
    match of_network(tx, network).await? {
        Some(gateway) => circuits(tx, &gateway).await,
        None => Ok(BTreeSet::new()),
    }
}

/// The network in which a gateway stands.
pub(super) async fn network(tx: &mut Tx<'_>, gateway: &Resource) -> Result<Option<Resource>, Fault> {
    let home = common::id_at(&gateway.document, "/properties/ipConfigurations/0/properties/subnet/id");
    match home.and_then(|home| home.parent()) {
        Some(network) => tx.get(&network).await,
        None => Ok(None),
    }
}

/// All prefixes that are reached through a gateway: its network's, and those of networks that use it.
pub(super) async fn space(tx: &mut Tx<'_>, gateway: &Resource) -> Result<Vec<model::Prefix>, Fault> {
    let Some(network) = network(tx, gateway).await? else { return Ok(Vec::new()) };
    let mut space = virtual_network::prefixes(&network);
    for peering in tx.children(&network, "virtualNetworkPeerings").await? {
        if peering.document["properties"]["allowGatewayTransit"] != true {
            continue;
        }
        let Some(id) = common::id_at(&peering.document, "/properties/remoteVirtualNetwork/id") else { continue };
        let Some(remote) = tx.get(&id).await? else { continue };
        let uses = |back: &Resource| {
            back.document["properties"]["useRemoteGateways"] == true
                && common::id_at(&back.document, "/properties/remoteVirtualNetwork/id")
                    .is_some_and(|id| id.key() == network.key)
        };
        if tx.children(&remote, "virtualNetworkPeerings").await?.iter().any(uses) {
            space.extend(virtual_network::prefixes(&remote));
        }
    }
    Ok(space)
}
