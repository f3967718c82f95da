//! Translation before the split into two links, behind the edge routers (spec 04).

use crate::topology::{Link, LinkKind, Node, Role, Topology};
use model::{Family, Layer3, NatOperator, NatPlacement, Prefix};
use planner::{Plan, PoolPlan};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The node that translates what a circuit's Microsoft peering takes, before the split into two links; none when nothing
/// is translated there.
pub(crate) fn translator(topology: &Topology, plan: &Plan, circuit: &str) -> Option<String> {
    let pool = plan.nat.pools.iter().find(|pool| pool.circuit.as_str() == circuit)?;
    let place = topology.nodes.iter().find(|place| translates(topology, plan, place, pool))?;
    Some(place.name.clone()).filter(|_| !plan.nat.sources.is_empty())
}

/// Whether a place behind edge routers translates to a pool: before the split, and on the way to the routers of its circuit.
pub(super) fn translates(topology: &Topology, plan: &Plan, place: &Node, pool: &PoolPlan) -> bool {
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
pub(super) fn rules(topology: &Topology, plan: &Plan, place: &Node) -> String {
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
