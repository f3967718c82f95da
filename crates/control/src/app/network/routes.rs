//! What a gateway learns and announces, and who it speaks to: answered by operations, from what edges report.
//!
//! A gateway's neighbours are the two edges of each circuit that it is connected to; they are shown with the addresses
//! that edges have in the link subnets of the private peering.

use super::{Handled, Route, route};
use super::{common, connection, gateway};
use crate::engine::{Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use edge_api::{SessionState, Side};
use serde_json::{Value, json};
use std::net::IpAddr;
use store::{Operation, Resource, State};
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/getBgpPeerStatus" VirtualNetworkGateways_GetBgpPeerStatus Read => peers),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/getAdvertisedRoutes" VirtualNetworkGateways_GetAdvertisedRoutes Read => advertised),
];

pub(in crate::app) static KINDS: &[Kind] = &[kind!("gateway-table" => answer)];

/// Our AS number.
const MICROSOFT: u32 = 12076;

async fn peers(tx: &mut Tx<'_>, call: &Call) -> Handled {
    ask(tx, call, "peers").await
}

async fn advertised(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let peer = call.query.get("peer").map_or("", String::as_str);
    if peer.parse::<IpAddr>().is_err() {
        let seen: String = peer.chars().take(60).collect();
        let text = format!("peer is `{seen}`, wanted the address of a neighbour, as getBgpPeerStatus lists them");
        return Err(ArmError::bad_request("InvalidPeerAddress", text).at("peer").into());
    }
    ask(tx, call, "advertised").await
}

/// Promises a table. It keeps nobody off the gateway.
async fn ask(tx: &mut Tx<'_>, call: &Call, table: &str) -> Handled {
    let row = common::existing(tx, &call.id).await?;
    let id = Uuid::new_v4();
    tx.operation(Operation {
        id,
        version: 0,
        subscription: call.id.subscription().to_lowercase(),
        resource: row.key,
        kind: "gateway-table".to_owned(),
        step: 0,
        undoing: false,
        state: State::InProgress,
        due: tx.now,
        leased_until: None,
        edge: None,
        input: json!({ "table": table, "peer": call.query.get("peer") }),
        result: None,
        error: None,
        created: tx.now,
        ended: None,
    });
    Ok(Answer::Accepted { operation: id })
}

/// A neighbour of a gateway, as its edge reports it.
struct Neighbour {
    address: IpAddr,
    since: Option<u64>,
    received: u64,
    up: bool,
}

/// Gives the table.
async fn answer(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let gone = || ArmError::not_found("ResourceNotFound", "the gateway is not there any more");
    let gateway = tx.get_key(&operation.resource.clone()).await?.ok_or_else(gone)?;
    let own = gateway.document["properties"]["bgpSettings"]["bgpPeeringAddress"].clone();
    let neighbours = neighbours(tx, &gateway).await?;
    let rows: Vec<Value> = if operation.input["table"] == "peers" {
        neighbours.iter().map(|neighbour| peer(neighbour, &own)).collect()
    } else {
        let wanted = operation.input["peer"].as_str().unwrap_or_default().to_owned();
        let announces = neighbours.iter().any(|neighbour| neighbour.address.to_string() == wanted);
        let space = if announces { gateway::space(tx, &gateway).await? } else { Vec::new() };
        let row = |prefix: model::Prefix| {
            json!({
                "localAddress": own, "network": prefix.to_string(), "nextHop": own, "sourcePeer": own, "origin": "Igp",
                "asPath": gateway.document["properties"]["bgpSettings"]["asn"].to_string(), "weight": 0,
            })
        };
        space.into_iter().map(row).collect()
    };
    operation.result = Some(json!({ "value": rows }));
    Ok(Next::Done)
}

/// A row of `getBgpPeerStatus`.
fn peer(neighbour: &Neighbour, own: &Value) -> Value {
    let since = neighbour.since.unwrap_or_default();
    let (days, rest) = (since / 86_400, since % 86_400);
    json!({
        "localAddress": own,
        "neighbor": neighbour.address.to_string(),
        "asn": MICROSOFT,
        "state": if neighbour.up { "Connected" } else { "Idle" },
        "connectedDuration": format!("{days}.{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60),
        "routesReceived": neighbour.received,
        "messagesSent": 0,
        "messagesReceived": 0,
    })
}

/// The edges that report the private peerings of a gateway's circuits.
async fn neighbours(tx: &mut Tx<'_>, gateway: &Resource) -> Result<Vec<Neighbour>, Fault> {
    let mut found = Vec::new();
    for circuit in gateway::circuits(tx, gateway).await? {
        let Some(circuit) = tx.get_key(&circuit).await? else { continue };
        let Some(peering) = tx.get_key(&format!("{}/peerings/azureprivatepeering", circuit.key)).await? else {
            continue;
        };
        for report in connection::reports(tx, &circuit).await? {
            let field = match report.side {
                Side::Primary => "primaryPeerAddressPrefix",
                Side::Secondary => "secondaryPeerAddressPrefix",
            };
            let properties = &peering.document["properties"];
            let link = properties[field].as_str().or(properties["ipv6PeeringConfig"][field].as_str());
            let link = link.and_then(|text| super::space::prefix(text, "").ok());
            let Some(address) = link.and_then(model::Prefix::microsoft_address) else { continue };
            let up = report.sessions.iter().filter(|session| session.state == SessionState::Established);
            found.push(Neighbour {
                address,
                since: up.clone().filter_map(|session| session.since_seconds).max(),
                received: up.clone().map(|session| session.received).sum(),
                up: up.count() > 0,
            });
        }
    }
    Ok(found)
}
