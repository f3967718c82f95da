//! What a lab consists of: nodes, links between them, the processes that run in them, and who talks to whom.
//!
//! [`Topology::of`] makes it out of a design and does nothing else, so that it can be printed before anything is
//! built. A **node** is a network namespace. A **link** is one cable between two nodes; where a cable carries several
//! peerings without tags it has several **lanes**, each a veth pair, which share its fate. The second end of a link is
//! the far one, from its customer's point of view: a cut with carrier takes that end down, so that the near end sees it.
//!
//! ```text
//!  host-ams ──┬── ce-ams-1 ──(amsterdam-primary)── pe-amsterdam ──(trunk)── msee-amsterdam-a ──┐
//!     │       └── ce-ams-2 ─(amsterdam-secondary)─ pe-amsterdam ──(trunk)── msee-amsterdam-b ──┤
//!    wan                                                                                     cloud ── gw-hub ── vm-hub
//!     │       ┌── ce-dub-1 ──── …                                                              │
//!  host-dub ──┴── ce-dub-2 ──── …                                                          microsoft
//! ```
//!
//! Where the provider runs layer 3, its own routers stand in the place of the customer's edges, and its network between
//! them and the site: one node, `vpn-CIRCUIT`, as `cloud` is one for all of Microsoft's. To the site, Microsoft is then
//! another branch of that VPN.
//!
//! ```text
//!  host-oslo ──(access)── vpn-oslo ──┬── pe-oslo-1 ──(oslo-primary)── pe-oslo ──(trunk)── msee-oslo-a ── …
//!                                    └── pe-oslo-2 ─(oslo-secondary)─ pe-oslo ──(trunk)── msee-oslo-b ── …
//! ```

mod address;
mod build;
mod draw;
mod endpoints;

pub use address::Address;
pub use build::Unfit;
pub use endpoints::StandIn;

#[cfg(test)]
mod tests;

use edge_api::{Peering, Side};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A whole lab, before anything of it exists.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Topology {
    /// Whose design it is.
    pub company: String,
    /// Namespaces, from the customer's hosts to the virtual machines.
    pub nodes: Vec<Node>,
    /// Cables.
    pub links: Vec<Link>,
    /// What runs in the nodes, in the order of starting.
    pub processes: Vec<Process>,
    /// The ends of traffic.
    pub hosts: Vec<Host>,
}

/// A network namespace with a part to play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Its name, also of its namespace: `ce-ams-1`.
    pub name: String,
    /// Its part.
    pub role: Role,
    /// The site, peering location or virtual network it belongs to.
    pub place: String,
    /// Addresses that are no link's: a host's, a router's identity.
    pub addresses: Vec<Address>,
}

/// The part that a node plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The hosts of a site and the router in front of them.
    Site,
    /// A router of the customer that ends BGP with Microsoft.
    CustomerEdge,
    /// A router of the provider that ends BGP with Microsoft, where layer 3 is managed.
    ProviderEdge,
    /// The provider's network between a site and the provider's edges: an IPVPN.
    Vpn,
    /// A connectivity provider at a peering location.
    Provider,
    /// One of Microsoft's edge routers.
    Msee,
    /// The gateway of a virtual network.
    Gateway,
    /// A virtual machine.
    Machine,
    /// Microsoft's network between edges and gateways.
    Cloud,
    /// Stand-ins for Microsoft's public services.
    Services,
    /// The Internet.
    Internet,
    /// A user outside the buildings that have a circuit.
    Outside,
}

/// A cable between two nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its name: `amsterdam-primary`.
    pub name: String,
    /// What it is for.
    pub kind: LinkKind,
    /// The nodes at its ends, the customer's side first.
    pub ends: [String; 2],
    /// Its veth pairs: one, or one for each peering where no tags keep them apart.
    pub lanes: Vec<Lane>,
}

