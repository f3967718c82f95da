//! `Microsoft.Network/virtualNetworks/virtualNetworkPeerings`: each side of a peering is its network's own.
//!
//! A side is `Initiated` until the other side is there, then both are `Connected`; when one goes the other is
//! `Disconnected` and has to be made again. What one side knows of the other's prefixes is read anew with each answer,
//! so both are always in sync.

use super::{Handled, Route, route};
use super::{change, common, space, virtual_network};
use crate::app::{precondition, row, scope};
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{Reference, VnetPeering, VnetPeeringProperties, VnetPeeringState, read};
use arm_api::{ArmError, ResourceId};
use model::Prefix;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::Resource;
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings" VirtualNetworkPeerings_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings/{virtualNetworkPeeringName}" VirtualNetworkPeerings_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings/{virtualNetworkPeeringName}" VirtualNetworkPeerings_CreateOrUpdate Write => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/virtualNetworkPeerings/{virtualNetworkPeeringName}" VirtualNetworkPeerings_Delete Write => delete),
];

/// The kind of the rows.
pub(super) const KIND: &str = "microsoft.network/virtualnetworks/virtualnetworkpeerings";

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let network = row::existing(tx, &call.id).await?;
    let mut items = Vec::new();
    for row in tx.children(&network, "virtualNetworkPeerings").await? {
        items.push(show(tx, &network, &row).await?);
    }
    Ok(Answer::List { items, next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (network, row) = common::child(tx, &call.id).await?;
    Ok(Answer::Ok(show(tx, &network, &row).await?))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::network_name(call.id.name())?;
    let network = row::above(tx, &call.id).await?;
    precondition::matched(call, Some(&network))?;
    let given: VnetPeering = read(&call.body)?;
    let old = tx.get(&call.id).await?;
    let mut circuits = virtual_network::reached(tx, &network).await?;
    let key = write(tx, call, &call.id, &network, &given).await?;
    circuits.extend(virtual_network::reached(tx, &network).await?);
    let space = virtual_network::prefixes(&network);
    for circuit in &circuits {
        virtual_network::apart(tx, circuit, &space).await?;
    }
    tx.touch(&network.key).await?;
    let operation = change::start(tx, call, &[key], &circuits);
    let (network, row) = common::child(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: show(tx, &network, &row).await?, operation })
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(row) = common::before_delete(tx, call).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    may_go(tx, &row).await?;
    change::delete(tx, call, row).await
}

/// Replaces the peerings of a network; gives the keys of those that were written.
pub(super) async fn replace(
    tx: &mut Tx<'_>,
    call: &Call,
    network: &Resource,
    given: &[VnetPeering],
) -> Result<Vec<String>, Fault> {
    let mut left: BTreeMap<String, Resource> = BTreeMap::new();
    for row in tx.children(network, "virtualNetworkPeerings").await? {
        left.insert(row.key.clone(), row);
    }
    let mut written = Vec::new();
    for peering in given {
        let name = peering.name.as_deref().unwrap_or_default();
        scope::network_name(name)?;
        let id = call.id.root().child("virtualNetworkPeerings", name);
        left.remove(id.key());
        written.push(write(tx, call, &id, network, peering).await?);
    }
    for row in left.into_values() {
        may_go(tx, &row).await?;
        leave(tx, &row).await?;
        tx.delete(&row.key);
    }
    Ok(written)
}

