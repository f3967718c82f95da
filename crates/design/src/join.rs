//! Joining exports with the design: what one resource says of another, and one spelling for one thing.

use crate::azure::{LinkTable, RouteRow, Rows};
use crate::found::{Found, path, same_id};
use crate::{Problem, azure};
use catalog::Catalog;
use model::{
    Design, Fact, Family, Item, Link, LinkRole, List, Name, Peering, PeeringKind, PeeringState, Place, Prefix, Rank,
    Record, SessionState, Stated, Value, Vnet,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

/// Joins what exports say into the design, and gives what could not be used.
pub(crate) fn join(mut found: Found, design: &mut Design) -> Vec<Problem> {
    spell_names(&mut found, design);
    route_filters(&mut found);
    networks(&mut found, design);
    connections(&mut found);
    absent_peerings(&mut found, design);
    spell_values(&mut found.design, design);
    design.merge(std::mem::take(&mut found.design));
    subscriptions(&mut found, design);
    for table in std::mem::take(&mut found.tables) {
        link_table(table, design, &mut found.problems);
    }
    found.problems
}

/// Gives circuits, ports and VNets the names that the design has for them: names in Azure have no case, and a
/// design that states a circuit's id may call it as it likes.
fn spell_names(found: &mut Found, design: &Design) {
    let by_id = |id: &str| {
        let is =
            |circuit: &model::Circuit| circuit.id.statements().any(|known| same_id(&known.value.to_lowercase(), id));
        design.circuits.iter().find(|(_, circuit)| is(circuit)).map(|(name, _)| name.clone())
    };
    let mut circuits = BTreeMap::new();
    for (name, circuit) in &found.design.circuits {
        let id = circuit.id.value().and_then(|id| by_id(&id.to_lowercase()));
        circuits.insert(name.clone(), id.unwrap_or_else(|| spelled(name, &design.circuits)));
    }
    let circuit =
        |name: &mut Name| *name = circuits.get(name).cloned().unwrap_or_else(|| spelled(name, &design.circuits));
    let port = |name: &mut Name| *name = spelled(name, &design.ports);
    let vnet = |name: &mut Name| *name = spelled(name, &design.vnets);

    for mut each in std::mem::take(&mut found.design.circuits) {
        circuit(&mut each.0);
        respell(&mut each.1.port, port);
        respell(&mut each.1.global_reach, |list: &mut List<Name>| {
            list.iter_mut().for_each(|item| circuit(&mut item.value))
        });
        found.design.circuits.entry(each.0).or_default().merge(each.1);
    }
    for mut each in std::mem::take(&mut found.design.ports) {
        port(&mut each.0);
        found.design.ports.entry(each.0).or_default().merge(each.1);
    }
    found.listed_peerings.iter_mut().for_each(|listed| circuit(&mut listed.circuit));
    found.route_filters.iter_mut().flat_map(|filter| &mut filter.circuits).for_each(circuit);
    found.connections.iter_mut().for_each(|connection| circuit(&mut connection.circuit));
    found.tables.iter_mut().for_each(|table| circuit(&mut table.circuit));
    found.networks.iter_mut().for_each(|network| vnet(&mut network.name));
    found.gateways.iter_mut().filter_map(|gateway| gateway.network.as_mut()).for_each(|(name, _)| vnet(name));
}

/// The name as the design spells it, else as it is.
fn spelled<R>(name: &Name, known: &BTreeMap<Name, R>) -> Name {
    if known.contains_key(name) {
        return name.clone();
    }
    known.keys().find(|key| key.as_str().eq_ignore_ascii_case(name.as_str())).unwrap_or(name).clone()
}

fn respell<T: Clone>(fact: &mut Fact<T>, change: impl Fn(&mut T)) {
    let mut changed = Fact::default();
    for mut statement in fact.statements().cloned() {
        change(&mut statement.value);
        changed.state(statement);
    }
    *fact = changed;
}

/// Resources by the path of their id.
struct Index<'r, R>(HashMap<&'r str, Vec<&'r R>>);

impl<'r, R> Index<'r, R> {
    fn new(resources: &'r [R], id: impl Fn(&'r R) -> &'r str) -> Self {
        let mut index: HashMap<_, Vec<_>> = HashMap::new();
        for resource in resources {
            index.entry(path(id(resource))).or_default().push(resource);
        }
        Self(index)
    }

    /// Those that an id may mean; [`same_id`] decides.
    fn near(&self, id: &str) -> impl Iterator<Item = &'r R> {
        self.0.get(path(id)).into_iter().flatten().copied()
    }
}

