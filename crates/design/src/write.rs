//! Writing a new design file from a few answers.
//!
//! [`template`] writes a file for people: what was answered stands as values, what was not as a commented
//! line with an example and what to put there. Take the `#` away, change the value, and it counts.

use crate::edit::quoted;
use model::{Asn, Bandwidth, Family, Prefix, Sku};
use std::fmt::Display;

/// What `twinpath init` asks. What has no answer is left for later.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Where the JSON Schema of the file is: a path or an address.
    pub schema: String,
    /// Who the design is for.
    pub company: String,
    /// The circuits, one or two.
    pub circuits: Vec<CircuitAnswers>,
    /// Private peering, to virtual networks.
    pub private: bool,
    /// Microsoft peering, to Microsoft 365 and Azure public services.
    pub microsoft: bool,
    /// The customer's AS number on private peering.
    pub asn: Option<Asn>,
    /// The virtual network to be reached.
    pub vnet: Option<VnetAnswers>,
    /// Microsoft 365 goes over the circuits.
    pub m365: bool,
    /// ExpressRoute Direct: own ports instead of a provider.
    pub direct: bool,
    /// IPv6 beside IPv4.
    pub ipv6: bool,
}

/// What is asked of each circuit.
#[derive(Debug, Clone, Default)]
pub struct CircuitAnswers {
    /// Its name in the file.
    pub name: String,
    /// The provider; none on ExpressRoute Direct.
    pub provider: Option<String>,
    /// The peering location.
    pub location: Option<String>,
    /// The bandwidth.
    pub bandwidth: Option<Bandwidth>,
    /// Tier and billing.
    pub sku: Option<Sku>,
    /// The name of the customer's site where it ends.
    pub site: String,
    /// The prefixes used there.
    pub prefixes: Vec<Prefix>,
    /// The block for the two links of private peering, as the planner chooses it.
    pub links: Option<Prefix>,
}

/// What is asked of the virtual network.
#[derive(Debug, Clone, Default)]
pub struct VnetAnswers {
    /// Its name in the file.
    pub name: String,
    /// Its Azure region.
    pub region: Option<String>,
    /// Its address spaces.
    pub space: Vec<Prefix>,
}

/// The VLAN ids of the two peerings: any two that differ would do.
const VLANS: (u16, u16) = (100, 200);

/// The file.
pub fn template(answers: &Answers) -> String {
    let mut page = Page(String::new());
    page.line(0, &format!("# yaml-language-server: $schema={}", answers.schema));
    page.line(0, "#");
    page.line(
        0,
        "# The design of a private connection to Microsoft, for `twinpath check`. Lines that start with a # wait",
    );
    page.line(0, "# for your value; what you leave out counts as not known, which is not a fault.");
    page.line(0, "");
    page.value(0, "company", &answers.company);
    page.todo(0, "cutover", "2027-02-01", "the day on which production traffic moves to the circuit");

    azure(&mut page, answers);
    services(&mut page, answers);
    connectivity(&mut page, answers);
    sites(&mut page, answers);
    edges(&mut page, answers);
    if answers.direct {
        ports(&mut page, answers);
    }
    page.section("The circuits: each is two links to a pair of Microsoft edge routers in one location.", "circuits");
    for circuit in &answers.circuits {
        write_circuit(&mut page, answers, circuit);
    }
    if answers.private {
        vnets(&mut page, answers);
    }
    routing(&mut page, answers);
    if answers.microsoft {
        nat(&mut page, answers);
    }
    security(&mut page, answers);
    recovery(&mut page, answers);
    if answers.m365 {
        real_time(&mut page);
        m365(&mut page, answers);
    }
    reading(&mut page);
    page.0
}

fn azure(page: &mut Page, answers: &Answers) {
    page.section("The account and the subscription that own the circuits and pay for them.", "azure");
    page.todo(1, "account", "active", "the state of the account");
    page.todo(1, "subscription", "11111111-2222-3333-4444-555555555555", "the id of the subscription");
    page.todo(1, "subscription_state", "active", "its state");
    page.todo(1, "role", "network contributor", "your widest role there");
    page.todo(1, "other_circuits", "0", "circuits in the subscription beside those below");
    page.todo(1, "other_circuits_in_region", "0", "those of them in the same Azure region");
    if answers.direct {
        page.todo(1, "expressroute_ports_feature", "registered", "the feature AllowExpressRoutePorts");
        page.todo(1, "network_provider", "registered", "the resource provider Microsoft.Network");
    }
}

