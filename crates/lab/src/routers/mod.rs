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

mod core;
mod daemons;
mod translation;

pub use daemons::{find, has};
pub(crate) use daemons::{run, write};
pub(crate) use translation::translator;

use crate::topology::{Address, LinkKind, Node, ProcessKind, Role, Topology};
use crate::{Error, Lab, node, secret};
use catalog::Catalog;
use model::{Bfd, Family, LinkRole, NatPlacement, PeeringKind, Prefix};
use planner::Plan;
use planner::router::{Dialect, LinkKey, Neighbor, Placement};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// Liveness inside a site: quick, as cables there are short.
const INSIDE: Bfd = Bfd::On { interval_ms: 100, multiplier: 3 };

/// The part of a core's configuration that says which routes of the edge routers it takes: its filter `from_edge`.
pub(crate) const ACCEPT: &str = "accept.conf";

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
            Role::Site | Role::Vpn => core::core(lab, plan, &place, &folder)?,
            Role::CustomerEdge | Role::ProviderEdge => edge(lab, plan, catalog, &place, &process.kind, &folder)?,
            _ => continue,
        }
        match process.kind {
            ProcessKind::Frr => daemons::frr(lab, &process.name, name, &folder)?,
            _ => daemons::bird(lab, &process.name, name, &folder)?,
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
