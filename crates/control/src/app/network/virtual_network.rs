//! `Microsoft.Network/virtualNetworks`.
//!
//! Subnets and peerings are rows of their own, also when they come inside of a network: a list that is there replaces
//! them, a list that is left out leaves them alone (spec 07, 2).

use super::{Handled, Route, route};
use super::{change, common, gateway, space, subnet, vnet_peering};
use crate::app::row;
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use arm_api::body::{VirtualNetwork, VirtualNetworkProperties, read};
use model::Prefix;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::Resource;
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/virtualNetworks" VirtualNetworks_ListAll Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks" VirtualNetworks_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}" VirtualNetworks_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}" VirtualNetworks_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}" VirtualNetworks_UpdateTags Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}" VirtualNetworks_Delete Write => delete),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/usages" VirtualNetworks_ListUsage Read => usages),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/CheckIPAddressAvailability" VirtualNetworks_CheckIPAddressAvailability Read => available),
];

/// The kind of the rows.
pub(crate) const KIND: &str = "microsoft.network/virtualnetworks";

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
    let given: VirtualNetwork = read(&call.body)?;
    let addresses = given.properties.address_space.as_ref().and_then(|space| space.address_prefixes.clone());
    let network = space::of_network(&addresses.unwrap_or_default())?;

    let mut circuits = BTreeSet::new();
    let (mut row, guid) = match &old {
        Some(row) => {
            circuits.extend(reached(tx, row).await?);
            (row.clone(), row.document["properties"]["resourceGuid"].as_str().map(str::to_owned))
        }
        None => (tx.make(&call.id, json!({})), None),
    };
    let mut properties = VirtualNetworkProperties {
        resource_guid: Some(guid.unwrap_or_else(|| Uuid::new_v4().to_string())),
        enable_ddos_protection: Some(given.properties.enable_ddos_protection.unwrap_or(false)),
        subnets: None,
        virtual_network_peerings: None,
        provisioning_state: None,
        ..given.properties.clone()
    };
    if let Some(communities) = &mut properties.bgp_communities {
        let region = tx.settings.catalog.region(&region);
        communities.regional_community = region.map(|region| region.bgp_community_private.clone());
    }
    let kept = VirtualNetwork {
        location: Some(region),
        tags: Some(tags),
        extended_location: given.extended_location.clone(),
        properties,
        ..VirtualNetwork::default()
    };
    row.document = serde_json::to_value(kept).unwrap_or_default();
    change::put(tx, row.clone());
    let mut written = vec![row.key.clone()];

    if let Some(subnets) = &given.properties.subnets {
        written.extend(subnet::replace(tx, call, &row, subnets, &network).await?);
    }
    subnet::agree(tx, &row, &network).await?;
    if let Some(peerings) = &given.properties.virtual_network_peerings {
        written.extend(vnet_peering::replace(tx, call, &row, peerings).await?);
    }
    vnet_peering::agree(tx, &row, &network).await?;
    circuits.extend(reached(tx, &row).await?);
    for circuit in &circuits {
        apart(tx, circuit, &network).await?;
    }
    let operation = change::start(tx, call, &written, &circuits);
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: show(tx, &row).await?, operation })
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = common::patch(tx, call).await?;
    Ok(Answer::Ok(show(tx, &row).await?))
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(row) = common::before_delete(tx, call).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    may_go(tx, &row).await?;
    change::delete(tx, call, row).await
}

/// Whether a network may be deleted: nothing is in its subnets.
pub(super) async fn may_go(tx: &mut Tx<'_>, row: &Resource) -> Result<(), Fault> {
    for subnet in tx.children(row, "subnets").await? {
        subnet::may_go(&subnet)?;
    }
    Ok(())
}

/// Takes its peerings apart; gives the circuits whose edges notice.
pub(super) async fn leave(tx: &mut Tx<'_>, row: &Resource) -> Result<BTreeSet<String>, Fault> {
    let mut circuits = BTreeSet::new();
    for peering in tx.children(row, "virtualNetworkPeerings").await? {
        circuits.extend(vnet_peering::leave(tx, &peering).await?);
    }
    Ok(circuits)
}

