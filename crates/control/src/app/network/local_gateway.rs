//! `Microsoft.Network/localNetworkGateways`: a device of the customer's. Only VPN connections use them, so they are kept
//! and answered, and nothing follows from them.

use super::{Handled, Route, route};
use super::{change, common, space};
use crate::app::row;
use crate::{Answer, Call, Tx};
use arm_api::ArmError;
use arm_api::body::{LocalGateway, LocalGatewayProperties, read};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/localNetworkGateways" LocalNetworkGateways_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/localNetworkGateways/{localNetworkGatewayName}" LocalNetworkGateways_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/localNetworkGateways/{localNetworkGatewayName}" LocalNetworkGateways_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/localNetworkGateways/{localNetworkGatewayName}" LocalNetworkGateways_UpdateTags Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/localNetworkGateways/{localNetworkGatewayName}" LocalNetworkGateways_Delete Write => delete),
];

/// The kind of the rows.
const KIND: &str = "microsoft.network/localnetworkgateways";

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    common::list(tx, call, KIND).await
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Ok(common::body(&row, &row.etag)))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (region, tags, old) = common::before_put(tx, call).await?;
    let given: LocalGateway = read(&call.body)?;
    let prefixes = given.properties.local_network_address_space.clone().unwrap_or_default().address_prefixes;
    for text in prefixes.iter().flatten() {
        space::prefix(text, "properties.localNetworkAddressSpace.addressPrefixes")?;
    }
    if let Some(text) = given.properties.gateway_ip_address.as_deref().filter(|text| !text.is_empty())
        && text.parse::<std::net::IpAddr>().is_err()
    {
        let seen: String = text.chars().take(60).collect();
        let text = format!("gatewayIpAddress is `{seen}`, wanted an address");
        return Err(ArmError::bad_request("InvalidIPAddress", text).at("properties.gatewayIpAddress").into());
    }
    let mut row = old.clone().unwrap_or_else(|| tx.make(&call.id, json!({})));
    let guid = row.document["properties"]["resourceGuid"].as_str().map(str::to_owned);
    let kept = LocalGateway {
        location: Some(region),
        tags: Some(tags),
        properties: LocalGatewayProperties {
            resource_guid: Some(guid.unwrap_or_else(|| Uuid::new_v4().to_string())),
            provisioning_state: None,
            ..given.properties
        },
        ..LocalGateway::default()
    };
    row.document = serde_json::to_value(kept).unwrap_or_default();
    change::put(tx, row.clone());
    let operation = change::start(tx, call, &[row.key], &BTreeSet::new());
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: common::body(&row, &row.etag), operation })
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = common::patch(tx, call).await?;
    Ok(Answer::Ok(common::body(&row, &row.etag)))
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(row) = common::before_delete(tx, call).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    change::delete(tx, call, row).await
}
