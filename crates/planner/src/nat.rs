//! Address translation towards Microsoft: which pool on which circuit, and what is published inwards.
//!
//! Only public sources enter Microsoft peering (spec 04, A3). With the pool before the split one device, or a pair that
//! shares its states, translates for both links. After the split each link translates by itself, so each takes one half
//! of the pool and advertises only that: what comes back must meet the device that knows the flow (spec 04, A18).

use crate::name::Names;
use crate::plan::{CircuitPlan, Notes, Plan};
use crate::router::{File, one_line};
use catalog::Catalog;
use model::{
    Design, Direction, Family, LinkRole, Name, NatOperator, NatPlacement, Path, PeeringKind, Prefix, Symmetry,
};
use std::fmt::Write;

/// Address translation of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct NatPlan {
    /// Who runs it.
    pub operator: Option<NatOperator>,
    /// Where it stands against the split into two links.
    pub placement: NatPlacement,
    /// The sources that are translated: private prefixes of the sites.
    pub sources: Vec<Prefix>,
    /// The pools, by name.
    pub pools: Vec<PoolPlan>,
    /// Servers that Microsoft reaches over the circuit.
    pub published: Vec<Published>,
}

/// A pool on one circuit and, after the split, on one link.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolPlan {
    /// Its name in the design.
    pub name: Name,
    /// Pool, circuit and link as files have them, unique among pools.
    pub id: String,
    /// The circuit that it serves.
    pub circuit: Name,
    /// The link, after the split.
    pub link: Option<LinkRole>,
    /// Its addresses.
    pub prefixes: Vec<Prefix>,
    /// Flows to one destination that its ports carry.
    pub flows: u64,
    /// Most concurrent flows to the busiest destination.
    pub peak_flows: Option<u32>,
}

/// A server that is reached from Microsoft's side.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The flow's name.
    pub name: Name,
    /// The service, in a word.
    pub service: Option<String>,
    /// Its public prefixes.
    pub prefixes: Vec<Prefix>,
    /// The source is translated where the flow enters.
    pub snat: bool,
    /// What scopes it.
    pub filter: Option<String>,
}

pub(crate) fn plan(design: &Design, circuits: &mut [CircuitPlan], catalog: &Catalog, notes: &mut Notes) -> NatPlan {
    let placement = design.nat.placement.get().unwrap_or(NatPlacement::BeforeSplit);
    let sites = design.sites.values().flat_map(|site| site.prefixes.values().copied());
    let private = |prefix: &Prefix| prefix.family() == Family::V4 && !catalog.is_public(*prefix);
    let ports = catalog.limit("nat", "ports-per-address", "").unwrap_or(0);
    let mut names = Names::default();
    let mut pools = Vec::new();
    let stated = design.nat.pools.iter().filter(|(_, pool)| pool.peering.get() != Some(PeeringKind::Private));
    for (name, pool) in stated {
        let prefixes: Vec<Prefix> = pool.prefixes.values().copied().collect();
        for circuit in pool.circuits.values() {
            let mut add = |link: Option<LinkRole>, prefixes: Vec<Prefix>| {
                let addresses = prefixes.iter().fold(0u128, |sum, prefix| sum.saturating_add(prefix.addresses()));
                let flows = u64::try_from(addresses).unwrap_or(u64::MAX).saturating_mul(ports);
                let place = link.map_or(String::new(), |link| format!("-{link}"));
                let id = names.unique(&format!("{name}-{circuit}{place}"));
                let (name, circuit, peak_flows) = (name.clone(), circuit.clone(), pool.peak_flows.get());
                pools.push(PoolPlan { name, id, circuit, link, prefixes, flows, peak_flows });
            };
            match placement {
                NatPlacement::BeforeSplit => add(None, prefixes.clone()),
                NatPlacement::AfterSplit => {
                    for link in LinkRole::BOTH {
                        let half = |prefix: &Prefix| prefix.halves().map(|halves| *halves.of(link));
                        let halves: Vec<Prefix> = prefixes.iter().filter_map(half).collect();
                        notes.choose(
                            &format!("{circuit} / microsoft / {link} link"),
                            "NAT pool",
                            list(&halves),
                            format!("its half of pool {name}, so that answers meet the device that knows the flow"),
                        );
                        narrow(circuits, circuit, link, &prefixes, &halves);
                        add(Some(link), halves);
                    }
                }
            }
        }
    }
    NatPlan {
        operator: design.nat.operator.get(),
        placement,
        sources: match design.nat.private_sources.get() {
            Some(false) => Vec::new(),
            _ => sites.filter(private).collect(),
        },
        pools,
        published: design.flows.iter().filter_map(published).collect(),
    }
}

/// One link advertises its half of a pool instead of the whole.
fn narrow(circuits: &mut [CircuitPlan], circuit: &Name, link: LinkRole, whole: &[Prefix], half: &[Prefix]) {
    let here = circuits.iter_mut().filter(|plan| plan.name == *circuit);
    let peerings = here.flat_map(|plan| &mut plan.peerings).filter(|peering| peering.kind == PeeringKind::Microsoft);
    for session in peerings.flat_map(|peering| &mut peering.sessions).filter(|session| session.link == link) {
        let before = session.advertise.len();
        session.advertise.retain(|prefix| !whole.contains(prefix));
        if session.advertise.len() < before {
            session.advertise.extend(half.iter().filter(|half| half.family() == session.family));
        }
    }
}

