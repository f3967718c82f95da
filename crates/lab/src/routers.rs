//! What routers on this side of Microsoft's run: edge routers as the planner says, and what stands behind them: the core
//! of each site, and the provider's network where it runs layer 3.
//!
//! A site's core stands in front of its hosts. It is told by its edge routers what Microsoft announces, tells each what the
//! others said, and so do the cores of two sites among themselves, as a second choice: one AS, as most firms have it.
//! The provider's network has the number of the provider's edges, and the core of its site another one: it is told what
//! Microsoft announces as by a branch of the VPN, and tells what is of the sites.
//!
//! Translation before the split into two links (spec 04) is the core's, or the provider's network's where the provider
//! runs it; after the split it is the edge routers', each to its half of the pool.

use crate::topology::{Address, Link, LinkKind, Node, ProcessKind, Role, Topology};
use crate::{Error, Lab, Program, node, secret};
use catalog::Catalog;
use model::{Bfd, Family, Layer3, LinkRole, NatOperator, NatPlacement, PeeringKind, Prefix};
use planner::router::{Dialect, LinkKey, Neighbor, Placement};
use planner::{Plan, PoolPlan};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Liveness inside a site: quick, as cables there are short.
const INSIDE: Bfd = Bfd::On { interval_ms: 100, multiplier: 3 };

/// The part of a core's configuration that says which routes of the edge routers it takes: its filter `from_edge`.
pub(crate) const ACCEPT: &str = "accept.conf";

/// Where Debian keeps FRR's daemons.
const FRR: &str = "/usr/lib/frr";

/// Where programs are that are no user's.
const SBIN: &[&str] = &["/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin", "/bin"];

/// The path of a program of the machine.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SBIN.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether a machine has what an edge router of this kind runs.
pub fn has(kind: &ProcessKind) -> bool {
    match kind {
        ProcessKind::Bird => find("bird").is_some(),
        ProcessKind::Frr => Path::new(FRR).join("bgpd").is_file(),
        ProcessKind::Service | ProcessKind::Edge { .. } | ProcessKind::Carrier { .. } => true,
    }
}

/// Writes the configuration of every router of the customer's and of the provider's and starts them.
///
/// # Errors
///
/// A router cannot be configured or does not start.
pub(crate) fn start(lab: &mut Lab, plan: &Plan, catalog: &Catalog) -> Result<(), Error> {
    for process in lab.topology().processes.clone() {
        let Some(name) = &process.node else { continue };
        let Some(place) = lab.topology().node(name).cloned() else { continue };
        let folder = lab.folder_of(name);
        std::fs::create_dir_all(&folder).map_err(Error::io(folder.display().to_string()))?;
        match place.role {
            Role::Site | Role::Vpn => core(lab, plan, &place, &folder)?,
            Role::CustomerEdge | Role::ProviderEdge => edge(lab, plan, catalog, &place, &process.kind, &folder)?,
            _ => continue,
        }
        match process.kind {
            ProcessKind::Frr => frr(lab, &process.name, name, &folder)?,
            _ => bird(lab, &process.name, name, &folder)?,
        }
    }
    lab.save()
}

