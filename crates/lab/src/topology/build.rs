//! From a design to a topology.

use super::{Address, At, Host, Lane, Link, LinkKind, Node, Process, ProcessKind, Role, Topology};
use catalog::Catalog;
use edge_api::{Peering, Side, edge_name};
use model::{Circuit, Design, Family, LinkRole, Name, Prefix};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A design says too little to be built.
#[derive(Debug, thiserror::Error)]
#[error("{what} says no {wanted}: nothing can be built of it; `twinpath check` tells more")]
pub struct Unfit {
    /// Which part of it.
    pub(super) what: String,
    /// What is missing.
    pub(super) wanted: &'static str,
}

/// Which address of a site's prefix its host has, and of a service's prefix its stand-in.
const HOST: u32 = 10;
/// Which address of a virtual network its router has, and which its first machine: Azure keeps the first four.
const ROUTER: u32 = 1;
const MACHINE: u32 = 4;

impl Topology {
    /// The lab of a design. The same design gives the same lab.
    ///
    /// # Errors
    ///
    /// There is no circuit, or one says no location or site.
    pub fn of(design: &Design, catalog: &Catalog, router: ProcessKind) -> Result<Self, Unfit> {
        Build::of(design, catalog, router).map(|build| build.topology)
    }
}

/// A topology as it grows.
pub(super) struct Build {
    pub(super) topology: Topology,
    /// How many links between routers have got addresses.
    numbers: u16,
    /// What a customer's routers run.
    router: ProcessKind,
}

impl Build {
    pub(super) fn of(design: &Design, catalog: &Catalog, router: ProcessKind) -> Result<Self, Unfit> {
        let company = design.company.value().cloned().unwrap_or_else(|| "a firm".to_owned());
        let mut build = Self { topology: Topology { company, ..Topology::default() }, numbers: 0, router };
        if design.circuits.is_empty() {
            return Err(Unfit { what: "the design".to_owned(), wanted: "circuit" });
        }
        build.processes(None, "service", ProcessKind::Service);
        build.sites(design)?;
        build.cloud(design);
        for (index, (name, circuit)) in design.circuits.iter().enumerate() {
            build.circuit(design, index, name, circuit)?;
        }
        build.services(design, catalog);
        build.internet(design)?;
        Ok(build)
    }

    fn sites(&mut self, design: &Design) -> Result<(), Unfit> {
        let mut prefixes: BTreeMap<Name, Vec<Prefix>> = BTreeMap::new();
        for (name, site) in &design.sites {
            prefixes.insert(name.clone(), site.prefixes.values().copied().collect());
        }
        for (name, circuit) in &design.circuits {
            let announced = circuit.private.iter().flat_map(|peering| peering.advertise.values().copied());
            prefixes.entry(site_of(design, name, circuit)?).or_insert_with(|| announced.collect());
        }
        let mut before: Option<String> = None;
        for (site, prefixes) in prefixes {
            let addresses = hosts(&prefixes, HOST);
            let node = format!("host-{site}");
            self.node(&node, Role::Site, site.as_str(), addresses.iter().map(|ip| whole(*ip)).collect());
            self.host(site.as_str(), &node, At::Site, addresses);
            self.processes(Some(&node), "bird", ProcessKind::Bird);
            if let Some(before) = before.replace(node.clone()) {
                let name = format!("wan-{}-{site}", before.trim_start_matches("host-"));
                self.joint(&name, LinkKind::Wan, [&before, &node], [format!("w-{site}"), "w0".to_owned()]);
            }
        }
        Ok(())
    }

    /// Microsoft's network, gateways and machines.
    fn cloud(&mut self, design: &Design) {
        self.node("cloud", Role::Cloud, "Microsoft", Vec::new());
        for (name, vnet) in &design.vnets {
            let space: Vec<Prefix> = vnet.space.values().copied().collect();
            let (gateway, machine) = (format!("gw-{name}"), format!("vm-{name}"));
            self.node(&gateway, Role::Gateway, name.as_str(), Vec::new());
            self.node(&machine, Role::Machine, name.as_str(), Vec::new());
            let subnet = |offset| first_of_each(&space).filter_map(move |prefix| in_subnet(prefix, offset)).collect();
            let lane = Lane {
                peering: None,
                devices: ["vnet".to_owned(), "eth0".to_owned()],
                addresses: [subnet(ROUTER), subnet(MACHINE)],
                beyond: Vec::new(),
            };
            let addresses = lane.addresses[1].iter().map(|address: &Address| address.ip).collect();
            self.link(&format!("vnet-{name}"), LinkKind::Vnet, [&gateway, &machine], vec![lane]);
            self.host(name.as_str(), &machine, At::Vnet, addresses);
            self.processes(Some(&gateway), "gateway", ProcessKind::Bird);
            self.onto_cloud(&gateway);
        }
    }