/// Microsoft peering passes the communities of the filter that it names, or that names it.
fn route_filters(found: &mut Found) {
    let Found { route_filters, design, .. } = found;
    let filters = Index::new(route_filters, |filter| &filter.id);
    for circuit in design.circuits.values_mut() {
        let Some(peering) = &mut circuit.microsoft else { continue };
        let Some(id) = peering.filter_id.value().map(|id| id.to_lowercase()) else { continue };
        filters.near(&id).filter(|filter| same_id(&filter.id, &id)).for_each(|filter| attach(filter, peering));
    }
    for filter in route_filters.iter() {
        for name in &filter.circuits {
            if let Some(peering) = design.circuits.get_mut(name).and_then(|circuit| circuit.microsoft.as_mut()) {
                attach(filter, peering);
            }
        }
    }
}

fn attach(filter: &azure::RouteFilter, peering: &mut Peering) {
    let known = |communities: &List<_>| peering.filter.statements().any(|known| known.value == *communities);
    if let Some(communities) = filter.communities.clone().filter(|communities| !known(&communities.value)) {
        peering.filter.state(communities);
    }
}

/// VNets with a gateway, and those that the design names; the rest of a subscription's networks is no part of it.
fn networks(found: &mut Found, design: &Design) {
    let gateways = std::mem::take(&mut found.gateways);
    let networks = std::mem::take(&mut found.networks);
    // For each network in which a gateway stands, whether one of them is for ExpressRoute.
    let mut expressroute: BTreeMap<&Name, bool> = BTreeMap::new();
    for gateway in &gateways {
        if let Some((name, _)) = &gateway.network {
            *expressroute.entry(name).or_default() |= gateway.expressroute;
        }
    }
    let with_subnet = networks.iter().filter(|network| network.gateways.is_some()).map(|network| &network.name);
    let mut hubs: BTreeSet<&Name> = with_subnet.collect();
    hubs.extend(expressroute.keys());
    hubs.retain(|name| *expressroute.get(name).unwrap_or(&true));
    hubs.extend(design.vnets.keys());

    let mut vnets: BTreeMap<Name, Vnet> = BTreeMap::new();
    let by_id = Index::new(&networks, |network| &network.id);
    for network in networks.iter().filter(|network| hubs.contains(&network.name)) {
        if !found.claim("virtual network", &network.name, &network.id, network.place) {
            continue;
        }
        let mut vnet = network.vnet.clone();
        let on_subnet =
            |gateway: &&azure::Gateway| network.gateways.iter().flatten().any(|id| same_id(id, &gateway.id));
        let own: Vec<_> = gateways.iter().filter(on_subnet).collect();
        let named = network.gateways.as_ref().map_or(0, Vec::len);
        if named > 0 && own.len() == named && own.iter().all(|gateway| gateway.expressroute) {
            vnet.vpn_gateway.state(Stated { value: false, rank: own[0].rank, place: own[0].place });
        }
        if let Some((id, place)) = &network.route_table {
            route_table(id, *place, &mut vnet, found);
        }
        advertised(network, &by_id, &mut vnet);
        vnets.entry(network.name.clone()).or_default().merge(vnet);
    }
    for gateway in &gateways {
        let Some((name, id)) = &gateway.network else { continue };
        if hubs.contains(name) && found.claim("virtual network", name, id, gateway.place) {
            vnets.entry(name.clone()).or_default().merge(gateway.vnet.clone());
        }
    }
    found.design.vnets = vnets;
    found.gateways = gateways;
}

