//! Failover tests: what edges are told while one runs, and what a client reads of it.

use crate::app::Verb;
use crate::rig::{Reply, Rig, network, order};
use edge_api::Intent;
use serde_json::{Value, json};

/// A circuit at a place, with a private peering whose subnets begin with `10.{net}`.
async fn circuit(rig: &Rig, name: &str, place: &str, net: u8) -> String {
    let path = network(&format!("expressRouteCircuits/{name}"));
    let mut body = order("Standard", 200);
    body["properties"]["serviceProviderProperties"]["peeringLocation"] = json!(place);
    let made = rig.put_to(&path, body).await.is(201).body;
    let key = made["properties"]["serviceKey"].as_str().unwrap();
    let cross = format!(
        "/subscriptions/{}/resourceGroups/CrossConnection-{place}/providers/Microsoft.Network/expressRouteCrossConnections/{key}",
        crate::app::operator::subscription_of("Equinix")
    );
    let body = json!({ "location": "westeurope", "properties": { "serviceProviderProvisioningState": "Provisioned" } });
    rig.provider("Equinix").put_to(&cross, body).await.is(200);
    let peering = json!({ "properties": {
        "peerASN": 65020, "vlanId": 100,
        "primaryPeerAddressPrefix": format!("10.{net}.0.0/30"), "secondaryPeerAddressPrefix": format!("10.{net}.0.4/30"),
    } });
    rig.put_to(&format!("{path}/peerings/AzurePrivatePeering"), peering).await.is(201);
    path
}

async fn intent(rig: &Rig, edge: &str, circuit: &str) -> Intent {
    let key = format!("{circuit}/peerings/azureprivatepeering").to_lowercase();
    crate::intent::join(&rig.store.intent(edge, &key).await.unwrap().unwrap()).unwrap()
}

/// Acts, and gives what comes of it in the end.
async fn act(rig: &Rig, path: &str, body: Value) -> Reply {
    rig.call(Verb::Post, path, body).await
}

#[tokio::test]
async fn a_test_of_a_link_ends_its_sessions_until_it_is_stopped() {
    let rig = Rig::new().await;
    let path = circuit(&rig, "c1", "Amsterdam", 1).await;
    let start = format!("{path}/startCircuitLinkFailoverTest?linkType=Primary&circuitTestCategory=BgpDisconnect");
    let guid = act(&rig, &start, Value::Null).await.is(200).body;
    assert!(intent(&rig, "amsterdam-a", &path).await.down);
    assert!(!intent(&rig, "amsterdam-b", &path).await.down);
    act(&rig, &start, Value::Null).await.refused("FailoverTestInProgress");
    let all = act(&rig, &format!("{path}/getCircuitLinkFailoverAllTestsDetails"), Value::Null).await.is(200).body;
    assert_eq!(
        (&all[0]["testGuid"], &all[0]["status"], &all[0]["linkType"]),
        (&guid, &json!("Running"), &json!("Primary"))
    );
    let stop = format!("{path}/stopCircuitLinkFailoverTest");
    let other = json!({ "stopParameters": { "linkType": "Secondary" } });
    act(&rig, &stop, other).await.refused("FailoverTestNotRunning");
    let this =
        json!({ "linkType": "Primary", "circuitTestCategory": "BgpDisconnect", "wasSimulationSuccessful": true });
    act(&rig, &stop, this).await.is(200);
    assert!(!intent(&rig, "amsterdam-a", &path).await.down);
    let guid = guid.as_str().unwrap();
    let single = format!("{path}/getCircuitLinkFailoverSingleTestDetails?linkType=Primary&failoverTestId={guid}");
    let single = act(&rig, &single, Value::Null).await.is(200).body;
    assert_eq!((&single["status"], &single["wasSimulationSuccessful"]), (&json!("Completed"), &json!(true)));
    // az says the category by another name.
    let prepend =
        format!("{path}/startCircuitLinkFailoverTest?linkType=secondary&circuitMaintenanceCategory=aspathprepend");
    act(&rig, &prepend, Value::Null).await.is(200);
    let secondary = intent(&rig, "amsterdam-b", &path).await;
    assert!(secondary.drain && !secondary.down);
    for wrong in ["", "?linkType=Third&circuitTestCategory=BgpDisconnect", "?linkType=Primary&circuitTestCategory=Cut"]
    {
        let path = format!("{path}/startCircuitLinkFailoverTest{wrong}");
        act(&rig, &path, Value::Null).await.refused("InvalidFailoverTestParameter");
    }
}

#[tokio::test]
async fn a_test_of_a_location_disconnects_the_gateway_there_and_nowhere_else() {
    let rig = Rig::new().await;
    let one = circuit(&rig, "one", "Amsterdam", 1).await;
    let two = circuit(&rig, "two", "London", 2).await;
    let vnet = json!({ "location": "westeurope", "properties": {
        "addressSpace": { "addressPrefixes": ["10.100.0.0/16"] },
        "subnets": [{ "name": "GatewaySubnet", "properties": { "addressPrefix": "10.100.255.0/27" } }],
    } });
    rig.put_to(&network("virtualNetworks/v"), vnet).await.is(201);
    let gateway = network("virtualNetworkGateways/g");
    let body = json!({ "location": "westeurope", "properties": {
        "gatewayType": "ExpressRoute", "sku": { "name": "Standard", "tier": "Standard" },
        "ipConfigurations": [{ "name": "default", "properties": {
            "subnet": { "id": network("virtualNetworks/v/subnets/GatewaySubnet") },
        } }],
    } });
    rig.put_to(&gateway, body).await.is(201);
    let start = |place: &str| format!("{gateway}/startSiteFailoverTest?peeringLocation={place}");
    for (name, circuit) in [("c1", &one), ("c2", &two)] {
        act(&rig, &start("London"), Value::Null).await.refused("InvalidPeeringLocation");
        let body = json!({ "location": "westeurope", "properties": {
            "connectionType": "ExpressRoute", "virtualNetworkGateway1": { "id": gateway }, "peer": { "id": circuit },
        } });
        rig.put_to(&network(&format!("connections/{name}")), body).await.is(201);
        if name == "c1" {
            act(&rig, &start("Amsterdam"), Value::Null).await.refused("FailoverTestNeedsTwoLocations");
        }
    }
    act(&rig, &start("Amsterdam"), Value::Null).await.is(200);
    assert_eq!(intent(&rig, "amsterdam-a", &one).await.own, []);
    assert_eq!(intent(&rig, "london-a", &two).await.own.len(), 1);
    let all = act(&rig, &format!("{gateway}/getFailoverAllTestsDetails"), Value::Null).await.is(200).body;
    assert_eq!(all[0]["peeringLocation"], "Amsterdam");
    assert_eq!(all[0]["circuits"][0]["name"], "one");
    act(&rig, &format!("{gateway}/stopSiteFailoverTest"), json!({ "stopParameters": {} })).await.is(200);
    assert_eq!(intent(&rig, "amsterdam-b", &one).await.own.len(), 1);
    let none = format!("{gateway}/getFailoverSingleTestDetails?peeringLocation=Paris");
    act(&rig, &none, Value::Null).await.refused("FailoverTestNotFound");
}
