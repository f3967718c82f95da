//! Every route is called, and every answer fits the swagger.
//!
//! What is made is said in a list; what is asked for follows from the table of routes, with the names of what was made
//! in place of those in braces. So a new route is called by itself, unless it makes something or has new names.

use crate::rig::{CUSTOMER, Reply, Rig, provider};
use control::app::{ROUTES, Route, Verb};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Names in paths, as the routes call them, and what was made under them.
const NAMES: &[(&str, &str)] = &[
    ("resourceGroupName", "rg"),
    ("circuitName", "c1"),
    ("authorizationName", "a1"),
    ("peeringName", "AzurePrivatePeering"),
    ("devicePath", "primary"),
    ("expressRoutePortName", "p1"),
    ("linkName", "link1"),
    ("routeFilterName", "rf1"),
    ("ruleName", "r1"),
    ("virtualNetworkName", "v1"),
    ("subnetName", "s1"),
    ("virtualNetworkPeeringName", "vp1"),
    ("publicIpAddressName", "ip1"),
    ("virtualNetworkGatewayName", "g1"),
    ("localNetworkGatewayName", "lg1"),
    ("virtualNetworkGatewayConnectionName", "gc1"),
    ("natRuleName", "n1"),
    ("expressRouteGatewayName", "eg1"),
    ("connectionName", "ec1"),
    ("featureName", "AllowExpressRoutePorts"),
    ("lockName", "l1"),
    ("deploymentName", "d1"),
    ("resourceProviderNamespace", "Microsoft.Network"),
    ("resourceType", "expressRouteCircuits"),
    ("resourceName", "c1"),
    ("location", "global"),
    ("subscriptionId", CUSTOMER),
];

/// Refusals that a journey meets: the code, and why.
const REFUSALS: &[(&str, &str)] = &[
    ("OperationNotSupported", "the route is there to say that it is for VPN, virtual WAN or policies of subnets"),
    ("InvalidPeerAddress", "no neighbour of the gateway is named"),
    ("FailoverTestNeedsTwoLocations", "the gateway has one circuit"),
    ("FailoverTestNotRunning", "none could be started at the gateway"),
    ("FailoverTestNotFound", "none could be started at the gateway"),
];

/// A journey under way.
struct Journey {
    rig: Rig,
    /// Names in paths, and what was made under them.
    names: BTreeMap<&'static str, String>,
    /// The groups and service keys of the cross connections.
    keys: Vec<(String, String)>,
    /// Requests that did not go well.
    failed: Vec<String>,
}

impl Journey {
    /// The path of a route, with names; those of routes that begin with a word are other ones.
    fn path(&self, route: &Route) -> Option<String> {
        let of_provider =
            route.name.starts_with("ExpressRouteCrossConnection") || route.name.starts_with("ExpressRouteProviderPort");
        let of_peer = route.name.starts_with("PeerExpressRouteCircuitConnections");
        let part = |part: &str| -> Option<String> {
            let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else {
                return Some(part.to_owned());
            };
            match name {
                "subscriptionId" if of_provider => Some(provider("Equinix")),
                "resourceGroupName" if of_provider => Some("CrossConnection-SiliconValley".to_owned()),
                // What was made at one circuit is seen from the other.
                "circuitName" if of_peer => Some("c3".to_owned()),
                "connectionName" if of_peer => self.names.get("peerConnectionName").cloned(),
                name => self.names.get(name).cloned(),
            }
        };
        route.path.split('/').map(part).collect::<Option<Vec<_>>>().map(|parts| parts.join("/"))
    }

    /// Sends a request that has to go well, to its end.
    async fn call(&mut self, verb: Verb, path: &str, body: &Value) -> Reply {
        let reply = self.rig.call(verb, path, body).await;
        let name = ROUTES
            .iter()
            .flat_map(|routes| routes.iter())
            .find(|route| route.verb == verb && self.path(route).as_deref() == Some(path));
        let mut status = (reply.status, reply.body.to_string());
        if let Some(operation) = reply.operation {
            let subscription = path.split('/').nth(2).unwrap_or_default();
            let result = self.rig.result(name.map_or("none", |route| route.name), subscription, operation).await;
            status = (result.status, result.body.to_string());
        }
        if status.0 >= 300 && !REFUSALS.iter().any(|(code, _)| status.1.contains(&format!("\"code\":\"{code}\""))) {
            self.failed.push(format!("{verb:?} {path}: {} {}", status.0, status.1));
        }
        reply
    }