fn route_table(id: &str, place: Place, vnet: &mut Vnet, found: &Found) {
    let Some(table) = found.route_tables.iter().find(|table| same_id(&table.id, id)) else { return };
    if let Some(value) = table.default_route {
        vnet.gateway_default_route.state(Stated { value, rank: table.rank, place });
    }
    vnet.gateway_propagation.merge(table.propagation.clone());
}

/// Counts the prefixes that a gateway advertises: its network's own and those of networks that use the gateway.
/// A peered network that is not in the exports leaves the count open.
fn advertised(network: &azure::VirtualNetwork, networks: &Index<'_, azure::VirtualNetwork>, vnet: &mut Vnet) {
    let (Some(peerings), Some(own)) = (&network.peerings, network.vnet.space.known()) else { return };
    let mut spaces: Vec<Prefix> = own.value.iter().map(|item| item.value).collect();
    for peering in peerings.iter().filter(|peering| peering.lends_gateway) {
        let Some(remote) = networks.near(&peering.remote).find(|other| same_id(&other.id, &peering.remote)) else {
            return;
        };
        let (Some(back), Some(space)) = (&remote.peerings, remote.vnet.space.known()) else { return };
        if back.iter().any(|back| back.uses_remote_gateway && same_id(&back.remote, &network.id)) {
            spaces.extend(space.value.iter().map(|item| item.value));
        }
    }
    for (family, fact) in [(Family::V4, &mut vnet.advertised), (Family::V6, &mut vnet.advertised_v6)] {
        let count = spaces.iter().filter(|space| space.family() == family).count();
        let value = u32::try_from(count).unwrap_or(u32::MAX);
        fact.state(Stated { value, rank: own.rank, place: own.place });
    }
}

/// The VNets that are linked to a circuit. One authorization in use may be a link that this export cannot see,
/// and a gateway that is not in the exports hides its VNet; either leaves the list open.
fn connections(found: &mut Found) {
    let gateways = Index::new(&found.gateways, |gateway| &gateway.id);
    let hidden: BTreeSet<_> =
        found.listed_peerings.iter().filter(|listed| listed.in_use_elsewhere).map(|listed| &listed.circuit).collect();
    let mut links: BTreeMap<&Name, Vec<&azure::Connection>> = BTreeMap::new();
    for connection in found.connections.iter().filter(|connection| !hidden.contains(&connection.circuit)) {
        let links = links.entry(&connection.circuit).or_default();
        // Two files may hold the same connection.
        if !links.iter().any(|known| same_id(&known.id, &connection.id)) {
            links.push(connection);
        }
    }
    for (name, links) in links {
        let (Some(circuit), Some(first)) = (found.design.circuits.get_mut(name), links.first()) else { continue };
        let peering = circuit.private.get_or_insert_default();
        if first.rank >= Rank::Ordered {
            let value = u32::try_from(links.len()).unwrap_or(u32::MAX);
            peering.connections.state(Stated { value, rank: first.rank, place: first.place });
        }
        let vnet_of = |connection: &&azure::Connection| {
            let gateway =
                gateways.near(&connection.gateway).find(|gateway| same_id(&gateway.id, &connection.gateway))?;
            Some(Item { value: gateway.network.as_ref()?.0.clone(), place: connection.place })
        };
        if let Some(value) = links.iter().map(vnet_of).collect::<Option<List<_>>>() {
            peering.vnets.state(Stated { value, rank: first.rank, place: first.place });
        }
    }
}

/// A planned peering that the circuit's export does not list is not there yet: off, as far as the service goes.
fn absent_peerings(found: &mut Found, design: &Design) {
    for listed in &found.listed_peerings {
        let (Some(wanted), Some(held)) =
            (design.circuits.get(&listed.circuit), found.design.circuits.get_mut(&listed.circuit))
        else {
            continue;
        };
        for (kind, planned) in [(PeeringKind::Private, &wanted.private), (PeeringKind::Microsoft, &wanted.microsoft)] {
            if planned.is_some() && !listed.kinds.contains(&kind) && listed.rank >= Rank::Ordered {
                let state = Stated { value: PeeringState::Disabled, rank: listed.rank, place: listed.place };
                azure::slot(held, kind).get_or_insert_default().state.state(state);
            }
        }
    }
}

