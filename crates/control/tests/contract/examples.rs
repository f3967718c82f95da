//! Every example request of the swagger is sent, in a world where what it names is there, and is accepted or refused
//! for a stated reason.
//!
//! The examples name things loosely (`subid`, `<circuitServiceKey>`, `peeringName`); [`NAMED`] says what stands for
//! what. The rest of a request is as Microsoft wrote it.

use crate::rig::{CUSTOMER, Reply, Rig, provider};
use control::app::Verb;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testkit::arm::{self, Example, Operation};

/// Examples that are refused: the file, the code, and why.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "ExpressRouteCrossConnectionUpdate.json",
        "LocationRequired",
        "a PUT needs its location; Azure refuses it too (azure-rest-api-specs 27436)",
    ),
    ("PublicIpAddressGetDdosProtectionStatus.json", "OperationNotSupported", "protection of addresses is not played"),
    ("SubnetPrepareNetworkPolicies.json", "OperationNotSupported", "policies of subnets are not played"),
    ("SubnetUnprepareNetworkPolicies.json", "OperationNotSupported", "policies of subnets are not played"),
    (
        "VirtualNetworkCreateServiceEndpointPolicy.json",
        "LocationNotAvailableForResourceType",
        "eastus2euap is a region of Microsoft's own",
    ),
    ("VirtualNetworkGatewayConnectionCreate.json", "ConnectionTypeNotSupported", "it is a connection of a VPN gateway"),
    ("VirtualNetworkGatewayConnectionReset.json", "OperationNotSupported", "it is of VPN connections"),
    ("VirtualNetworkGatewayReset.json", "OperationNotSupported", "it is of VPN gateways"),
    ("VirtualNetworkGatewayUpdate.json", "GatewayTypeNotSupported", "it is a VPN gateway"),
    ("VirtualNetworkGetDdosProtectionStatus.json", "OperationNotSupported", "protection of networks is not played"),
];

/// A name of an example, and what stands for it: the example (a part of its file's name, empty for all), the name of
/// the parameter, what the example says, and what is sent.
const NAMED: &[(&str, &str, &str, &str)] = &[
    ("", "peeringName", "peeringName", "AzurePrivatePeering"),
    ("", "devicePath", "devicePath", "primary"),
    ("", "linkName", "linkName", "link1"),
    ("", "providerport", "abc", "PORT"),
    ("", "locationName", "locationName", "PLACE"),
    ("", "crossConnectionName", "<circuitServiceKey>", "KEY"),
    // It is named like its filter there, and otherwise in the examples beside it.
    ("RouteFilterRuleGet", "ruleName", "filterName", "ruleName"),
    // What is seen from the other end has the name that the service gave it.
    ("PeerExpressRoute", "circuitName", "ExpressRouteARMCircuitA", "remote"),
    ("PeerExpressRoute", "connectionName", "60aee347-e889-4a42-8c1b-0aae8b1e4013", "PEER"),
    // The address of a neighbour.
    ("GetAdvertisedRoutes", "peer", "test", "192.168.15.18"),
    // Only what nothing hangs on can be deleted.
    ("ExpressRouteCircuitDelete", "circuitName", "circuitName", "spare"),
    ("ExpressRouteCircuitPeeringDelete", "circuitName", "circuitName", "managed"),
    ("VirtualNetworkGatewayDelete", "virtualNetworkGatewayName", "vpngw", "idle"),
];

/// Microsoft's words in bodies, and what is sent: the example, what it says, what stands for it.
const SAID: &[(&str, &str, &str)] = &[
    ("", "/subscriptions/subid1/", "/subscriptions/CUSTOMER/"),
    ("", "/subscriptions/subid2/", "/subscriptions/CUSTOMER/"),
    ("", "/subscriptions/subid/", "/subscriptions/CUSTOMER/"),
    ("", "\"peeringLocationName\"", "\"PLACE\""),
];

/// An example on its way.
struct Sent {
    operation: &'static Operation,
    name: String,
    example: Example,
}

/// What the world knows that no example can.
struct World {
    rig: Rig,
    key: String,
    peer: String,
    place: String,
    port: String,
    /// What the example makes: not there before.
    target: String,
    /// What could not be made.
    failed: Vec<String>,
}

