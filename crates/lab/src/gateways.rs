//! Microsoft's network behind the edges: gateways of virtual networks, and stand-ins for public services.
//!
//! A gateway is BIRD with the number of Azure's gateways, one VXLAN for each edge and a session in each, as the service
//! tells (`/operator/v1/gateways`). Stand-ins answer on the edge that asked: what comes in on a device leaves by it.

use crate::routers::{find, run, write};
use crate::topology::{Link, LinkKind, Node, Role};
use crate::{Error, Lab, node, wait};
use client::Who;
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::IpAddr;
use std::path::Path;
use ureq::http::Method;

/// Where a gateway's place is told, and its tunnels are asked.
const GATEWAYS: &str = "/operator/v1/gateways";

/// Places the gateways that were ordered, and starts them.
///
/// # Errors
///
/// The service does not answer, or the kernel refuses.
pub(crate) fn start(lab: &mut Lab) -> Result<(), Error> {
    let operator = lab.client(Who::Operator)?;
    let customer = lab.client(Who::Customer)?;
    let subscription = customer.subscription.clone().unwrap_or_default();
    let group = format!("/subscriptions/{subscription}/resourceGroups/lab/providers/Microsoft.Network");
    let ordered = customer.list(&format!("{group}/virtualNetworkGateways"))?;
    let nodes: Vec<Node> = lab.topology().of_role(Role::Gateway).cloned().collect();
    let mut placed = 0;
    for place in &nodes {
        let Some(gateway) = ordered.iter().find(|gateway| gateway["name"] == place.place.as_str()) else { continue };
        let Some(underlay) = underlay(lab, &place.name) else { continue };
        operator.send(&Method::PUT, GATEWAYS, Some(&json!({ "id": gateway["id"], "underlay": underlay })))?;
        placed += 1;
    }
    if placed == 0 {
        return Ok(());
    }
    // Only a gateway that is connected to a circuit has tunnels.
    let connected = customer.list(&format!("{group}/connections"))?.len();
    let told = wait::until("the edges tell where they are in the cloud", || {
        let told = operator.list(GATEWAYS)?;
        let tunnels = || told.iter().flat_map(|gateway| gateway["tunnels"].as_array().into_iter().flatten());
        let known = tunnels().count() >= connected * 2 && tunnels().all(|tunnel| tunnel["underlay"].is_string());
        Ok(known.then_some(told))
    })?;
    for place in &nodes {
        let own =
            |gateway: &&Value| gateway["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(&place.place));
        if let (Some(gateway), Some(underlay)) = (told.iter().find(own), underlay(lab, &place.name)) {
            begin(lab, place, gateway, underlay)?;
        }
    }
    Ok(())
}

/// A node's address in the cloud's network.
pub(crate) fn underlay(lab: &Lab, node: &str) -> Option<IpAddr> {
    let links = lab.topology().links_of(node).filter(|link| link.kind == crate::topology::LinkKind::Cloud);
    links.flat_map(|link| &link.lanes).flat_map(|lane| &lane.addresses[0]).map(|address| address.ip).next()
}

fn begin(lab: &mut Lab, place: &Node, gateway: &Value, underlay: IpAddr) -> Result<(), Error> {
    let asn = gateway["asn"].as_u64().unwrap_or(65515);
    let mut text = format!(
        "# The gateway of {}: made by `twinpath lab`.\nrouter id {underlay};\nlog \"router.log\" all;\n\nprotocol device {{ scan time 2; }}\n\
         protocol bfd {{ interface \"*\" {{ min rx interval 300 ms; min tx interval 300 ms; multiplier 3; }}; }}\n",
        place.place
    );
    let prefixes = || gateway["prefixes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for (version, channel) in [(4, "ipv4"), (6, "ipv6")] {
        let _ = writeln!(
            text,
            "protocol kernel kernel_{version} {{ merge paths on; {channel} {{ import none; export where source = RTS_BGP; }}; }}\n\
             protocol static vnet_{version} {{ {channel};"
        );
        for prefix in prefixes().filter(|prefix| prefix.contains(':') == (version == 6)) {
            let _ = writeln!(text, "  route {prefix} unreachable;");
        }
        text += "}\n";
    }
    let mut lines = String::new();
    let mut tunnels = Vec::new();
    for tunnel in gateway["tunnels"].as_array().into_iter().flatten() {
        let (Some(vni), Some(remote)) = (tunnel["vni"].as_u64(), tunnel["underlay"].as_str()) else { continue };
        let device = format!("vx{vni}");
        let _ = writeln!(
            lines,
            "link add name {device} type vxlan id {vni} local {underlay} remote {remote} dstport 4789 nolearning ttl 64\nlink set dev {device} up"
        );
        for session in tunnel["sessions"].as_array().into_iter().flatten() {
            let text_of = |key: &str| session[key].as_str().unwrap_or_default();
            let (edge, own, subnet) = (text_of("edge"), text_of("gateway"), text_of("subnet"));
            let length = subnet.rsplit('/').next().unwrap_or_default();
            for (address, node) in
                [(own, place.name.clone()), (edge, format!("msee-{}", tunnel["edge"].as_str().unwrap_or_default()))]
            {
                tunnels.extend(address.parse().ok().map(|address: IpAddr| (address, node)));
            }
            let (version, channel, more) = if own.contains(':') { (6, "ipv6", " nodad") } else { (4, "ipv4", "") };
            let _ = writeln!(lines, "address add {own}/{length} dev {device}{more}");
            let _ = writeln!(
                text,
                "# {} of {}\nprotocol bgp edge_{vni}_{version} {{\n  local {own} as {asn};\n  neighbor {edge} as 12076;\n  \
                 direct; bfd on; connect delay time 1; connect retry time 1; error wait time 1, 2;\n  \
                 {channel} {{ import all; export where source = RTS_STATIC; }};\n}}",
                tunnel["edge"].as_str().unwrap_or_default(),
                tunnel["circuit"].as_str().unwrap_or_default()
            );
        }
    }
    lab.state_mut().tunnels.extend(tunnels);
    let process = format!("{}/gateway", place.name);
    if lab.pid(&process).is_some() {
        return Ok(());
    }
    let there = node::run(Some(&place.name), "ip", &["-o", "link", "show", "type", "vxlan"], None)?;
    if there.trim().is_empty() {
        node::run(Some(&place.name), "ip", &["-batch", "-"], Some(&lines))?;
    }
    let folder = lab.folder_of(&place.name);
    std::fs::create_dir_all(&folder).map_err(Error::io(folder.display().to_string()))?;
    write(&folder.join("bird.conf"), &text, false)?;
    let program = find("bird").ok_or_else(|| Error::No("BIRD is not installed: apt-get install bird2".to_owned()))?;
    let args = ["-f", "-c", "bird.conf", "-s", "bird.ctl", "-P", "bird.pid"].map(str::to_owned).to_vec();
    run(lab, &process, Some(&place.name), program, args, &folder)
}

/// The mark and table of what came from the Internet.
const OUTSIDE: u32 = 200;

/// The stand-ins' way back to the Internet.
fn by_the_internet(place: &Node, link: &Link) -> Result<(), Error> {
    let mark = format!("{OUTSIDE:#x}");
    for lane in &link.lanes {
        for via in &lane.addresses[1] {
            let family = if via.ip.is_ipv4() { "-4" } else { "-6" };
            let lines = format!("route replace default via {} dev {} table {OUTSIDE}\n", via.ip, lane.devices[0]);
            let known = node::run(Some(&place.name), "ip", &[family, "rule", "show"], None)?.contains(&mark);
            let rule = if known { String::new() } else { format!("rule add fwmark {mark} table {OUTSIDE}\n") };
            node::run(Some(&place.name), "ip", &[family, "-batch", "-"], Some(&(lines + &rule)))?;
        }
    }
    Ok(())
}

/// Joins the stand-ins to the Microsoft peerings' domains: a cable to each, and the way back by the one that asked.
///
/// # Errors
///
/// The kernel refuses.
pub(crate) fn services(lab: &mut Lab, domains: &[String]) -> Result<(), Error> {
    let Some(place) = lab.topology().of_role(Role::Services).next().cloned() else { return Ok(()) };
    let edges: Vec<String> = lab.topology().of_role(Role::Msee).map(|node| node.name.clone()).collect();
    let edge_of = |domain: &str| {
        let is_its = |node: &&String| domain.starts_with(&format!("tp-{}-", node.trim_start_matches("msee-")));
        edges.iter().find(is_its).cloned()
    };
    let mut rules = String::from(
        "table inet twinpath_back\ndelete table inet twinpath_back\ntable inet twinpath_back {\n chain in { type filter hook prerouting priority mangle; policy accept;\n",
    );
    let mut made = Vec::new();
    for (index, domain) in domains.iter().enumerate() {
        let number = index + 1;
        if !Path::new("/run/netns").join(domain).exists() {
            continue;
        }
        let _ = writeln!(rules, "  iifname \"d{number}\" ct mark set {number}");
        made.push((number, domain));
    }
    // Whoever comes from the Internet is answered there.
    let outside = lab.topology().links_of(&place.name).find(|link| link.kind == LinkKind::Internet);
    if let Some(link) = outside {
        let _ = writeln!(rules, "  iifname \"{}\" ct mark set {OUTSIDE}", link.lanes[0].devices[0]);
        by_the_internet(&place, link)?;
    }
    rules +=
        " }\n chain out { type route hook output priority mangle; policy accept;\n  meta mark set ct mark\n }\n}\n";
    for (number, domain) in made {
        let (near, far) = (number * 4 + 1, number * 4 + 2);
        let own: [Option<IpAddr>; 2] =
            [format!("169.254.250.{near}"), format!("fd74:7769:7376::{near:x}")].map(|own| own.parse().ok());
        let named = own.into_iter().flatten().zip(std::iter::repeat_with(|| edge_of(domain)));
        lab.state_mut().tunnels.extend(named.filter_map(|(own, edge)| Some((own, edge?))));
        if node::run(Some(&place.name), "ip", &["link", "show", "dev", &format!("d{number}")], None).is_ok() {
            continue;
        }
        let lines = format!("link add name inside netns {domain} type veth peer name d{number} netns {}\n", place.name);
        node::run(None, "ip", &["-batch", "-"], Some(&lines))?;
        let mut lines = format!(
            "link set dev inside up\naddress add 169.254.250.{near}/30 dev inside\naddress add fd74:7769:7376::{near:x}/126 dev inside nodad\n"
        );
        for address in &place.addresses {
            let via =
                if address.ip.is_ipv4() { format!("169.254.250.{far}") } else { format!("fd74:7769:7376::{far:x}") };
            let _ = writeln!(lines, "route add {address} via {via} dev inside");
        }
        node::run(Some(domain), "ip", &["-batch", "-"], Some(&lines))?;
        let lines = format!(
            "link set dev d{number} up\naddress add 169.254.250.{far}/30 dev d{number}\naddress add fd74:7769:7376::{far:x}/126 dev d{number} nodad\n\
             route add default via 169.254.250.{near} dev d{number} table {number}\n\
             route add default via fd74:7769:7376::{near:x} dev d{number} table {number}\n\
             rule add fwmark {number} table {number}\n-6 rule add fwmark {number} table {number}\n"
        );
        let (six, four): (Vec<&str>, Vec<&str>) = lines.lines().partition(|line| line.starts_with("-6 "));
        node::run(Some(&place.name), "ip", &["-batch", "-"], Some(&(four.join("\n") + "\n")))?;
        let six: Vec<&str> = six.iter().map(|line| line.trim_start_matches("-6 ")).collect();
        node::run(Some(&place.name), "ip", &["-6", "-batch", "-"], Some(&(six.join("\n") + "\n")))?;
        if number == 1 {
            // A packet that nobody marked, like the answer of a router on the way, finds out too.
            let _ = node::run(
                Some(&place.name),
                "ip",
                &["route", "add", "default", "via", "169.254.250.5", "dev", "d1"],
                None,
            );
        }
    }
    node::run(Some(&place.name), "nft", &["-f", "-"], Some(&rules)).map(drop)
}
