//! Values that several peerings share by a YAML alias.

use model::{Circuit, Design, Fact, Family, List, Peering, PeeringKind, Place, Prefix};
use std::collections::BTreeSet;

/// The places that more than one value has.
#[derive(Debug)]
pub(crate) struct Shared(BTreeSet<Place>);

impl Shared {
    pub(crate) fn of(design: &Design) -> Self {
        let mut places: Vec<Place> =
            design.circuits.values().flat_map(peerings).flat_map(|(_, peering)| places_of(peering)).collect();
        places.sort_unstable();
        Self(places.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect())
    }

    pub(crate) fn contains(&self, place: Place) -> bool {
        self.0.contains(&place)
    }
}

/// The peerings of a circuit, public ones too.
pub(crate) fn peerings(circuit: &Circuit) -> impl Iterator<Item = (PeeringKind, &Peering)> {
    let all = [
        (PeeringKind::Private, &circuit.private),
        (PeeringKind::Microsoft, &circuit.microsoft),
        (PeeringKind::Public, &circuit.public),
    ];
    all.into_iter().filter_map(|(kind, peering)| Some((kind, peering.as_deref()?)))
}

/// Whether a link's subnet was shared out of what is given for the whole peering.
pub(crate) fn is_shared_out(subnet: &Fact<Prefix>, given: &Fact<List<Prefix>>) -> bool {
    subnet.place().is_some_and(|place| given.items().any(|item| item.place == place))
}

/// Where a peering says what a mend could change, each place once.
fn places_of(peering: &Peering) -> Vec<Place> {
    let mut places = vec![peering.place, peering.vlan.place()];
    for family in Family::BOTH {
        let given = peering.blocks(family);
        places.extend(given.items().map(|item| Some(item.place)));
        for (_, link) in peering.links() {
            let subnet = link.subnet_of(family);
            let own = subnet.place().filter(|_| !is_shared_out(subnet, given));
            places.extend([own, link.customer_of(family).place(), link.microsoft_of(family).place()]);
        }
    }
    places.extend(peering.links().map(|(_, link)| link.place));
    places.into_iter().flatten().collect()
}
