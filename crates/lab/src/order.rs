//! What a customer, a provider and Microsoft do until packets flow, by the service's API.
//!
//! Everything is a PUT, so that an order may be given twice. What the service refuses is told and the rest goes on:
//! a design with faults then fails as it would at the real service.

use crate::{Error, Lab};
use client::{Client, Refused, Who};
use model::{Design, Layer3, PeeringKind};
use planner::{CircuitPlan, PeeringPlan, Plan};
use serde_json::{Map, Value, json};
use ureq::http::Method;

/// What was ordered, and what was refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ordered {
    /// Circuits that were handed over.
    pub circuits: usize,
    /// Peerings that stand.
    pub peerings: usize,
    /// Route filters that are attached.
    pub filters: usize,
    /// Connections of gateways to circuits.
    pub connections: usize,
    /// What was refused: what it was about, and the service's words.
    pub refused: Vec<(String, String)>,
}

/// Orders what a design needs, and tells `doing` before each thing.
///
/// # Errors
///
/// The service does not answer. Refusals are no errors.
pub(crate) fn order(lab: &Lab, design: &Design, plan: &Plan, doing: &mut dyn FnMut(&str)) -> Result<Ordered, Error> {
    let (customer, operator) = (lab.client(Who::Customer)?, lab.client(Who::Operator)?);
    let subscription = customer.subscription.clone();
    let subscription = subscription.ok_or_else(|| Error::No("the service made no subscription".to_owned()))?;
    let group = format!("/subscriptions/{subscription}/resourceGroups/lab");
    let network = format!("{group}/providers/Microsoft.Network");
    let region = plan.circuits.iter().find_map(|circuit| circuit.region.clone());
    let region = region.unwrap_or_else(|| "westeurope".to_owned());
    let mut order = Order { customer, operator, design, network, region, ordered: Ordered::default(), doing };
    order.open(&subscription, &group)?;
    for circuit in &plan.circuits {
        order.circuit(lab, circuit)?;
    }
    for vnet in &plan.vnets {
        order.vnet(plan, vnet)?;
    }
    Ok(order.ordered)
}

/// An order that is being given.
struct Order<'o> {
    customer: Client,
    operator: Client,
    design: &'o Design,
    /// Where the customer's resources are.
    network: String,
    region: String,
    ordered: Ordered,
    doing: &'o mut dyn FnMut(&str),
}