/// Usage of addresses: one line a subnet.
async fn usages(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    let mut items = Vec::new();
    for subnet in tx.children(&row, "subnets").await? {
        let prefixes = subnet::prefixes(&subnet);
        // Five addresses of a subnet are the cloud's own.
        let limit: u128 =
            prefixes.iter().map(|prefix| prefix.addresses().saturating_sub(5)).fold(0, u128::saturating_add);
        let used = subnet.document["properties"]["ipConfigurations"].as_array().map_or(0, Vec::len);
        items.push(json!({
            "currentValue": used,
            "id": subnet.id,
            "limit": i64::try_from(limit).unwrap_or(i64::MAX),
            "name": { "localizedValue": "Subnet size and usage", "value": "SubnetSpace" },
            "unit": "Count",
        }));
    }
    Ok(Answer::List { items, next: None })
}

/// Whether an address lies in a subnet; nothing here takes addresses but gateways, which take none in particular.
async fn available(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    let text = call.query.get("ipaddress").map_or("", String::as_str);
    let address: std::net::IpAddr = text.parse().map_err(|_| {
        let seen: String = text.chars().take(60).collect();
        ArmError::bad_request("InvalidIPAddress", format!("ipAddress is `{seen}`, wanted an address")).at("ipAddress")
    })?;
    let subnets = tx.children(&row, "subnets").await?;
    let inside = subnets.iter().flat_map(subnet::prefixes).any(|prefix| prefix.contains(address));
    Ok(Answer::Ok(json!({ "available": inside, "availableIPAddresses": [], "isPlatformReserved": false })))
}

/// A network with its subnets and peerings.
async fn show(tx: &mut Tx<'_>, row: &Resource) -> Result<Value, Fault> {
    let mut body = common::body(row, &row.etag);
    let subnets = tx.children(row, "subnets").await?;
    let subnets: Vec<Value> = subnets.iter().map(|subnet| common::body(subnet, &row.etag)).collect();
    body["properties"]["subnets"] = json!(subnets);
    let mut peerings = Vec::new();
    for peering in tx.children(row, "virtualNetworkPeerings").await? {
        peerings.push(vnet_peering::show(tx, row, &peering).await?);
    }
    body["properties"]["virtualNetworkPeerings"] = json!(peerings);
    Ok(body)
}

/// The prefixes of a network.
pub(super) fn prefixes(row: &Resource) -> Vec<Prefix> {
    space::kept(&row.document["properties"]["addressSpace"]["addressPrefixes"])
}

/// The circuits that carry a network: those of its own gateway, and of gateways that it uses through peerings.
pub(super) async fn reached(tx: &mut Tx<'_>, row: &Resource) -> Result<BTreeSet<String>, Fault> {
    let mut circuits = gateway::circuits_of_network(tx, row).await?;
    for peering in tx.children(row, "virtualNetworkPeerings").await? {
        let properties = &peering.document["properties"];
        if properties["useRemoteGateways"] != true && properties["allowGatewayTransit"] != true {
            continue;
        }
        if properties["allowGatewayTransit"] == true {
            circuits.extend(gateway::circuits_of_network(tx, row).await?);
        }
        let Some(remote) = common::id_at(&peering.document, "/properties/remoteVirtualNetwork/id") else { continue };
        if let Some(remote) = tx.get(&remote).await?.filter(|_| properties["useRemoteGateways"] == true) {
            circuits.extend(gateway::circuits_of_network(tx, &remote).await?);
        }
    }
    Ok(circuits)
}

/// Holds prefixes against the link subnets of a circuit's peerings.
///
/// # Errors
///
/// 400 `VirtualNetworkAddressSpaceOverlapsPeering`.
pub(super) async fn apart(tx: &mut Tx<'_>, circuit: &str, network: &[Prefix]) -> Result<(), Fault> {
    let Some(circuit) = tx.get_key(circuit).await? else { return Ok(()) };
    for peering in tx.children(&circuit, "peerings").await? {
        let properties = &peering.document["properties"];
        for (half, of) in [("", properties), ("ipv6PeeringConfig.", &properties["ipv6PeeringConfig"])] {
            for field in ["primaryPeerAddressPrefix", "secondaryPeerAddressPrefix"] {
                let Some(link) = of[field].as_str().and_then(|text| space::prefix(text, "").ok()) else { continue };
                if let Some((prefix, link)) = space::clash(network, &[link]) {
                    let text = format!(
                        "the address prefix {prefix} overlaps {half}{field} {link} of {}; both are reached over the same circuit",
                        peering.id
                    );
                    return Err(ArmError::bad_request("VirtualNetworkAddressSpaceOverlapsPeering", text).into());
                }
            }
        }
    }
    Ok(())
}
