//! Virtual networks, gateways and connections, as clients use them.

use crate::app::{Verb, observe};
use crate::rig::{OTHER, Rig, SUBSCRIPTION, caller, network};
use crate::{Role, Tx};
use edge_api::{RouteRow, Side, edge_name};
use serde_json::{Value, json};

fn vnet(prefixes: &[&str], subnets: &[(&str, &str)]) -> Value {
    let subnets: Vec<Value> = subnets
        .iter()
        .map(|(name, prefix)| json!({ "name": name, "properties": { "addressPrefix": prefix } }))
        .collect();
    json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": prefixes }, "subnets": subnets } })
}

fn gateway(vnet: &str, address: Option<&str>, sku: &str) -> Value {
    let mut properties = json!({ "subnet": { "id": format!("{vnet}/subnets/GatewaySubnet") } });
    if let Some(address) = address {
        properties["publicIPAddress"] = json!({ "id": address });
    }
    json!({ "location": "westeurope", "properties": {
        "gatewayType": "ExpressRoute", "sku": { "name": sku, "tier": sku },
        "ipConfigurations": [{ "name": "default", "properties": properties }],
    } })
}

fn connection(gateway: &str, circuit: &str) -> Value {
    json!({ "location": "westeurope", "properties": {
        "virtualNetworkGateway1": { "id": gateway }, "connectionType": "ExpressRoute", "peer": { "id": circuit },
        "routingWeight": 10, "enableBgp": false, "usePolicyBasedTrafficSelectors": false, "expressRouteGatewayBypass": null,
    } })
}

fn private_peering() -> Value {
    json!({ "properties": {
        "peeringType": "AzurePrivatePeering", "peerASN": 65020, "vlanId": 100,
        "primaryPeerAddressPrefix": "172.16.0.0/30", "secondaryPeerAddressPrefix": "172.16.0.4/30",
    } })
}

/// A network with a gateway; gives both paths.
async fn hub(rig: &Rig, name: &str, prefix: &str, subnet: &str) -> (String, String) {
    let (home, place) =
        (network(&format!("virtualNetworks/{name}")), network(&format!("virtualNetworkGateways/{name}-gw")));
    rig.put_to(&home, vnet(&[prefix], &[("GatewaySubnet", subnet)])).await.is(201);
    rig.put_to(&place, gateway(&home, None, "ErGw1AZ")).await.is(201);
    (home, place)
}

/// A circuit that is provisioned and has a private peering.
async fn circuit(rig: &Rig, name: &str) -> String {
    let circuit = rig.circuit(name).await;
    rig.provision(&circuit, "Provisioned").await.is(200);
    rig.put_to(&format!("{circuit}/peerings/AzurePrivatePeering"), private_peering()).await.is(201);
    circuit
}

#[tokio::test]
async fn a_network_lives_with_its_subnets() {
    let rig = Rig::new().await;
    let path = network("virtualNetworks/v");
    let made =
        rig.put_to(&path, vnet(&["10.1.0.0/16"], &[("a", "10.1.1.0/24"), ("b", "10.1.2.0/24")])).await.is(201).body;
    assert_eq!(made["properties"]["provisioningState"], "Succeeded");
    assert_eq!(made["properties"]["subnets"][0]["properties"]["provisioningState"], "Succeeded");
    assert_eq!(made["properties"]["subnets"][1]["etag"], made["etag"]);

    rig.put_to(&format!("{path}/subnets/c"), json!({ "properties": { "addressPrefix": "10.1.2.128/25" } }))
        .await
        .refused("NetcfgSubnetRangesOverlap");
    rig.put_to(&format!("{path}/subnets/c"), json!({ "properties": { "addressPrefix": "10.2.0.0/24" } }))
        .await
        .refused("NetcfgInvalidSubnet");
    rig.put_to(&format!("{path}/subnets/c"), json!({ "properties": { "addressPrefix": "10.1.3.0/24" } })).await.is(201);
    rig.put_to(&format!("{path}/subnets/GatewaySubnet"), json!({ "properties": { "addressPrefix": "10.1.4.0/30" } }))
        .await
        .refused("NetcfgInvalidSubnetSize");
    rig.put_to(&network("virtualNetworks/none/subnets/c"), json!({})).await.refused("ParentResourceNotFound");
    rig.get(&format!("{path}/subnets/none")).await.refused("NotFound");

    // Left out, subnets stay; a list replaces them.
    let mut body = vnet(&["10.1.0.0/16"], &[]);
    body["properties"].as_object_mut().unwrap().remove("subnets");
    assert_eq!(rig.put_to(&path, body).await.is(200).body["properties"]["subnets"].as_array().unwrap().len(), 3);
    let less = rig.put_to(&path, vnet(&["10.1.0.0/16"], &[("a", "10.1.1.0/24")])).await.is(200).body;
    assert_eq!(less["properties"]["subnets"].as_array().unwrap().len(), 1);
    rig.put_to(&path, vnet(&["10.9.0.0/16"], &[("a", "10.1.1.0/24")])).await.refused("NetcfgInvalidSubnet");
    rig.put_to(&path, vnet(&[], &[])).await.refused("AddressSpaceRequired");
    rig.put_to(&path, vnet(&["10.1.0.1/16"], &[])).await.refused("InvalidAddressPrefixFormat");

    assert_eq!(rig.get(&network("virtualNetworks")).await.body["value"].as_array().unwrap().len(), 1);
    rig.send(Verb::Delete, &path, Some("W/\"x\""), Value::Null).await.refused("PreconditionFailed");
    rig.delete(&path).await.is(200);
    rig.get(&path).await.refused("ResourceNotFound");
    rig.delete(&path).await.is(204);
}