/// Writes a side, and connects it with the other one when that is there.
async fn write(
    tx: &mut Tx<'_>,
    call: &Call,
    id: &ResourceId,
    network: &Resource,
    given: &VnetPeering,
) -> Result<String, Fault> {
    const TARGET: &str = "properties.remoteVirtualNetwork";
    let properties = &given.properties;
    let remote = match &properties.remote_virtual_network {
        Some(reference) => reference.resource(TARGET)?,
        None => None,
    };
    let missing = || {
        ArmError::bad_request("InvalidRequestFormat", "remoteVirtualNetwork.id is absent, wanted the other network")
            .at(TARGET)
    };
    let remote = common::referred(tx, call, &remote.ok_or_else(missing)?, virtual_network::KIND, TARGET).await?;
    if remote.key == network.key {
        let text = format!("{} cannot be peered with itself", network.id);
        return Err(ArmError::bad_request("InvalidVirtualNetworkPeering", text).at(TARGET).into());
    }
    for row in tx.children(network, "virtualNetworkPeerings").await? {
        if row.key != id.key() && points_at(&row, &remote.key) {
            let text = format!("{} is peered with {} already, by {}", network.id, remote.id, row.id);
            return Err(ArmError::bad_request("VnetPeeringAlreadyExists", text).at(TARGET).into());
        }
    }
    clear(&remote, &virtual_network::prefixes(network))?;

    let old = tx.get(id).await?;
    if let Some(old) = old.as_ref().filter(|old| !points_at(old, &remote.key)) {
        let text = format!(
            "{} points at {}, it cannot be pointed elsewhere",
            id, old.document["properties"]["remoteVirtualNetwork"]["id"]
        );
        return Err(ArmError::bad_request("ChangingRemoteVnetNotAllowed", text).at(TARGET).into());
    }
    let back = back(tx, &remote, &network.key).await?;
    let (mine, theirs) = (has_gateway(tx, network).await?, has_gateway(tx, &remote).await?);
    if properties.use_remote_gateways == Some(true) {
        let refuse = |text: String| {
            Fault::Refused(ArmError::bad_request("RemotePeeringHasNoGateway", text).at("properties.useRemoteGateways"))
        };
        if mine {
            return Err(refuse(format!(
                "{} has a gateway of its own and cannot use that of {}",
                network.id, remote.id
            )));
        }
        if !theirs {
            return Err(refuse(format!("{} has no gateway to use", remote.id)));
        }
        if back.as_ref().is_some_and(|back| back.document["properties"]["allowGatewayTransit"] != true) {
            return Err(refuse(format!("the peering of {} does not allow gateway transit", remote.id)));
        }
    }
    let guid = old.as_ref().and_then(|old| old.document["properties"]["resourceGuid"].as_str().map(str::to_owned));
    let state = if back.is_some() { VnetPeeringState::Connected } else { VnetPeeringState::Initiated };
    let kept = VnetPeering {
        properties: VnetPeeringProperties {
            allow_virtual_network_access: Some(properties.allow_virtual_network_access.unwrap_or(true)),
            allow_forwarded_traffic: Some(properties.allow_forwarded_traffic.unwrap_or(false)),
            allow_gateway_transit: Some(properties.allow_gateway_transit.unwrap_or(false)),
            use_remote_gateways: Some(properties.use_remote_gateways.unwrap_or(false)),
            do_not_verify_remote_gateways: Some(properties.do_not_verify_remote_gateways.unwrap_or(false)),
            peer_complete_vnets: Some(properties.peer_complete_vnets.unwrap_or(true)),
            remote_virtual_network: ResourceId::parse(&remote.id).ok().map(|id| Reference::to(&id)),
            peering_state: Some(state),
            resource_guid: Some(guid.unwrap_or_else(|| Uuid::new_v4().to_string())),
            local_address_space: None,
            local_virtual_network_address_space: None,
            remote_address_space: None,
            remote_virtual_network_address_space: None,
            ..properties.clone()
        },
        ..VnetPeering::default()
    };
    let mut row = old.unwrap_or_else(|| tx.make(id, json!({})));
    row.document = serde_json::to_value(kept).unwrap_or_default();
    let key = row.key.clone();
    change::put(tx, row);
    if let Some(back) = back {
        set_state(tx, back, VnetPeeringState::Connected).await?;
    }
    Ok(key)
}

/// Holds new prefixes of a network against those of the networks that it is peered with.
///
/// # Errors
///
/// 400 `VnetAddressSpacesOverlap`.
pub(super) async fn agree(tx: &mut Tx<'_>, network: &Resource, space: &[Prefix]) -> Result<(), Fault> {
    for row in tx.children(network, "virtualNetworkPeerings").await? {
        let Some(id) = common::id_at(&row.document, "/properties/remoteVirtualNetwork/id") else { continue };
        if let Some(remote) = tx.get(&id).await? {
            clear(&remote, space)?;
        }
    }
    Ok(())
}

