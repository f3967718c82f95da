//! VLAN ids: unique in a circuit, and over a Direct port pair with a single tag.

use crate::mend::{Mend, label};
use crate::shared::{Shared, peerings};
use model::{Design, Edit, Encapsulation, Fact, Name, PeeringKind, Rank, VlanId, Written};
use std::collections::BTreeMap;

/// What a VLAN id must be unique in.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope<'a> {
    Circuit(&'a Name),
    Port(&'a Name),
}

impl<'a> Scope<'a> {
    fn of(design: &'a Design, name: &'a Name) -> Self {
        let port = design.circuits.get(name).and_then(|circuit| circuit.port.value());
        let single_tag =
            |port: &&Name| design.ports.get(*port).is_some_and(|port| port.encapsulation.is(&Encapsulation::Dot1Q));
        port.filter(single_tag).map_or(Scope::Circuit(name), Scope::Port)
    }
}

type Tag<'a> = (&'a Name, PeeringKind, &'a Fact<VlanId>);

pub(crate) fn mend(design: &Design, shared: &Shared) -> Vec<Mend> {
    let mut scopes: BTreeMap<Scope<'_>, Vec<Tag<'_>>> = BTreeMap::new();
    for (name, circuit) in &design.circuits {
        for (kind, peering) in peerings(circuit) {
            scopes.entry(Scope::of(design, name)).or_default().push((name, kind, &peering.vlan));
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

/// The ids that a design uses, where they must be unique, and those that were chosen beside them.
#[derive(Debug)]
pub(crate) struct Taken<'a> {
    design: &'a Design,
    ids: BTreeMap<Scope<'a>, Vec<VlanId>>,
}

impl<'a> Taken<'a> {
    pub(crate) fn of(design: &'a Design) -> Self {
        let mut ids: BTreeMap<Scope<'a>, Vec<VlanId>> = BTreeMap::new();
        for (name, circuit) in &design.circuits {
            let here = peerings(circuit).filter_map(|(_, peering)| peering.vlan.get());
            ids.entry(Scope::of(design, name)).or_default().extend(here);
        }
        Self { design, ids }
    }

    /// An id for a peering that has none: that of the other peerings of its kind if it is free here, else the next
    /// free one after it.
    pub(crate) fn choose(&mut self, name: &Name, kind: PeeringKind) -> Option<VlanId> {
        let (name, _) = self.design.circuits.get_key_value(name)?;
        let all = self.design.circuits.values().flat_map(peerings).filter(|(other, _)| *other == kind);
        let usual = all.filter_map(|(_, peering)| peering.vlan.get()).min();
        let usual = usual.or_else(|| VlanId::try_from(if kind == PeeringKind::Private { 100 } else { 200 }).ok())?;
        let taken = self.ids.entry(Scope::of(self.design, name)).or_default();
        let id = if taken.contains(&usual) { next_free(usual, taken)? } else { usual };
        taken.push(id);
        Some(id)
    }
}

/// The next id that nothing has, from the one after `id` on and round to the first.
fn next_free(id: VlanId, taken: &[VlanId]) -> Option<VlanId> {
    let after = id.number() + 1..=u16::MAX;
    let ids = after.map_while(|number| VlanId::try_from(number).ok());
    let before = (1..id.number()).filter_map(|number| VlanId::try_from(number).ok());
    ids.chain(before).find(|id| !taken.contains(id))
}
