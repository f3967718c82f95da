//! Address translation towards Microsoft: which pool on which circuit, and what is published inwards.
//!
//! Only public sources enter Microsoft peering (spec 04, A3). With the pool before the split one device, or a pair that
//! shares its states, translates for both links. After the split each link translates by itself, so each takes one half
//! of the pool and advertises only that: what comes back must meet the device that knows the flow (spec 04, A18).

use crate::plan::{CircuitPlan, Notes};
use catalog::Catalog;
use model::{
    Design, Direction, Family, LinkRole, Name, NatOperator, NatPlacement, Path, PeeringKind, Prefix, Symmetry,
};

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
    let mut pools = Vec::new();
    let stated = design.nat.pools.iter().filter(|(_, pool)| pool.peering.get() != Some(PeeringKind::Private));
    for (name, pool) in stated {
        let prefixes: Vec<Prefix> = pool.prefixes.values().copied().collect();
        for circuit in pool.circuits.values() {
            let mut add = |link, prefixes: Vec<Prefix>| {
                let addresses = prefixes.iter().fold(0u128, |sum, prefix| sum.saturating_add(prefix.addresses()));
                let flows = u64::try_from(addresses).unwrap_or(u64::MAX).saturating_mul(ports);
                let (name, circuit, peak_flows) = (name.clone(), circuit.clone(), pool.peak_flows.get());
                pools.push(PoolPlan { name, circuit, link, prefixes, flows, peak_flows });
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