fn clear(remote: &Resource, space: &[Prefix]) -> Result<(), ArmError> {
    match space::clash(space, &virtual_network::prefixes(remote)) {
        None => Ok(()),
        Some((one, other)) => {
            let text = format!("{one} overlaps {other} of the peered network {}", remote.id);
            Err(ArmError::bad_request("VnetAddressSpacesOverlap", text))
        }
    }
}

/// A side whose gateway the other side uses stays as long as that does.
pub(super) async fn may_go(tx: &mut Tx<'_>, row: &Resource) -> Result<(), Fault> {
    let (Some(parent), Some(remote)) =
        (&row.parent, common::id_at(&row.document, "/properties/remoteVirtualNetwork/id"))
    else {
        return Ok(());
    };
    let Some(remote) = tx.get(&remote).await? else { return Ok(()) };
    let back = back(tx, &remote, parent).await?;
    match back.filter(|back| back.document["properties"]["useRemoteGateways"] == true) {
        None => Ok(()),
        Some(back) => {
            let text = format!("{} uses the gateway behind {}; end that first", back.id, row.id);
            Err(ArmError::bad_request("RemotePeeringUsesGateway", text).into())
        }
    }
}

/// Disconnects the other side; gives the circuits whose edges notice.
pub(super) async fn leave(tx: &mut Tx<'_>, row: &Resource) -> Result<BTreeSet<String>, Fault> {
    let (Some(parent), Some(remote)) =
        (&row.parent, common::id_at(&row.document, "/properties/remoteVirtualNetwork/id"))
    else {
        return Ok(BTreeSet::new());
    };
    let mut circuits = BTreeSet::new();
    if let Some(network) = tx.get_key(parent).await? {
        circuits.extend(virtual_network::reached(tx, &network).await?);
    }
    if let Some(remote) = tx.get(&remote).await?
        && let Some(back) = back(tx, &remote, parent).await?
    {
        circuits.extend(virtual_network::reached(tx, &remote).await?);
        set_state(tx, back, VnetPeeringState::Disconnected).await?;
    }
    Ok(circuits)
}

async fn set_state(tx: &mut Tx<'_>, mut row: Resource, state: VnetPeeringState) -> Result<(), Fault> {
    row.document["properties"]["peeringState"] = json!(state);
    let parent = row.parent.clone();
    tx.put(row);
    match parent {
        Some(parent) => tx.touch(&parent).await,
        None => Ok(()),
    }
}

/// The side of a network that points at another one.
async fn back(tx: &mut Tx<'_>, network: &Resource, at: &str) -> Result<Option<Resource>, Fault> {
    let rows = tx.children(network, "virtualNetworkPeerings").await?;
    Ok(rows.into_iter().find(|row| points_at(row, at)))
}

fn points_at(row: &Resource, key: &str) -> bool {
    row.document["properties"]["remoteVirtualNetwork"]["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(key))
}

async fn has_gateway(tx: &mut Tx<'_>, network: &Resource) -> Result<bool, Fault> {
    Ok(super::gateway::of_network(tx, network).await?.is_some())
}

/// A side with what it knows of the other.
pub(super) async fn show(tx: &mut Tx<'_>, network: &Resource, row: &Resource) -> Result<Value, Fault> {
    let mut body = common::body(row, &network.etag);
    let properties = &mut body["properties"];
    let local = json!({ "addressPrefixes": network.document["properties"]["addressSpace"]["addressPrefixes"] });
    properties["localAddressSpace"] = local.clone();
    properties["localVirtualNetworkAddressSpace"] = local;
    if let Some(id) = common::id_at(&row.document, "/properties/remoteVirtualNetwork/id")
        && let Some(remote) = tx.get(&id).await?
    {
        let space = json!({ "addressPrefixes": remote.document["properties"]["addressSpace"]["addressPrefixes"] });
        properties["remoteAddressSpace"] = space.clone();
        properties["remoteVirtualNetworkAddressSpace"] = space;
    }
    properties["peeringSyncLevel"] = json!("FullyInSync");
    Ok(body)
}