#[tokio::test]
async fn peerings_of_networks_have_two_sides() {
    let rig = Rig::new().await;
    let (home, _) = hub(&rig, "hub", "10.1.0.0/16", "10.1.0.0/27").await;
    let spoke = network("virtualNetworks/spoke");
    rig.put_to(&spoke, vnet(&["10.2.0.0/16"], &[])).await.is(201);
    let other = network("virtualNetworks/other");
    rig.put_to(&other, vnet(&["10.1.128.0/17"], &[])).await.is(201);
    let side = |remote: &str, transit: bool, uses: bool| json!({ "properties": { "remoteVirtualNetwork": { "id": remote }, "allowGatewayTransit": transit, "useRemoteGateways": uses } });
    rig.put_to(&format!("{home}/virtualNetworkPeerings/x"), side(&other, false, false))
        .await
        .refused("VnetAddressSpacesOverlap");
    let first = rig.put_to(&format!("{home}/virtualNetworkPeerings/s"), side(&spoke, true, false)).await.is(201).body;
    assert_eq!(first["properties"]["peeringState"], "Initiated");
    assert_eq!(first["properties"]["remoteAddressSpace"]["addressPrefixes"], json!(["10.2.0.0/16"]));
    let second = rig.put_to(&format!("{spoke}/virtualNetworkPeerings/h"), side(&home, false, true)).await.is(201).body;
    assert_eq!(second["properties"]["peeringState"], "Connected");
    let first = rig.get(&format!("{home}/virtualNetworkPeerings/s")).await.body;
    assert_eq!(first["properties"]["peeringState"], "Connected");
    rig.delete(&format!("{home}/virtualNetworkPeerings/s")).await.refused("RemotePeeringUsesGateway");
    rig.delete(&format!("{spoke}/virtualNetworkPeerings/h")).await.is(200);
    let first = rig.get(&format!("{home}/virtualNetworkPeerings/s")).await.body;
    assert_eq!(first["properties"]["peeringState"], "Disconnected");
    rig.delete(&format!("{home}/virtualNetworkPeerings/s")).await.is(200);

    let foreign = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v";
    rig.put_to(&format!("{home}/virtualNetworkPeerings/f"), side(foreign, false, false))
        .await
        .refused("LinkedAuthorizationFailed");
}

