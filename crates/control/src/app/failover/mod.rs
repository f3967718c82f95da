//! Failover tests: of a link of a circuit, and of a location of a gateway (spec 06, 6).
//!
//! A test of a link ends the sessions of the circuit on that edge, or has the edge lengthen its paths as before
//! maintenance, until it is stopped. A test of a location disconnects a gateway from the circuits there: their edges
//! announce its networks no more. Tests are rows below what they test, so they stay in sight, and go with it; which of
//! them run is asked where intents are gathered ([`on_link`], [`at_location`]). They are newer than the swagger: names
//! are those of the Azure SDK and `az`, which are not one where two are given.

#[cfg(test)]
mod tests;

use super::circuit::Plant;
use super::network::{connection, gateway};
use super::{Handled, Route, route, row};
use crate::engine::{self, Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx, intent};
use arm_api::{ArmError, ResourceId};
use edge_api::{DomainReport, SessionState, Side};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::{Operation, Resource};
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/startCircuitLinkFailoverTest"
        ExpressRouteCircuits_StartCircuitLinkFailoverTest Write => start_link),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/stopCircuitLinkFailoverTest"
        ExpressRouteCircuits_StopCircuitLinkFailoverTest Write => stop_link),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/getCircuitLinkFailoverAllTestsDetails"
        ExpressRouteCircuits_GetCircuitLinkFailoverAllTestsDetails Read => details),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/getCircuitLinkFailoverSingleTestDetails"
        ExpressRouteCircuits_GetCircuitLinkFailoverSingleTestDetails Read => details),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/startSiteFailoverTest"
        VirtualNetworkGateways_StartExpressRouteSiteFailoverSimulation Write => start_site),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/stopSiteFailoverTest"
        VirtualNetworkGateways_StopExpressRouteSiteFailoverSimulation Write => stop_site),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/getFailoverAllTestsDetails"
        VirtualNetworkGateways_GetFailoverAllTestDetails Read => details),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/getFailoverSingleTestDetails"
        VirtualNetworkGateways_GetFailoverSingleTestDetails Read => details),
];

pub(super) static KINDS: &[Kind] = &[
    kind!("start-failover-test" => begin),
    kind!("stop-failover-test" => finish),
    kind!("show-failover-tests" => show),
];

/// The rows below a circuit or gateway that its tests are.
const TESTS: &str = "failoverTests";

/// What a test of a link does to it.
const CATEGORIES: &[&str] = &["BgpDisconnect", "ASPathPrepend"];

/// Links by their names in requests.
const LINKS: &[&str] = &["Primary", "Secondary"];

async fn start_link(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    let link = word(call, &["linktype"], "linkType", LINKS)?;
    let category =
        word(call, &["circuittestcategory", "circuitmaintenancecategory"], "circuitTestCategory", CATEGORIES)?;
    let peerings = tx.children(&circuit, "peerings").await?;
    if peerings.is_empty() {
        let text = format!("the circuit {} has no peering, so there is no session to test", circuit.id);
        return Err(ArmError::bad_request("CircuitPeeringRequired", text).into());
    }
    start(tx, call, &circuit, json!({ "linkType": link, "circuitTestCategory": category })).await
}

async fn start_site(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let gateway = row::found(tx, &call.id).await?;
    let places: BTreeSet<String> = sites(tx, &gateway).await?.into_values().map(|(_, place)| place).collect();
    let given = call.query.get("peeringlocation").map(String::as_str).unwrap_or_default();
    let place = places.iter().find(|place| place.eq_ignore_ascii_case(given));
    let place = place.ok_or_else(|| {
        let seen: String = given.chars().take(60).collect();
        let known: Vec<&str> = places.iter().map(String::as_str).collect();
        let text = format!("peeringLocation is `{seen}`, wanted one of the gateway's circuits: {}", known.join(", "));
        ArmError::bad_request("InvalidPeeringLocation", text).at("peeringLocation")
    })?;
    if places.len() < 2 {
        let text =
            format!("the gateway has circuits at {place} alone; wanted two peering locations, so that one is left");
        return Err(ArmError::bad_request("FailoverTestNeedsTwoLocations", text).at("peeringLocation").into());
    }
    start(tx, call, &gateway, json!({ "peeringLocation": place })).await
}

/// Promises a test of something that has none under way.
async fn start(tx: &mut Tx<'_>, call: &Call, of: &Resource, mut test: Value) -> Handled {
    if let Some(running) = running(tx, of).await?.first() {
        let text =
            format!("the failover test {} of {} is under way; stop it first", running.document["testGuid"], of.id);
        return Err(ArmError::conflict("FailoverTestInProgress", text).into());
    }
    let guid = Uuid::new_v4().to_string();
    test["testGuid"] = json!(guid);
    test["status"] = json!("Starting");
    test["startTime"] = json!(tx.now.to_string());
    let row = tx.make(&call.id.child(TESTS, &guid), test);
    let input = json!({ "test": row.key });
    tx.put(row);
    tx.touch(&of.key).await?;
    Ok(Answer::Accepted { operation: engine::start(tx, call, "start-failover-test", input) })
}

