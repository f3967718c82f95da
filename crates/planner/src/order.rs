//! Commands that order a plan: `az` for the customer, `twinpath provider` and `twinpath operator` for those whose parts
//! are played at a service of one's own.
//!
//! Every value of the design is quoted for a shell. MD5 keys come from variables, so that no script holds one.

use crate::plan::{CircuitPlan, Owner, PeeringPlan, Plan};
use crate::router::File;
use crate::steps::Step;
use crate::vnets::VnetPlan;
use catalog::Catalog;
use model::{Family, LinkRole, Name, PeeringKind, Prefix};
use std::fmt::Write;

/// Writes commands of `az` for one plan.
pub(crate) struct Shell<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
}

impl<'a> Shell<'a> {
    pub(crate) fn of(plan: &'a Plan, catalog: &'a Catalog) -> Self {
        Self { plan, catalog }
    }

    /// Choosing the subscription, and a group of its own for what is made.
    pub(crate) fn subscription(&self, direct: bool) -> Vec<String> {
        let mut commands = Vec::new();
        if let Some(id) = &self.plan.subscription {
            commands.push(format!("az account set --subscription {}", quote(id)));
        }
        commands.push("az provider register -n Microsoft.Network".to_owned());
        if direct {
            commands.push("az feature register --namespace Microsoft.Network --name AllowExpressRoutePorts".to_owned());
        }
        let region = self.plan.circuits.iter().find_map(|circuit| circuit.region.as_deref());
        let region = region.or_else(|| self.plan.vnets.iter().find_map(|vnet| vnet.region.as_deref()));
        commands.push(format!("az group create -n {GROUP} -l {}", self.region(region)));
        commands
    }

    pub(crate) fn circuit(&self, circuit: &CircuitPlan) -> Vec<String> {
        let mut command = format!("az network express-route create -g {GROUP} -n {}", quote(circuit.name.as_str()));
        match (&circuit.port, &circuit.provider) {
            (Some(port), _) => command += &format!(" --express-route-port {}", quote(port.as_str())),
            (None, provider) => {
                let provider = provider.as_deref().unwrap_or("PROVIDER");
                let location = circuit.location.as_deref().unwrap_or("LOCATION");
                command += &format!(" --provider {} --peering-location {}", quote(provider), quote(location));
            }
        }
        match circuit.bandwidth.map(model::Bandwidth::as_mbps) {
            // With own ports the figure is in Gbps.
            Some(mbps) if circuit.port.is_some() => command += &format!(" --bandwidth {} Gbps", mbps.div_ceil(1000)),
            Some(mbps) => command += &format!(" --bandwidth {mbps}"),
            None => command += " --bandwidth MBPS",
        }
        if let Some(sku) = circuit.sku {
            let tier = capital(&sku.tier.to_string());
            command += &format!(" --sku-tier {tier} --sku-family {}Data", capital(&sku.billing.to_string()));
        }
        if circuit.region.is_some() {
            command += &format!(" -l {}", self.region(circuit.region.as_deref()));
        }
        vec![command]
    }

    pub(crate) fn show_key(&self, circuit: &CircuitPlan) -> Vec<String> {
        let name = quote(circuit.name.as_str());
        vec![format!("az network express-route show -g {GROUP} -n {name} --query serviceKey -o tsv")]
    }

    pub(crate) fn port(&self, port: &Name, plan: &Plan) -> Vec<String> {
        let name = quote(port.as_str());
        let Some(stated) = plan.ports.iter().find(|stated| stated.name == *port) else { return Vec::new() };
        let location = quote(stated.location.as_deref().unwrap_or("LOCATION"));
        let speed = stated.bandwidth.map_or("GBPS".to_owned(), |speed| (speed.as_mbps() / 1000).to_string());
        let tags = match stated.encapsulation {
            Some(model::Encapsulation::QinQ) => "QinQ",
            _ => "Dot1Q",
        };
        let company = quote(plan.company.as_deref().unwrap_or("COMPANY"));
        vec![
            format!(
                "az network express-route port create -g {GROUP} -n {name} --peering-location {location} --bandwidth {speed} Gbps --encapsulation {tags}"
            ),
            format!("az network express-route port generate-loa -g {GROUP} -n {name} --customer-name {company}"),
        ]
    }