/// What a cable is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum LinkKind {
    /// From what stands behind an edge router to that: in a site, or in the provider's network.
    Lan,
    /// From a site to the provider's network.
    Vpn,
    /// Between two sites.
    Wan,
    /// One of the two links of a circuit: from the customer's edge to the provider.
    Access {
        /// The circuit.
        circuit: String,
        /// Which of the two.
        side: Side,
    },
    /// From the provider to one of Microsoft's edges.
    Trunk {
        /// The edge's name at the service: `amsterdam-a`.
        edge: String,
    },
    /// In Microsoft's network.
    Cloud,
    /// From a gateway to a machine.
    Vnet,
    /// To the Internet.
    Internet,
}

/// A veth pair: one device at each end of its link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// The peering whose packets alone it carries; all when there is none.
    #[serde(default)]
    pub peering: Option<(String, Peering)>,
    /// The devices, in the order of the link's ends.
    pub devices: [String; 2],
    /// Their addresses. What a device inside a router's own domains has is the router's affair.
    pub addresses: [Vec<Address>; 2],
    /// Addresses of Microsoft's router behind the second end, for a lane of a circuit.
    #[serde(default)]
    pub beyond: Vec<Address>,
}

/// Something that runs in a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its name: `ce-ams-1/bird`.
    pub name: String,
    /// The node; nothing for the service, which runs beside them.
    pub node: Option<String>,
    /// What it is.
    pub kind: ProcessKind,
}

/// What a process is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum ProcessKind {
    /// `twinpath serve`.
    Service,
    /// `twinpath edge` in the place of one of Microsoft's edges.
    Edge {
        /// Its name at the service: `amsterdam-a`.
        edge: String,
    },
    /// What carries circuits from the customers' cables to one of Microsoft's edges.
    Carrier {
        /// The edge's name at the service: `amsterdam-a`.
        edge: String,
    },
    /// BIRD.
    Bird,
    /// FRR: several daemons as one.
    Frr,
}

/// An end of traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its name: `ams`, `hub-weu`, `exchange`.
    pub name: String,
    /// The node that has its addresses.
    pub node: String,
    /// What it stands for.
    pub at: At,
    /// Its addresses, of each family the first being the one to talk to.
    pub addresses: Vec<IpAddr>,
}

/// What a host stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// A site of the customer.
    Site,
    /// A virtual network.
    Vnet,
    /// A Microsoft service whose prefixes the route filters let through, or endpoints of one.
    Service,
    /// A place on the Internet that is no Microsoft service.
    Internet,
    /// A user outside the buildings that have a circuit.
    Outside,
}

impl Topology {
    /// The node of a name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The link of a name.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name)
    }

    /// The process of a name.
    pub fn process(&self, name: &str) -> Option<&Process> {
        self.processes.iter().find(|process| process.name == name)
    }

    /// The nodes of a part, in order.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.role == role)
    }

    /// The hosts of a kind, in order.
    pub fn hosts_at(&self, at: At) -> impl Iterator<Item = &Host> {
        self.hosts.iter().filter(move |host| host.at == at)
    }

    /// The links that end at a node.
    pub fn links_of<'t>(&'t self, node: &'t str) -> impl Iterator<Item = &'t Link> {
        self.links.iter().filter(move |link| link.ends.iter().any(|end| end == node))
    }

    /// The flows that a design wants to work: from each site to each virtual network, each Microsoft service, and the
    /// Internet where the site has a way there.
    pub fn flows(&self) -> Vec<(&Host, &Host)> {
        let is_end = |site: &Host, end: &Host| match end.at {
            At::Vnet | At::Service => true,
            At::Internet => self.links_of(&site.node).any(|link| link.kind == LinkKind::Internet),
            At::Site | At::Outside => false,
        };
        let ends = |site| self.hosts.iter().filter(move |end| is_end(site, end)).map(move |end| (site, end));
        self.hosts_at(At::Site).flat_map(ends).collect()
    }
}
