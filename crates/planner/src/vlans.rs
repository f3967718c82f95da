//! VLAN ids: unique in a circuit, and over a Direct port pair with a single tag.

use crate::mend::{Mend, label};
use crate::shared::{Shared, peerings};
use model::{Design, Edit, Encapsulation, Fact, Name, PeeringKind, Rank, VlanId, Written};
use std::collections::BTreeMap;

/// What a VLAN id must be unique in.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Scope<'a> {
    Circuit(&'a Name),
    Port(&'a Name),
}

type Tag<'a> = (&'a Name, PeeringKind, &'a Fact<VlanId>);

pub(crate) fn mend(design: &Design, shared: &Shared) -> Vec<Mend> {
    let mut scopes: BTreeMap<Scope<'_>, Vec<Tag<'_>>> = BTreeMap::new();
    for (name, circuit) in &design.circuits {
        let port = circuit.port.value();
        let single_tag =
            |port: &&Name| design.ports.get(*port).is_some_and(|port| port.encapsulation.is(&Encapsulation::Dot1Q));
        let scope = || port.filter(single_tag).map_or(Scope::Circuit(name), Scope::Port);
        for (kind, peering) in peerings(circuit) {
            scopes.entry(scope()).or_default().push((name, kind, &peering.vlan));
        }
    }
    scopes.into_iter().flat_map(|(scope, tags)| mend_scope(&scope, &tags, shared)).collect()
}

fn mend_scope(scope: &Scope<'_>, tags: &[Tag<'_>], shared: &Shared) -> Vec<Mend> {
    let within = match scope {
        Scope::Circuit(_) => "circuit",
        Scope::Port(_) => "port pair",
    };
    let movable = |(_, _, vlan): &Tag<'_>| {
        vlan.known().is_some_and(|stated| stated.rank == Rank::Declared && !shared.contains(stated.place))
    };
    let mut taken: Vec<VlanId> = tags.iter().filter_map(|(_, _, vlan)| vlan.get()).collect();
    // The first to have an id keeps it; what cannot move comes before all.
    let mut kept: Vec<VlanId> = tags.iter().filter(|tag| !movable(tag)).filter_map(|(_, _, vlan)| vlan.get()).collect();
    let mut mends = Vec::new();
    for tag @ (circuit, kind, vlan) in tags {
        let Some(stated) = vlan.known().filter(|_| movable(tag)) else { continue };
        if !kept.contains(&stated.value) {
            kept.push(stated.value);
            continue;
        }
        let Some(free) = next_free(stated.value, &taken) else { continue };
        taken.push(free);
        kept.push(free);
        mends.push(Mend {
            rule: "ADDR-008",
            subject: label(circuit, *kind),
            reason: format!("VLAN {} is used twice in the {within}; becomes {free}", stated.value),
            change: vec![Edit::Replace { place: stated.place, value: Written::Value(free.to_string()) }],
            ask: false,
        });
    }
    mends
}

/// The next id that nothing has, from the one after `id` on and round to the first.
fn next_free(id: VlanId, taken: &[VlanId]) -> Option<VlanId> {
    let after = id.number() + 1..=u16::MAX;
    let ids = after.map_while(|number| VlanId::try_from(number).ok());
    let before = (1..id.number()).filter_map(|number| VlanId::try_from(number).ok());
    ids.chain(before).find(|id| !taken.contains(id))
}