/// Takes over the design's spelling and order where an export means the same: `westeurope` is `West Europe`, and
/// a list of prefixes has no order. What differs after this is a disagreement.
fn spell_values(exports: &mut Design, design: &Design) {
    let catalog = Catalog::builtin();
    let same_text = |a: &String, b: &String| a == b || fold(a) == fold(b);
    let region = |a: &String, b: &String| {
        catalog.region(a).zip(catalog.region(b)).is_some_and(|(a, b)| a.name == b.name) || same_text(a, b)
    };
    let location = |a: &String, b: &String| {
        catalog.location(a).zip(catalog.location(b)).is_some_and(|(a, b)| a.id == b.id) || same_text(a, b)
    };
    let provider = |a: &String, b: &String| {
        catalog.provider(a).zip(catalog.provider(b)).is_some_and(|(a, b)| a.id == b.id) || same_text(a, b)
    };
    for (name, circuit) in &mut exports.circuits {
        let Some(wanted) = design.circuits.get(name) else { continue };
        like(&mut circuit.provider, &wanted.provider, provider);
        like(&mut circuit.location, &wanted.location, location);
        like(&mut circuit.region, &wanted.region, region);
        like_list(&mut circuit.global_reach, &wanted.global_reach, Name::eq);
        let pairs = [(&mut circuit.private, &wanted.private), (&mut circuit.microsoft, &wanted.microsoft)];
        for (peering, wanted) in pairs {
            let (Some(peering), Some(wanted)) = (peering, wanted) else { continue };
            like(&mut peering.registry, &wanted.registry, same_text);
            like_list(&mut peering.advertise, &wanted.advertise, Prefix::eq);
            like_list(&mut peering.vnets, &wanted.vnets, Name::eq);
            like_list(&mut peering.filter, &wanted.filter, |a, b| {
                a == b || catalog.resolve(a).is_some_and(|a| Some(a) == catalog.resolve(b))
            });
        }
    }
    for (name, vnet) in &mut exports.vnets {
        let Some(wanted) = design.vnets.get(name) else { continue };
        like(&mut vnet.region, &wanted.region, region);
        like_list(&mut vnet.space, &wanted.space, Prefix::eq);
    }
    for (name, port) in &mut exports.ports {
        let Some(wanted) = design.ports.get(name) else { continue };
        like(&mut port.location, &wanted.location, location);
    }
}