fn published((name, flow): (&Name, &model::Flow)) -> Option<Published> {
    let inbound = flow.direction.is(&Direction::Inbound) && flow.path.is(&Path::ExpressRoute);
    inbound.then(|| Published {
        name: name.clone(),
        service: flow.service.value().cloned(),
        prefixes: flow.prefixes.values().copied().collect(),
        snat: flow.snat.is(&true) || flow.symmetry.is(&Symmetry::Snat),
        filter: flow.filter.value().cloned(),
    })
}

pub(crate) fn list<T: std::fmt::Display>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The name of a pool's file.
pub(crate) fn file_name(pool: &PoolPlan) -> String {
    format!("nat/{}.nft", pool.id)
}

/// The rules of a pool as a file.
pub(crate) fn file(plan: &Plan, pool: &PoolPlan, catalog: &Catalog) -> File {
    File { name: file_name(pool), text: nat_rules(plan, pool, catalog), secret: false }
}

/// Rules of nftables for the device that translates to a pool; its interface towards Microsoft peering is the variable
/// `microsoft`.
///
/// Private sources get an address of the pool, each host the same one for all its flows; what still has no public
/// source is dropped and counted. Of what Microsoft opens only the published servers are reached.
pub fn nat_rules(plan: &Plan, pool: &PoolPlan, catalog: &Catalog) -> String {
    let mut text = format!(
        "#!/usr/sbin/nft -f\n# Pool {} for {}. Made by `twinpath plan`.\n",
        one_line(pool.name.as_str()),
        one_line(pool.circuit.as_str())
    );
    if plan.nat.placement == NatPlacement::BeforeSplit {
        text += "# One device, or a pair that shares its states: both links lead back to it.\n";
    }
    text += "# Give the interface towards Microsoft peering with `nft -D microsoft=NAME -f FILE`.\n\n";
    let table = format!("ip twinpath_{}", pool.id.replace('-', "_"));
    let _ = writeln!(text, "table {table}\ndelete table {table}\ntable {table} {{");
    let (sources, bogons) = (&plan.nat.sources, not_public(catalog));
    text += &set("translated", sources);
    text += &set("not_public", &bogons);
    let published: Vec<Prefix> = plan.nat.published.iter().flat_map(|flow| &flow.prefixes).copied().collect();
    let published: Vec<Prefix> = published.into_iter().filter(|prefix| prefix.family() == Family::V4).collect();
    text += &set("published", &published);

    let ranges: Vec<String> =
        pool.prefixes.iter().filter(|prefix| prefix.family() == Family::V4).map(|p| range(*p)).collect();
    text += "  counter untranslated { comment \"dropped: no public source\" }\n";
    text += "  counter refused { comment \"dropped: opened by Microsoft and not published\" }\n";
    text += "  chain translate {\n    type nat hook postrouting priority srcnat; policy accept;\n";
    let published_flows = plan.nat.published.iter().any(|flow| flow.snat);
    if published_flows && !published.is_empty() {
        text += "    # What Microsoft opened gets an address of this device, so that answers come back to it.\n";
        text += "    oifname != $microsoft iifname $microsoft ip daddr @published counter masquerade\n";
    }
    for (index, range) in ranges.iter().enumerate() {
        let share = match ranges.len() {
            1 => String::new(),
            count => format!("jhash ip saddr mod {count} {index} "),
        };
        let _ = writeln!(text, "    oifname $microsoft ip saddr @translated {share}counter snat to {range} persistent");
    }
    text += "  }\n  chain guard {\n    # After translation: what has no public source here has none that Microsoft may see.\n";
    text += "    type filter hook postrouting priority srcnat + 10; policy accept;\n";
    text += "    oifname $microsoft ip saddr @not_public counter name untranslated drop\n  }\n";
    text += "  chain inbound {\n    type filter hook forward priority filter; policy accept;\n";
    text += "    iifname $microsoft ct state established,related accept\n";
    if !published.is_empty() {
        text += "    iifname $microsoft ip daddr @published accept\n";
    }
    text + "    iifname $microsoft counter name refused drop\n  }\n}\n"
}

/// IPv4 space that never is a source on Microsoft peering, the widest prefixes only.
fn not_public(catalog: &Catalog) -> Vec<Prefix> {
    let mut all: Vec<Prefix> = catalog
        .bogons()
        .iter()
        .filter(|bogon| bogon.drop_on_microsoft_peering && !bogon.prefix.is_default_route())
        .map(|bogon| bogon.prefix)
        .filter(|prefix| prefix.family() == Family::V4)
        .collect();
    all.sort_unstable();
    all
}

/// A set of prefixes; those that a wider one covers are left out.
fn set(name: &str, prefixes: &[Prefix]) -> String {
    let covered = |prefix: &&Prefix| !prefixes.iter().any(|wider| wider != *prefix && wider.covers(**prefix));
    let mut widest: Vec<&Prefix> = prefixes.iter().filter(covered).collect();
    widest.sort_unstable();
    widest.dedup();
    let elements: Vec<String> = widest.into_iter().map(ToString::to_string).collect();
    let elements = match elements.is_empty() {
        true => String::new(),
        false => format!("\n    elements = {{ {} }}", elements.join(", ")),
    };
    format!("  set {name} {{\n    type ipv4_addr\n    flags interval{elements}\n  }}\n")
}

/// First and last address of a prefix; one address by itself.
fn range(prefix: Prefix) -> String {
    let last = u32::try_from(prefix.addresses() - 1).ok().and_then(|last| prefix.address(last));
    match last {
        Some(last) if last != prefix.network() => format!("{}-{last}", prefix.network()),
        _ => prefix.network().to_string(),
    }
}