/// An edge router: the planner's configuration, and routes to the sites.
fn edge(
    lab: &mut Lab,
    plan: &Plan,
    catalog: &Catalog,
    place: &Node,
    kind: &ProcessKind,
    folder: &Path,
) -> Result<(), Error> {
    let topology = lab.topology();
    let mut placement = Placement { log: Some("router.log".to_owned()), ..Placement::default() };
    for link in topology.links_of(&place.name) {
        let LinkKind::Access { circuit, side } = &link.kind else { continue };
        let link_role = match side {
            edge_api::Side::Primary => LinkRole::Primary,
            edge_api::Side::Secondary => LinkRole::Secondary,
        };
        for lane in &link.lanes {
            let Some((_, peering)) = &lane.peering else { continue };
            let peering = match peering {
                edge_api::Peering::Private => PeeringKind::Private,
                edge_api::Peering::Microsoft => PeeringKind::Microsoft,
            };
            let key = LinkKey { circuit: circuit.clone(), peering, link: link_role };
            placement.interfaces.insert(key, lane.devices[0].clone());
        }
    }
    for placed in plan.sessions_of(&place.name) {
        if let Some(name) = &placed.peering.router_key {
            placement.keys.set(name, secret::key(lab, &placed.circuit.id, placed.peering.kind)?);
        }
    }
    let lan = lan(topology, &place.name);
    for (near, far) in &lan {
        let family = if near.ip.is_ipv4() { Family::V4 } else { Family::V6 };
        if plan.sessions_of(&place.name).any(|placed| placed.session.family == family) {
            let bfd = Some((INSIDE, "lan0".to_owned()));
            placement.inside.push(Neighbor { name: "core".to_owned(), local: near.ip, remote: far.ip, bfd });
        }
    }
    let dialect = if *kind == ProcessKind::Frr { Dialect::Frr } else { Dialect::Bird };
    let files = planner::router::config(plan, catalog, &place.name, dialect, &placement);
    let files = files.map_err(|error| Error::No(format!("{}: {error}", place.name)))?;
    for file in files {
        write(&folder.join(&file.name), &file.text, file.secret)?;
    }
    let mut lines = String::new();
    for prefix in behind(plan) {
        for (_, core) in lan.iter().filter(|(_, core)| core.ip.is_ipv4() == (prefix.family() == Family::V4)) {
            let _ = writeln!(lines, "route replace {prefix} via {} dev lan0", core.ip);
        }
    }
    lab.state_mut().routes.insert(place.name.clone(), lines);
    lab.routes(&place.name)?;
    // After the split each link translates by itself, to its half of the pool.
    for pool in &plan.nat.pools {
        let Some(link) = pool.link else { continue };
        let key = LinkKey { circuit: pool.circuit.to_string(), peering: PeeringKind::Microsoft, link };
        let Some(device) = placement.interfaces.get(&key) else { continue };
        let rules = planner::nat_rules(plan, pool, catalog);
        write(&folder.join("nat.nft"), &rules, false)?;
        let args = ["-D", &format!("microsoft={device}"), "-f", "-"];
        node::run(Some(&place.name), "nft", &args, Some(&rules))?;
    }
    Ok(())
}

/// What lies behind the edge routers: prefixes of sites, and of pools that are translated there.
fn behind(plan: &Plan) -> BTreeSet<Prefix> {
    let before = plan.nat.placement == NatPlacement::BeforeSplit;
    let pools: Vec<Prefix> = plan.nat.pools.iter().flat_map(|pool| pool.prefixes.iter().copied()).collect();
    let announced = plan.sessions().flat_map(|placed| placed.session.advertise.iter().copied());
    let sites = announced.filter(|prefix| !prefix.is_default_route() && !pools.contains(prefix));
    let mut all: BTreeSet<Prefix> = sites.chain(plan.nat.sources.iter().copied()).collect();
    if before {
        all.extend(pools);
    }
    all
}

/// The two ends of the cable between an edge router and its core, of each family: its own, the core's.
fn lan(topology: &Topology, router: &str) -> Vec<(Address, Address)> {
    let links = topology.links_of(router).filter(|link| link.kind == LinkKind::Lan);
    let lanes = links.flat_map(|link| &link.lanes);
    lanes.flat_map(|lane| lane.addresses[1].iter().copied().zip(lane.addresses[0].iter().copied())).collect()
}

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
fn core(lab: &Lab, plan: &Plan, place: &Node, folder: &Path) -> Result<(), Error> {
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
    let rules = translation(topology, plan, place);
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
        .filter(|pool| managed && place.role == Role::Site && translates(topology, plan, place, pool));
    hosts.copied().chain(pools.flat_map(|pool| pool.prefixes.iter().copied())).collect()
}

