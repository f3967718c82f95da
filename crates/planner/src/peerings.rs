//! Peerings and sessions: addresses, tags, AS numbers, keys by name, what is advertised.
//!
//! What a design says is taken over as it stands. [`Open`] chooses what it leaves open, by the functions that `fix`
//! uses: a block for both links out of free private space, a VLAN that the circuit does not have yet, the AS number of
//! the other private peerings or a free one. Public addresses and AS numbers belong to somebody, so they are missing.

use crate::mend::label;
use crate::plan::{FilterEntry, Notes, Outer, Owner, PeeringPlan, Planned, Session};
use crate::routers::End;
use crate::space::Space;
use crate::{asns, free_blocks, shared, vlans};
use catalog::Catalog;
use model::{
    Asn, Bfd, Circuit, CommunityRef, Design, Encapsulation, Family, LinkRole, Name, Pair, Peering, PeeringKind, Prefix,
    Secret, Tier, VlanId,
};
use std::collections::BTreeSet;

/// The circuit that peerings are planned for.
pub(crate) struct Place<'a> {
    pub(crate) name: &'a Name,
    pub(crate) id: &'a str,
    /// Microsoft's routers there, without `-a` and `-b`.
    pub(crate) msee: String,
    pub(crate) encapsulation: Option<Encapsulation>,
    /// Where the two links land.
    pub(crate) ends: &'a Pair<End>,
}

/// Makes the choices that a design leaves open, none twice.
pub(crate) struct Open<'a> {
    design: &'a Design,
    catalog: &'a Catalog,
    /// Address space that is in use or chosen.
    taken: Vec<Prefix>,
    vlans: vlans::Taken<'a>,
    asns: BTreeSet<Asn>,
}

impl<'a> Open<'a> {
    pub(crate) fn of(design: &'a Design, catalog: &'a Catalog) -> Self {
        let all = || design.circuits.values().flat_map(shared::peerings);
        let links = all().flat_map(|(_, peering)| {
            let given = Family::BOTH.map(|family| peering.blocks(family).values().copied().collect::<Vec<_>>());
            let own = peering.links().map(|(_, link)| [link.subnet.get(), link.subnet_v6.get()]);
            given.into_iter().flatten().chain(own.into_iter().flatten().flatten()).collect::<Vec<_>>()
        });
        Self {
            design,
            catalog,
            taken: Space::of(design).all().chain(links).collect(),
            vlans: vlans::Taken::of(design),
            asns: asns::numbers(design).collect(),
        }
    }

    /// The peerings of a circuit, private first; a public one is no more to be had.
    pub(crate) fn peerings(&mut self, circuit: &Circuit, place: &Place<'_>, notes: &mut Notes) -> Vec<PeeringPlan> {
        let here = shared::peerings(circuit).filter(|(kind, _)| *kind != PeeringKind::Public);
        here.map(|(kind, peering)| self.peering(circuit, kind, peering, place, notes)).collect()
    }

    fn peering(
        &mut self,
        circuit: &Circuit,
        kind: PeeringKind,
        peering: &Peering,
        place: &Place<'_>,
        notes: &mut Notes,
    ) -> PeeringPlan {
        let subject = label(place.name, kind);
        let advertise = advertised(peering);
        let key = format!("{}-{kind}", place.id);
        let is_set = |secret: Option<Secret>| secret == Some(Secret::Set);
        let (expected, expected_is_limit) = self.expected(circuit, kind, peering);
        let sessions = self.sessions(circuit, kind, peering, place, &advertise, notes);
        PeeringPlan {
            kind,
            vlan: self.vlan(place.name, kind, peering, &subject, notes),
            asn: self.asn(kind, peering, &subject, notes),
            remote_asn: match peering.remote_as.get() {
                Some(asn) => Planned::design(asn),
                None => Planned::derived(asns::microsoft(self.catalog).unwrap_or(Asn(0))),
            },
            customer_asn: peering.customer_asn.get(),
            registry: peering.registry.value().cloned(),
            key: is_set(peering.md5.get()).then(|| key.clone()),
            router_key: is_set(peering.md5_router.or(&peering.md5).get()).then_some(key),
            bfd: self.bfd(peering, &subject, notes),
            path: path_behind(peering),
            filter: peering.filter.values().map(|wanted| self.filter_entry(wanted, &subject, notes)).collect(),
            vnets: peering.vnets.values().cloned().collect(),
            advertise,
            expected,
            expected_is_limit,
            sessions,
        }
    }