    async fn put(&mut self, path: &str, body: Value) -> Reply {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/subscriptions/{CUSTOMER}/resourceGroups/rg/providers/Microsoft.Network/{path}")
        };
        self.call(Verb::Put, &path, &body).await
    }

    /// Makes everything there is.
    async fn make(&mut self) {
        let group = format!("/subscriptions/{CUSTOMER}/resourceGroups/rg");
        self.put(&group, json!({"location": "westus"})).await;
        let circuit = json!({
            "location": "westus",
            "sku": {"name": "Premium_MeteredData", "tier": "Premium", "family": "MeteredData"},
            "properties": {"serviceProviderProperties":
                {"serviceProviderName": "Equinix", "peeringLocation": "Silicon Valley", "bandwidthInMbps": 50}},
        });
        for (name, place) in [("c3", "Dallas"), ("c1", "Silicon Valley"), ("c2", "Silicon Valley")] {
            let mut circuit = circuit.clone();
            circuit["properties"]["serviceProviderProperties"]["peeringLocation"] = json!(place);
            let made = self.put(&format!("expressRouteCircuits/{name}"), circuit).await;
            let key = made.body["properties"]["serviceKey"].as_str().unwrap_or_default().to_owned();
            let state =
                json!({"location": "westus", "properties": {"serviceProviderProvisioningState": "Provisioned"}});
            let group = place.replace(' ', "");
            self.put(&cross(&group, &key), state).await;
            self.keys.push((group, key.clone()));
            self.names.insert("crossConnectionName", key);
        }
        let peering = |third: u8, vlan: u16| {
            json!({"properties": {
                "peeringType": "AzurePrivatePeering", "peerASN": 65020, "vlanId": vlan, "sharedKey": "hunter2",
                "primaryPeerAddressPrefix": format!("10.0.{third}.0/30"), "secondaryPeerAddressPrefix": format!("10.0.{third}.4/30"),
            }})
        };
        self.put("expressRouteCircuits/c1/peerings/AzurePrivatePeering", peering(1, 100)).await;
        let key = self.names["crossConnectionName"].clone();
        self.put(&format!("{}/peerings/AzurePrivatePeering", cross("SiliconValley", &key)), peering(2, 200)).await;
        self.put("expressRouteCircuits/c3/peerings/AzurePrivatePeering", peering(3, 100)).await;
        let there = format!("{group}/providers/Microsoft.Network/expressRouteCircuits/c3/peerings/AzurePrivatePeering");
        let reach = json!({"properties": {
            "peerExpressRouteCircuitPeering": {"id": there}, "addressPrefix": "10.250.0.0/29",
        }});
        self.put("expressRouteCircuits/c1/peerings/AzurePrivatePeering/connections/ec1", reach).await;
        let seen = self.call(Verb::Get, &format!("{there}/peerConnections"), &Value::Null).await;
        let seen = seen.body["value"][0]["name"].as_str().unwrap_or_default().to_owned();
        self.names.insert("peerConnectionName", seen);
        let ports =
            format!("/subscriptions/{}/providers/Microsoft.Network/expressRouteProviderPorts", provider("Equinix"));
        let ports = self.call(Verb::Get, &ports, &Value::Null).await;
        let port = ports.body["value"][0]["name"].as_str().unwrap_or_default().to_owned();
        self.names.insert("providerport", port);
        self.put("expressRouteCircuits/c1/authorizations/a1", json!({})).await;
        self.put("routeFilters/rf1", json!({"location": "westus", "properties": {"rules": []}})).await;
        let rule = json!({"location": "westus", "properties": {"access": "Allow", "communities": ["12076:51004"]}});
        self.put("routeFilters/rf1/routeFilterRules/r1", rule).await;
        self.put("expressRouteCircuits/c1/peerings/MicrosoftPeering", json!({"properties": {
            "peeringType": "MicrosoftPeering", "peerASN": 65020, "vlanId": 300,
            "primaryPeerAddressPrefix": "131.107.0.0/30", "secondaryPeerAddressPrefix": "131.107.0.4/30",
            "microsoftPeeringConfig": {"advertisedPublicPrefixes": ["131.107.8.0/24"], "customerASN": 8075, "routingRegistryName": "ARIN"},
            "routeFilter": {"id": format!("{group}/providers/Microsoft.Network/routeFilters/rf1")},
        }})).await;
        let places = format!("/subscriptions/{CUSTOMER}/providers/Microsoft.Network/ExpressRoutePortsLocations");
        let places = self.call(Verb::Get, &places, &Value::Null).await;
        let place = places.body["value"][0]["name"].as_str().unwrap_or_default().to_owned();
        let speed = places.body["value"][0]["properties"]["availableBandwidths"][0]["valueInGbps"].clone();
        self.put(
            "expressRoutePorts/p1",
            json!({"location": "westus", "properties": {
                "peeringLocation": place, "bandwidthInGbps": speed, "encapsulation": "Dot1Q",
            }}),
        )
        .await;
        self.names.insert("locationName", place);
        self.put("expressRoutePorts/p1/authorizations/a1", json!({})).await;
        self.networks(&group).await;
        let deployments =
            format!("/subscriptions/{CUSTOMER}/resourcegroups/rg/providers/Microsoft.Resources/deployments");
        self.put(&format!("{deployments}/d1"), deployment()).await;
        for scope in [
            format!("/subscriptions/{CUSTOMER}"),
            group.clone(),
            format!("{group}/providers/Microsoft.Network/expressRouteCircuits/c1"),
        ] {
            let lock = format!("{scope}/providers/Microsoft.Authorization/locks/l1");
            self.put(&lock, json!({"properties": {"level": "CanNotDelete"}})).await;
            let tags = format!("{scope}/providers/Microsoft.Resources/tags/default");
            self.put(&tags, json!({"properties": {"tags": {"a": "b"}}})).await;
            let patch = json!({"operation": "Merge", "properties": {"tags": {"c": "d"}}});
            self.call(Verb::Patch, &tags, &patch).await;
        }
    }

    /// Makes networks, and a gateway with a connection to the circuit.
    async fn networks(&mut self, group: &str) {
        let network = |third: u8| {
            json!({"location": "westus", "properties": {
                "addressSpace": {"addressPrefixes": [format!("10.{third}.0.0/16")]},
                "subnets": [{"name": "GatewaySubnet", "properties": {"addressPrefix": format!("10.{third}.255.0/27")}}],
            }})
        };
        self.put("virtualNetworks/v1", network(100)).await;
        self.put("virtualNetworks/v2", network(101)).await;
        self.put("virtualNetworks/v1/subnets/s1", json!({"properties": {"addressPrefix": "10.100.1.0/24"}})).await;
        let id = |rest: &str| format!("{group}/providers/Microsoft.Network/{rest}");
        let remote = json!({"properties": {"remoteVirtualNetwork": {"id": id("virtualNetworks/v2")}, "allowVirtualNetworkAccess": true}});
        self.put("virtualNetworks/v1/virtualNetworkPeerings/vp1", remote).await;
        self.put(
            "publicIPAddresses/ip1",
            json!({"location": "westus", "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static"}}),
        )
        .await;
        self.put(
            "virtualNetworkGateways/g1",
            json!({"location": "westus", "properties": {
                "gatewayType": "ExpressRoute", "sku": {"name": "Standard", "tier": "Standard"},
                "ipConfigurations": [{"name": "default", "properties": {
                    "subnet": {"id": id("virtualNetworks/v1/subnets/GatewaySubnet")},
                    "publicIPAddress": {"id": id("publicIPAddresses/ip1")},
                }}],
            }}),
        )
        .await;
        self.put(
            "localNetworkGateways/lg1",
            json!({"location": "westus", "properties": {
                "gatewayIpAddress": "131.107.72.22", "localNetworkAddressSpace": {"addressPrefixes": ["10.200.0.0/16"]},
            }}),
        )
        .await;
        self.put(
            "connections/gc1",
            json!({"location": "westus", "properties": {
                "connectionType": "ExpressRoute", "virtualNetworkGateway1": {"id": id("virtualNetworkGateways/g1")},
                "peer": {"id": id("expressRouteCircuits/c1")},
            }}),
        )
        .await;
    }

    /// Takes the locks away, has the provider take the circuits down, and the customer the peering with a route filter.
    async fn deprovision(&mut self) {
        for route in arm_routes().filter(|route| route.name.starts_with("ManagementLocks_Delete")) {
            let path = self.path(route).unwrap_or_default();
            self.call(Verb::Delete, &path, &Value::Null).await;
        }
        let peering = "expressRouteCircuits/c1/peerings/MicrosoftPeering";
        let peering = format!("/subscriptions/{CUSTOMER}/resourceGroups/rg/providers/Microsoft.Network/{peering}");
        self.call(Verb::Delete, &peering, &Value::Null).await;
        for (group, key) in self.keys.clone() {
            for state in ["Deprovisioning", "NotProvisioned"] {
                let state = json!({"location": "westus", "properties": {"serviceProviderProvisioningState": state}});
                self.put(&cross(&group, &key), state).await;
            }
        }
    }

    /// Calls the routes of a verb, the deepest first; deletions from children up.
    async fn all(&mut self, verb: Verb, body: impl Fn(&Route) -> Value) {
        let mut routes: Vec<&Route> = arm_routes().filter(|route| route.verb == verb).collect();
        routes.sort_by_key(|route| (rank(route), std::cmp::Reverse(route.path.split('/').count())));
        for route in routes {
            match self.path(route) {
                Some(path) if !self.rig.called.contains(&(verb, route.path)) || verb != Verb::Put => {
                    let query = match path.rsplit('/').next().unwrap_or_default() {
                        "CheckIPAddressAvailability" => "?ipAddress=10.100.1.9",
                        "startCircuitLinkFailoverTest" => "?linkType=Primary&circuitTestCategory=BgpDisconnect",
                        "startSiteFailoverTest" => "?peeringLocation=Silicon%20Valley",
                        _ => "",
                    };
                    self.call(verb, &format!("{path}{query}"), &body(route)).await;
                }
                Some(_) => {}
                None => self.failed.push(format!("the journey knows no name for {}", route.path)),
            }
        }
    }
}

