//! What clients see while a quirk is on, and that it is gone when it is off.

use super::*;
use crate::rig::{Rig, network, order as circuit_order};
use jiff::SignedDuration;

async fn switch(rig: &Rig, quirk: &Quirk, on: bool) {
    rig.call(Verb::Put, &format!("/operator/v1/quirks/{}", quirk.name), json!({ "on": on })).await.is(200);
}

/// The same service, some seconds later.
fn later(rig: &Rig, seconds: i64) -> Rig {
    Rig { now: rig.now + SignedDuration::from_secs(seconds), ..rig.clone() }
}

fn peering(vlan: u32, net: u8) -> Value {
    json!({ "properties": {
        "peerASN": 65020, "vlanId": vlan,
        "primaryPeerAddressPrefix": format!("10.{net}.0.0/30"), "secondaryPeerAddressPrefix": format!("10.{net}.0.4/30"),
    } })
}

/// The path of a circuit's cross connection.
async fn cross_connection(rig: &Rig, circuit: &str) -> String {
    let key = rig.get(circuit).await.body["properties"]["serviceKey"].as_str().unwrap().to_owned();
    format!(
        "/subscriptions/{}/resourceGroups/CrossConnection-Amsterdam{CROSS_CONNECTIONS}/{key}",
        subscription_of("Equinix")
    )
}

#[tokio::test]
async fn children_that_are_left_out_are_dropped_or_stay() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    rig.provision(&path, "Provisioned").await.is(200);
    rig.put_to(&format!("{path}/peerings/AzurePrivatePeering"), peering(100, 1)).await.is(201);
    let again = circuit_order("Premium", 200);
    rig.put_to(&path, again.clone()).await.is(200);
    rig.get(&format!("{path}/peerings/AzurePrivatePeering")).await.is(200);
    switch(&rig, &CHILDREN_DROPPED, true).await;
    rig.put_to(&path, again).await.is(200);
    rig.get(&format!("{path}/peerings/AzurePrivatePeering")).await.is(404);
}

#[tokio::test]
async fn an_operation_seems_to_go_on_after_it_ended() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    switch(&rig, &STALE_IN_PROGRESS, true).await;
    rig.put_to(&path, circuit_order("Premium", 500)).await.refused("AnotherOperationInProgress");
    later(&rig, 6).put_to(&path, circuit_order("Premium", 500)).await.is(200);
    switch(&rig, &STALE_IN_PROGRESS, false).await;
    later(&rig, 7).put_to(&path, circuit_order("Premium", 1000)).await.is(200);
}

#[tokio::test]
async fn the_second_of_two_writers_fails_late_or_at_once() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    let first = rig.send(Verb::Put, &path, None, circuit_order("Premium", 500)).await.is(200);
    assert!(first.operation.is_some(), "it goes on");
    rig.send(Verb::Put, &path, None, circuit_order("Premium", 1000)).await.refused("AnotherOperationInProgress");
    switch(&rig, &STALE_TIME_STAMP, true).await;
    let late = rig.send(Verb::Put, &path, None, circuit_order("Premium", 1000)).await.is(200);
    let operation = rig.operation(&late).await;
    assert_eq!(operation.state, State::Failed);
    assert_eq!(operation.error.unwrap()["code"], "UpdateAttemptedWithStaleTimeStamp");
    rig.settle().await;
    let seen = rig.get(&path).await.body;
    assert_eq!(seen["properties"]["serviceProviderProperties"]["bandwidthInMbps"], 500);
}

#[tokio::test]
async fn cross_connections_want_their_circuit_and_location_again() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    let cross = cross_connection(&rig, &path).await;
    let mut body =
        json!({ "location": "westeurope", "properties": { "serviceProviderProvisioningState": "Provisioning" } });
    let provider = rig.provider("Equinix");
    provider.put_to(&cross, body.clone()).await.is(200);
    switch(&rig, &CIRCUIT_ECHO, true).await;
    let code = "ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified";
    provider.put_to(&cross, body.clone()).await.refused(code);
    body["properties"]["expressRouteCircuit"] = json!({ "id": path });
    provider.put_to(&cross, body.clone()).await.is(200);
    switch(&rig, &LOCATION_ECHO, true).await;
    provider.put_to(&cross, body.clone()).await.refused("PeeringLocationCannotBeModified");
    body["properties"]["peeringLocation"] = json!("Amsterdam");
    provider.put_to(&cross, body).await.is(200);
}