/// The node that translates what a circuit's Microsoft peering takes, before the split into two links; none when nothing
/// is translated there.
pub(crate) fn translator(topology: &Topology, plan: &Plan, circuit: &str) -> Option<String> {
    let pool = plan.nat.pools.iter().find(|pool| pool.circuit.as_str() == circuit)?;
    let place = topology.nodes.iter().find(|place| translates(topology, plan, place, pool))?;
    Some(place.name.clone()).filter(|_| !plan.nat.sources.is_empty())
}

/// Whether a place behind edge routers translates to a pool: before the split, and on the way to the routers of its circuit.
fn translates(topology: &Topology, plan: &Plan, place: &Node, pool: &PoolPlan) -> bool {
    let is_provider = plan.nat.operator == Some(NatOperator::Provider);
    let is_managed = plan.circuit(pool.circuit.as_str()).is_some_and(|circuit| circuit.layer3 == Layer3::Provider);
    let wanted = if is_provider && is_managed { Role::Vpn } else { Role::Site };
    plan.nat.placement == NatPlacement::BeforeSplit
        && place.role == wanted
        && !towards(topology, place, pool.circuit.as_str()).is_empty()
}

/// The devices of a place that lead to the edge routers of a circuit.
fn towards<'t>(topology: &'t Topology, place: &'t Node, circuit: &str) -> BTreeSet<&'t str> {
    let ends_it = |router: &str| {
        topology.links_of(router).any(|link| {
            matches!(&link.kind, LinkKind::Access { circuit: of, .. } if of == circuit) && link.ends[0] == router
        })
    };
    let leads = |link: &&Link| match link.kind {
        LinkKind::Lan => link.ends[0] == place.name && ends_it(&link.ends[1]),
        LinkKind::Vpn => {
            let on = topology.links_of(&link.ends[1]).filter(|on| on.kind == LinkKind::Lan);
            link.ends[0] == place.name && on.into_iter().any(|on| ends_it(&on.ends[1]))
        }
        _ => false,
    };
    let links = topology.links_of(&place.name).filter(leads);
    links.flat_map(|link| link.lanes.iter().map(|lane| lane.devices[0].as_str())).collect()
}

/// Translation before the split: towards the edge routers by the circuits' pools, towards the Internet by the address there.
fn translation(topology: &Topology, plan: &Plan, place: &Node) -> String {
    let mut rules = String::new();
    let private: BTreeSet<String> = plan
        .vnets
        .iter()
        .flat_map(|vnet| &vnet.space)
        .chain(&plan.nat.sources)
        .filter(|prefix| prefix.family() == Family::V4)
        .map(ToString::to_string)
        .chain(["169.254.0.0/16".to_owned()])
        .collect();
    let sources: Vec<String> =
        plan.nat.sources.iter().filter(|prefix| prefix.family() == Family::V4).map(ToString::to_string).collect();
    let private: Vec<String> = private.into_iter().collect();
    for pool in plan.nat.pools.iter().filter(|pool| !sources.is_empty() && translates(topology, plan, place, pool)) {
        let devices: Vec<String> =
            towards(topology, place, pool.circuit.as_str()).iter().map(|device| format!("\"{device}\"")).collect();
        let Some(range) = pool.prefixes.iter().find_map(|prefix| range(*prefix)) else { continue };
        let to = format!(
            "  oifname {{ {} }} ip saddr {{ {} }} ip daddr != {{ {} }}",
            devices.join(", "),
            sources.join(", "),
            private.join(", ")
        );
        let _ = writeln!(
            rules,
            "{to} meta l4proto {{ tcp, udp }} counter snat ip to {range}:1024-65535 persistent\n{to} counter snat ip to {range} persistent"
        );
    }
    if topology.links_of(&place.name).any(|link| link.kind == LinkKind::Internet) {
        rules += "  oifname \"net0\" masquerade\n";
    }
    format!(
        "table inet twinpath_nat\ndelete table inet twinpath_nat\ntable inet twinpath_nat {{\n chain post {{\n  type nat hook postrouting priority srcnat; policy accept;\n{rules} }}\n}}\n"
    )
}

/// The first to the last address of a pool, as nft has it.
fn range(prefix: Prefix) -> Option<String> {
    let last = u32::try_from(prefix.addresses() - 1).ok()?;
    Some(format!("{}-{}", prefix.network(), prefix.address(last)?)).filter(|_| prefix.family() == Family::V4)
}

