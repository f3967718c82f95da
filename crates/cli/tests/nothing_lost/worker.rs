//! One customer with a subscription of its own, and the provider of its circuits: orders at random.

use crate::client::Api;
use crate::oracle::{Contended, Known, Order};
use crate::random::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use ureq::http::Method;

const LOCATION: &str = "westeurope";
/// The group in which every worker orders, of the customer's subscription.
pub(crate) const GROUP: &str = "rg";

/// A customer.
pub(crate) struct Worker<'s> {
    pub(crate) number: u64,
    pub(crate) api: Api<'s>,
    /// The provider of all circuits.
    pub(crate) provider: Api<'s>,
    /// The provider's subscription.
    pub(crate) carrier: String,
    /// A customer whom all workers play at once.
    pub(crate) shared: Api<'s>,
    pub(crate) shared_subscription: String,
    pub(crate) contended: &'s Contended,
    pub(crate) subscription: String,
    pub(crate) random: Random,
    pub(crate) known: Known,
    /// Everything that was ever ordered.
    pub(crate) ever: Vec<String>,
    /// Which connection uses an authorization: it goes with it.
    pub(crate) users: BTreeMap<String, String>,
}

impl Worker<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/subscriptions/{}/resourceGroups/{GROUP}/providers/Microsoft.Network/{rest}", self.subscription)
    }

    fn put(&mut self, path: String, body: Value, after: Value) -> bool {
        self.order(Method::PUT, path.clone(), Some(body), path, Some(after))
    }

    fn delete(&mut self, path: String) -> bool {
        self.order(Method::DELETE, path.clone(), None, path, None)
    }

    fn order(&mut self, verb: Method, path: String, body: Option<Value>, of: String, after: Option<Value>) -> bool {
        if !self.ever.contains(&of) {
            self.ever.push(of.clone());
        }
        self.known.place(&self.api, Order { verb, path, body, of, after })
    }

    /// Orders something.
    pub(crate) fn turn(&mut self) {
        let number = self.random.below(2);
        let circuit = self.path(&format!("expressRouteCircuits/c{number}"));
        let Some(is) = self.known.get(&circuit).cloned() else {
            return match self.random.below(3) {
                0 => self.contend(),
                _ => self.create(circuit),
            };
        };
        let provisioned = is["properties"]["serviceProviderProvisioningState"] == "Provisioned";
        match self.random.below(24) {
            0 => self.retag(circuit, is),
            1 | 2 => self.enlarge(circuit, is),
            3 | 4 => self.contend(),
            5 => self.network(),
            6 | 7 => self.filter(),
            8 | 9 => self.address(),
            10..=12 => self.link(&circuit),
            13 => self.authorize(&circuit),
            14..=18 if provisioned => self.peer(&circuit, "AzurePrivatePeering"),
            19..=21 if provisioned => self.peer(&circuit, "MicrosoftPeering"),
            22 if provisioned => self.hand_back(circuit, is),
            _ if provisioned => self.peer(&circuit, "AzurePrivatePeering"),
            _ => self.provision(circuit, is, "Provisioned"),
        }
    }

    fn create(&mut self, circuit: String) {
        let tag = self.random.next().to_string();
        let service = json!({
            "serviceProviderName": "Equinix", "peeringLocation": "Amsterdam",
            "bandwidthInMbps": self.random.one(&[50, 100, 200]),
        });
        let shown = json!({
            "tags": { "order": tag },
            "properties": { "serviceProviderProperties": service, "serviceProviderProvisioningState": "NotProvisioned" },
        });
        let body = json!({
            "location": LOCATION, "tags": { "order": tag },
            "sku": { "tier": "Premium", "family": "MeteredData" },
            "properties": { "serviceProviderProperties": service },
        });
        self.put(circuit, body, shown);
    }

    fn retag(&mut self, circuit: String, mut is: Value) {
        is["tags"] = json!({ "patched": self.random.next().to_string() });
        let body = json!({ "tags": is["tags"] });
        self.order(Method::PATCH, circuit.clone(), Some(body), circuit, Some(is));
    }

    /// More bandwidth, without a word of the children, which stay.
    fn enlarge(&mut self, circuit: String, mut is: Value) {
        let mbps = *self.random.one(&[200, 500, 1000, 2000, 5000, 10_000]);
        is["properties"]["serviceProviderProperties"]["bandwidthInMbps"] = json!(mbps);
        is["tags"] = json!({ "enlarged": self.random.next().to_string() });
        let body = json!({
            "location": LOCATION, "tags": is["tags"],
            "sku": { "tier": "Premium", "family": "MeteredData" },
            "properties": { "serviceProviderProperties": is["properties"]["serviceProviderProperties"] },
        });
        self.put(circuit, body, is);
    }

    /// The provider's part.
    fn provision(&mut self, circuit: String, mut is: Value, state: &str) {
        let key = is["properties"]["serviceKey"].as_str().unwrap_or_default().to_owned();
        is["properties"]["serviceProviderProvisioningState"] = json!(state);
        let path = format!(
            "/subscriptions/{}/resourceGroups/CrossConnection-Amsterdam/providers/Microsoft.Network/expressRouteCrossConnections/{key}",
            self.carrier
        );
        let body = json!({ "location": LOCATION, "properties": { "serviceProviderProvisioningState": state } });
        let order = Order { verb: Method::PUT, path, body: Some(body), of: circuit, after: Some(is) };
        self.known.place_by(&self.provider, &self.api, order);
    }

    /// The provider takes it back and the customer deletes it, or tries to.
    fn hand_back(&mut self, circuit: String, is: Value) {
        for peering in ["AzurePrivatePeering", "MicrosoftPeering"] {
            if self.random.below(4) > 0 {
                self.delete(format!("{circuit}/peerings/{peering}"));
            }
        }
        self.provision(circuit.clone(), is, "NotProvisioned");
        let connection = self.path("connections/cn");
        if self.random.below(2) == 0 {
            self.delete(connection);
        }
        self.delete(circuit);
    }

    fn peer(&mut self, circuit: &str, name: &str) {
        let path = format!("{circuit}/peerings/{name}");
        if self.known.has(&path) && self.random.below(4) == 0 {
            self.delete(path);
            return;
        }
        let (third, fourth) = (self.random.below(250), self.random.below(31) * 8);
        let net = if name == "MicrosoftPeering" { "193.0" } else { "192.168" };
        let subnet = |fourth: u64| format!("{net}.{third}.{fourth}/30");
        let mut properties = json!({
            "peerASN": 3320,
            // Sometimes that of the other peering, which is refused.
            "vlanId": 100 + self.random.below(12),
            "primaryPeerAddressPrefix": subnet(fourth),
            "secondaryPeerAddressPrefix": subnet(fourth + 4),
        });
        if name == "MicrosoftPeering" {
            properties["microsoftPeeringConfig"] = json!({
                "advertisedPublicPrefixes": ["193.0.8.0/24"], "customerASN": 3320, "routingRegistryName": "RIPENCC",
            });
            let filter = self.path("routeFilters/rf");
            if self.known.has(&filter) && self.random.below(2) == 0 {
                properties["routeFilter"] = json!({ "id": filter });
            }
        } else {
            properties["peerASN"] = json!(65000 + self.random.below(500));
        }
        let shown = json!({ "properties": properties });
        let mut body = shown.clone();
        if self.random.below(2) == 0 {
            body["properties"]["sharedKey"] = json!(format!("md5-{}", self.random.below(1 << 40)));
        }
        self.put(path, body, shown);
    }

    fn authorize(&mut self, circuit: &str) {
        let path = format!("{circuit}/authorizations/a{}", self.random.below(2));
        if !self.known.has(&path) {
            self.put(path, json!({ "properties": {} }), json!({ "properties": {} }));
        } else if self.delete(path.clone())
            && let Some(connection) = self.users.remove(&path)
        {
            self.known.gone(&connection);
        }
    }

    fn filter(&mut self) {
        let (filter, rule) = (self.path("routeFilters/rf"), self.path("routeFilters/rf/routeFilterRules/r"));
        let tags = json!({ "n": self.random.next().to_string() });
        match (self.known.has(&filter), self.random.below(5)) {
            (false, _) | (true, 0) => {
                self.put(
                    filter,
                    json!({ "location": LOCATION, "tags": tags, "properties": {} }),
                    json!({ "tags": tags }),
                );
            }
            (true, 1) => _ = self.delete(filter),
            (true, 2) => _ = self.delete(rule),
            (true, _) => {
                let community = format!("12076:{}", self.random.one(&[51002, 51003, 51004, 51005, 51006]));
                let body = json!({ "properties": {
                    "access": "Allow", "routeFilterRuleType": "Community", "communities": [community],
                } });
                self.put(rule, body.clone(), body);
            }
        }
    }

    fn network(&mut self) {
        let path = self.path("virtualNetworks/hub");
        if self.known.has(&path) && self.random.below(6) == 0 {
            self.delete(path);
            return;
        }
        let tags = json!({ "n": self.random.next().to_string() });
        let second = 100 + self.number;
        let more = format!("10.{}.0.0/16", 150 + self.random.below(50));
        let subnets =
            json!([{ "name": "GatewaySubnet", "properties": { "addressPrefix": format!("10.{second}.255.0/27") } }]);
        let properties = json!({
            "addressSpace": { "addressPrefixes": [format!("10.{second}.0.0/16"), more] }, "subnets": subnets,
        });
        let body = json!({ "location": LOCATION, "tags": tags, "properties": properties });
        self.put(path, body, json!({ "tags": tags, "properties": properties }));
    }

    /// A public address with a name that others want, too.
    fn address(&mut self) {
        let path = self.path("publicIPAddresses/named");
        if self.known.has(&path) && self.random.below(3) == 0 {
            self.delete(path);
            return;
        }
        let tags = json!({ "n": self.random.next().to_string() });
        let properties = json!({ "publicIPAllocationMethod": "Static", "dnsSettings": {
            "domainNameLabel": format!("wanted-{}", self.random.below(4)),
        } });
        let body =
            json!({ "location": LOCATION, "sku": { "name": "Standard" }, "tags": tags, "properties": properties });
        self.put(path, body, json!({ "tags": tags, "properties": properties }));
    }

    /// A network, an address, a gateway, a connection: whatever is missing next, or the last away.
    fn link(&mut self, circuit: &str) {
        let (hub, address) = (self.path("virtualNetworks/hub"), self.path("publicIPAddresses/gw"));
        let (gateway, connection) = (self.path("virtualNetworkGateways/gw"), self.path("connections/cn"));
        if !self.known.has(&hub) {
            return self.network();
        }
        if !self.known.has(&address) {
            let properties = json!({ "publicIPAllocationMethod": "Static" });
            let body = json!({ "location": LOCATION, "sku": { "name": "Standard" }, "properties": properties });
            self.put(address, body, json!({ "properties": properties }));
        } else if !self.known.has(&gateway) {
            let configuration = json!({
                "subnet": { "id": format!("{hub}/subnets/GatewaySubnet") }, "publicIPAddress": { "id": address },
            });
            let properties = json!({
                "gatewayType": "ExpressRoute", "sku": { "name": "ErGw1AZ", "tier": "ErGw1AZ" },
                "ipConfigurations": [{ "name": "default", "properties": configuration }],
            });
            let shown = json!({ "properties": { "gatewayType": "ExpressRoute" } });
            self.put(gateway, json!({ "location": LOCATION, "properties": properties }), shown);
        } else if self.known.has(&connection) {
            match self.random.below(3) {
                0 => _ = self.delete(gateway),
                1 => _ = self.delete(connection),
                _ => self.weigh(connection, &gateway),
            }
        } else {
            self.connect(circuit, connection, &gateway);
        }
    }

    fn connect(&mut self, circuit: &str, connection: String, gateway: &str) {
        let shown = json!({ "properties": {
            "connectionType": "ExpressRoute", "routingWeight": self.random.below(32_000),
            "virtualNetworkGateway1": { "id": gateway }, "peer": { "id": circuit },
        } });
        let mut body = shown.clone();
        body["location"] = json!(LOCATION);
        let authorization = format!("{circuit}/authorizations/a0");
        let key = self.known.get(&authorization).map(|known| known["properties"]["authorizationKey"].clone());
        if let Some(key) = &key {
            body["properties"]["authorizationKey"] = key.clone();
        }
        self.users.retain(|_, user| *user != connection);
        if self.put(connection.clone(), body, shown) && key.is_some() {
            self.users.insert(authorization, connection);
        }
    }

    fn weigh(&mut self, connection: String, gateway: &str) {
        let Some(mut shown) = self.known.get(&connection).cloned() else { return };
        shown["properties"]["routingWeight"] = json!(self.random.below(32_000));
        shown["properties"]["virtualNetworkGateway1"] = json!({ "id": gateway });
        let mut body = shown.clone();
        body["location"] = json!(LOCATION);
        self.put(connection, body, shown);
    }

    /// Orders or deletes a circuit of a name that others order and delete, too.
    fn contend(&mut self) {
        let path = format!(
            "/subscriptions/{}/resourceGroups/{GROUP}/providers/Microsoft.Network/expressRouteCircuits/s{}",
            self.shared_subscription,
            self.random.below(2)
        );
        if self.random.below(3) == 0 {
            self.contended.place(&self.shared, &Method::DELETE, &path, None, None);
            return;
        }
        let by = format!("{}-{}", self.number, self.random.next());
        let body = json!({
            "location": LOCATION, "tags": { "by": by }, "sku": { "tier": "Standard", "family": "MeteredData" },
            "properties": { "serviceProviderProperties": {
                "serviceProviderName": "Equinix", "peeringLocation": "Amsterdam", "bandwidthInMbps": 50,
            } },
        });
        self.contended.place(&self.shared, &Method::PUT, &path, Some(&body), Some(&by));
    }
}
