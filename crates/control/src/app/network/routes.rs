//! What a gateway learns and announces, and who it speaks to: answered by operations, from what edges report.
//!
//! A gateway's neighbours are the two edges of each circuit that it is connected to; they are shown with the addresses
//! that edges have in the link subnets of the private peering.

use super::{Handled, Route, route};
use super::{connection, gateway};
use crate::app::{observe, row};
use crate::engine::{self, Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use edge_api::{RouteRow, SessionState, Side, Table, edge_name};
use serde_json::{Value, json};
use std::net::IpAddr;
use std::time::Duration;
use store::{Operation, Resource, State};
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/getBgpPeerStatus" VirtualNetworkGateways_GetBgpPeerStatus Read => peers),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/getAdvertisedRoutes" VirtualNetworkGateways_GetAdvertisedRoutes Read => advertised),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/getLearnedRoutes" VirtualNetworkGateways_GetLearnedRoutes Read => learned),
];

pub(in crate::app) static KINDS: &[Kind] =
    &[kind!("gateway-table" => answer), kind!("gateway-learned" => inquire, collect)];

/// Our AS number.
const MICROSOFT: u32 = 12076;

/// The weights of a gateway's own routes, and of those learned over circuits (spec 03, 11.5).
const OWN_WEIGHT: u32 = 32768;
const LEARNED_WEIGHT: u32 = 32769;

/// The next hop of what an edge announces itself.
const OF_EDGE: &str = "0.0.0.0";

/// How long is waited between two looks at what edges answered.
const LOOK: Duration = Duration::from_millis(200);

async fn peers(tx: &mut Tx<'_>, call: &Call) -> Handled {
    ask(tx, call, "gateway-table", "peers").await
}

async fn learned(tx: &mut Tx<'_>, call: &Call) -> Handled {
    ask(tx, call, "gateway-learned", "learned").await
}

async fn advertised(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let peer = call.query.get("peer").map_or("", String::as_str);
    if peer.parse::<IpAddr>().is_err() {
        let seen: String = peer.chars().take(60).collect();
        let text = format!("peer is `{seen}`, wanted the address of a neighbour, as getBgpPeerStatus lists them");
        return Err(ArmError::bad_request("InvalidPeerAddress", text).at("peer").into());
    }
    ask(tx, call, "gateway-table", "advertised").await
}

/// Promises a table. It keeps nobody off the gateway.
async fn ask(tx: &mut Tx<'_>, call: &Call, kind: &str, table: &str) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    let input = json!({ "table": table, "peer": call.query.get("peer") });
    let subscription = call.id.subscription().to_lowercase();
    let operation = Operation { subscription, ..engine::aside(tx, &row.key, kind, input) };
    let id = operation.id;
    tx.operation(operation);
    Ok(Answer::Accepted { operation: id })
}

/// A neighbour of a gateway, as its edge reports it.
struct Neighbour {
    /// The edge.
    edge: String,
    /// What it runs: the key of the private peering.
    key: String,
    address: IpAddr,
    since: Option<u64>,
    received: u64,
    up: bool,
}

/// Step: asks every edge that is there for what it learned.
async fn inquire(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let gateway = gateway(tx, operation).await?;
    let mut asked = Vec::new();
    for neighbour in neighbours(tx, &gateway).await? {
        let id = observe::inquire(tx, neighbour.edge, neighbour.key, Table::Routes);
        asked.push(json!({ "question": id, "address": neighbour.address }));
    }
    operation.input["asked"] = json!(asked);
    Ok(Next::Done)
}

/// Step: puts together what the edges answered, when all of them have, or have been given up.
async fn collect(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let gateway = gateway(tx, operation).await?;
    let own = gateway.document["properties"]["bgpSettings"]["bgpPeeringAddress"].clone();
    let of_own = |prefix: model::Prefix| {
        json!({
            "localAddress": own, "network": prefix.to_string(), "sourcePeer": own, "origin": "Network", "asPath": "",
            "weight": OWN_WEIGHT,
        })
    };
    let mut rows: Vec<Value> = gateway::space(tx, &gateway).await?.into_iter().map(of_own).collect();
    for asked in operation.input["asked"].as_array().into_iter().flatten() {
        let id = asked["question"].as_str().and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_default();
        let Some(question) = tx.store().operation(id).await? else { continue };
        if question.state == State::InProgress {
            return Ok(Next::Wait(LOOK));
        }
        let table = question.result.unwrap_or_default();
        let table: Vec<RouteRow> = serde_json::from_value(table["value"].clone()).unwrap_or_default();
        // What the edge announces itself it has not learned from the customer.
        for row in table.into_iter().filter(|row| row.next_hop != OF_EDGE) {
            let path: Vec<&str> = row.path.split_whitespace().collect();
            rows.push(json!({
                "localAddress": own, "network": row.network, "nextHop": asked["address"], "sourcePeer": asked["address"],
                "origin": "EBgp", "asPath": format!("{MICROSOFT}-{}", path.join("-")), "weight": LEARNED_WEIGHT,
            }));
        }
    }
    operation.result = Some(json!({ "value": rows }));
    Ok(Next::Done)
}

/// The gateway that an operation is about.
async fn gateway(tx: &mut Tx<'_>, operation: &Operation) -> Result<Resource, Fault> {
    let gone = || ArmError::not_found("ResourceNotFound", "the gateway is not there any more");
    Ok(tx.get_key(&operation.resource.clone()).await?.ok_or_else(gone)?)
}

/// Gives the table.
async fn answer(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let gateway = gateway(tx, operation).await?;
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
                edge: edge_name(&connection::location(&circuit), report.side),
                key: report.key.clone(),
                address,
                since: up.clone().filter_map(|session| session.since_seconds).max(),
                received: up.clone().map(|session| session.received).sum(),
                up: up.count() > 0,
            });
        }
    }
    Ok(found)
}