impl World {
    async fn new(target: &str) -> Self {
        let (key, peer, place, port) = Default::default();
        let mut world =
            Self { rig: Rig::new().await, key, peer, place, port, target: target.to_owned(), failed: Vec::new() };
        let groups = ["rg1", "ertest", "subnet-test", "vnetTest", "testrg", "dedharcktpeer"]
            .map(|group| format!("/subscriptions/{CUSTOMER}/resourceGroups/{group}"));
        for group in groups {
            world.put(&group, json!({"location": "westus"})).await;
        }
        world.circuits().await;
        world.ports().await;
        world.networks().await;
        world
    }

    /// Makes something, unless the example does, or it refers to what the example makes.
    async fn put(&mut self, path: &str, body: Value) -> Value {
        let path = match path.strip_prefix("rg1/") {
            Some(rest) => network("rg1", rest),
            None => path.to_owned(),
        };
        let refers =
            body.to_string().contains(&format!("\"{}", self.target.split("/peerings/").next().unwrap_or_default()));
        if path == self.target || path.starts_with(&format!("{}/", self.target)) || refers {
            return Value::Null;
        }
        let reply = self.rig.call(Verb::Put, &path, &body).await;
        let status = end(&mut self.rig, &path, &reply).await;
        if status.0 >= 300 {
            self.failed.push(format!("{path}: {} {}", status.0, status.1));
        }
        reply.body
    }

    async fn circuits(&mut self) {
        let circuit = |place: &str| {
            json!({
                "location": "westus",
                "sku": {"name": "Premium_MeteredData", "tier": "Premium", "family": "MeteredData"},
                "properties": {"serviceProviderProperties":
                    {"serviceProviderName": "Equinix", "peeringLocation": place, "bandwidthInMbps": 50}},
            })
        };
        let (here, away) = ("Silicon Valley", "Dallas");
        let circuits = [
            ("rg1", "circuitName", here),
            ("rg1", "ExpressRouteARMCircuitA", here),
            ("rg1", "remote", away),
            ("rg1", "managed", here),
            ("ertest", "er1", away),
            ("dedharcktpeer", "dedharcktremote", away),
        ];
        for (third, (group, name, place)) in circuits.into_iter().enumerate() {
            let path = network(group, &format!("expressRouteCircuits/{name}"));
            let made = self.put(&path, circuit(place)).await;
            let key = made["properties"]["serviceKey"].as_str().unwrap_or_default().to_owned();
            if key.is_empty() {
                continue;
            }
            let cross = format!(
                "/subscriptions/{}/resourceGroups/CrossConnection-{}/providers/Microsoft.Network/expressRouteCrossConnections/{key}",
                provider("Equinix"),
                place.replace(' ', "")
            );
            let state =
                json!({"location": "westus", "properties": {"serviceProviderProvisioningState": "Provisioned"}});
            self.put(&cross, state).await;
            if name == "managed" {
                self.key = key;
            }
            // The provider makes the peering of that one.
            let below = if name == "managed" { cross } else { path };
            let peering = json!({"properties": {
                "peeringType": "AzurePrivatePeering", "peerASN": 65020, "vlanId": 100,
                "primaryPeerAddressPrefix": format!("192.168.{third}.16/30"),
                "secondaryPeerAddressPrefix": format!("192.168.{third}.20/30"),
            }});
            self.put(&format!("{below}/peerings/AzurePrivatePeering"), peering).await;
        }
        self.put("rg1/expressRouteCircuits/spare", circuit(here)).await;
        let microsoft = json!({"properties": {
            "peeringType": "MicrosoftPeering", "peerASN": 65020, "vlanId": 300,
            "primaryPeerAddressPrefix": "131.107.0.0/30", "secondaryPeerAddressPrefix": "131.107.0.4/30",
            "microsoftPeeringConfig": {"advertisedPublicPrefixes": ["131.107.8.0/24"]},
        }});
        self.put("rg1/expressRouteCircuits/circuitName/peerings/MicrosoftPeering", microsoft).await;
        self.put("rg1/expressRouteCircuits/circuitName/authorizations/authorizationName", json!({})).await;
        let remote = network("rg1", "expressRouteCircuits/remote/peerings/AzurePrivatePeering");
        let reach =
            json!({"properties": {"peerExpressRouteCircuitPeering": {"id": remote}, "addressPrefix": "10.250.0.0/29"}});
        let path = "rg1/expressRouteCircuits/ExpressRouteARMCircuitA/peerings/AzurePrivatePeering/connections/circuitConnectionUSAUS";
        self.put(path, reach).await;
        let seen = self.rig.call(Verb::Get, &format!("{remote}/peerConnections"), &Value::Null).await;
        self.peer = seen.body["value"][0]["name"].as_str().unwrap_or_default().to_owned();
        let rule = json!({"access": "Allow", "routeFilterRuleType": "Community", "communities": ["12076:51004"]});
        self.put("rg1/routeFilters/filterName", json!({"location": "westus"})).await;
        self.put(
            "rg1/routeFilters/filterName/routeFilterRules/ruleName",
            json!({"location": "westus", "properties": rule}),
        )
        .await;
    }