fn bird(lab: &mut Lab, process: &str, node: &str, folder: &Path) -> Result<(), Error> {
    let program = find("bird").ok_or_else(|| Error::No("BIRD is not installed: apt-get install bird2".to_owned()))?;
    let args = ["-f", "-c", "bird.conf", "-s", "bird.ctl", "-P", "bird.pid"];
    run(lab, process, Some(node), program, args.map(str::to_owned).to_vec(), folder)
}

/// The shares of a configuration that FRR's daemons take: zebra, bfdd, bgpd. One that meets another's block takes the
/// block's `exit` for its own; `vtysh` would tell them apart, but a daemon that is started again starts without it.
fn shares(text: &str) -> [String; 3] {
    let (head, rest) = text.split_once("\nbfd\n").map_or((text, None), |(head, rest)| (head, Some(rest)));
    let Some((bfd, bgp)) = rest.and_then(|rest| rest.split_once("\n!\n")) else {
        return [String::new(), String::new(), text.to_owned()];
    };
    [format!("{head}\n"), format!("bfd\n{bfd}\n"), format!("{head}\n{bgp}")]
}

/// FRR's three daemons, each a process of its own. They change to a user of their own.
fn frr(lab: &mut Lab, process: &str, node: &str, folder: &Path) -> Result<(), Error> {
    const DAEMONS: [&str; 3] = ["zebra", "bfdd", "bgpd"];
    let here = folder.display();
    let path = folder.join("frr.conf");
    let text = std::fs::read_to_string(&path).map_err(Error::io(path.display().to_string()))?;
    for (daemon, text) in DAEMONS.into_iter().zip(shares(&text)) {
        write(&folder.join(format!("{daemon}.conf")), &text, true)?;
    }
    let own = node::run(None, "chown", &["-R", "frr:frr", &here.to_string()], None);
    own.map_err(|error| Error::No(format!("FRR needs its user `frr`, and root: {error}")))?;
    for daemon in DAEMONS {
        let mut args: Vec<String> =
            ["-i", &format!("{here}/{daemon}.pid"), "-z", &format!("{here}/zserv.api")].map(str::to_owned).to_vec();
        args.extend(["--vty_socket".to_owned(), here.to_string(), "-P".to_owned(), "0".to_owned()]);
        args.extend([
            "-f".to_owned(),
            format!("{here}/{daemon}.conf"),
            "--log".to_owned(),
            format!("file:{here}/{daemon}.log"),
        ]);
        if daemon == "bfdd" {
            args.extend(["--bfdctl".to_owned(), format!("{here}/bfdd.sock")]);
        }
        let name = if daemon == "bgpd" { process.to_owned() } else { format!("{process}-{daemon}") };
        run(lab, &name, Some(node), Path::new(FRR).join(daemon), args, folder)?;
        let ready = folder.join(if daemon == "zebra" { "zserv.api".to_owned() } else { format!("{daemon}.vty") });
        crate::wait::until(&format!("{daemon} in {node} listens"), || Ok(ready.exists().then_some(())))?;
    }
    Ok(())
}

/// Notes how a process is started, and starts it.
pub(crate) fn run(
    lab: &mut Lab,
    process: &str,
    node: Option<&str>,
    program: PathBuf,
    args: Vec<String>,
    folder: &Path,
) -> Result<(), Error> {
    if lab.pid(process).is_some() {
        return Ok(());
    }
    let log = folder.join(format!("{}.log", process.rsplit('/').next().unwrap_or(process)));
    let node = node.map(str::to_owned);
    let program = Program { node, program, args, folder: folder.to_owned(), log };
    lab.state_mut().programs.insert(process.to_owned(), program);
    lab.save()?;
    lab.start(process)
}

pub(crate) fn write(path: &Path, text: &str, secret: bool) -> Result<(), Error> {
    let mode = if secret { 0o600 } else { 0o644 };
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::io(path.display().to_string()))
}