    pub(crate) fn port_up(&self, port: &Name) -> Vec<String> {
        let name = quote(port.as_str());
        let link = |link| {
            format!(
                "az network express-route port link update -g {GROUP} --port-name {name} -n {link} --admin-state Enabled"
            )
        };
        vec![link("link1"), link("link2")]
    }

    pub(crate) fn peering(&self, circuit: &CircuitPlan, peering: &PeeringPlan) -> Vec<String> {
        let circuit = quote(circuit.name.as_str());
        let kind = arm(peering.kind);
        let mut commands = Vec::new();
        if let Some([primary, secondary]) = subnets(peering, Family::V4) {
            let asn = peering.asn.map_or("ASN".to_owned(), |asn| asn.value.to_string());
            let vlan = peering.vlan.map_or("VLAN".to_owned(), |vlan| vlan.value.to_string());
            let mut command = format!(
                "az network express-route peering create -g {GROUP} --circuit-name {circuit} --peering-type {kind} \
                --peer-asn {asn} --vlan-id {vlan} --primary-peer-subnet {primary} --secondary-peer-subnet {secondary}"
            );
            if peering.kind == PeeringKind::Microsoft {
                command += &registered(peering, Family::V4);
                if let Some(asn) = peering.customer_asn {
                    command += &format!(" --customer-asn {asn}");
                }
            }
            if let Some(key) = &peering.key {
                command += &format!(" --shared-key \"${{{}:?the MD5 key {key}}}\"", key_variable(key));
            }
            commands.push(command);
        }
        if let Some([primary, secondary]) = subnets(peering, Family::V6) {
            let mut command = format!(
                "az network express-route peering update -g {GROUP} --circuit-name {circuit} -n {kind} --ip-version ipv6 \
                --primary-peer-subnet {primary} --secondary-peer-subnet {secondary}"
            );
            if peering.kind == PeeringKind::Microsoft {
                command += &registered(peering, Family::V6);
            }
            commands.push(command);
        }
        commands
    }

    pub(crate) fn filter(&self, circuit: &CircuitPlan, peering: &PeeringPlan) -> Vec<String> {
        let values: Vec<String> =
            peering.filter.iter().filter_map(|entry| entry.community).map(|value| value.to_string()).collect();
        if values.is_empty() {
            return Vec::new();
        }
        let (name, filter) = (quote(circuit.name.as_str()), quote(&format!("{}-filter", circuit.name)));
        let region = match circuit.region.as_deref() {
            Some(region) => format!(" -l {}", self.region(Some(region))),
            None => String::new(),
        };
        vec![
            format!("az network route-filter create -g {GROUP} -n {filter}{region}"),
            format!(
                "az network route-filter rule create -g {GROUP} --filter-name {filter} -n allow --access Allow --communities {}",
                values.join(" ")
            ),
            format!(
                "az network express-route peering update -g {GROUP} --circuit-name {name} -n MicrosoftPeering --route-filter {filter}"
            ),
        ]
    }

    pub(crate) fn vnet(&self, vnet: &VnetPlan) -> Vec<String> {
        let region = self.region(vnet.region.as_deref());
        let (name, ip) = (quote(vnet.name.as_str()), quote(&format!("{}-gw-ip", vnet.name)));
        let gateway = quote(&format!("{}-gw", vnet.name));
        let subnets = [vnet.gateway_subnet.map(|subnet| subnet.value), vnet.gateway_subnet_v6];
        let subnets: Vec<String> = subnets.into_iter().flatten().map(|subnet| subnet.to_string()).collect();
        let subnets = if subnets.is_empty() { "GATEWAY-SUBNET".to_owned() } else { subnets.join(" ") };
        let sku = vnet.gateway.map_or("SKU".to_owned(), |sku| sku.to_string());
        let units = vnet.units.map_or(String::new(), |units| format!(" --min-scale-unit {units}"));
        vec![
            format!(
                "az network vnet create -g {GROUP} -n {name} -l {region} --address-prefixes {} --subnet-name GatewaySubnet --subnet-prefixes {subnets}",
                spaced(&vnet.space)
            ),
            format!("az network public-ip create -g {GROUP} -n {ip} -l {region} --sku Standard"),
            format!(
                "az network vnet-gateway create -g {GROUP} -n {gateway} -l {region} --gateway-type ExpressRoute --sku {sku}{units} --vnet {name} --public-ip-addresses {ip}"
            ),
        ]
    }