fn services(page: &mut Page, answers: &Answers) {
    page.section("What the connection is for.", "services");
    page.value(1, "azure", answers.private);
    page.value(1, "m365", answers.m365);
    page.todo(1, "dynamics", "false", "Dynamics 365 over the circuit");
    if answers.m365 {
        page.todo(1, "real_time", "true", "voice and video of Teams take the circuit");
    }
    page.todo(1, "latency_critical", "false", "some workload cannot bear a longer path");
    page.todo(1, "confidential", "true", "some traffic must not be readable on the way");
}

fn connectivity(page: &mut Page, answers: &Answers) {
    page.section("How you reach Microsoft. A circuit may say otherwise for itself.", "connectivity");
    if answers.direct {
        page.value(1, "path", "direct");
        page.value(1, "model", "direct");
        page.value(1, "layer3", "customer");
        page.value(1, "last_mile", "direct");
        return;
    }
    match answers.circuits.iter().any(|circuit| circuit.provider.is_some()) {
        true => page.value(1, "path", "partner"),
        false => page.todo(1, "path", "partner", "partner, exchange (carrier that is no partner) or direct"),
    }
    page.todo(1, "model", "co-located", "co-located, point-to-point or any-to-any");
    page.todo(1, "layer3", "customer", "who runs the BGP sessions: customer or provider");
    page.todo(1, "last_mile", "ethernet", "how you reach the provider: vpn, co-located or ethernet");
    page.todo(1, "physical_links", "2", "links between you and the provider");
    page.todo(1, "contract", "2026-09-01 order EQ-1182", "date and document of the order");
    page.todo(1, "compatible", "2026-09-10 letter", "the provider's word that its service fits ExpressRoute");
    page.todo(1, "ready", "2026-12-01", "when the provider can provision");
    page.todo(1, "key_sent", "false", "the service key has been handed over");
}

fn sites(page: &mut Page, answers: &Answers) {
    page.section("Your sites, with the prefixes used there.", "sites");
    for circuit in by_site(answers) {
        page.open(1, &circuit.site);
        match circuit.prefixes.is_empty() {
            true => page.todo(2, "prefixes", "[10.10.0.0/16]", "networks of this site"),
            false => page.value(2, "prefixes", List(&circuit.prefixes)),
        }
        let edges = format!("[{}]", edge_names(&circuit.site).map(|name| quoted(&name, None)).join(", "));
        page.todo(2, "edges", &edges, "its routers, as named below");
        if answers.m365 {
            page.todo(2, "users", "500", "people who work there");
            page.todo(2, "internet_egress", "[main]", "Internet egresses that they take");
        }
    }
}

fn edges(page: &mut Page, answers: &Answers) {
    page.section("Your routers that end BGP; take all of these lines together.", "");
    page.line(0, "# edges:");
    for circuit in by_site(answers) {
        for name in edge_names(&circuit.site) {
            page.line(0, &format!("#   {}:", quoted(&name, None)));
            let site = quoted(&circuit.site, None);
            let rest = "kind: router, fhrp: none, ignore_as_path: false, follows_routes: true";
            page.line(0, &format!("#     {{ site: {site}, {rest} }}"));
        }
    }
}

fn ports(page: &mut Page, answers: &Answers) {
    page.section("Your ExpressRoute Direct port pairs.", "ports");
    for circuit in &answers.circuits {
        page.open(1, &circuit.name);
        page.value_or(2, "location", circuit.location.as_ref(), "Amsterdam", "the peering location");
        page.todo(2, "bandwidth", "10 Gbps", "the speed of each port: 10 Gbps, 100 Gbps or 400 Gbps");
        page.todo(2, "encapsulation", "qinq", "qinq (tags unique in a circuit) or dot1q (unique on the pair)");
        page.todo(2, "lacp", "false", "the two ports are never bundled");
        page.todo(2, "mlag", "false", "nor do they end in a bundle across devices");
        page.todo(2, "macsec", "true", "encryption on the ports");
    }
}