/// A deployment of nothing: what deployments make has tests of its own.
fn deployment() -> Value {
    let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
    let template = json!({"$schema": schema, "contentVersion": "1.0.0.0", "resources": []});
    json!({"properties": {"mode": "Incremental", "template": template}})
}

fn cross(place: &str, key: &str) -> String {
    let group = format!("/subscriptions/{}/resourceGroups/CrossConnection-{place}", provider("Equinix"));
    format!("{group}/providers/Microsoft.Network/expressRouteCrossConnections/{key}")
}

/// The routes of the ARM API; the operator's have tests of their own.
fn arm_routes() -> impl Iterator<Item = &'static Route> {
    let all = ROUTES.iter().flat_map(|routes| routes.iter());
    all.filter(|route| route.path.starts_with("/subscriptions") || route.path.starts_with("/tenants"))
}

/// What has to go, or be asked, before what: locks first, then what uses others, groups and registrations last.
fn rank(route: &Route) -> u8 {
    let order = [
        "ManagementLocks",
        "Tags_",
        "VirtualNetworkGatewayConnections",
        "VirtualNetworkGateways",
        "VirtualNetworkPeerings",
    ];
    match order.iter().position(|name| route.name.starts_with(name)) {
        Some(place) => u8::try_from(place).unwrap_or_default(),
        None if route.name.starts_with("ResourceGroups") || route.name.starts_with("Providers_Unregister") => u8::MAX,
        None if route.name.starts_with("RouteFilter") => 101,
        None => 100,
    }
}

