//! What stands behind edge routers: the core of a site, and a provider's network.

use super::{ACCEPT, behind, translation, write};
use crate::topology::{Link, LinkKind, Node, Role, Topology};
use crate::{Error, Lab, node};
use model::{Family, Prefix};
use planner::Plan;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

/// The AS number of what stands behind edge routers: theirs, if they are of one owner. The core of a site that has only
/// the provider's gets a number of its own for private use.
fn number(topology: &Topology, plan: &Plan, place: &Node) -> u32 {
    let numbers = || plan.routers.iter().filter_map(|router| router.asn).map(|asn| asn.0);
    let own = |router: &&planner::Router| match place.role {
        Role::Vpn => {
            topology.links_of(&place.name).any(|link| link.kind == LinkKind::Lan && link.ends[1] == router.name)
        }
        _ => {
            let is_here = router.site.as_ref().is_some_and(|of| of.as_str() == place.place);
            is_here && router.owner == planner::Owner::Customer
        }
    };
    let of_routers = plan.routers.iter().filter(own).filter_map(|router| router.asn).map(|asn| asn.0).next();
    let managed = || topology.links_of(&place.name).any(|link| link.kind == LinkKind::Vpn);
    let sites = || topology.of_role(Role::Site).take_while(|site| site.name != place.name).count();
    of_routers.unwrap_or_else(|| match managed() {
        // Two sites of one VPN must not have the same number: each would take the other's routes for its own.
        true => (65000..).filter(|number| numbers().all(|taken| taken != *number)).nth(sites()).unwrap_or(65000),
        false => 65000,
    })
}

/// How what stands behind edge routers meets one of its neighbours.
struct Meets {
    /// The neighbour's AS number.
    asn: u32,
    /// What else is said of the session.
    more: &'static str,
    import: String,
    export: String,
}

/// What stands behind edge routers, the core of a site or the provider's network: BIRD, and translation where it is there.
pub(super) fn core(lab: &Lab, plan: &Plan, place: &Node, folder: &Path) -> Result<(), Error> {
    let topology = lab.topology();
    let own = number(topology, plan, place);
    let linked = topology.links_of(&place.name).flat_map(|link| {
        let end = usize::from(link.ends[1] == place.name);
        link.lanes.iter().flat_map(move |lane| &lane.addresses[end])
    });
    let identity = place.addresses.iter().chain(linked).map(|address| address.ip).find(IpAddr::is_ipv4);
    let identity = identity.unwrap_or(IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 0, 1)));
    let mut text = format!(
        "# {}, behind edge routers: made by `twinpath lab`.\nrouter id {identity};\nlog \"router.log\" all;\ninclude \"{ACCEPT}\";\n\nprotocol device {{ scan time 2; }}\n\
         protocol bfd {{ interface \"*\" {{ min rx interval 100 ms; min tx interval 100 ms; multiplier 3; }}; }}\n",
        place.name
    );
    for (version, channel) in [(4, "ipv4"), (6, "ipv6")] {
        let _ = writeln!(
            text,
            "protocol kernel kernel_{version} {{ merge paths on; {channel} {{ import none; export where source = RTS_BGP; }}; }}"
        );
        let _ = writeln!(text, "protocol static hosts_{version} {{ {channel};");
        for prefix in announced(topology, plan, place).iter().filter(|prefix| prefix.family() == family_of(version)) {
            let _ = writeln!(text, "  route {prefix} unreachable;");
        }
        text += "}\n";
    }
    for link in topology.links_of(&place.name) {
        let end = usize::from(link.ends[1] == place.name);
        let Some(far) = topology.node(&link.ends[1 - end]) else { continue };
        let Some(meets) = meets(topology, plan, own, link, place, far) else { continue };
        for (index, lane) in link.lanes.iter().enumerate() {
            for (near, remote) in lane.addresses[end].iter().zip(&lane.addresses[1 - end]) {
                let (version, channel) = if near.ip.is_ipv4() { (4, "ipv4") } else { (6, "ipv6") };
                let has = || plan.sessions_of(&far.name).any(|placed| placed.session.family == family_of(version));
                if link.kind == LinkKind::Lan && !has() {
                    // As for its own part `edge`: a router without sessions of a family brings nothing of it.
                    continue;
                }
                let name: String = format!("{}_{index}_{version}", link.name).replace(['-', '.', ' '], "_");
                let Meets { asn, more, import, export } = &meets;
                let _ = writeln!(
                    text,
                    "protocol bgp {name} {{\n  local {} as {own};\n  neighbor {} as {asn};\n  \
                     direct; bfd on; connect delay time 1; connect retry time 2; error wait time 1, 4;\n{more}  \
                     {channel} {{ next hop self; import {import}; export {export}; }};\n}}",
                    near.ip, remote.ip
                );
            }
        }
    }
    write(&folder.join("bird.conf"), &text, false)?;
    write(&folder.join(ACCEPT), "filter from_edge { accept; }\n", false)?;
    let rules = translation::rules(topology, plan, place);
    write(&folder.join("nat.nft"), &rules, false)?;
    node::run(Some(&place.name), "nft", &["-f", "-"], Some(&rules)).map(drop)
}

fn family_of(version: u8) -> Family {
    if version == 4 { Family::V4 } else { Family::V6 }
}

/// The sessions of what stands behind edge routers, by what a link is for.
fn meets(topology: &Topology, plan: &Plan, own: u32, link: &Link, place: &Node, far: &Node) -> Option<Meets> {
    let microsoft = model::Asn::MICROSOFT_EDGE;
    let text = str::to_owned;
    Some(match link.kind {
        LinkKind::Lan => Meets {
            asn: own,
            more: "  rr client;\n",
            import: text("filter from_edge"),
            export: text("where source = RTS_BGP"),
        },
        LinkKind::Wan => Meets {
            asn: number(topology, plan, far),
            more: "",
            import: text("filter { bgp_local_pref = 50; accept; }"),
            export: text("where source ~ [RTS_STATIC, RTS_BGP]"),
        },
        // The provider tells what it hears of Microsoft, and a site what is of the sites.
        LinkKind::Vpn if place.role == Role::Vpn => Meets {
            asn: number(topology, plan, far),
            more: "",
            import: text("all"),
            export: text("where source = RTS_BGP"),
        },
        LinkKind::Vpn => Meets {
            asn: number(topology, plan, far),
            more: "",
            import: text("filter from_edge"),
            export: format!("where source = RTS_STATIC || source = RTS_BGP && !(bgp_path ~ [= * {microsoft} * =])"),
        },
        LinkKind::Access { .. } | LinkKind::Trunk { .. } | LinkKind::Cloud | LinkKind::Vnet | LinkKind::Internet => {
            return None;
        }
    })
}

/// What a site's core says is its own: the sites' prefixes that its hosts are of, and to a provider's network the pools
/// that it translates to.
fn announced(topology: &Topology, plan: &Plan, place: &Node) -> BTreeSet<Prefix> {
    let all = behind(plan);
    let hosts = place.addresses.iter().filter_map(|address| all.iter().find(|prefix| prefix.contains(address.ip)));
    let managed = topology.links_of(&place.name).any(|link| link.kind == LinkKind::Vpn);
    let pools = plan
        .nat
        .pools
        .iter()
        .filter(|pool| managed && place.role == Role::Site && translation::translates(topology, plan, place, pool));
    hosts.copied().chain(pools.flat_map(|pool| pool.prefixes.iter().copied())).collect()
}