    fn circuit(&mut self, design: &Design, index: usize, name: &Name, circuit: &Circuit) -> Result<(), Unfit> {
        let missing = |wanted| Unfit { what: format!("circuit {name}"), wanted };
        let port = circuit.port.value().and_then(|port| design.ports.get(port));
        let location = circuit.location.value().or_else(|| port?.location.value());
        let location = location.ok_or_else(|| missing("peering location"))?;
        let site = site_of(design, name, circuit)?;
        let (behind, owner) = match planner::is_managed(design, circuit) {
            true => (self.vpn(name, &site, location), Role::ProviderEdge),
            false => (format!("host-{site}"), Role::CustomerEdge),
        };
        let routers = match owner {
            Role::ProviderEdge => LinkRole::BOTH.map(|link| planner::provider_routers(name).of(link).clone()),
            _ => routers(design, &site, circuit),
        };
        let place = if owner == Role::ProviderEdge { location.as_str() } else { site.as_str() };
        let edge = edge_name(location, Side::Primary);
        let provider = format!("pe-{}", edge.trim_end_matches("-a"));
        if self.topology.node(&provider).is_none() {
            self.node(&provider, Role::Provider, location, Vec::new());
        }
        for (role, router) in LinkRole::BOTH.into_iter().zip(routers) {
            let (side, letter) = match role {
                LinkRole::Primary => (Side::Primary, 'p'),
                LinkRole::Secondary => (Side::Secondary, 's'),
            };
            if self.topology.node(&router).is_none() {
                self.node(&router, owner, place, Vec::new());
                self.processes(Some(&router), "router", self.router.clone());
                self.joint(
                    &format!("lan-{router}"),
                    LinkKind::Lan,
                    [&behind, &router],
                    [short(&router), "lan0".to_owned()],
                );
            }
            let number = index + 1;
            let peerings =
                [(Peering::Private, "prv", &circuit.private), (Peering::Microsoft, "ms", &circuit.microsoft)];
            let lanes = peerings.into_iter().filter_map(|(kind, word, peering)| {
                let link = peering.as_ref()?.link(role);
                let length =
                    |family: Family| link.subnet_of(family).get().map_or_else(|| family.link_length(), Prefix::length);
                let customer = |family: Family| {
                    let derived = || link.subnet_of(family).get()?.customer_address();
                    Some(Address { ip: link.customer_of(family).get().or_else(derived)?, length: length(family) })
                };
                let microsoft = |family: Family| {
                    let derived = || link.subnet_of(family).get()?.microsoft_address();
                    Some(Address { ip: link.microsoft_of(family).get().or_else(derived)?, length: length(family) })
                };
                Some(Lane {
                    peering: Some((name.to_string(), kind)),
                    devices: [format!("c{number}{letter}-{word}"), format!("ce-c{number}{letter}-{word}")],
                    addresses: [Family::BOTH.into_iter().filter_map(customer).collect(), Vec::new()],
                    beyond: Family::BOTH.into_iter().filter_map(microsoft).collect(),
                })
            });
            let kind = LinkKind::Access { circuit: name.to_string(), side };
            self.link(&format!("{name}-{}", role.key()), kind, [&router, &provider], lanes.collect());
            self.msee(&edge_name(location, side), location, &provider);
        }
        Ok(())
    }

    /// The provider's network behind the circuit's edges, with the access of the site.
    fn vpn(&mut self, circuit: &Name, site: &Name, location: &str) -> String {
        let (node, host) = (format!("vpn-{circuit}"), format!("host-{site}"));
        self.node(&node, Role::Vpn, location, Vec::new());
        self.processes(Some(&node), "bird", ProcessKind::Bird);
        let devices = [short(&node), short(&host)];
        self.joint(&format!("access-{circuit}"), LinkKind::Vpn, [&host, &node], devices);
        node
    }

