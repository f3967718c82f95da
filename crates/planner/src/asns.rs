//! AS numbers: the customer's must be no reserved one, Microsoft's is always the same.

use crate::mend::{Mend, label};
use crate::shared::peerings;
use catalog::{AsnKind, Catalog};
use model::{Asn, Design, Edit, Name, Peering, PeeringKind, Place, Rank, Stated, Written};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn mend(design: &Design, catalog: &Catalog) -> Vec<Mend> {
    let mut mends = Vec::new();
    // A number shared by an alias is mended once: all who share it want the same.
    let mut done: BTreeSet<Place> = BTreeSet::new();
    let mut renumber = Renumber { design, catalog, chosen: BTreeMap::new() };
    for (name, circuit) in &design.circuits {
        for (kind, peering) in peerings(circuit) {
            let found = [mend_remote(name, kind, peering, catalog), renumber.mend(name, kind, peering)];
            for mut mend in found.into_iter().flatten() {
                mend.change.retain(|edit| done.insert(edit.place()));
                if !mend.change.is_empty() {
                    mends.push(mend);
                }
            }
        }
    }
    mends
}

/// The number that the customer's routers expect of Microsoft.
fn mend_remote(circuit: &Name, kind: PeeringKind, peering: &Peering, catalog: &Catalog) -> Option<Mend> {
    let microsoft = microsoft(catalog)?;
    let stated = declared(peering.remote_as.known()).filter(|stated| stated.value != microsoft)?;
    Some(Mend {
        rule: "NET-BGP-008",
        subject: label(circuit, kind),
        reason: format!("Microsoft's side is AS {microsoft} on every peering, not {}", stated.value),
        change: vec![replace(stated.place, microsoft)],
        ask: false,
    })
}

/// Chooses numbers in the place of those that Microsoft refuses, the same for the same.
struct Renumber<'a> {
    design: &'a Design,
    catalog: &'a Catalog,
    chosen: BTreeMap<(PeeringKind, Asn), Asn>,
}

impl Renumber<'_> {
    fn mend(&mut self, circuit: &Name, kind: PeeringKind, peering: &Peering) -> Option<Mend> {
        let old = declared(peering.asn.known()).filter(|stated| is_refused(kind, stated.value, self.catalog))?;
        let new = self.choose(kind, old.value)?;
        let mut change = vec![replace(old.place, new)];
        let path = peering.as_path.known().filter(|path| path.rank == Rank::Declared);
        for item in path.iter().flat_map(|path| &path.value).filter(|item| item.value == old.value) {
            change.push(replace(item.place, new));
        }
        Some(Mend {
            rule: if kind == PeeringKind::Private { "NET-BGP-004" } else { "NET-BGP-006" },
            subject: label(circuit, kind),
            reason: format!("AS {} is reserved; becomes {new} on this side and on your routers", old.value),
            change,
            ask: true,
        })
    }

    fn choose(&mut self, kind: PeeringKind, old: Asn) -> Option<Asn> {
        if let Some(new) = self.chosen.get(&(kind, old)) {
            return Some(*new);
        }
        let taken = numbers(self.design).chain(self.chosen.values().copied()).collect();
        let (new, _) = choose(self.design, kind, &taken, self.catalog)?;
        self.chosen.insert((kind, old), new);
        Some(new)
    }
}

fn is_refused(kind: PeeringKind, asn: Asn, catalog: &Catalog) -> bool {
    catalog.asn_range(asn).is_some_and(|range| match kind {
        PeeringKind::Private => range.is_refused(),
        PeeringKind::Microsoft | PeeringKind::Public => range.is_refused_on_microsoft(),
    })
}

/// Microsoft's side of every peering.
pub(crate) fn microsoft(catalog: &Catalog) -> Option<Asn> {
    Some(Asn(u32::try_from(catalog.limit("bgp", "microsoft-asn", "")?).ok()?))
}

/// A number for a peering of a kind, and why: the one that all other peerings of the kind use, else a private one
/// that is free. A private number on Microsoft peering needs papers, so none is chosen there.
pub(crate) fn choose(
    design: &Design,
    kind: PeeringKind,
    taken: &BTreeSet<Asn>,
    catalog: &Catalog,
) -> Option<(Asn, &'static str)> {
    let all = design.circuits.values().flat_map(peerings).filter(|(other, _)| *other == kind);
    let used: BTreeSet<Asn> =
        all.filter_map(|(_, peering)| peering.asn.get()).filter(|asn| !is_refused(kind, *asn, catalog)).collect();
    let mut used = used.into_iter();
    match (used.next(), used.next()) {
        (Some(only), None) => Some((only, "that of the other peerings of its kind")),
        _ if kind == PeeringKind::Private => Some((free_asn(taken, catalog)?, "a private one that nothing uses")),
        _ => None,
    }
}

/// The first private 16-bit AS number that a peering may use and nothing taken has.
pub fn free_asn(taken: &BTreeSet<Asn>, catalog: &Catalog) -> Option<Asn> {
    let private = catalog.asn_ranges().iter().filter(|range| range.kind == AsnKind::Private);
    let range = private.min_by_key(|range| range.first_asn)?;
    (range.first_asn..=range.last_asn)
        .map(Asn)
        .find(|asn| !taken.contains(asn) && catalog.asn_range(*asn).is_some_and(|range| range.kind == AsnKind::Private))
}

/// Every AS number of a design.
pub(crate) fn numbers(design: &Design) -> impl Iterator<Item = Asn> {
    design.circuits.values().flat_map(peerings).flat_map(|(_, peering)| {
        let single =
            [&peering.asn, &peering.customer_asn, &peering.remote_as].into_iter().filter_map(|fact| fact.get());
        single.chain(peering.as_path.values().copied())
    })
}

fn declared<T>(stated: Option<&Stated<T>>) -> Option<&Stated<T>> {
    stated.filter(|stated| stated.rank == Rank::Declared)
}

fn replace(place: Place, asn: Asn) -> Edit {
    Edit::Replace { place, value: Written::Value(asn.to_string()) }
}