fn write_circuit(page: &mut Page, answers: &Answers, circuit: &CircuitAnswers) {
    page.open(1, &circuit.name);
    match answers.direct {
        true => page.value(2, "port", &circuit.name),
        false => page.value_or(2, "provider", circuit.provider.as_ref(), "Equinix", "as the partner list spells it"),
    }
    page.value_or(2, "location", circuit.location.as_ref(), "Amsterdam", "the peering location");
    page.value_or(2, "bandwidth", circuit.bandwidth, "1 Gbps", "of each of the two links; it can only grow later");
    page.value_or(2, "sku", circuit.sku, "standard metered", "local, standard or premium; metered or unlimited");
    page.value(2, "site", &circuit.site);
    page.todo(2, "region", "westeurope", "the Azure region that holds the resource");
    page.todo(2, "create", "2026-12-01", "billing starts on that day");
    let [first, second] = edge_names(&circuit.site);
    let cpe = format!("{{ primary: {}, secondary: {} }}", quoted(&first, None), quoted(&second, None));
    page.todo(2, "cpe", &cpe, "two routers, or at least two ports");
    page.todo(2, "busy_hour", "300 Mbps", "expected traffic of both links together");
    page.todo(2, "interface_mtu", "1500", "towards Microsoft, in bytes");
    page.todo(2, "path_mtu", "1400", "largest packet from end to end");
    if answers.private {
        private(page, answers, circuit);
    }
    if answers.microsoft {
        microsoft(page, answers);
    }
}

fn private(page: &mut Page, answers: &Answers, circuit: &CircuitAnswers) {
    page.open(2, "private");
    page.value(3, "vlan", VLANS.0);
    page.value_or(3, "asn", answers.asn, "65010", "yours; not 65515 to 65520");
    page.value(3, "remote_as", Asn::MICROSOFT_EDGE);
    match circuit.links {
        Some(block) => {
            page.noted(3, "subnets", block, "a half for each link: you take its first address, Microsoft its second")
        }
        None => page.todo(3, "subnets", "192.168.15.16/29", "a free /29, one half for each link"),
    }
    if answers.ipv6 {
        page.todo(3, "subnets_v6", "2001:db8:0:1::/125", "a /125 of your own, one half for each link");
    }
    sessions(page);
    let all: Vec<Prefix> = by_site(answers).flat_map(|circuit| circuit.prefixes.iter().copied()).collect();
    match all.is_empty() {
        true => page.todo(3, "advertise", "[10.10.0.0/16]", "prefixes of your sites; the same on every circuit"),
        false => page.value(3, "advertise", List(&all)),
    }
    page.todo(3, "default_route", "false", "0.0.0.0/0 is advertised to Microsoft");
    if let Some(vnet) = &answers.vnet {
        page.line(3, &format!("vnets: [{}]", quoted(&vnet.name, None)));
    }
}

fn microsoft(page: &mut Page, answers: &Answers) {
    page.open(2, "microsoft");
    page.value(3, "vlan", VLANS.1);
    page.todo(3, "asn", "3333", "your public AS number; a private one needs papers");
    page.value(3, "remote_as", Asn::MICROSOFT_EDGE);
    page.todo(3, "subnets", "[203.0.113.0/30, 203.0.113.4/30]", "public, your own, used nowhere else");
    if answers.ipv6 {
        page.todo(3, "subnets_v6", "2001:db8:0:2::/125", "a /125 of your own, one half for each link");
    }
    page.todo(3, "subnets_owned", "2026-08-14 RIPE NCC allocation", "proof that the subnets are yours");
    page.todo(3, "asn_owned", "2026-08-14 RIPE NCC registration", "proof that the AS number is yours");
    page.todo(3, "registry", "RIPE NCC", "the registry that holds them");
    sessions(page);
    page.todo(3, "advertise", "[203.0.113.128/26]", "public prefixes, most often of your NAT pools");
    page.todo(3, "default_route", "false", "a default route is never advertised here");
    page.todo(3, "configured_on", "2026-12-15", "when the peering is configured");
    let filter = if answers.m365 { "[exchange, sharepoint, teams]" } else { "[westeurope]" };
    page.todo(3, "filter", filter, "services and regions that you want; none without it");
}

