//! `Microsoft.Network/virtualNetworks/subnets`.

use super::{Handled, Route, route};
use super::{change, common, space, virtual_network};
use crate::app::{precondition, row, scope};
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{Subnet, SubnetProperties, read};
use arm_api::{ArmError, ResourceId};
use model::{Family, Prefix};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::Resource;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets" Subnets_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}" Subnets_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}" Subnets_CreateOrUpdate Write => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}" Subnets_Delete Write => delete),
];

/// The kind of the rows.
pub(super) const KIND: &str = "microsoft.network/virtualnetworks/subnets";

/// The name of the subnet in which gateways stand.
pub(super) const GATEWAY: &str = "GatewaySubnet";

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let network = row::existing(tx, &call.id).await?;
    let subnets = tx.children(&network, "subnets").await?;
    Ok(Answer::List { items: subnets.iter().map(|row| common::body(row, &network.etag)).collect(), next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (network, row) = common::child(tx, &call.id).await?;
    Ok(Answer::Ok(common::body(&row, &network.etag)))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::network_name(call.id.name())?;
    let network = row::above(tx, &call.id).await?;
    precondition::matched(call, Some(&network))?;
    let given: Subnet = read(&call.body)?;
    let old = tx.get(&call.id).await?;
    let row = wanted(tx, &call.id, old.as_ref(), &given, &virtual_network::prefixes(&network))?;
    change::put(tx, row.clone());
    agree(tx, &network, &virtual_network::prefixes(&network)).await?;
    tx.touch(&network.key).await?;
    let operation = change::start(tx, call, &[row.key], &BTreeSet::new());
    let (network, row) = common::child(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: common::body(&row, &network.etag), operation })
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(row) = common::before_delete(tx, call).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    may_go(&row)?;
    change::delete(tx, call, row).await
}

/// Replaces the subnets of a network; gives the keys of those that were written.
pub(super) async fn replace(
    tx: &mut Tx<'_>,
    call: &Call,
    network: &Resource,
    given: &[Subnet],
    space: &[Prefix],
) -> Result<Vec<String>, Fault> {
    let mut left: BTreeMap<String, Resource> = BTreeMap::new();
    for row in tx.children(network, "subnets").await? {
        left.insert(row.key.clone(), row);
    }
    let mut written = Vec::new();
    for subnet in given {
        let name = subnet.name.as_deref().unwrap_or_default();
        scope::network_name(name)?;
        let id = call.id.root().child("subnets", name);
        if written.iter().any(|key| key == id.key()) {
            let text = format!("the subnet {name} is given twice");
            return Err(ArmError::bad_request("DuplicateResourceName", text).at("properties.subnets").into());
        }
        let old = left.remove(id.key());
        let row = wanted(tx, &id, old.as_ref(), subnet, space)?;
        written.push(row.key.clone());
        change::put(tx, row);
    }
    for row in left.into_values() {
        may_go(&row)?;
        tx.delete(&row.key);
    }
    Ok(written)
}

/// The row of a subnet as it is wanted.
fn wanted(
    tx: &Tx<'_>,
    id: &ResourceId,
    old: Option<&Resource>,
    given: &Subnet,
    space: &[Prefix],
) -> Result<Resource, ArmError> {
    let properties = &given.properties;
    let mut texts: Vec<String> = properties.address_prefixes.clone().unwrap_or_default();
    if let Some(one) = properties.address_prefix.as_ref().filter(|_| texts.is_empty()) {
        texts.push(one.clone());
    }
    let prefixes = space::of_subnet(id.name(), &texts, space)?;
    if id.name().eq_ignore_ascii_case(GATEWAY) {
        let longest = tx.settings.catalog.limit("gateway", "subnet-minimum", "").unwrap_or(29);
        let small =
            prefixes.iter().find(|prefix| prefix.family() == Family::V4 && u64::from(prefix.length()) > longest);
        if let Some(prefix) = small {
            let text = format!("{GATEWAY} is {prefix}, wanted /{longest} or larger");
            return Err(ArmError::bad_request("NetcfgInvalidSubnetSize", text).at("properties.addressPrefix"));
        }
    }
    let users = old.map(|row| row.document["properties"]["ipConfigurations"].clone()).unwrap_or(Value::Null);
    if let Some(old) = old.filter(|_| users.as_array().is_some_and(|users| !users.is_empty())) {
        let before = self::prefixes(old);
        if let Some(gone) = before.iter().find(|before| !prefixes.iter().any(|now| now.covers(**before))) {
            let text = format!("{} is in use, its prefix {gone} cannot be taken away", old.id);
            return Err(ArmError::bad_request("InUseSubnetCannotBeUpdated", text).at("properties.addressPrefix"));
        }
    }
    let policy = |given: &Option<String>, usual: &str| Some(given.clone().unwrap_or_else(|| usual.to_owned()));
    let kept = Subnet {
        properties: SubnetProperties {
            private_endpoint_network_policies: policy(&properties.private_endpoint_network_policies, "Disabled"),
            private_link_service_network_policies: policy(&properties.private_link_service_network_policies, "Enabled"),
            delegations: Some(properties.delegations.clone().unwrap_or_default()),
            ..properties.clone()
        },
        ..Subnet::default()
    };
    let mut row = old.cloned().unwrap_or_else(|| tx.make(id, json!({})));
    row.document = serde_json::to_value(kept).unwrap_or_default();
    if !users.is_null() {
        row.document["properties"]["ipConfigurations"] = users;
    }
    Ok(row)
}

/// Holds all subnets of a network against each other and against the network.
///
/// # Errors
///
/// 400 `NetcfgSubnetRangesOverlap`, `NetcfgInvalidSubnet`.
pub(super) async fn agree(tx: &mut Tx<'_>, network: &Resource, space: &[Prefix]) -> Result<(), Fault> {
    let subnets = tx.children(network, "subnets").await?;
    let mut seen: Vec<(Prefix, String)> = Vec::new();
    for subnet in &subnets {
        for prefix in prefixes(subnet) {
            if !space.iter().any(|whole| whole.covers(prefix)) {
                let text = format!("the subnet {} with {prefix} is not inside of the virtual network", subnet.id);
                return Err(ArmError::bad_request("NetcfgInvalidSubnet", text).into());
            }
            if let Some((other, id)) = seen.iter().find(|(other, _)| other.overlaps(prefix)) {
                let text = format!("{prefix} of {} overlaps {other} of {id}", subnet.id);
                return Err(ArmError::bad_request("NetcfgSubnetRangesOverlap", text).into());
            }
            seen.push((prefix, subnet.id.clone()));
        }
    }
    Ok(())
}

/// The prefixes of a subnet.
pub(super) fn prefixes(row: &Resource) -> Vec<Prefix> {
    let properties = &row.document["properties"];
    let several = space::kept(&properties["addressPrefixes"]);
    if several.is_empty() { space::kept(&json!([properties["addressPrefix"]])) } else { several }
}

/// Whether a subnet may be deleted: nothing is in it.
pub(super) fn may_go(row: &Resource) -> Result<(), ArmError> {
    let users = row.document["properties"]["ipConfigurations"].as_array();
    match users.and_then(|users| users.first()).map(|user| user["id"].as_str().unwrap_or_default()) {
        None => Ok(()),
        Some(user) => {
            let text = format!("the subnet {} is in use by {user} and cannot be deleted", row.id);
            Err(ArmError::bad_request("InUseSubnetCannotBeDeleted", text))
        }
    }
}