#[tokio::test]
async fn two_peerings_may_have_one_vlan() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    rig.provision(&path, "Provisioned").await.is(200);
    rig.put_to(&format!("{path}/peerings/AzurePrivatePeering"), peering(100, 1)).await.is(201);
    let mut other = peering(100, 1);
    other["properties"]["peerASN"] = json!(3320);
    other["properties"]["primaryPeerAddressPrefix"] = json!("193.0.0.0/30");
    other["properties"]["secondaryPeerAddressPrefix"] = json!("193.0.0.4/30");
    other["properties"]["microsoftPeeringConfig"] =
        json!({ "advertisedPublicPrefixes": ["193.0.8.0/24"], "customerASN": 3320, "routingRegistryName": "RIPENCC" });
    let microsoft = format!("{path}/peerings/MicrosoftPeering");
    rig.put_to(&microsoft, other.clone()).await.refused("VlanIdInUse");
    switch(&rig, &VLAN_CLASH, true).await;
    rig.put_to(&microsoft, other).await.is(201);
}

#[tokio::test]
async fn cross_connections_are_hidden_from_those_who_are_no_providers() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    let list = network("expressRouteCrossConnections");
    assert_eq!(rig.get(&list).await.is(200).body["value"], json!([]));
    switch(&rig, &TYPE_HIDDEN, true).await;
    rig.get(&list).await.refused("InvalidResourceType");
    rig.provider("Equinix").get(&cross_connection(&rig, &path).await).await.is(200);
}

#[tokio::test]
async fn the_other_end_of_global_reach_is_listed_and_not_found() {
    let rig = Rig::new().await;
    let one = rig.circuit("c1").await;
    rig.provision(&one, "Provisioned").await.is(200);
    let private = format!("{one}/peerings/AzurePrivatePeering");
    rig.put_to(&private, peering(100, 1)).await.is(201);
    let two = network("expressRouteCircuits/c2");
    let mut body = circuit_order("Premium", 200);
    body["properties"]["serviceProviderProperties"]["peeringLocation"] = json!("London");
    let key = rig.put_to(&two, body).await.is(201).body["properties"]["serviceKey"].clone();
    let cross = format!(
        "/subscriptions/{}/resourceGroups/CrossConnection-London{CROSS_CONNECTIONS}/{}",
        subscription_of("Equinix"),
        key.as_str().unwrap()
    );
    let state =
        json!({ "location": "westeurope", "properties": { "serviceProviderProvisioningState": "Provisioned" } });
    rig.provider("Equinix").put_to(&cross, state).await.is(200);
    let there = format!("{two}/peerings/AzurePrivatePeering");
    rig.put_to(&there, peering(100, 2)).await.is(201);
    let reach = json!({ "properties": { "addressPrefix": "192.168.8.0/29", "peerExpressRouteCircuitPeering": { "id": there } } });
    rig.put_to(&format!("{private}/connections/reach"), reach).await.is(201);
    let list = format!("{there}/peerConnections");
    let name = rig.get(&list).await.body["value"][0]["name"].as_str().unwrap().to_owned();
    rig.get(&format!("{list}/{name}")).await.is(200);
    switch(&rig, &PEER_CONNECTION, true).await;
    rig.get(&format!("{list}/{name}")).await.is(404);
    assert_eq!(rig.get(&list).await.body["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn some_writes_are_to_be_sent_again_and_no_reads() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    switch(&rig, &RETRYABLE, true).await;
    let (mut taken, mut again) = (0, 0);
    // Request ids are drawn: that 200 of them fall on one side is less likely than 2 to the -80.
    for n in 0..200 {
        let reply = rig.call(Verb::Patch, &path, json!({ "tags": { "n": n.to_string() } })).await;
        match (reply.status, reply.code()) {
            (200, _) => taken += 1,
            (429, "RetryableError") => again += 1,
            other => panic!("{other:?}"),
        }
        rig.get(&path).await.is(200);
    }
    assert!(taken > 0 && again > 0, "{taken} taken, {again} to be sent again");
}

#[tokio::test]
async fn every_quirk_has_a_source_and_a_name_of_its_own() {
    let mut names: Vec<&str> = QUIRKS.iter().map(|quirk| quirk.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), QUIRKS.len());
    assert!(QUIRKS.iter().all(|quirk| quirk.source.starts_with("https://")));
}