fn sessions(page: &mut Page) {
    page.todo(3, "md5", "set", "Microsoft's side has a key; the key itself never stands here");
    page.todo(3, "md5_router", "set", "your routers have the same key");
    page.todo(3, "bfd", "300 ms x 3", "on both of your routers");
}

fn vnets(page: &mut Page, answers: &Answers) {
    let Some(vnet) = &answers.vnet else {
        page.section("The virtual networks to reach, by name; a private peering lists them as `vnets`.", "vnets");
        page.todo(1, "hub", "{ region: westeurope, space: [10.100.0.0/16], gateway: ErGw1AZ }", "");
        return;
    };
    page.section("The virtual networks to reach, each with its ExpressRoute gateway.", "vnets");
    page.open(1, &vnet.name);
    page.value_or(2, "region", vnet.region.as_ref(), "westeurope", "its Azure region");
    match vnet.space.is_empty() {
        true => page.todo(2, "space", "[10.100.0.0/16]", "apart from your sites and your other networks"),
        false => page.value(2, "space", List(&vnet.space)),
    }
    page.todo(2, "gateway", "ErGw1AZ", "the SKU of the gateway");
    let of = |family: Family| vnet.space.iter().find(move |space| space.family() == family);
    let v4 = of(Family::V4).and_then(|space| space.resize(space.length().max(27)));
    let v4 = v4.map_or_else(|| "10.100.255.0/27".to_owned(), |subnet| subnet.to_string());
    page.todo(2, "gateway_subnet", &v4, "a /27 or larger of its own");
    if answers.ipv6 {
        let v6 = of(Family::V6).and_then(|space| space.resize(space.length().max(64)));
        let v6 = v6.map_or_else(|| "2001:db8:0:ff::/64".to_owned(), |subnet| subnet.to_string());
        page.todo(2, "gateway_subnet_v6", &v6, "a /64 of its own");
    }
    page.todo(2, "gateway_subnet_name", "GatewaySubnet", "just so");
    page.todo(2, "vpn_gateway", "false", "a VPN gateway stands beside it");
    page.todo(2, "gateway_nsg", "false", "no security group on the gateway's subnet");
    page.todo(2, "gateway_default_route", "false", "no 0.0.0.0/0 route there either");
    page.todo(2, "gateway_propagation", "true", "BGP routes are propagated there");
    page.todo(2, "advertised", "1", "prefixes that Azure tells your sites, peered networks included");
    page.todo(2, "routes_total", "20", "all routes around the gateway");
}

fn routing(page: &mut Page, answers: &Answers) {
    page.section("Routing policy of your network.", "routing");
    page.todo(1, "expects_transit", "false", "sites reach one another through Microsoft");
    if answers.microsoft {
        page.todo(1, "internet_prefixes", "[203.0.113.0/24]", "what you announce to the Internet");
        page.todo(1, "microsoft_into_private", "false", "routes of Microsoft peering leak into private peering");
    }
}

fn nat(page: &mut Page, answers: &Answers) {
    page.section("Address translation: only public sources may enter Microsoft peering.", "nat");
    page.todo(1, "private_sources", "true", "hosts with private addresses use it");
    page.todo(1, "operator", "customer", "who translates: customer or provider");
    page.todo(1, "placement", "before-split", "one pool before the split into two links");
    page.todo(1, "stateful_edge", "false", "a stateful device stands at each edge");
    page.line(1, "# pools:                                 # one for each circuit, apart from that of the Internet");
    for circuit in &answers.circuits {
        page.line(1, &format!("#   {}:", quoted(&format!("pool-{}", circuit.name), None)));
        let name = quoted(&circuit.name, None);
        page.line(1, &format!("#     {{ prefixes: [203.0.113.128/27], peering: microsoft, circuits: [{name}],"));
        page.line(1, "#       internet: false, other_microsoft: false, peak_flows: 50000, monitored: true }");
    }
}