#[tokio::test]
async fn gateways_stand_in_their_subnet_with_their_address() {
    let rig = Rig::new().await;
    let (home, place, address) =
        (network("virtualNetworks/v"), network("virtualNetworkGateways/g"), network("publicIPAddresses/p"));
    rig.put_to(&home, vnet(&["10.1.0.0/16"], &[("GatewaySubnet", "10.1.0.0/27"), ("other", "10.1.1.0/24")]))
        .await
        .is(201);
    let made =
        rig.put_to(&address, json!({ "location": "westeurope", "sku": { "name": "Standard" } })).await.is(201).body;
    assert_eq!(made["properties"]["publicIPAllocationMethod"], "Static");
    assert!(made["properties"]["ipAddress"].as_str().unwrap().starts_with("198.1"));

    let mut body = gateway(&home, Some(&address), "Standard");
    body["properties"]["gatewayType"] = json!("Vpn");
    rig.put_to(&place, body).await.refused("GatewayTypeNotSupported");
    rig.put_to(&place, gateway(&home, Some(&address), "VpnGw1")).await.refused("InvalidGatewaySku");
    let mut body = gateway(&home, Some(&address), "Standard");
    body["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] = json!(format!("{home}/subnets/other"));
    rig.put_to(&place, body).await.refused("InvalidGatewaySubnet");
    rig.put_to(&place, gateway("/subscriptions/x", None, "Standard")).await.refused("InvalidResourceReference");

    let made = rig.put_to(&place, gateway(&home, Some(&address), "ErGw1AZ")).await.is(201).body;
    assert_eq!(made["properties"]["provisioningState"], "Succeeded");
    assert_eq!(made["properties"]["bgpSettings"]["asn"], 65515);
    assert!(made.get("plant").is_none());
    rig.put_to(&network("virtualNetworkGateways/g2"), gateway(&home, None, "Standard"))
        .await
        .refused("GatewaySubnetInUse");
    rig.put_to(&place, gateway(&home, Some(&address), "Standard")).await.refused("GatewaySkuChangeNotAllowed");
    rig.put_to(&place, gateway(&home, Some(&address), "ErGw3AZ")).await.is(200);
    rig.delete(&address).await.refused("PublicIPAddressCannotBeDeleted");
    rig.delete(&format!("{home}/subnets/GatewaySubnet")).await.refused("InUseSubnetCannotBeDeleted");
    rig.delete(&home).await.refused("InUseSubnetCannotBeDeleted");
    rig.call(Verb::Post, &format!("{place}/startPacketCapture"), Value::Null).await.refused("OperationNotSupported");

    rig.delete(&place).await.is(200);
    rig.delete(&address).await.is(200);
    rig.delete(&home).await.is(200);
}

/// What a gateway learned, when the one edge that is there has the customer's route and the network's own.
async fn learned(rig: &Rig, gateway: &str) -> Vec<Value> {
    let asked = rig.send(Verb::Post, &format!("{gateway}/getLearnedRoutes"), None, Value::Null).await.is(202);
    rig.settle().await;
    let row = |network: &str, next_hop: &str, path: &str| RouteRow {
        network: network.to_owned(),
        next_hop: next_hop.to_owned(),
        loc_prf: "100".to_owned(),
        weight: 0,
        path: path.to_owned(),
    };
    let rows = vec![row("10.1.0.0/16", "0.0.0.0", ""), row("192.168.0.0/16", "172.16.0.1", "65020 65021")];
    let questions = rig.store.questions(&edge_name("Amsterdam", Side::Primary)).await.unwrap();
    assert_eq!(questions.len(), 1, "edges that say nothing are not asked");
    for question in questions {
        let mut tx = Tx::new(&*rig.store, &rig.settings, rig.now, "edge", String::new());
        observe::answered(&mut tx, question, edge_api::Answer::Routes(rows.clone()));
        tx.commit().await.unwrap();
    }
    Rig { now: rig.now + jiff::SignedDuration::from_secs(1), ..rig.clone() }.settle().await;
    let operation = rig.operation(&asked).await;
    operation.result.unwrap()["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_connection_links_a_gateway_to_a_circuit() {
    let rig = Rig::new().await;
    let (home, place) = hub(&rig, "v", "10.1.0.0/16", "10.1.0.0/27").await;
    let path = network("connections/c");
    let ordered = rig.circuit("c1").await;
    rig.put_to(&path, connection(&place, &ordered)).await.refused("CircuitNotProvisionedByServiceProvider");
    rig.provision(&ordered, "Provisioned").await.is(200);
    rig.put_to(&path, connection(&place, &ordered)).await.refused("CircuitPrivatePeeringRequired");
    rig.put_to(&format!("{ordered}/peerings/AzurePrivatePeering"), private_peering()).await.is(201);

    let mut body = connection(&place, &ordered);
    body["properties"]["connectionType"] = json!("IPsec");
    rig.put_to(&path, body).await.refused("ConnectionTypeNotSupported");
    let mut body = connection(&place, &ordered);
    body["properties"]["expressRouteGatewayBypass"] = json!(true);
    rig.put_to(&path, body).await.refused("ExpressRouteGatewayBypassNotSupported");

    let made = rig.put_to(&path, connection(&place, &ordered)).await.is(201).body;
    assert_eq!(made["properties"]["connectionStatus"], "Unknown");
    assert_eq!(made["properties"]["provisioningState"], "Succeeded");
    rig.put_to(&path, connection(&place, &ordered)).await.is(200);
    rig.put_to(&network("connections/again"), connection(&place, &ordered)).await.refused("ConnectionAlreadyExists");
    assert_eq!(rig.get(&format!("{place}/connections")).await.body["value"][0]["id"], path);
    rig.delete(&place).await.refused("VirtualNetworkGatewayCannotBeDeleted");
    // Addresses of the network and of the links would be reached over the same circuit.
    let wide = vnet(&["10.1.0.0/16", "172.16.0.0/16"], &[("GatewaySubnet", "10.1.0.0/27")]);
    rig.put_to(&home, wide).await.refused("VirtualNetworkAddressSpaceOverlapsPeering");

    // What edges report is what it is.
    for (state, told) in [("Active", "NotConnected"), ("Established", "Connected")] {
        let key = format!("{}/peerings/azureprivatepeering", ordered.to_lowercase());
        let report = json!({ "key": key, "revision": 1, "side": "primary", "sessions": [{
            "family": "ipv4", "state": state, "sinceSeconds": 61, "received": 3, "sent": 1, "bytesIn": 0, "bytesOut": 0,
        }] });
        rig.store.report(&edge_name("Amsterdam", Side::Primary), rig.now, &[(key, report)]).await.unwrap();
        assert_eq!(rig.get(&path).await.body["properties"]["connectionStatus"], told);
    }
    let peers = rig.call(Verb::Post, &format!("{place}/getBgpPeerStatus"), Value::Null).await.is(200).body;
    assert_eq!(peers["value"][0]["neighbor"], "172.16.0.2");
    assert_eq!(peers["value"][0]["connectedDuration"], "0.00:01:01");
    let routes =
        rig.call(Verb::Post, &format!("{place}/getAdvertisedRoutes?peer=172.16.0.2"), Value::Null).await.is(200).body;
    assert_eq!(routes["value"][0]["network"], "10.1.0.0/16");
    rig.call(Verb::Post, &format!("{place}/getAdvertisedRoutes"), Value::Null).await.refused("InvalidPeerAddress");
    let learned = learned(&rig, &place).await;
    let route = |row: &Value| ["network", "nextHop", "asPath", "weight"].map(|field| row[field].to_string());
    let wanted = [
        ["\"10.1.0.0/16\"", "null", "\"\"", "32768"],
        ["\"192.168.0.0/16\"", "\"172.16.0.2\"", "\"12076-65020-65021\"", "32769"],
    ];
    assert_eq!(learned.iter().map(route).collect::<Vec<_>>(), wanted);

    rig.delete(&ordered).await;
    rig.get(&ordered).await.is(200);
    rig.delete(&path).await.is(200);
    rig.delete(&place).await.is(200);
    rig.delete(&home).await.is(200);
}

#[tokio::test]
async fn one_key_makes_one_connection() {
    let rig = Rig::new().await;
    let owned = circuit(&rig, "c1").await;
    let authorization = format!("{owned}/authorizations/a1");
    let key = rig.put_to(&authorization, json!({ "name": "a1" })).await.is(201).body["properties"]["authorizationKey"]
        .clone();
    let guest = rig.with(caller(OTHER, Role::Owner));
    let at = |path: String| path.replace(SUBSCRIPTION, OTHER);
    let (homes, places) =
        (["v", "w"], [at(network("virtualNetworkGateways/v")), at(network("virtualNetworkGateways/w"))]);
    for (name, place) in homes.iter().zip(&places) {
        let home = at(network(&format!("virtualNetworks/{name}")));
        guest.put_to(&home, vnet(&["10.3.0.0/16"], &[("GatewaySubnet", "10.3.0.0/27")])).await.is(201);
        guest.put_to(place, gateway(&home, None, "Standard")).await.is(201);
    }
    let with = |place: &str, key: Value| {
        let mut body = connection(place, &owned);
        body["properties"]["authorizationKey"] = key;
        body
    };
    let path = at(network("connections/c"));
    guest.put_to(&path, connection(&places[0], &owned)).await.refused("LinkedAuthorizationFailed");
    guest
        .put_to(&path, with(&places[0], json!("00000000-0000-0000-0000-000000000000")))
        .await
        .refused("LinkedAuthorizationFailed");
    let missing = with(&places[0], key.clone()).to_string().replace("/c1", "/none");
    guest.put_to(&path, serde_json::from_str(&missing).unwrap()).await.refused("LinkedAuthorizationFailed");

    let made = guest.put_to(&path, with(&places[0], key.clone())).await.is(201).body;
    assert!(!made.to_string().contains(key.as_str().unwrap()));
    assert_eq!(rig.get(&authorization).await.body["properties"]["authorizationUseStatus"], "InUse");
    guest.put_to(&at(network("connections/d")), with(&places[1], key.clone())).await.refused("AuthorizationKeyInUse");
    guest.put_to(&path, with(&places[0], key.clone())).await.is(200);

    // The owner revokes it, and the connection is gone.
    rig.delete(&authorization).await.is(200);
    guest.get(&path).await.refused("ResourceNotFound");
    assert_eq!(guest.get(&format!("{}/connections", places[0])).await.body["value"], json!([]));
    guest.delete(&places[0]).await.is(200);
}

#[tokio::test]
async fn shared_keys_are_kept_apart() {
    let rig = Rig::new().await;
    let (_, place) = hub(&rig, "v", "10.1.0.0/16", "10.1.0.0/27").await;
    let owned = circuit(&rig, "c1").await;
    let path = network("connections/c");
    rig.put_to(&path, connection(&place, &owned)).await.is(201);
    rig.put_to(&format!("{path}/sharedkey"), json!({ "value": "hush-hush" })).await.is(200);
    assert_eq!(rig.get(&format!("{path}/sharedkey")).await.body["value"], "hush-hush");
    assert!(!rig.get(&path).await.body.to_string().contains("hush-hush"));
    assert!(
        rig.store.audit("", None, 1000).await.unwrap().iter().all(|line| !format!("{line:?}").contains("hush-hush"))
    );
    rig.call(Verb::Post, &format!("{path}/sharedkey/reset"), json!({ "keyLength": 40 })).await.is(200);
    let key = rig.get(&format!("{path}/sharedkey")).await.body["value"].as_str().unwrap().to_owned();
    assert_eq!(key.len(), 40);
}

#[tokio::test]
async fn circuits_reach_as_far_as_their_tier() {
    let rig = Rig::new().await;
    let owned = circuit(&rig, "c1").await;
    let far = |name: &str| network(&format!("{name}/far"));
    let mut body = vnet(&["10.1.0.0/16"], &[("GatewaySubnet", "10.1.0.0/27")]);
    body["location"] = json!("eastus");
    rig.put_to(&far("virtualNetworks"), body).await.is(201);
    let mut body = gateway(&far("virtualNetworks"), None, "Standard");
    body["location"] = json!("eastus");
    rig.put_to(&far("virtualNetworkGateways"), body).await.is(201);
    let mut body = connection(&far("virtualNetworkGateways"), &owned);
    rig.put_to(&network("connections/c"), body.clone()).await.refused("InvalidResourceReference");
    body["location"] = json!("eastus");
    rig.put_to(&network("connections/c"), body.clone()).await.is(201);
    rig.delete(&network("connections/c")).await.is(200);
    rig.put_to(&owned, crate::rig::order("Standard", 200)).await.is(200);
    rig.put_to(&network("connections/c"), body).await.refused("CircuitSkuDoesNotReachRegion");
}

#[tokio::test]
async fn local_gateways_are_kept() {
    let rig = Rig::new().await;
    let path = network("localNetworkGateways/l");
    let body = json!({ "location": "westeurope", "properties": { "gatewayIpAddress": "192.0.2.1", "localNetworkAddressSpace": { "addressPrefixes": ["10.7.0.0/16"] } } });
    rig.put_to(&path, body).await.is(201);
    rig.put_to(&path, json!({ "location": "westeurope", "properties": { "gatewayIpAddress": "x" } }))
        .await
        .refused("InvalidIPAddress");
    let tagged = rig.call(Verb::Patch, &path, json!({ "tags": { "a": "b" } })).await.is(200);
    assert_eq!(tagged.body["tags"]["a"], "b");
    rig.delete(&path).await.is(200);
}