    /// An edge of Microsoft's, unless another circuit has brought it.
    fn msee(&mut self, edge: &str, location: &str, provider: &str) {
        let node = format!("msee-{edge}");
        if self.topology.node(&node).is_some() {
            return;
        }
        self.node(&node, Role::Msee, location, Vec::new());
        self.processes(Some(&node), "edge", ProcessKind::Edge { edge: edge.to_owned() });
        let side = &edge[edge.len() - 1..];
        self.processes(Some(provider), &format!("carrier-{side}"), ProcessKind::Carrier { edge: edge.to_owned() });
        let lane = Lane {
            peering: None,
            devices: [format!("trunk-{side}"), "port0".to_owned()],
            addresses: [Vec::new(), Vec::new()],
            beyond: Vec::new(),
        };
        self.link(&format!("trunk-{edge}"), LinkKind::Trunk { edge: edge.to_owned() }, [provider, &node], vec![lane]);
        self.onto_cloud(&node);
    }

    /// Stand-ins for the services that the route filters let through: one address in a prefix of each.
    fn services(&mut self, design: &Design, catalog: &Catalog) {
        let microsoft = || design.circuits.values().filter_map(|circuit| circuit.microsoft.as_ref());
        let wanted = microsoft().flat_map(|peering| peering.filter.values());
        let mut names: Vec<_> = wanted.filter_map(|name| Some((name.to_string(), catalog.resolve(name)?))).collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            return;
        }
        let six = microsoft().any(|peering| peering.uses(Family::V6));
        let table = catalog.community_prefixes();
        self.node("microsoft", Role::Services, "Microsoft", Vec::new());
        for (name, community) in names {
            let prefixes = table.iter().filter(|(of, _)| *of == community).flat_map(|(_, prefixes)| prefixes);
            let prefixes: Vec<Prefix> =
                prefixes.copied().filter(|prefix| six || prefix.family() == Family::V4).collect();
            let addresses = hosts(&prefixes, HOST);
            if let Some(node) = self.topology.nodes.last_mut() {
                node.addresses.extend(addresses.iter().map(|ip| whole(*ip)));
            }
            if !addresses.is_empty() {
                self.host(&name, "microsoft", At::Service, addresses);
            }
        }
        self.onto_cloud("microsoft");
    }

    /// The Internet, at every site that says it has a way there.
    fn internet(&mut self, design: &Design) -> Result<(), Unfit> {
        let sites: Vec<String> = design
            .sites
            .iter()
            .filter(|(_, site)| site.internet_egress.values().next().is_some())
            .map(|(name, _)| name.to_string())
            .collect();
        if sites.is_empty() {
            return Ok(());
        }
        // Of the block for documentation (RFC 5737), so that it is nobody's.
        let address = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 10));
        self.node("net", Role::Internet, "Internet", vec![whole(address)]);
        self.host("internet", "net", At::Internet, vec![address]);
        for site in sites {
            let node = format!("host-{site}");
            self.joint(&format!("internet-{site}"), LinkKind::Internet, [&node, "net"], ["net0".into(), short(&site)]);
        }
        Ok(())
    }

    pub(super) fn onto_cloud(&mut self, node: &str) {
        let number = self.topology.links.iter().filter(|link| link.kind == LinkKind::Cloud).count();
        let last = u8::try_from(number).unwrap_or(u8::MAX).saturating_add(1);
        let lane = Lane {
            peering: None,
            devices: ["cloud0".to_owned(), format!("n{last}")],
            addresses: [vec![Address { ip: Ipv4Addr::new(169, 254, 253, last).into(), length: 24 }], Vec::new()],
            beyond: Vec::new(),
        };
        self.link(&format!("cloud-{node}"), LinkKind::Cloud, [node, "cloud"], vec![lane]);
    }

    /// A link between two routers of the customer's, with addresses that no design has: link-local ones of IPv4
    /// (RFC 3927) and unique local ones of IPv6 (RFC 4193).
    pub(super) fn joint(&mut self, name: &str, kind: LinkKind, ends: [&str; 2], devices: [String; 2]) {
        let number = self.numbers;
        self.numbers += 1;
        let four = |end: u16| {
            let [high, low] = (256 + number * 4 + end).to_be_bytes();
            Address { ip: Ipv4Addr::new(169, 254, high, low).into(), length: 30 }
        };
        let six = |end: u16| Address {
            ip: Ipv6Addr::new(0xfd74, 0x7769, 0x6e70, 0, 0, 0, 0, number * 4 + end).into(),
            length: 126,
        };
        let addresses = [vec![four(1), six(1)], vec![four(2), six(2)]];
        let lane = Lane { peering: None, devices, addresses, beyond: Vec::new() };
        self.link(name, kind, ends, vec![lane]);
    }

    pub(super) fn node(&mut self, name: &str, role: Role, place: &str, addresses: Vec<Address>) {
        self.topology.nodes.push(Node { name: name.to_owned(), role, place: place.to_owned(), addresses });
    }

    fn link(&mut self, name: &str, kind: LinkKind, ends: [&str; 2], lanes: Vec<Lane>) {
        self.topology.links.push(Link { name: name.to_owned(), kind, ends: ends.map(str::to_owned), lanes });
    }

    pub(super) fn host(&mut self, name: &str, node: &str, at: At, addresses: Vec<IpAddr>) {
        self.topology.hosts.push(Host { name: name.to_owned(), node: node.to_owned(), at, addresses });
    }

    fn processes(&mut self, node: Option<&str>, what: &str, kind: ProcessKind) {
        let name = node.map_or_else(|| what.to_owned(), |node| format!("{node}/{what}"));
        self.topology.processes.push(Process { name, node: node.map(str::to_owned), kind });
    }
}

