//! Ids of another tenant's resources inside bodies: whoever names one is told the same whether it is there or not, and
//! nothing is written.

use crate::Role;
use crate::app::Verb;
use crate::rig::{OTHER, Reply, Rig, SUBSCRIPTION, caller, network, order};
use serde_json::{Value, json};

/// A body that refers to something, and where it is put.
struct Way {
    what: &'static str,
    path: String,
    body: fn(&str) -> Value,
    /// What it refers to, below the provider's name.
    refers: &'static str,
}

/// What the caller is told, without the name of what was referred to.
async fn told(rig: &Rig, way: &Way, subscription: &str, name: &str) -> (u16, String, String) {
    let id = format!(
        "/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Network/{}",
        way.refers.replace("NAME", name)
    );
    let reply: Reply = rig.call(Verb::Put, &way.path, (way.body)(&id)).await;
    let text = reply.body["error"]["message"].as_str().unwrap_or_default().replace(name, "NAME");
    (reply.status, reply.code().to_owned(), text)
}

fn vnet(prefix: &str) -> Value {
    let gateway = prefix.replace(".0.0/16", ".255.0/27");
    json!({ "location": "westeurope", "properties": {
        "addressSpace": { "addressPrefixes": [prefix] },
        "subnets": [{ "name": "GatewaySubnet", "properties": { "addressPrefix": gateway } }],
    } })
}

fn gateway(subnet: &str, address: Option<&str>) -> Value {
    let mut properties = json!({ "subnet": { "id": subnet } });
    if let Some(address) = address {
        properties["publicIPAddress"] = json!({ "id": address });
    }
    json!({ "location": "westeurope", "properties": {
        "gatewayType": "ExpressRoute", "sku": { "name": "Standard", "tier": "Standard" },
        "ipConfigurations": [{ "name": "default", "properties": properties }],
    } })
}

fn private(net: u8) -> Value {
    json!({ "properties": {
        "peerASN": 65020, "vlanId": 100,
        "primaryPeerAddressPrefix": format!("10.{net}.0.0/30"), "secondaryPeerAddressPrefix": format!("10.{net}.0.4/30"),
    } })
}

fn microsoft(filter: &str) -> Value {
    json!({ "properties": {
        "peerASN": 3320, "vlanId": 200,
        "primaryPeerAddressPrefix": "193.0.0.0/30", "secondaryPeerAddressPrefix": "193.0.0.4/30",
        "microsoftPeeringConfig":
            { "advertisedPublicPrefixes": ["193.0.8.0/24"], "customerASN": 3320, "routingRegistryName": "RIPENCC" },
        "routeFilter": { "id": filter },
    } })
}

/// The other tenant's resources, each called `theirs`.
async fn theirs(other: &Rig) {
    let at = |rest: &str| network(rest).replace(SUBSCRIPTION, OTHER);
    let circuit = at("expressRouteCircuits/theirs");
    other.put_to(&circuit, order("Premium", 200)).await.is(201);
    other.provision(&circuit, "Provisioned").await.is(200);
    other.put_to(&format!("{circuit}/peerings/AzurePrivatePeering"), private(3)).await.is(201);
    other.put_to(&at("virtualNetworks/theirs"), vnet("10.120.0.0/16")).await.is(201);
    let subnet = at("virtualNetworks/theirs/subnets/GatewaySubnet");
    other.put_to(&at("virtualNetworkGateways/theirs"), gateway(&subnet, None)).await.is(201);
    let free = vnet("10.121.0.0/16");
    other.put_to(&at("virtualNetworks/free-theirs"), free).await.is(201);
    let address = json!({ "location": "westeurope", "sku": { "name": "Standard" }, "properties": { "publicIPAllocationMethod": "Static" } });
    other.put_to(&at("publicIPAddresses/theirs"), address).await.is(201);
    other
        .put_to(&at("routeFilters/theirs"), json!({ "location": "westeurope", "properties": { "rules": [] } }))
        .await
        .is(201);
    let places = format!("/subscriptions/{OTHER}/providers/Microsoft.Network/ExpressRoutePortsLocations");
    let place = other.get(&places).await.is(200).body["value"][0].clone();
    let port = json!({ "location": "westeurope", "properties": {
        "peeringLocation": place["name"], "encapsulation": "Dot1Q",
        "bandwidthInGbps": place["properties"]["availableBandwidths"][0]["valueInGbps"],
    } });
    other.put_to(&at("expressRoutePorts/theirs"), port).await.is(201);
}