fn security(page: &mut Page, answers: &Answers) {
    page.section("Security: what was reviewed, and where the peerings end.", "security");
    page.todo(1, "review", "2026-09-20 review SR-31", "the review of network security");
    page.todo(1, "plan", "2026-09-25 plan SR-32", "the plan for perimeter controls");
    if answers.private {
        page.todo(1, "private_zone", "core", "where private peering ends: core, dmz or other");
    }
    if answers.microsoft {
        page.todo(1, "microsoft_zone", "dmz", "where Microsoft peering ends");
        page.todo(1, "microsoft_edge", "fw-m365", "the edge that Microsoft peering passes");
        page.todo(1, "internet_edge", "proxy-internet", "the edge that Internet traffic passes; another one");
    }
    let encryption = if answers.direct { "macsec" } else { "tls" };
    page.todo(1, "encryption", encryption, "none, macsec (own ports only), ipsec or tls");
    page.todo(1, "key_store", "vault", "where keys are kept");
    page.todo(1, "roles", "[network contributor, reader]", "roles handed out on circuits and gateways");
}

fn recovery(page: &mut Page, answers: &Answers) {
    page.section("Disaster recovery.", "dr");
    match answers.circuits.len() {
        0 | 1 => page.todo(1, "backup", "vpn", "what takes over: circuit, metro, vpn, internet or none"),
        _ => {
            page.value(1, "backup", "circuit");
            page.todo(1, "azure_prefers", "equal", "the circuit that Azure prefers, by name");
            page.todo(1, "onprem_prefers", "equal", "the circuit that you prefer; the same");
        }
    }
    page.todo(1, "last_test", "2026-11-01", "when failover was last tested");
}

fn real_time(page: &mut Page) {
    page.section("Traffic classes for voice and video.", "qos");
    page.todo(1, "provider_agreed", "2026-09-15 order, annex 2", "the provider treats them too");
    page.todo(1, "queues", "3", "queues towards Microsoft");
    page.todo(1, "preserved", "true", "marks arrive as they left");
    page.todo(1, "emitted", "[EF, AF41, AF21, AF11, CS0]", "marks that leave towards Microsoft");
    page.line(1, "# classes:");
    page.line(1, "#   voice: { dscp: EF, standalone: true, ef: true }");
    page.line(1, "#   video: { dscp: AF41 }");
}

fn m365(page: &mut Page, answers: &Answers) {
    page.section("Microsoft 365 over the circuit: the exception, with Microsoft's permission.", "m365");
    page.todo(1, "subscription", "active", "the state of the Microsoft 365 subscription");
    page.todo(1, "authorization", "2026-10-05 case 4711", "Microsoft's permission");
    let teams = "{ productivity: 2026-09-02 board, network: 2026-09-03 board, security: 2026-09-04 board }";
    page.todo(1, "sign_offs", teams, "");
    page.todo(1, "reason", "recorded voice needs a private path", "the need that it satisfies");
    let services = "{ exchange: { path: expressroute, owner: mail team }, apps-updates: { path: internet } }";
    page.todo(1, "services", services, "");
    let plan = "{ capacity: 2026-09-12 plan, security: 2026-09-12 plan, availability: 2026-09-12 plan }";
    page.todo(1, "internet", plan, "");
    page.todo(1, "expressroute", plan, "");
    let locations: Vec<_> = answers.circuits.iter().filter_map(|circuit| circuit.location.as_deref()).collect();
    let locations = locations.iter().map(|name| quoted(name, None)).collect::<Vec<_>>().join(", ");
    let regions = format!("{{ europe: {{ egress: [main], locations: [{locations}] }} }}");
    page.todo(1, "regions", &regions, "where users are");
    page.todo(1, "egress", "{ main: { bandwidth: 1 Gbps, needed: 300 Mbps } }", "Internet egresses");
    let needed = |circuit: &CircuitAnswers| format!("{}: {{ needed: 200 Mbps }}", quoted(&circuit.name, None));
    let needed = answers.circuits.iter().map(needed).collect::<Vec<_>>().join(", ");
    page.todo(1, "circuits", &format!("{{ {needed} }}"), "what it needs");
    page.todo(1, "owners", "{ network: network operations }", "who answers for what");
    page.todo(1, "feed", "{ url: https://endpoints.office.com, last_check: 2026-11-21 }", "endpoint changes");
    page.todo(1, "pac", "{ used: true, order: [internet-only, expressroute, rest] }", "the browsers' PAC file");
    page.todo(1, "dns", "{ changes: [], spf_updated: true, dns_updated: true }", "records that change");
    page.todo(1, "validation", "2027-01-20 test report", "the test before traffic moves");
    page.todo(1, "rollback", "2026-10-20 rollback plan", "the way back");
    page.todo(1, "stages", "2026-10-20 rollout plan", "the way there");
    page.todo(1, "qos_evaluated", "2026-09-15 QoS note", "QoS was evaluated");
    page.todo(1, "expansion_evaluated", "2026-09-15 expansion note", "so was expansion to other regions");
    page.todo(1, "defender_acknowledged", "true", "you keep up your own rules for Defender for Endpoint");
    page.todo(1, "unsupported_endpoints", "internet", "the way of what the circuit does not carry");
}