    async fn ports(&mut self) {
        let places = format!("/subscriptions/{CUSTOMER}/providers/Microsoft.Network/ExpressRoutePortsLocations");
        let places = self.rig.call(Verb::Get, &places, &Value::Null).await;
        let fast = |place: &&Value| {
            let speeds = place["properties"]["availableBandwidths"].as_array().into_iter().flatten();
            speeds.into_iter().any(|speed| speed["valueInGbps"] == 100)
        };
        let place = places.body["value"].as_array().into_iter().flatten().find(fast).cloned().unwrap_or_default();
        self.place = place["name"].as_str().unwrap_or_default().to_owned();
        for name in ["portName", "expressRoutePortName"] {
            let port = json!({"location": "westus", "properties": {
                "peeringLocation": self.place, "bandwidthInGbps": 100, "encapsulation": "QinQ",
            }});
            self.put(&format!("rg1/expressRoutePorts/{name}"), port).await;
        }
        self.put("rg1/expressRoutePorts/expressRoutePortName/authorizations/authorizationName", json!({})).await;
        let ports =
            format!("/subscriptions/{}/providers/Microsoft.Network/expressRouteProviderPorts", provider("Equinix"));
        let ports = self.rig.call(Verb::Get, &ports, &Value::Null).await;
        self.port = ports.body["value"][0]["name"].as_str().unwrap_or_default().to_owned();
    }

    async fn networks(&mut self) {
        let vnet = |region: &str, space: &str, subnet: &str, prefix: &str| {
            json!({"location": region, "properties": {
                "addressSpace": {"addressPrefixes": [space]},
                "subnets": [{"name": subnet, "properties": {"addressPrefix": prefix}}],
            }})
        };
        self.put(
            &network("subnet-test", "virtualNetworks/vnetname"),
            vnet("eastus", "10.0.0.0/16", "subnet1", "10.0.0.0/16"),
        )
        .await;
        self.put("rg1/virtualNetworks/test-vnet", vnet("eastus", "10.0.0.0/16", "subnet1", "10.0.0.0/24")).await;
        self.put("rg1/virtualNetworks/vnetName", vnet("eastus", "10.3.0.0/16", "subnet1", "10.3.0.0/24")).await;
        for name in ["test-ip", "testDNS-ip", "test-pip"] {
            self.put(&format!("rg1/publicIPAddresses/{name}"), json!({"location": "eastus"})).await;
        }
        let gateways =
            [("rg1", "vpngw", "vnet1", 1), ("rg1", "idle", "vnet2", 2), ("testrg", "test-vpn-gateway-1", "vnet3", 4)];
        for (group, name, home, second) in gateways {
            let home = network(group, &format!("virtualNetworks/{home}"));
            let space = format!("10.{second}.0.0/16");
            let subnet = format!("10.{second}.255.0/27");
            self.put(&home, vnet("centralus", &space, "GatewaySubnet", &subnet)).await;
            let gateway = json!({"location": "centralus", "properties": {
                "gatewayType": "ExpressRoute", "sku": {"name": "Standard", "tier": "Standard"},
                "ipConfigurations": [{"name": "default", "properties": {
                    "subnet": {"id": format!("{home}/subnets/GatewaySubnet")},
                }}],
            }});
            self.put(&network(group, &format!("virtualNetworkGateways/{name}")), gateway).await;
        }
        let connections = [("connS2S", "circuitName"), ("conn1", "ExpressRouteARMCircuitA"), ("test", "remote")];
        for (name, circuit) in connections {
            let connection = json!({"location": "centralus", "properties": {
                "connectionType": "ExpressRoute", "sharedKey": "hunter2",
                "virtualNetworkGateway1": {"id": network("rg1", "virtualNetworkGateways/vpngw")},
                "peer": {"id": network("rg1", &format!("expressRouteCircuits/{circuit}"))},
            }});
            self.put(&format!("rg1/connections/{name}"), connection).await;
        }
    }