#[tokio::test]
async fn every_route_is_called_and_every_answer_fits_the_swagger() {
    let names = NAMES.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let mut journey = Journey { rig: Rig::new().await, names, keys: Vec::new(), failed: Vec::new() };
    journey.make().await;
    // What was not made: keys of connections, and what is said to be unserved.
    journey
        .all(Verb::Put, |route| match route.name {
            "VirtualNetworkGatewayConnections_SetSharedKey" => json!({"value": "hunter2"}),
            _ => json!({}),
        })
        .await;
    let begun = journey
        .rig
        .call(
            Verb::Put,
            &format!("/subscriptions/{CUSTOMER}/resourceGroups/rg/providers/Microsoft.Network/routeFilters/rf2"),
            &json!({"location": "westus"}),
        )
        .await;
    journey.names.insert("operationId", begun.operation.unwrap_or_default().to_string());
    journey.all(Verb::Get, |_| Value::Null).await;
    journey.all(Verb::Head, |_| Value::Null).await;
    journey
        .all(Verb::Post, |route| match route.name {
            "VirtualNetworkGatewayConnections_ResetSharedKey" => json!({"keyLength": 128}),
            "ExpressRoutePorts_GenerateLOA" => json!({"customerName": "Contoso"}),
            name if name.starts_with("Deployments_") => deployment(),
            _ => Value::Null,
        })
        .await;
    journey
        .all(Verb::Patch, |route| match route.name {
            "Tags_UpdateAtScope" => json!({"operation": "Merge", "properties": {"tags": {"c": "d"}}}),
            _ => json!({"tags": {"a": "b"}}),
        })
        .await;
    // Deletions of what a provider still serves are refused, so some go first; the last is the group with all that is left.
    journey.deprovision().await;
    journey.all(Verb::Delete, |_| Value::Null).await;
    assert!(journey.rig.wrong.is_empty(), "{}", journey.rig.wrong.join("\n"));
    assert!(journey.failed.is_empty(), "{}", journey.failed.join("\n"));
    let called = &journey.rig.called;
    let left = arm_routes().filter(|route| !called.contains(&(route.verb, route.path)));
    let left: Vec<String> = left.map(|route| format!("{:?} {} {}", route.verb, route.path, route.name)).collect();
    assert!(left.is_empty(), "{} routes were not called:\n{}", left.len(), left.join("\n"));
}