    fn sessions(
        &mut self,
        circuit: &Circuit,
        kind: PeeringKind,
        peering: &Peering,
        place: &Place<'_>,
        advertise: &[Prefix],
        notes: &mut Notes,
    ) -> Vec<Session> {
        let subject = label(place.name, kind);
        let outer = |link: LinkRole| {
            let tags = circuit.connectivity.outer_vlans.or(&self.design.connectivity.outer_vlans);
            let index = usize::from(link == LinkRole::Secondary);
            match (tags.values().nth(index), place.encapsulation) {
                (Some(tag), _) => Outer::Tag(*tag),
                (None, Some(Encapsulation::QinQ)) => Outer::Assigned,
                // The provider's routers meet Microsoft's ports, where each circuit has a tag of its own.
                (None, _) if crate::is_managed(self.design, circuit) => Outer::Assigned,
                (None, _) => Outer::None,
            }
        };
        let outers = LinkRole::BOTH.map(outer);
        let prefers = &self.design.dr.onprem_prefers;
        let preferred = prefers.value().is_some_and(|name| name == place.name);
        let mut sessions = Vec::new();
        for family in Family::BOTH {
            let said = peering.uses(family)
                || peering
                    .links()
                    .iter()
                    .any(|(_, l)| l.customer_of(family).is_known() || l.microsoft_of(family).is_known());
            let block = match (said, family, kind) {
                (true, ..) => None,
                // Who uses no IPv6 has no IPv6 sessions.
                (false, Family::V6, _) => continue,
                (false, Family::V4, PeeringKind::Private) => {
                    let block = free_blocks(1, &self.taken, self.catalog).into_iter().next();
                    self.taken.extend(block);
                    match block {
                        Some(block) => notes.choose(
                            &subject,
                            "link subnets",
                            block,
                            "the first private block that nothing uses, one half for each link",
                        ),
                        None => notes.miss(&subject, "link subnets", Owner::Customer, "no private /29 is free"),
                    }
                    block
                }
                (false, Family::V4, PeeringKind::Microsoft | PeeringKind::Public) => {
                    notes.miss(
                        &subject,
                        "link subnets",
                        Owner::Customer,
                        "two public /30 of your own, registered to you",
                    );
                    None
                }
            };
            for (link, outer) in LinkRole::BOTH.into_iter().zip(outers) {
                let stated = peering.link(link);
                let chosen = block.and_then(|block| block.link_subnet(link)).map(Planned::chosen);
                let subnet = stated.subnet_of(family).get().map(Planned::design).or(chosen);
                let follows = |address: Option<std::net::IpAddr>| address.map(Planned::derived);
                let end = place.ends.of(link);
                let side = match link {
                    LinkRole::Primary => 'a',
                    LinkRole::Secondary => 'b',
                };
                let customer = stated.customer_of(family).get().map(Planned::design);
                let microsoft = stated.microsoft_of(family).get().map(Planned::design);
                let session = Session {
                    id: format!("{}_{kind}_{link}_{}", place.id.replace('-', "_"), version(family)),
                    link,
                    family,
                    router: end.router.clone(),
                    port: end.port.clone(),
                    outer,
                    msee: format!("{}-{side}", place.msee),
                    customer: customer.or_else(|| follows(subnet?.value.customer_address())),
                    microsoft: microsoft.or_else(|| follows(subnet?.value.microsoft_address())),
                    subnet,
                    prepend: stated.prepend.get().unwrap_or(0),
                    advertise: advertise.iter().copied().filter(|prefix| prefix.family() == family).collect(),
                    preference: if preferred { PREFERRED } else { EQUAL },
                };
                if said && (session.customer.is_none() || session.microsoft.is_none()) {
                    let what = format!("{family} subnet of the {link} link");
                    notes.miss(&subject, what, Owner::Customer, "twinpath fix proposes one where it can");
                }
                sessions.push(session);
            }
        }
        sessions
    }

    fn vlan(
        &mut self,
        name: &Name,
        kind: PeeringKind,
        peering: &Peering,
        subject: &str,
        notes: &mut Notes,
    ) -> Option<Planned<VlanId>> {
        if let Some(vlan) = peering.vlan.get() {
            return Some(Planned::design(vlan));
        }
        let Some(free) = self.vlans.choose(name, kind) else {
            notes.miss(subject, "VLAN", Owner::Customer, "none is free");
            return None;
        };
        notes.choose(subject, "VLAN", free, "free where it must be unique; the provider may ask for another");
        Some(Planned::chosen(free))
    }

    fn asn(&mut self, kind: PeeringKind, peering: &Peering, subject: &str, notes: &mut Notes) -> Option<Planned<Asn>> {
        if let Some(asn) = peering.asn.get() {
            return Some(Planned::design(asn));
        }
        let Some((asn, reason)) = asns::choose(self.design, kind, &self.asns, self.catalog) else {
            notes.miss(subject, "AS number", Owner::Customer, "a public one of your own; a private one needs papers");
            return None;
        };
        self.asns.insert(asn);
        notes.choose(subject, "AS number", asn, reason);
        Some(Planned::chosen(asn))
    }