async fn stop_link(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    stop(tx, call, &circuit).await
}

async fn stop_site(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let gateway = row::found(tx, &call.id).await?;
    stop(tx, call, &gateway).await
}

/// Promises the end of the test under way.
async fn stop(tx: &mut Tx<'_>, call: &Call, of: &Resource) -> Handled {
    // The SDK wraps what az sends as it is.
    let said = if call.body["stopParameters"].is_object() { &call.body["stopParameters"] } else { &call.body };
    let under_way = running(tx, of).await?;
    let meant = |test: &&Resource| {
        ["linkType", "circuitTestCategory", "peeringLocation"].iter().all(|name| {
            let (wanted, is) = (said[*name].as_str(), test.document[*name].as_str());
            wanted.is_none_or(|wanted| is.is_some_and(|is| is.eq_ignore_ascii_case(wanted)))
        })
    };
    let Some(mut test) = under_way.iter().find(meant).cloned() else {
        let text = format!("no failover test of {} like that is under way", of.id);
        return Err(ArmError::conflict("FailoverTestNotRunning", text).into());
    };
    test.document["status"] = json!("Stopping");
    test.document["wasSimulationSuccessful"] = json!(said["wasSimulationSuccessful"].as_bool());
    test.document["isSimulationVerified"] = json!(said["isVerified"].as_bool());
    test.document["failoverConnectionDetails"] = said["details"].clone();
    let input = json!({ "test": test.key });
    tx.put(test);
    tx.touch(&of.key).await?;
    Ok(Answer::Accepted { operation: engine::start(tx, call, "stop-failover-test", input) })
}

/// Promises what is known of tests: of all, or of the one that a query names.
async fn details(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let of = row::found(tx, &call.id).await?;
    let single = call.path.to_lowercase().contains("single");
    let query = |name: &str| call.query.get(name).cloned();
    let input = json!({
        "single": single,
        "id": query("failovertestid"),
        "place": query("peeringlocation"),
        "link": query("linktype"),
    });
    let subscription = call.id.subscription().to_lowercase();
    let operation = Operation { subscription, ..engine::aside(tx, &of.key, "show-failover-tests", input) };
    let id = operation.id;
    tx.operation(operation);
    Ok(Answer::Accepted { operation: id })
}

/// Step: the test runs, and the edges are told.
async fn begin(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    change(tx, operation, |test| test["status"] = json!("Running")).await
}

/// Step: the test is over, and the edges are told.
async fn finish(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let now = tx.now.to_string();
    change(tx, operation, |test| {
        test["status"] = json!("Completed");
        test["endTime"] = json!(now);
    })
    .await
}

async fn change(tx: &mut Tx<'_>, operation: &mut Operation, how: impl FnOnce(&mut Value)) -> Result<Next, Fault> {
    let key = operation.input["test"].as_str().unwrap_or_default().to_owned();
    let Some(mut test) = tx.get_key(&key).await? else { return Ok(Next::Done) };
    how(&mut test.document);
    operation.result = Some(test.document["testGuid"].clone());
    let of = test.parent.clone().unwrap_or_default();
    tx.put(test);
    tx.touch(&of).await?;
    let circuits = match tx.get_key(&of).await? {
        Some(gateway) if gateway.kind == gateway::KIND => gateway::circuits(tx, &gateway).await?,
        _ => BTreeSet::from([of]),
    };
    for circuit in circuits {
        intent::reconcile(tx, &circuit).await?;
    }
    Ok(Next::Done)
}

/// Step: says what is known.
async fn show(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let Some(of) = tx.get_key(&operation.resource.clone()).await? else { return Ok(Next::Done) };
    let mut tests = tx.children(&of, TESTS).await?;
    tests.sort_by_key(|test| std::cmp::Reverse(test.created));
    let asked = operation.input.clone();
    let is = |test: &Resource, field: &str, wanted: &Value| {
        let is = test.document[field].as_str().unwrap_or_default();
        wanted.as_str().is_none_or(|wanted| wanted.is_empty() || is.eq_ignore_ascii_case(wanted))
    };
    tests.retain(|test| {
        is(test, "testGuid", &asked["id"])
            && is(test, "peeringLocation", &asked["place"])
            && is(test, "linkType", &asked["link"])
    });
    let sites = if of.kind == gateway::KIND { sites(tx, &of).await? } else { BTreeMap::new() };
    let status = if of.kind == gateway::KIND { Vec::new() } else { bgp(tx, &of).await? };
    let single = asked["single"] == true;
    let mut items = Vec::new();
    for test in &tests {
        let mut item = test.document.clone();
        item["startTimeUtc"] = item["startTime"].clone();
        item["endTimeUtc"] = item["endTime"].clone();
        item["issues"] = json!([]);
        item["testType"] = json!("SingleSiteFailover");
        if of.kind == gateway::KIND {
            let here = sites.iter().filter(|(_, (_, place))| test.document["peeringLocation"] == place.as_str());
            let circuits = here.clone().map(|(connection, (circuit, _))| {
                json!({ "nrpResourceUri": circuit, "name": last(circuit), "connectionName": last(connection) })
            });
            item["circuits"] = circuits.collect();
            item["connections"] = here.map(|(one, _)| json!({ "nrpResourceUri": one, "name": last(one) })).collect();
        } else {
            item["bgpStatus"] = json!(status);
        }
        items.push(without_nulls(item));
    }
    operation.result = match (single, items.is_empty()) {
        (false, _) => Some(Value::Array(items)),
        (true, false) => items.into_iter().next(),
        (true, true) => {
            let text = format!("{} has no failover test like that", of.id);
            return Err(ArmError::not_found("FailoverTestNotFound", text).into());
        }
    };
    Ok(Next::Done)
}

fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

fn without_nulls(item: Value) -> Value {
    match item {
        Value::Object(fields) => {
            fields.into_iter().filter(|(_, value)| !value.is_null()).collect::<serde_json::Map<_, _>>().into()
        }
        other => other,
    }
}

/// How the sessions of a circuit's private peering are, as edges report them; nothing of an edge that is away.
async fn bgp(tx: &mut Tx<'_>, circuit: &Resource) -> Result<Vec<Value>, Fault> {
    let now = tx.now.to_string();
    let row = |report: &DomainReport| -> Vec<Value> {
        let link = if report.side == Side::Primary { "Primary" } else { "Secondary" };
        let session = |session: &edge_api::SessionReport| {
            let family = if session.family == edge_api::Family::Ipv4 { "IPv4" } else { "IPv6" };
            let status = if session.state == SessionState::Established { "Connected" } else { "Disconnected" };
            json!({
                "type": family, "bgpStatusType": family, "link": link, "status": status,
                "checkTimeUtc": now, "checkTime": now,
            })
        };
        report.sessions.iter().map(session).collect()
    };
    Ok(connection::reports(tx, circuit).await?.iter().flat_map(row).collect())
}

/// A word of a query, as it is documented; its name may be one of several.
fn word(call: &Call, names: &[&str], shown: &str, known: &[&'static str]) -> Result<&'static str, ArmError> {
    let given = names.iter().find_map(|name| call.query.get(*name)).map(String::as_str).unwrap_or_default();
    known.iter().find(|word| word.eq_ignore_ascii_case(given)).copied().ok_or_else(|| {
        let seen: String = given.chars().take(40).collect();
        let text = format!("{shown} is `{seen}`, wanted {}", known.join(" or "));
        ArmError::bad_request("InvalidFailoverTestParameter", text).at(shown)
    })
}

/// The connections of a gateway by their ids: the id of the circuit, and its peering location.
async fn sites(tx: &mut Tx<'_>, gateway: &Resource) -> Result<BTreeMap<String, (String, String)>, Fault> {
    let mut sites = BTreeMap::new();
    for id in gateway::connections_of(gateway) {
        let Some(connection) = tx.get_key(&id.to_lowercase()).await? else { continue };
        let circuit =
            connection.document["properties"]["peer"]["id"].as_str().and_then(|id| ResourceId::parse(id).ok());
        let Some(circuit) = circuit else { continue };
        if let Some(circuit) = tx.get(&circuit).await? {
            sites.insert(id, (circuit.id.clone(), Plant::of(&circuit).location));
        }
    }
    Ok(sites)
}

/// The tests of something that are not over.
async fn running(tx: &mut Tx<'_>, of: &Resource) -> Result<Vec<Resource>, Fault> {
    let mut tests = tx.children(of, TESTS).await?;
    tests.retain(|test| test.document["status"] != "Completed");
    Ok(tests)
}

/// What tests do to a link of a circuit: whether its sessions are ended, whether its paths are lengthened.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn on_link(tx: &mut Tx<'_>, circuit: &Resource, side: Side) -> Result<(bool, bool), Fault> {
    let link = if side == Side::Primary { "Primary" } else { "Secondary" };
    let mut tests = tx.children(circuit, TESTS).await?;
    tests.retain(|test| test.document["status"] == "Running" && test.document["linkType"] == link);
    let does = |category: &str| tests.iter().any(|test| test.document["circuitTestCategory"] == category);
    Ok((does("BgpDisconnect"), does("ASPathPrepend")))
}

/// Whether a test disconnects a gateway from the circuits of a peering location.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn at_location(tx: &mut Tx<'_>, gateway: &Resource, location: &str) -> Result<bool, Fault> {
    let tests = tx.children(gateway, TESTS).await?;
    let here = |test: &Resource| {
        test.document["status"] == "Running"
            && test.document["peeringLocation"].as_str().is_some_and(|place| place.eq_ignore_ascii_case(location))
    };
    Ok(tests.iter().any(here))
}