impl Order<'_> {
    /// The resource group, and what Microsoft allows the subscription.
    fn open(&mut self, subscription: &str, group: &str) -> Result<(), Error> {
        self.customer.send(&Method::PUT, group, Some(&json!({ "location": self.region })))?;
        if self.design.m365.authorization.is_known() {
            let path = format!("/operator/v1/subscriptions/{subscription}");
            self.operator.send(&Method::PUT, &path, Some(&json!({ "office365": true })))?;
        }
        Ok(())
    }

    /// A circuit, from the order to both peerings.
    fn circuit(&mut self, lab: &Lab, circuit: &CircuitPlan) -> Result<(), Error> {
        let path = format!("{}/expressRouteCircuits/{}", self.network, circuit.name);
        let body = match &circuit.port {
            Some(port) => {
                let Some(port) = self.port(port.as_str())? else { return Ok(()) };
                let gbps = f64::from(circuit.bandwidth.map_or(0, |bandwidth| bandwidth.as_mbps())) / 1000.0;
                json!({ "expressRoutePort": { "id": port }, "bandwidthInGbps": gbps })
            }
            None => json!({ "serviceProviderProperties": {
                "serviceProviderName": circuit.provider,
                "peeringLocation": circuit.location,
                "bandwidthInMbps": circuit.bandwidth.map(|bandwidth| bandwidth.as_mbps()),
            } }),
        };
        let sku = circuit.sku.map(|sku| {
            let tier = capital(&sku.tier.to_string());
            let family = format!("{}Data", capital(&sku.billing.to_string()));
            json!({ "name": format!("{tier}_{family}"), "tier": tier, "family": family })
        });
        let region = circuit.region.as_ref().unwrap_or(&self.region);
        let body = json!({ "location": region, "sku": sku, "properties": body });
        let Some(ordered) = self.put(&format!("circuit {}", circuit.name), Who::Customer, &path, &body)? else {
            return Ok(());
        };
        if circuit.port.is_none() && !self.provision(circuit, &ordered)? {
            return Ok(());
        }
        self.ordered.circuits += 1;
        for peering in &circuit.peerings {
            self.peering(lab, circuit, peering, &path, &ordered)?;
        }
        Ok(())
    }

    /// A pair of ports of ExpressRoute Direct, with both links on.
    fn port(&mut self, name: &str) -> Result<Option<String>, Error> {
        let Some(port) = self.design.ports.get(name) else { return Ok(None) };
        let path = format!("{}/expressRoutePorts/{name}", self.network);
        let on = |link: &str| json!({ "name": link, "properties": { "adminState": "Enabled" } });
        let encapsulation = match port.encapsulation.get() {
            Some(model::Encapsulation::Dot1Q) => "Dot1Q",
            _ => "QinQ",
        };
        let body = json!({ "location": self.region, "properties": {
            "peeringLocation": port.location.value(),
            "bandwidthInGbps": port.bandwidth.get().map(|bandwidth| bandwidth.as_mbps() / 1000),
            "encapsulation": encapsulation,
            "links": [on("link1"), on("link2")],
        } });
        let made = self.put(&format!("ports {name}"), Who::Customer, &path, &body)?;
        Ok(made.and_then(|made| made["id"].as_str().map(str::to_owned)))
    }

    /// The provider takes the service key and hands the circuit over.
    fn provision(&mut self, circuit: &CircuitPlan, ordered: &Value) -> Result<bool, Error> {
        let cross = self.cross_connection(ordered)?;
        let mut body = self.operator.get(&cross)?;
        for state in ["Provisioning", "Provisioned"] {
            if body["properties"]["serviceProviderProvisioningState"] == "Provisioned" {
                break;
            }
            body["properties"]["serviceProviderProvisioningState"] = json!(state);
            let doing = format!("{}: {state}", circuit.name);
            match self.put(&doing, Who::Operator, &cross, &body)? {
                Some(written) => body = written,
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    fn peering(
        &mut self,
        lab: &Lab,
        circuit: &CircuitPlan,
        peering: &PeeringPlan,
        path: &str,
        ordered: &Value,
    ) -> Result<(), Error> {
        let (kind, microsoft) = match peering.kind {
            PeeringKind::Private => ("AzurePrivatePeering", false),
            PeeringKind::Microsoft => ("MicrosoftPeering", true),
            PeeringKind::Public => return Ok(()),
        };
        let what = format!("{} {}", circuit.name, peering.kind);
        let filter = if microsoft && !peering.filter.is_empty() { self.filter(circuit, peering)? } else { None };
        let mut properties = json!({
            "peeringType": kind,
            "peerASN": peering.asn.map(|asn| asn.value.0),
            "vlanId": peering.vlan.map(|vlan| vlan.value.number()),
        });
        if peering.key.is_some() {
            properties["sharedKey"] = json!(crate::secret::key(lab, &circuit.id, peering.kind)?);
        }
        let managed = circuit.layer3 == Layer3::Provider;
        let said = filter.as_deref().filter(|_| !managed);
        let four = self.half(peering, model::Family::V4, said);
        let six = self.half(peering, model::Family::V6, said);
        if let (Some(properties), Some(four)) = (properties.as_object_mut(), four) {
            properties.extend(four);
        }
        if let Some(six) = six {
            properties["ipv6PeeringConfig"] = Value::Object(six);
        }
        let own = format!("{path}/peerings/{kind}");
        let body = json!({ "name": kind, "properties": properties });
        let written = match circuit.layer3 {
            Layer3::Provider => self.managed(&what, &body, &own, filter.as_deref(), ordered)?,
            Layer3::Customer | Layer3::Nobody => self.put(&what, Who::Customer, &own, &body)?,
        };
        if written.is_none() {
            return Ok(());
        }
        self.ordered.peerings += 1;
        // Microsoft looks at papers where a registry does not tell.
        let papers = self.design.circuits.get(circuit.name.as_str()).and_then(|circuit| circuit.microsoft.as_ref());
        if microsoft && papers.is_some_and(|peering| peering.manual_validation.is_known()) {
            let key = ordered["properties"]["serviceKey"].as_str().unwrap_or_default();
            let verdicts: Map<String, Value> =
                peering.advertise.iter().map(|prefix| (prefix.to_string(), json!("validated"))).collect();
            let path = format!("/operator/v1/circuits/{key}/prefixes");
            self.operator.send(&Method::PUT, &path, Some(&json!({ "verdicts": verdicts })))?;
        }
        Ok(())
    }

    /// A peering that the provider writes, and the filter that its customer puts on (decision 017).
    fn managed(
        &mut self,
        what: &str,
        body: &Value,
        own: &str,
        filter: Option<&str>,
        ordered: &Value,
    ) -> Result<Option<Value>, Error> {
        let cross = self.cross_connection(ordered)?;
        let kind = body["name"].as_str().unwrap_or_default();
        let (path, doing) = (format!("{cross}/peerings/{kind}"), format!("{what}, by the provider"));
        let written = self.put(&doing, Who::Operator, &path, body)?;
        let (Some(_), Some(filter)) = (&written, filter) else { return Ok(written) };
        let mut body = self.customer.get(own)?;
        let properties = &mut body["properties"];
        // Of each family that the peering has.
        if properties["primaryPeerAddressPrefix"].is_string() {
            properties["routeFilter"] = json!({ "id": filter });
        }
        if properties["ipv6PeeringConfig"].is_object() {
            properties["ipv6PeeringConfig"]["routeFilter"] = json!({ "id": filter });
        }
        self.put(&format!("route filter of {what}"), Who::Customer, own, &body)
    }

    /// A circuit as its provider sees it.
    fn cross_connection(&self, ordered: &Value) -> Result<String, Error> {
        let key = ordered["properties"]["serviceKey"].as_str().unwrap_or_default();
        let seen = self.operator.get(&format!("/operator/v1/circuits/{key}"))?;
        Ok(seen["crossConnection"].as_str().unwrap_or_default().to_owned())
    }

    /// What a peering says of one family; nothing when it has no session of it.
    fn half(&self, peering: &PeeringPlan, family: model::Family, filter: Option<&str>) -> Option<Map<String, Value>> {
        let mut half = Map::new();
        let mut sessions = peering.sessions.iter().filter(|session| session.family == family).peekable();
        sessions.peek()?;
        for session in sessions {
            let key = match session.link {
                model::LinkRole::Primary => "primaryPeerAddressPrefix",
                model::LinkRole::Secondary => "secondaryPeerAddressPrefix",
            };
            half.insert(key.to_owned(), json!(session.subnet.map(|subnet| subnet.value.to_string())));
        }
        if peering.kind == PeeringKind::Microsoft {
            let prefixes = peering.advertise.iter().filter(|prefix| prefix.family() == family);
            let prefixes: Vec<String> = prefixes.map(ToString::to_string).collect();
            let registry = peering.registry.as_ref().map(|registry| registry.replace(' ', "").to_uppercase());
            half.insert(
                "microsoftPeeringConfig".to_owned(),
                json!({
                    "advertisedPublicPrefixes": prefixes,
                    "customerASN": peering.customer_asn.map(|asn| asn.0),
                    "routingRegistryName": registry,
                }),
            );
            if let Some(filter) = filter {
                half.insert("routeFilter".to_owned(), json!({ "id": filter }));
            }
        }
        Some(half)
    }

    fn filter(&mut self, circuit: &CircuitPlan, peering: &PeeringPlan) -> Result<Option<String>, Error> {
        let what = format!("route filter of {}", circuit.name);
        let path = format!("{}/routeFilters/{}", self.network, circuit.name);
        let Some(made) = self.put(&what, Who::Customer, &path, &json!({ "location": self.region }))? else {
            return Ok(None);
        };
        let communities = peering.filter.iter().filter_map(|entry| Some(entry.community?.to_string()));
        let rule = json!({ "properties": {
            "access": "Allow",
            "routeFilterRuleType": "Community",
            "communities": communities.collect::<Vec<_>>(),
        } });
        let path = format!("{path}/routeFilterRules/allow");
        if self.put(&format!("rule of the {what}"), Who::Customer, &path, &rule)?.is_some() {
            self.ordered.filters += 1;
        }
        Ok(made["id"].as_str().map(str::to_owned))
    }

    /// A virtual network, its gateway, and a connection to each circuit that is to reach it.
    fn vnet(&mut self, plan: &Plan, vnet: &planner::VnetPlan) -> Result<(), Error> {
        let (name, network) = (&vnet.name, self.network.clone());
        let region = vnet.region.clone().unwrap_or_else(|| self.region.clone());
        let space: Vec<String> = vnet.space.iter().map(ToString::to_string).collect();
        let mut gateway_subnet: Vec<String> =
            vnet.gateway_subnet.iter().map(|subnet| subnet.value.to_string()).collect();
        gateway_subnet.extend(vnet.gateway_subnet_v6.map(|subnet| subnet.to_string()));
        let subnet = match gateway_subnet.as_slice() {
            [one] => json!({ "name": "GatewaySubnet", "properties": { "addressPrefix": one } }),
            all => json!({ "name": "GatewaySubnet", "properties": { "addressPrefixes": all } }),
        };
        let body = json!({ "location": region, "properties": {
            "addressSpace": { "addressPrefixes": space },
            "subnets": [subnet],
        } });
        let path = format!("{network}/virtualNetworks/{name}");
        if self.put(&format!("VNet {name}"), Who::Customer, &path, &body)?.is_none() {
            return Ok(());
        }
        let address = format!("{network}/publicIPAddresses/{name}-gateway");
        let body = json!({
            "location": region,
            "sku": { "name": "Standard" },
            "properties": { "publicIPAllocationMethod": "Static" },
        });
        self.put(&format!("address of the gateway of {name}"), Who::Customer, &address, &body)?;
        let sku = vnet.gateway.map_or_else(|| "ErGw1AZ".to_owned(), |sku| sku.to_string());
        let body = json!({ "location": region, "properties": {
            "gatewayType": "ExpressRoute",
            "sku": { "name": sku, "tier": sku },
            "ipConfigurations": [{ "name": "default", "properties": {
                "subnet": { "id": format!("{path}/subnets/GatewaySubnet") },
                "publicIPAddress": { "id": address },
            } }],
        } });
        let gateway = format!("{network}/virtualNetworkGateways/{name}");
        if self.put(&format!("gateway of {name}"), Who::Customer, &gateway, &body)?.is_none() {
            return Ok(());
        }
        for circuit in plan.circuits.iter().filter(|circuit| vnet.circuits.contains(&circuit.name)) {
            let body = json!({ "location": region, "properties": {
                "connectionType": "ExpressRoute",
                "virtualNetworkGateway1": { "id": gateway },
                "peer": { "id": format!("{network}/expressRouteCircuits/{}", circuit.name) },
                "routingWeight": 0,
            } });
            let path = format!("{network}/connections/{name}-{}", circuit.name);
            let what = format!("connection of {name} to {}", circuit.name);
            if self.put(&what, Who::Customer, &path, &body)?.is_some() {
                self.ordered.connections += 1;
            }
        }
        Ok(())
    }

    /// PUT, until the operation has ended; nothing, and a note, when it is refused.
    fn put(&mut self, what: &str, who: Who, path: &str, body: &Value) -> Result<Option<Value>, Error> {
        (self.doing)(what);
        let client = match who {
            Who::Customer => &self.customer,
            Who::Operator => &self.operator,
        };
        match client.finish(&Method::PUT, path, Some(body), what) {
            Ok(written) => Ok(Some(written)),
            Err(error) if error.is::<Refused>() => {
                self.ordered.refused.push((what.to_owned(), format!("{error:#}")));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A word as ARM writes it.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