#[tokio::test]
async fn a_foreign_id_in_a_body_tells_nothing() {
    let rig = Rig::new().await;
    let other = rig.with(caller(OTHER, Role::Owner));
    theirs(&other).await;
    let circuit = rig.circuit("ours").await;
    rig.provision(&circuit, "Provisioned").await.is(200);
    rig.put_to(&format!("{circuit}/peerings/AzurePrivatePeering"), private(1)).await.is(201);
    rig.put_to(&network("virtualNetworks/ours"), vnet("10.110.0.0/16")).await.is(201);
    let subnet = network("virtualNetworks/ours/subnets/GatewaySubnet");
    let ways = [
        Way {
            what: "the gateway of a connection",
            path: network("connections/new"),
            body: |id| {
                json!({ "location": "westeurope", "properties": {
                    "connectionType": "ExpressRoute", "virtualNetworkGateway1": { "id": id },
                    "peer": { "id": network("expressRouteCircuits/ours") },
                } })
            },
            refers: "virtualNetworkGateways/NAME",
        },
        Way {
            what: "the other end of Global Reach",
            path: format!("{circuit}/peerings/AzurePrivatePeering/connections/new"),
            body: |id| {
                json!({ "properties": {
                    "addressPrefix": "192.168.8.0/29", "peerExpressRouteCircuitPeering": { "id": id },
                } })
            },
            refers: "expressRouteCircuits/NAME/peerings/AzurePrivatePeering",
        },
        Way {
            what: "the filter of a peering",
            path: format!("{circuit}/peerings/MicrosoftPeering"),
            body: microsoft,
            refers: "routeFilters/NAME",
        },
        Way {
            what: "the ports of a circuit",
            path: network("expressRouteCircuits/new"),
            body: |id| {
                json!({ "location": "westeurope", "sku": { "tier": "Standard", "family": "MeteredData" },
                    "properties": { "expressRoutePort": { "id": id }, "bandwidthInGbps": 1 } })
            },
            refers: "expressRoutePorts/NAME",
        },
        Way {
            what: "the other network of a peering",
            path: network("virtualNetworks/ours/virtualNetworkPeerings/new"),
            body: |id| json!({ "properties": { "remoteVirtualNetwork": { "id": id } } }),
            refers: "virtualNetworks/NAME",
        },
        Way {
            what: "the subnet of a gateway",
            path: network("virtualNetworkGateways/new"),
            body: |id| gateway(id, None),
            refers: "virtualNetworks/free-NAME/subnets/GatewaySubnet",
        },
        Way {
            what: "the address of a gateway",
            path: network("virtualNetworkGateways/new"),
            body: |id| gateway(&network("virtualNetworks/ours/subnets/GatewaySubnet"), Some(id)),
            refers: "publicIPAddresses/NAME",
        },
    ];
    let before = everything(&rig).await;
    for way in &ways {
        let is = told(&rig, way, OTHER, "theirs").await;
        let is_not = told(&rig, way, OTHER, "nobodys").await;
        assert_eq!(is, is_not, "{}: whoever asks learns what there is", way.what);
        assert_eq!((is.0, is.1.as_str()), (403, "LinkedAuthorizationFailed"), "{}: {}", way.what, is.2);
        rig.get(&way.path).await.is(404);
    }
    assert_eq!(everything(&rig).await, before, "nothing is written on the way");

    // A gateway of one's own, and a foreign circuit.
    rig.put_to(&network("virtualNetworkGateways/ours"), gateway(&subnet, None)).await.is(201);
    let way = Way {
        what: "the circuit of a connection",
        path: network("connections/new"),
        body: |id| {
            json!({ "location": "westeurope", "properties": {
                "connectionType": "ExpressRoute", "peer": { "id": id },
                "virtualNetworkGateway1": { "id": network("virtualNetworkGateways/ours") },
            } })
        },
        refers: "expressRouteCircuits/NAME",
    };
    let is = told(&rig, &way, OTHER, "theirs").await;
    assert_eq!(is, told(&rig, &way, OTHER, "nobodys").await, "{}", way.what);
    assert_eq!((is.0, is.1.as_str()), (403, "LinkedAuthorizationFailed"), "{}", is.2);
}

/// Every resource of both, with its tag.
async fn everything(rig: &Rig) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for subscription in [SUBSCRIPTION, OTHER] {
        let query = store::Query { subscription: subscription.to_owned(), limit: 10_000, ..store::Query::default() };
        let rows = rig.store.list(&query).await.unwrap();
        all.extend(rows.into_iter().map(|row| (row.key, row.etag.to_string())));
    }
    assert!(all.len() > 10, "{all:?}");
    all
}