    /// A word of ours in place of one that only this world knows.
    fn word(&self, text: &str) -> String {
        match text {
            "KEY" => self.key.clone(),
            "PEER" => self.peer.clone(),
            "PLACE" => self.place.clone(),
            "PORT" => self.port.clone(),
            other => other.to_owned(),
        }
    }
}

/// The status and body at the end of what a request began.
async fn end(rig: &mut Rig, path: &str, reply: &Reply) -> (u16, String) {
    let Some(operation) = reply.operation else { return (reply.status, reply.body.to_string()) };
    let result = rig.result("none", path.split('/').nth(2).unwrap_or_default(), operation).await;
    (result.status, result.body.to_string())
}

fn network(group: &str, rest: &str) -> String {
    format!("/subscriptions/{CUSTOMER}/resourceGroups/{group}/providers/Microsoft.Network/{rest}")
}

impl Sent {
    /// What is said for a parameter.
    fn named(&self, parameter: &str) -> String {
        if parameter == "subscriptionId" {
            let of_provider = ["ExpressRouteCrossConnection", "ExpressRouteProviderPort"]
                .iter()
                .any(|name| self.operation.id.starts_with(name));
            return if of_provider { provider("Equinix") } else { CUSTOMER.to_owned() };
        }
        let said = self.example.names.get(parameter).map_or("", String::as_str);
        let ours = NAMED
            .iter()
            .find(|(name, what, says, _)| self.name.contains(name) && *what == parameter && *says == said)
            .map(|(_, _, _, ours)| *ours);
        ours.unwrap_or(said).to_owned()
    }

    fn path(&self, world: Option<&World>) -> String {
        let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => part.to_owned(),
            Some(name) => world.map_or_else(|| self.named(name), |world| world.word(&self.named(name))),
        };
        let path = self.operation.path.split('/').map(part).collect::<Vec<_>>().join("/");
        if self.example.names.contains_key("peer") { format!("{path}?peer={}", self.named("peer")) } else { path }
    }

    fn body(&self, world: &World) -> Value {
        let mut text = self.example.body.to_string();
        for (name, says, ours) in SAID {
            if self.name.contains(name) {
                text = text.replace(says, &ours.replace("CUSTOMER", CUSTOMER).replace("PLACE", &world.place));
            }
        }
        serde_json::from_str(&text).unwrap()
    }
}

fn verb(operation: &Operation) -> Verb {
    match operation.verb.as_str() {
        "GET" => Verb::Get,
        "HEAD" => Verb::Head,
        "PUT" => Verb::Put,
        "PATCH" => Verb::Patch,
        "POST" => Verb::Post,
        "DELETE" => Verb::Delete,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_example_is_accepted_or_refused_for_a_stated_reason() {
    let mut wrong = Vec::new();
    let mut refused = BTreeSet::new();
    let mut sent = 0;
    // What only looks has one world for all.
    let mut shown = World::new("nothing").await;
    for operation in arm::operations() {
        for name in &operation.examples {
            let one = Sent { operation, name: name.clone(), example: arm::example(name) };
            let mut changed = match operation.verb.as_str() {
                "GET" | "POST" => None,
                "PUT" => Some(World::new(&one.path(None)).await),
                _ => Some(World::new("nothing").await),
            };
            let world = changed.as_mut().unwrap_or(&mut shown);
            wrong.extend(world.failed.drain(..).map(|failed| format!("the world of {name}: {failed}")));
            world.rig.wrong.clear();
            let (path, body) = (one.path(Some(world)), one.body(world));
            let reply = world.rig.call(verb(operation), &path, &body).await;
            let (status, text) = end(&mut world.rig, &path, &reply).await;
            sent += 1;
            wrong.extend(world.rig.wrong.iter().map(|wrong| format!("{name}: {wrong}")));
            let told = if status < 300 { "accepted".to_owned() } else { format!("refused: {status} {text}") };
            let stated = REFUSED.iter().find(|(example, ..)| example == name);
            match stated {
                None if status < 300 => {}
                Some((_, code, _)) if status >= 400 && text.contains(&format!("\"code\":\"{code}\"")) => {
                    refused.insert(name.clone());
                }
                _ => wrong.push(format!("{name} ({} {path}) is {told}; stated: {stated:?}", operation.verb)),
            }
        }
    }
    let never: Vec<_> = REFUSED.iter().filter(|(name, ..)| !refused.contains(*name)).collect();
    assert!(wrong.is_empty() && never.is_empty(), "{}\nnever refused: {never:?}", wrong.join("\n"));
    assert!(sent > 100, "{sent}");
}
