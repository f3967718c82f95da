//! Namespaces, cables and addresses: what a lab has before anything runs in it.

use crate::topology::{Address, LinkKind, Node, Role, Topology};
use crate::{Error, node};
use dataplane::linux::Net;
use socket::Namespace;
use std::fmt::Write;
use std::path::Path;

/// What every node is told beyond what makes it a router: it keeps its addresses when a link goes.
const SETTINGS: &[(&str, &str)] = &[
    ("ipv6/conf/default/forwarding", "1"),
    ("ipv6/conf/all/keep_addr_on_down", "1"),
    ("ipv6/conf/default/keep_addr_on_down", "1"),
    // A drill asks for ways more often than routers answer by default.
    ("ipv4/icmp_ratelimit", "0"),
    ("ipv6/icmp/ratelimit", "0"),
];

/// The device by which an edge reaches the service, and the one at the other end.
const MANAGEMENT: (&str, &str) = ("mgmt0", "mgmt");

/// Where the service listens for edges: an address of its own beside the nodes (RFC 3927).
pub(crate) const DOOR: &str = "169.254.254.1";

/// Makes the namespaces of a topology, and its links in them. What is there already is left as it is.
///
/// # Errors
///
/// The kernel refuses something; the message says what.
pub(crate) fn build(topology: &Topology) -> Result<(), Error> {
    if Path::new("/run/netns").join("cloud").exists() {
        return Ok(());
    }
    let mut lines = String::new();
    for node in &topology.nodes {
        let _ = writeln!(lines, "netns add {}", node.name);
    }
    node::run(None, "ip", &["-batch", "-"], Some(&lines))?;
    for node in &topology.nodes {
        settings(node)?;
    }
    let mut lines = format!(
        "link add name {0} type bridge mcast_snooping 0\nlink set dev {0} up\naddress add {DOOR}/24 dev {0}\n",
        MANAGEMENT.1
    );
    for link in &topology.links {
        for lane in &link.lanes {
            let [near, far] = &lane.devices;
            let [here, there] = &link.ends;
            // Room for two tags, and for what wraps a packet in the cloud.
            let mtu = if matches!(link.kind, LinkKind::Trunk { .. } | LinkKind::Cloud) { " mtu 1600" } else { "" };
            let _ =
                writeln!(lines, "link add name {near}{mtu} netns {here} type veth peer name {far}{mtu} netns {there}");
        }
    }
    for (number, edge) in topology.of_role(Role::Msee).enumerate() {
        let (device, bridge) = MANAGEMENT;
        let _ = writeln!(
            lines,
            "link add name mgmt{} type veth peer name {device} netns {}\nlink set dev mgmt{0} up master {bridge}",
            number + 1,
            edge.name
        );
    }
    node::run(None, "ip", &["-batch", "-"], Some(&lines))?;
    for node in &topology.nodes {
        node::run(None, "ip", &["-n", &node.name, "-batch", "-"], Some(&inside(topology, node)))?;
    }
    Ok(())
}

fn settings(node: &Node) -> Result<(), Error> {
    let set = |namespace: Namespace| {
        let net = Net::open(&namespace)?;
        net.make_router()?;
        for (name, value) in SETTINGS {
            // A kernel without one of them forwards all the same.
            let _ = net.set_sysctl(name, value);
        }
        Ok(())
    };
    Namespace::named(&node.name).and_then(set).map_err(Error::io(node.name.clone()))
}

/// The lines for `ip` that set up one node's devices.
fn inside(topology: &Topology, node: &Node) -> String {
    let mut lines = "link set dev lo up\n".to_owned();
    let mut add = |address: &Address, device: &str| {
        let more = if address.ip.is_ipv6() { " nodad" } else { "" };
        let _ = writeln!(lines, "address add {address} dev {device}{more}");
    };
    node.addresses.iter().for_each(|address| add(address, "lo"));
    for link in topology.links_of(&node.name) {
        for end in (0..2).filter(|end| link.ends[*end] == node.name) {
            for lane in &link.lanes {
                lane.addresses[end].iter().for_each(|address| add(address, &lane.devices[end]));
            }
        }
    }
    let bridge = match node.role {
        Role::Cloud => "link add name br0 type bridge mcast_snooping 0\nlink set dev br0 up\n",
        _ => "",
    };
    lines += bridge;
    for link in topology.links_of(&node.name) {
        for end in (0..2).filter(|end| link.ends[*end] == node.name) {
            for lane in &link.lanes {
                let device = &lane.devices[end];
                let master = if node.role == Role::Cloud { " master br0" } else { "" };
                let _ = writeln!(lines, "link set dev {device} up{master}");
            }
        }
    }
    if let (Role::Msee, Some(number)) =
        (node.role, topology.of_role(Role::Msee).position(|edge| edge.name == node.name))
    {
        let device = MANAGEMENT.0;
        let _ = writeln!(lines, "address add 169.254.254.{}/24 dev {device}\nlink set dev {device} up", number + 2);
    }
    lines
}

/// Routes that no protocol brings: of hosts that run none.
pub(crate) fn routes(topology: &Topology, node: &Node) -> String {
    let mut lines = String::new();
    let wanted = |kind: &LinkKind| match node.role {
        // A machine's only way is its gateway; a site's way to all that is nobody's is the Internet.
        Role::Machine => *kind == LinkKind::Vnet,
        Role::Site | Role::Outside => *kind == LinkKind::Internet,
        _ => false,
    };
    if node.role == Role::Internet {
        return beyond(topology, node);
    }
    for link in topology.links_of(&node.name).filter(|link| wanted(&link.kind)) {
        let far = usize::from(link.ends[0] == node.name);
        for address in link.lanes.iter().flat_map(|lane| &lane.addresses[far]) {
            let _ = writeln!(lines, "route replace default via {} dev {}", address.ip, device(link, 1 - far));
        }
    }
    lines
}

/// The routes of the Internet: to whoever has addresses there that are no site's.
fn beyond(topology: &Topology, node: &Node) -> String {
    let mut lines = String::new();
    for link in topology.links_of(&node.name) {
        let far = topology.node(&link.ends[0]).filter(|far| matches!(far.role, Role::Services | Role::Outside));
        for (address, via) in far.iter().flat_map(|far| &far.addresses).flat_map(|address| {
            let ends = link.lanes.iter().flat_map(|lane| &lane.addresses[0]);
            ends.filter(|end| end.ip.is_ipv4() == address.ip.is_ipv4()).map(move |end| (address, end.ip))
        }) {
            let _ = writeln!(lines, "route replace {address} via {via} dev {}", device(link, 1));
        }
    }
    lines
}

fn device(link: &crate::topology::Link, end: usize) -> &str {
    link.lanes.first().map_or("", |lane| &lane.devices[end])
}