fn reading(page: &mut Page) {
    page.section("Documents that were read before ordering.", "reading");
    page.todo(1, "faq", "yes", "the ExpressRoute FAQ");
    page.todo(1, "well_architected", "yes", "the Well-Architected guidance for ExpressRoute");
}

/// One circuit for each site.
fn by_site(answers: &Answers) -> impl Iterator<Item = &CircuitAnswers> {
    let first = |(index, circuit): &(usize, &CircuitAnswers)| {
        answers.circuits[..*index].iter().all(|earlier| earlier.site != circuit.site)
    };
    answers.circuits.iter().enumerate().filter(first).map(|(_, circuit)| circuit)
}

fn edge_names(site: &str) -> [String; 2] {
    [format!("ce-{site}-1"), format!("ce-{site}-2")]
}

/// A text in the making.
struct Page(String);

/// The column at which remarks start, where the line is short enough.
const REMARK: usize = 42;

impl Page {
    fn line(&mut self, level: usize, text: &str) {
        let indent = 2 * level;
        self.0.push_str(format!("{:indent$}{text}", "").trim_end());
        self.0.push('\n');
    }

    /// A section with its comment; without a key the comment stands alone.
    fn section(&mut self, comment: &str, key: &str) {
        self.line(0, "");
        self.line(0, &format!("# {comment}"));
        if !key.is_empty() {
            self.line(0, &format!("{key}:"));
        }
    }

    fn open(&mut self, level: usize, key: &str) {
        self.line(level, &format!("{}:", quoted(key, None)));
    }

    /// A key with a value that is known.
    fn value(&mut self, level: usize, key: &str, value: impl Scalar) {
        self.line(level, &format!("{key}: {}", value.written()));
    }

    /// The same with a remark.
    fn noted(&mut self, level: usize, key: &str, value: impl Scalar, remark: &str) {
        self.remark(level, &format!("{key}: {}", value.written()), remark);
    }

    /// A key whose value is not known: a commented line with an example and what to put there.
    fn todo(&mut self, level: usize, key: &str, example: &str, remark: &str) {
        self.remark(level, &format!("# {key}: {example}"), remark);
    }

    fn value_or(&mut self, level: usize, key: &str, value: Option<impl Scalar>, example: &str, remark: &str) {
        match value {
            Some(value) => self.value(level, key, value),
            None => self.todo(level, key, example, remark),
        }
    }

    fn remark(&mut self, level: usize, text: &str, remark: &str) {
        let width = REMARK.saturating_sub(2 * level);
        match remark {
            "" => self.line(level, text),
            remark => self.line(level, &format!("{text:<width$} # {remark}")),
        }
    }
}

/// What can stand as a value.
trait Scalar {
    fn written(&self) -> String;
}

/// A list of prefixes.
struct List<'a>(&'a [Prefix]);

impl Scalar for List<'_> {
    fn written(&self) -> String {
        format!("[{}]", self.0.iter().map(Prefix::to_string).collect::<Vec<_>>().join(", "))
    }
}

impl<T: Display> Scalar for T {
    fn written(&self) -> String {
        quoted(&self.to_string(), None)
    }
}