    pub(crate) fn connection(&self, vnet: &VnetPlan, circuit: &Name, plan: &Plan) -> Vec<String> {
        let name = quote(&format!("{}-{circuit}", vnet.name));
        let weight = if plan.azure_prefers.as_ref() == Some(circuit) { " --routing-weight 100" } else { "" };
        vec![format!(
            "az network vpn-connection create -g {GROUP} -n {name} --vnet-gateway1 {} --express-route-circuit2 {}{weight}",
            quote(&format!("{}-gw", vnet.name)),
            quote(circuit.as_str())
        )]
    }

    pub(crate) fn reach(&self, circuit: &Name, other: &Name) -> Vec<String> {
        vec![format!(
            "az network express-route peering connection create -g {GROUP} --circuit-name {} --peering-name AzurePrivatePeering -n {} --peer-circuit {} --address-prefix \"${{REACH_SUBNET:?a /29 that nothing uses}}\"",
            quote(circuit.as_str()),
            quote(&format!("{circuit}-{other}")),
            quote(other.as_str())
        )]
    }

    fn region(&self, region: Option<&str>) -> String {
        let Some(region) = region else { return "REGION".to_owned() };
        quote(self.catalog.region(region).map_or(region, |known| &known.name))
    }
}

/// The variable that names the resource group in every command.
const GROUP: &str = "\"$GROUP\"";

/// What a provider does with a circuit.
pub(crate) fn provision(circuit: &CircuitPlan) -> Vec<String> {
    vec![format!("twinpath provider provision \"${}\"", service_key(circuit))]
}

/// What a provider that runs layer 3 does.
pub(crate) fn provider_peering(circuit: &CircuitPlan, peering: &PeeringPlan) -> Vec<String> {
    let (Some(asn), Some(vlan), Some([primary, secondary])) = (peering.asn, peering.vlan, subnets(peering, Family::V4))
    else {
        return Vec::new();
    };
    let advertise = match peering.kind {
        PeeringKind::Microsoft if !peering.advertise.is_empty() => {
            format!(" --advertise {}", spaced(&peering.advertise).replace(' ', ","))
        }
        _ => String::new(),
    };
    let key = peering.key.as_ref().map_or(String::new(), |key| {
        format!(" --key-file \"${{{}_FILE:?the file of the MD5 key {key}}}\"", key_variable(key))
    });
    vec![format!(
        "twinpath provider peering set \"${}\" {} --vlan {} --asn {} --primary {primary} --secondary {secondary}{advertise}{key}",
        service_key(circuit),
        peering.kind,
        vlan.value,
        asn.value
    )]
}

/// What Microsoft says of prefixes.
pub(crate) fn validate(circuit: &CircuitPlan, peering: &PeeringPlan) -> Vec<String> {
    match peering.advertise.is_empty() {
        true => Vec::new(),
        false => vec![format!(
            "twinpath operator prefix validate \"${}\" {}",
            service_key(circuit),
            spaced(&peering.advertise)
        )],
    }
}