/// Letters and digits alone, in lower case: `RIPENCC` and `RIPE NCC`.
fn fold(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn like<T: Clone>(fact: &mut Fact<T>, wanted: &Fact<T>, same: impl Fn(&T, &T) -> bool) {
    let Some(wanted) = wanted.value() else { return };
    respell(fact, |value| {
        if same(value, wanted) {
            *value = wanted.clone();
        }
    });
}

fn like_list<T: Clone>(fact: &mut Fact<List<T>>, wanted: &Fact<List<T>>, same: impl Fn(&T, &T) -> bool) {
    let Some(wanted) = wanted.value() else { return };
    respell(fact, |list| {
        let place_of = |value: &T| list.iter().find(|item| same(&item.value, value)).map(|item| item.place);
        let ordered: Option<List<T>> =
            wanted.iter().map(|item| Some(Item { value: item.value.clone(), place: place_of(&item.value)? })).collect();
        if let Some(ordered) = ordered.filter(|ordered| ordered.len() == list.len()) {
            *list = ordered;
        }
    });
}

/// The state of the subscription that holds the circuits; of another one it says nothing.
fn subscriptions(found: &mut Found, design: &mut Design) {
    for subscription in std::mem::take(&mut found.subscriptions) {
        let azure = &mut design.azure;
        match azure.subscription.value() {
            Some(known) if *known != subscription.id.value => {
                let seen = format!("the subscription {}", subscription.id.value);
                found.problems.push(Problem::new(
                    subscription.id.place,
                    seen,
                    format!("{known}, which holds the circuits"),
                ));
            }
            Some(_) => azure.subscription_state.merge(subscription.state),
            None => {
                azure.subscription.state(subscription.id);
                azure.subscription_state.merge(subscription.state);
            }
        }
    }
}

/// Puts the rows of a table that belong to the link on the link.
fn link_table(table: LinkTable, design: &mut Design, problems: &mut Vec<Problem>) {
    let LinkTable { circuit, kind, role, place, rows } = table;
    let Some(owner) = design.circuits.get_mut(&circuit) else {
        let seen = format!("a table of the circuit `{circuit}`");
        return problems.push(Problem::new(place, seen, "a circuit of the design or of another export"));
    };
    let peering = azure::slot(owner, kind).get_or_insert_default();
    let known = peering.link(role);
    let subnets: Vec<Prefix> = [&known.subnet, &known.subnet_v6].into_iter().filter_map(Fact::get).collect();
    let unplaced = |what: &str| {
        Problem::new(
            place,
            format!("{what}, but neither the link's subnets nor the AS number of the peering"),
            "the circuit's export or design beside it",
        )
    };
    match rows {
        Rows::Arp(customer, microsoft) => {
            let link = link_of(peering, role);
            link.arp_customer.state(customer);
            link.arp_microsoft.state(microsoft);
        }
        Rows::Routes(rows) => {
            let asn = peering.asn.get();
            if subnets.is_empty() && asn.is_none() {
                return problems.push(unplaced("a table of routes"));
            }
            // The customer's routes are those that come from its end of the link, not those of the VNets.
            let from_customer = |row: &RouteRow| match row.next_hop {
                Some(hop) if !subnets.is_empty() => subnets.iter().any(|subnet| subnet.contains(hop)),
                _ => row.route.value.path.first().copied() == asn,
            };
            let rows = rows.into_iter().filter(from_customer);
            let value = rows.map(|row| Item { value: row.route.value, place: row.route.place }).collect();
            link_of(peering, role).received.state(Stated { value, rank: Rank::Live, place });
        }
        Rows::Neighbours(rows, observed) => {
            let asn = peering.asn.get();
            if subnets.is_empty() && asn.is_none() {
                return problems.push(unplaced("a table of neighbours"));
            }
            // Of a link without a neighbour nothing is known; of several, one that was down is enough.
            let mut throughout = None;
            for row in rows {
                let ours = match subnets.is_empty() {
                    false => subnets.iter().any(|subnet| subnet.contains(row.address)),
                    true => Some(row.asn.value) == asn,
                };
                if ours {
                    peering.asn.state(row.asn);
                    if let Some(Stated { value: observed, rank, place }) = observed {
                        let up = row.state.value.parse::<u64>().is_ok()
                            && row.since.is_some_and(|since| since >= u64::from(observed));
                        let before = throughout.is_none_or(|before: Stated<bool>| before.value);
                        throughout = Some(Stated { value: up && before, rank, place });
                    }
                    session(row.address, row.state, link_of(peering, role), problems);
                }
            }
            if let Some(throughout) = throughout {
                link_of(peering, role).up_throughout.state(throughout);
            }
        }
    }
}

fn session(address: IpAddr, shown: Stated<String>, link: &mut Link, problems: &mut Vec<Problem>) {
    let (session, count) = match address {
        IpAddr::V4(_) => (&mut link.session, &mut link.received_count),
        IpAddr::V6(_) => (&mut link.session_v6, &mut link.received_count_v6),
    };
    let Stated { value, rank, place } = shown;
    if let Ok(value) = value.parse() {
        count.state(Stated { value, rank, place });
        return session.state(Stated { value: SessionState::Established, rank, place });
    }
    // `Idle (Admin)` and the like: the first word is the state.
    match SessionState::parse(value.split_whitespace().next().unwrap_or_default()) {
        Ok(value) => session.state(Stated { value, rank, place }),
        Err(error) => {
            problems.push(Problem::new(place, format!("`statePfxRcd`: {}", error.reason), SessionState::EXPECTED))
        }
    }
}

fn link_of(peering: &mut Peering, role: LinkRole) -> &mut Link {
    match role {
        LinkRole::Primary => &mut peering.primary,
        LinkRole::Secondary => &mut peering.secondary,
    }
}