/// The site of a circuit: the one it says, else the only one.
fn site_of(design: &Design, name: &Name, circuit: &Circuit) -> Result<Name, Unfit> {
    let only = || design.sites.keys().next().filter(|_| design.sites.len() == 1).cloned();
    let said = circuit.site.value().cloned().or_else(only);
    said.ok_or_else(|| Unfit { what: format!("circuit {name}"), wanted: "site" })
}

/// The routers at the customer's end of the two links: those that the circuit names, else the site's.
fn routers(design: &Design, site: &Name, circuit: &Circuit) -> [String; 2] {
    let listed = design.sites.get(site).into_iter().flat_map(|site| site.edges.values().map(Name::to_string));
    let standing = design.edges.iter().filter(|(_, edge)| edge.site.is(site)).map(|(name, _)| name.to_string());
    let mut all: Vec<String> = listed.chain(standing).collect();
    if all.is_empty() {
        all = vec![format!("ce-{site}-1"), format!("ce-{site}-2")];
    }
    let first = circuit.cpe.primary.value().map(|port| port.device.clone());
    let second = circuit.cpe.secondary.value().map(|port| port.device.clone());
    let first = first.or_else(|| all.first().cloned()).unwrap_or_default();
    let other = || all.iter().find(|name| **name != first).cloned();
    let second = second.or_else(other).unwrap_or_else(|| first.clone());
    [first, second]
}

/// The first prefix of each family.
fn first_of_each(prefixes: &[Prefix]) -> impl Iterator<Item = Prefix> + '_ {
    Family::BOTH.into_iter().filter_map(|family| prefixes.iter().copied().find(|prefix| prefix.family() == family))
}

/// An address of each family: at an offset in its first prefix, or as near to it as there is room.
fn hosts(prefixes: &[Prefix], offset: u32) -> Vec<IpAddr> {
    let of = |prefix: Prefix| prefix.address(offset).or_else(|| prefix.address(1)).or_else(|| prefix.address(0));
    first_of_each(prefixes).filter_map(of).collect()
}

/// An address in the first /24 or /64 of a prefix.
fn in_subnet(prefix: Prefix, offset: u32) -> Option<Address> {
    let longest = match prefix.family() {
        Family::V4 => 24,
        Family::V6 => 64,
    };
    Some(Address { ip: prefix.address(offset)?, length: prefix.length().max(longest) })
}

pub(super) fn whole(ip: IpAddr) -> Address {
    Address { ip, length: if ip.is_ipv4() { 32 } else { 128 } }
}

/// A name as a device may have it: Linux takes 15 bytes.
fn short(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(letter).collect();
    name[name.len().saturating_sub(13)..].to_owned()
}