/// Scripts of each owner, in the order of the steps.
pub(crate) fn scripts(plan: &Plan) -> Vec<File> {
    let circuits: &[&str] = &["subscription", "port-pair", "cross-connect", "create-circuit", "service-key"];
    let az = |step: &&Step| step.owner == Owner::Customer && step.commands.iter().any(|line| line.starts_with("az "));
    let first = |step: &&Step| az(step) && circuits.contains(&step.action);
    let networks = |step: &&Step| az(step) && ["gateway", "connection", "global-reach"].contains(&step.action);
    let peerings = |step: &&Step| az(step) && !first(step) && !networks(step);
    let provider = |step: &&Step| step.owner == Owner::Provider && !step.commands.is_empty();
    let operator = |step: &&Step| step.owner == Owner::Microsoft && !step.commands.is_empty();
    let keyed = !plan.circuits.is_empty();
    let all = [
        script(plan, "order/1-circuits.sh", "the customer: subscription and circuits", &first, false),
        script(plan, "order/2-provider.sh", "the provider, at a service of your own", &provider, keyed),
        script(
            plan,
            "order/3-peerings.sh",
            "the customer: peerings and route filters, once the circuits are provisioned",
            &peerings,
            false,
        ),
        script(plan, "order/4-operator.sh", "Microsoft's part, at a service of your own", &operator, keyed),
        script(plan, "order/5-networks.sh", "the customer: networks, gateways, links", &networks, false),
    ];
    all.into_iter().flatten().collect()
}

fn script(plan: &Plan, name: &str, what: &str, takes: &dyn Fn(&&Step) -> bool, keyed: bool) -> Option<File> {
    let steps: Vec<&Step> = plan.steps.iter().filter(takes).collect();
    if steps.is_empty() {
        return None;
    }
    let mut text =
        format!("#!/bin/sh\n# {what}.\n# Made by `twinpath plan`; numbers are those of its steps.\nset -eu\n");
    text += ": \"${GROUP:=expressroute}\"   # the resource group\n";
    if keyed {
        for circuit in &plan.circuits {
            let _ = writeln!(text, ": \"${{{}:?the service key of {}}}\"", service_key(circuit), circuit.id);
        }
    }
    for step in steps {
        let done = step.done.as_ref().map_or("", |_| " (done already, says the design)");
        let _ = writeln!(text, "\n# {}. {}{done}", step.number, crate::router::one_line(&step.what));
        for command in &step.commands {
            let _ = writeln!(text, "{command}");
        }
    }
    Some(File { name: name.to_owned(), text, secret: false })
}

/// A word for a shell: as it is, or in quotes that nothing in it can end.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/,@%+".contains(c);
    let word: String = word.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        true => word,
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// The variable that holds a circuit's service key.
fn service_key(circuit: &CircuitPlan) -> String {
    format!("SERVICE_KEY_{}", circuit.id.replace('-', "_").to_uppercase())
}

/// The variable that holds an MD5 key.
fn key_variable(key: &str) -> String {
    format!("MD5_{}", key.replace('-', "_").to_uppercase())
}

fn arm(kind: PeeringKind) -> &'static str {
    match kind {
        PeeringKind::Private => "AzurePrivatePeering",
        PeeringKind::Microsoft => "MicrosoftPeering",
        PeeringKind::Public => "AzurePublicPeering",
    }
}

/// What Microsoft peering registers of a family.
fn registered(peering: &PeeringPlan, family: Family) -> String {
    let prefixes: Vec<Prefix> = peering.advertise.iter().copied().filter(|prefix| prefix.family() == family).collect();
    let mut options = String::new();
    if !prefixes.is_empty() {
        options += &format!(" --advertised-public-prefixes {}", spaced(&prefixes));
    }
    if let Some(registry) = &peering.registry {
        options += &format!(" --routing-registry-name {}", quote(&registry.replace(' ', "")));
    }
    options
}

/// The subnets of both links, as far as the plan has them; none when it has neither.
fn subnets(peering: &PeeringPlan, family: Family) -> Option<[String; 2]> {
    let of = |link: LinkRole| {
        let sessions = peering.sessions.iter().find(|session| session.family == family && session.link == link);
        sessions.and_then(|session| session.subnet).map(|subnet| subnet.value.to_string())
    };
    let (primary, secondary) = (of(LinkRole::Primary), of(LinkRole::Secondary));
    if primary.is_none() && secondary.is_none() {
        return None;
    }
    Some([primary.unwrap_or("SUBNET".to_owned()), secondary.unwrap_or("SUBNET".to_owned())])
}

fn spaced(prefixes: &[Prefix]) -> String {
    prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