    fn bfd(&self, peering: &Peering, subject: &str, notes: &mut Notes) -> Planned<Bfd> {
        if let Some(bfd) = peering.bfd.get() {
            return Planned::design(bfd);
        }
        let limit = |key| u32::try_from(self.catalog.limit("bgp", key, "")?).ok();
        match limit("bfd-interval").zip(limit("bfd-multiplier")) {
            Some((interval_ms, multiplier)) => {
                let bfd = Bfd::On { interval_ms, multiplier };
                notes.choose(subject, "BFD", bfd, "what Microsoft's routers run");
                Planned::chosen(bfd)
            }
            None => Planned::derived(Bfd::Off),
        }
    }

    fn filter_entry(&self, wanted: &CommunityRef, subject: &str, notes: &mut Notes) -> FilterEntry {
        let community = self.catalog.resolve(wanted);
        let fact = community.and_then(|community| self.catalog.community(community));
        if community.is_none() {
            let hint = "twinpath catalog communities";
            notes.miss(subject, format!("value of the community {wanted}"), Owner::Microsoft, hint);
        }
        FilterEntry {
            wanted: wanted.clone(),
            community,
            meaning: fact.map_or_else(|| "not in the catalogue".to_owned(), catalog::CommunityFact::meaning),
            gated: fact.is_some_and(|fact| fact.authorization_required),
        }
    }

    /// How many prefixes of each family Microsoft sends at most, and whether that is a documented limit.
    fn expected(&self, circuit: &Circuit, kind: PeeringKind, peering: &Peering) -> ([u32; 2], bool) {
        let tier = circuit.sku.get().map_or(Tier::Standard, |sku| sku.tier).to_string();
        let number = |key: &str| {
            u32::try_from(self.catalog.limit("route-limit", key, &tier).unwrap_or_default()).unwrap_or(u32::MAX)
        };
        if kind == PeeringKind::Private {
            // By connection; Global Reach brings what the other circuit's customer side may send.
            let vnets = u32::try_from(peering.vnets.values().count()).unwrap_or(u32::MAX).max(1);
            let reach = u32::try_from(circuit.global_reach.values().count()).unwrap_or(u32::MAX);
            let most = |from: &str, to: &str| {
                number(from).saturating_mul(vnets).saturating_add(number(to).saturating_mul(reach))
            };
            let v4 = most("ipv4-routes-from-private", "ipv4-routes-to-private");
            return ([v4, most("ipv6-routes-from-private", "ipv6-routes-to-private")], true);
        }
        // Twice what the catalogue knows of, in whole thousands: the lists change every month.
        let wanted: BTreeSet<_> = peering.filter.values().filter_map(|name| self.catalog.resolve(name)).collect();
        let mut counts = [0u32; 2];
        if !wanted.is_empty() {
            for (_, prefixes) in self.catalog.community_prefixes().into_iter().filter(|(c, _)| wanted.contains(c)) {
                for prefix in prefixes {
                    counts[usize::from(prefix.family() == Family::V6)] += 1;
                }
            }
        }
        (counts.map(|count| (2 * count).next_multiple_of(1000).max(1000)), false)
    }
}

/// Local preference of the circuit that the premises prefer (spec 03, 11.2).
const PREFERRED: u32 = 150;
/// Local preference of all others.
const EQUAL: u32 = 100;

/// `v4` or `v6`.
pub(crate) fn version(family: Family) -> &'static str {
    match family {
        Family::V4 => "v4",
        Family::V6 => "v6",
    }
}

/// What a peering advertises: its prefixes, and the default routes of the families it uses when it is to.
fn advertised(peering: &Peering) -> Vec<Prefix> {
    let mut all: Vec<Prefix> = peering.advertise.values().copied().collect();
    if peering.default_route.is(&true) {
        let any = [std::net::IpAddr::V4(0.into()), std::net::IpAddr::V6(0.into())];
        let families =
            Family::BOTH.into_iter().zip(any).filter(|(family, _)| *family == Family::V4 || peering.uses(*family));
        all.extend(families.filter_map(|(_, any)| Prefix::new(any, 0)));
    }
    let mut seen = BTreeSet::new();
    all.retain(|prefix| seen.insert(*prefix));
    all
}

/// The AS numbers behind the customer's own in the path that the design gives.
fn path_behind(peering: &Peering) -> Vec<Asn> {
    let path: Vec<Asn> = peering.as_path.values().copied().collect();
    match path.split_first() {
        Some((first, rest)) if peering.asn.is(first) => rest.to_vec(),
        _ => path,
    }
}
