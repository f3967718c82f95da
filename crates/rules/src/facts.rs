//! The questions that rules ask of a design, whatever its evidence.
//!
//! [`Facts`] is a design with the catalogue and the day. A rule goes through its circuits,
//! peerings and links, each with the [`Subject`] that names it in findings, and asks facts; which
//! source answered is the fact's own business, so live evidence needs no change in a rule.

use crate::{Missing, Profile, Rule, Stage, Subject, Tally, Verdict};
use catalog::{Catalog, Location};
use model::{
    Circuit, CommunityRef, Connectivity, ConnectivityModel, ConnectivityPath, Date, Design, Direction, Fact, Family,
    Flow, Link, LinkRole, Name, Path, Peering, PeeringKind, Place, Pool, Prefix, Rank, Record, SessionState, Sources,
    Stated, Tier, Vnet,
};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// A design, the catalogue, and how it is asked.
pub struct Facts<'a> {
    /// What is known.
    pub design: &'a Design,
    /// What is true of ExpressRoute.
    pub catalog: &'a Catalog,
    /// The day of the check.
    pub today: Date,
    /// The edition of the prerequisites that is asked.
    pub profile: Profile,
    /// How far the connection has come.
    pub stage: Stage,
    judged: Vec<OnceCell<Verdict>>,
}

impl Stage {
    /// The stage that the evidence shows: live evidence means running, ordered means ordered.
    pub fn of(sources: &Sources) -> Self {
        match sources.iter().map(|source| source.rank).max() {
            None | Some(Rank::Declared) => Self::Design,
            Some(Rank::Ordered) => Self::Ordered,
            Some(Rank::Live) => Self::Live,
        }
    }
}

/// A circuit with its name.
#[derive(Clone, Copy)]
pub struct CircuitView<'a> {
    /// Its name in the design.
    pub name: &'a Name,
    /// What is known of it.
    pub circuit: &'a Circuit,
    design: &'a Design,
}

/// A peering with its circuit.
#[derive(Clone, Copy)]
pub struct PeeringView<'a> {
    /// The circuit.
    pub circuit: CircuitView<'a>,
    /// Which peering of it.
    pub kind: PeeringKind,
    /// What is known of it.
    pub peering: &'a Peering,
}

/// A link with its peering.
#[derive(Clone, Copy)]
pub struct LinkView<'a> {
    /// The peering.
    pub peering: PeeringView<'a>,
    /// Which of the two links.
    pub role: LinkRole,
    /// What is known of it.
    pub link: &'a Link,
}

/// A NAT pool with its name.
#[derive(Clone, Copy)]
pub struct PoolView<'a> {
    /// Its name in the design.
    pub name: &'a Name,
    /// What is known of it.
    pub pool: &'a Pool,
}

/// A flow with its name.
#[derive(Clone, Copy)]
pub struct FlowView<'a> {
    /// Its name in the design.
    pub name: &'a Name,
    /// What is known of it.
    pub flow: &'a Flow,
}

impl<'a> Facts<'a> {
    /// The facts of a design.
    pub fn new(design: &'a Design, catalog: &'a Catalog, today: Date, profile: Profile, stage: Stage) -> Self {
        let judged = crate::rules().iter().map(|_| OnceCell::new()).collect();
        Self { design, catalog, today, profile, stage, judged }
    }

    /// The verdict of a rule, asked at most once.
    pub fn verdict(&self, rule: &'static Rule) -> &Verdict {
        static UNLISTED: Verdict = Verdict::Unknown(Vec::new());
        match crate::position(rule).and_then(|position| self.judged.get(position)) {
            Some(cell) => cell.get_or_init(|| crate::engine::judge(rule, self)),
            None => &UNLISTED,
        }
    }

    /// The verdicts of all rules, each asked if it was not yet, by id.
    pub(crate) fn into_verdicts(self) -> Vec<(&'static Rule, Verdict)> {
        for rule in crate::rules() {
            self.verdict(rule);
        }
        let verdicts = self.judged.into_iter().filter_map(OnceCell::into_inner);
        crate::rules().iter().copied().zip(verdicts).collect()
    }

    /// Every circuit, by name.
    pub fn circuits(&self) -> impl Iterator<Item = CircuitView<'a>> + use<'a> {
        let design = self.design;
        design.circuits.iter().map(move |(name, circuit)| CircuitView { name, circuit, design })
    }

    /// The circuit of a name.
    pub fn circuit(&self, name: &str) -> Option<CircuitView<'a>> {
        let (name, circuit) = self.design.circuits.get_key_value(name)?;
        Some(CircuitView { name, circuit, design: self.design })
    }

    /// Every private and Microsoft peering, circuit by circuit.
    pub fn peerings(&self) -> impl Iterator<Item = PeeringView<'a>> + use<'a> {
        self.circuits().flat_map(CircuitView::peerings)
    }

    /// Every peering of a kind.
    pub fn peerings_of(&self, kind: PeeringKind) -> impl Iterator<Item = PeeringView<'a>> + use<'a> {
        self.circuits().filter_map(move |circuit| circuit.peering(kind))
    }

    /// Every NAT pool, by name.
    pub fn pools(&self) -> impl Iterator<Item = PoolView<'a>> + use<'a> {
        self.design.nat.pools.iter().map(|(name, pool)| PoolView { name, pool })
    }

    /// Every flow, by name.
    pub fn flows(&self) -> impl Iterator<Item = FlowView<'a>> + use<'a> {
        self.design.flows.iter().map(|(name, flow)| FlowView { name, flow })
    }

    /// Every flow that Microsoft opens over a path. One that may be such a flow and does not say is unknown to the tally.
    pub fn inbound(&self, path: Path, tally: &mut Tally) -> Vec<FlowView<'a>> {
        let mut comes_in = |view: &FlowView<'a>| match view.comes_in_by(path) {
            Ok(yes) => yes,
            Err(spot) => {
                tally.unknown(spot);
                false
            }
        };
        self.flows().filter(|view| comes_in(view)).collect()
    }

    /// The guard of rules about what crosses Microsoft peering.
    ///
    /// # Errors
    /// Not applicable when no circuit has Microsoft peering.
    pub fn microsoft_peering(&self) -> Result<(), Verdict> {
        match self.peerings_of(PeeringKind::Microsoft).next() {
            Some(_) => Ok(()),
            None => Err(Verdict::guard("no circuit has Microsoft peering")),
        }
    }

    /// The guard of the Microsoft 365 rules.
    ///
    /// # Errors
    /// Not applicable when Microsoft 365 is out of scope, unknown when nobody says.
    pub fn m365(&self) -> Result<(), Verdict> {
        let place = self.design.services.place.or(self.design.place);
        self.guard(&self.design.services.m365, "services.m365", place, "Microsoft 365 is not in scope")
    }

    /// A guard that one boolean decides.
    ///
    /// # Errors
    /// Not applicable, for the reason given, when it is false; unknown when nobody says.
    pub fn guard(
        &self,
        fact: &Fact<bool>,
        path: &str,
        place: Option<Place>,
        reason: &'static str,
    ) -> Result<(), Verdict> {
        match fact.get() {
            Some(true) => Ok(()),
            Some(false) => Err(Verdict::guard(reason)),
            None => Err(Verdict::missing(Subject::Design.at(path, place))),
        }
    }

    /// Every prefix that the premises use, with its place.
    pub fn onprem_prefixes(&self) -> impl Iterator<Item = (&'a Name, &'a model::Item<Prefix>)> + use<'a> {
        self.design.sites.iter().flat_map(|(name, site)| site.prefixes.items().map(move |item| (name, item)))
    }

    /// Every address space of the VNets, with its place.
    pub fn vnet_spaces(&self) -> impl Iterator<Item = (&'a Name, &'a model::Item<Prefix>)> + use<'a> {
        self.design.vnets.iter().flat_map(|(name, vnet)| vnet.space.items().map(move |item| (name, item)))
    }

    /// The VNets linked to private peerings, by name, once each; `None` for one that the design does not describe.
    pub fn linked_vnets(&self) -> BTreeMap<&'a Name, Option<&'a Vnet>> {
        let names = self.peerings_of(PeeringKind::Private).flat_map(|view| view.peering.vnets.values());
        names.map(|name| (name, self.design.vnets.get(name))).collect()
    }

    /// The subnet of every link of private and Microsoft peerings, both families; unknown ones are left out.
    pub fn link_subnets(&self) -> impl Iterator<Item = (LinkView<'a>, &'a Stated<Prefix>)> + use<'a> {
        let links = self.peerings().flat_map(PeeringView::links);
        links.flat_map(|link| {
            let subnets = Family::BOTH.into_iter().filter_map(move |family| link.link.subnet_of(family).known());
            subnets.map(move |subnet| (link, subnet))
        })
    }

    /// A limit of the catalogue.
    ///
    /// # Errors
    /// Unknown when the catalogue in use does not have it.
    pub fn limit(&self, category: &str, key: &str, sku: &str) -> Result<u64, Verdict> {
        self.catalog.limit(category, key, sku).ok_or_else(|| {
            let path = format!("circuit-limits.csv: {category}, {key}, {sku}");
            Verdict::Unknown(vec![Missing { subject: "catalogue".to_owned(), path, place: None }])
        })
    }

    /// Whether a route filter's community is one that Microsoft must authorize.
    pub fn needs_authorization(&self, reference: &CommunityRef) -> bool {
        self.catalog
            .resolve(reference)
            .and_then(|community| self.catalog.community(community))
            .is_some_and(|fact| fact.authorization_required)
    }

    /// Circuits that carry Microsoft 365: named for it in the design, or with one of its communities in the filter.
    pub fn m365_circuits(&self) -> impl Iterator<Item = CircuitView<'a>> + use<'a, '_> {
        self.circuits().filter(|view| {
            self.design.m365.circuits.contains_key(view.name)
                || view
                    .circuit
                    .microsoft
                    .as_ref()
                    .is_some_and(|peering| peering.filter.values().any(|reference| self.needs_authorization(reference)))
        })
    }
}

impl<'a> CircuitView<'a> {
    /// The circuit as the subject of a finding.
    pub fn subject(self) -> Subject<'a> {
        Subject::Named("circuits", self.name.as_str())
    }

    /// One key of the circuit, for a fact that may be missing.
    pub fn at(self, key: &'a str) -> crate::Spot<'a> {
        self.subject().at(key, self.circuit.place)
    }

    /// Its private and Microsoft peering, as far as they exist.
    pub fn peerings(self) -> impl Iterator<Item = PeeringView<'a>> + use<'a> {
        [PeeringKind::Private, PeeringKind::Microsoft].into_iter().filter_map(move |kind| self.peering(kind))
    }

    /// Its peerings of every kind, the retired public peering last.
    pub fn peerings_of_any_kind(self) -> impl Iterator<Item = PeeringView<'a>> + use<'a> {
        self.peerings().chain(self.peering(PeeringKind::Public))
    }

    /// Its peering of a kind.
    pub fn peering(self, kind: PeeringKind) -> Option<PeeringView<'a>> {
        let peering = match kind {
            PeeringKind::Private => &self.circuit.private,
            PeeringKind::Microsoft => &self.circuit.microsoft,
            PeeringKind::Public => &self.circuit.public,
        };
        peering.as_deref().map(|peering| PeeringView { circuit: self, kind, peering })
    }

    /// A fact about its connectivity: its own, else the design's.
    pub fn connectivity<T>(self, fact: impl Fn(&'a Connectivity) -> &'a Fact<T>) -> &'a Fact<T> {
        fact(&self.circuit.connectivity).or(fact(&self.design.connectivity))
    }

    /// Where a missing fact about its connectivity could stand.
    pub fn connectivity_at(self, key: &'a str) -> crate::Spot<'a> {
        Subject::Design
            .at(key, self.circuit.connectivity.place.or(self.design.connectivity.place).or(self.circuit.place))
    }

    /// Whether it runs on ExpressRoute Direct; `None` when nothing says.
    pub fn is_direct(self) -> Option<bool> {
        if self.circuit.port.is_known() {
            return Some(true);
        }
        let by_path = self.connectivity(|c| &c.path).get().map(|path| path == ConnectivityPath::Direct);
        let by_model = self.connectivity(|c| &c.model).get().map(|model| model == ConnectivityModel::Direct);
        by_path.or(by_model).or(self.circuit.provider.is_known().then_some(false))
    }

    /// Its tier.
    pub fn tier(self) -> Option<Stated<Tier>> {
        self.circuit.sku.known().map(|sku| Stated { value: sku.value.tier, rank: sku.rank, place: sku.place })
    }

    /// The name of its peering location: its own, else that of its Direct port.
    pub fn location_fact(self) -> &'a Fact<String> {
        let port = self.circuit.port.value().and_then(|port| self.design.ports.get(port));
        port.map_or(&self.circuit.location, |port| self.circuit.location.or(&port.location))
    }

    /// Its peering location in the catalogue; `None` when unknown or not listed.
    pub fn location(self, catalog: &Catalog) -> Option<&Location> {
        catalog.location(self.location_fact().value()?)
    }
}

impl<'a> PeeringView<'a> {
    /// The peering as the subject of a finding.
    pub fn subject(self) -> Subject<'a> {
        Subject::Inner("circuits", self.circuit.name.as_str(), self.key())
    }

    /// One key of the peering, for a fact that may be missing.
    pub fn at(self, key: &'a str) -> crate::Spot<'a> {
        self.subject().at(key, self.peering.place.or(self.circuit.circuit.place))
    }

    /// Its key in a design file.
    pub fn key(self) -> &'static str {
        match self.kind {
            PeeringKind::Private => "private",
            PeeringKind::Microsoft => "microsoft",
            PeeringKind::Public => "public",
        }
    }

    /// Its subnets of a family as given for both links, for a finding or for a fact that is missing.
    pub fn subnets_at(self, family: Family) -> crate::Spot<'a> {
        self.at(match family {
            Family::V4 => "subnets",
            Family::V6 => "subnets_v6",
        })
    }

    /// Its two links, primary first.
    pub fn links(self) -> [LinkView<'a>; 2] {
        LinkRole::BOTH.map(|role| LinkView { peering: self, role, link: self.peering.link(role) })
    }

    /// Whether both are the same peering of the same circuit.
    pub fn is(self, other: Self) -> bool {
        self.kind == other.kind && self.circuit.name == other.circuit.name
    }

    /// The peering in a sentence: `private peering of amsterdam`.
    pub fn label(self) -> String {
        format!("{} peering of {}", self.key(), self.circuit.name)
    }

    /// The address families it uses: those with subnets; IPv4 when nothing is said.
    pub fn families(self) -> impl Iterator<Item = Family> + use<'a> {
        let silent = !Family::BOTH.iter().any(|family| self.peering.uses(*family));
        Family::BOTH.into_iter().filter(move |family| self.peering.uses(*family) || (silent && *family == Family::V4))
    }

    /// Whether one block was given that is larger than both links take, as the page of 2015 asked for. Then the
    /// primary link has the block as its subnet, and the secondary none.
    pub fn has_large_block(self, family: Family) -> bool {
        let given = self.peering.blocks(family).value().map_or(&[][..], Vec::as_slice);
        matches!(given, [block] if block.value.length() < family.block_length())
    }

    /// Every prefix that is or will be advertised to Microsoft on this peering, with where that stands:
    /// routes received by the edges when there are any, else the planned list. `None` when neither is known.
    pub fn advertised(self) -> Option<Vec<Stated<Prefix>>> {
        let mut received = Vec::new();
        let mut any = false;
        for link in self.links() {
            any |= link.link.received.is_known();
            received.extend(link.link.received.items().map(|item| Stated {
                value: item.value.prefix,
                rank: Rank::Live,
                place: item.place,
            }));
        }
        if any {
            received.sort_by_key(|route| route.value);
            received.dedup_by_key(|route| route.value);
            return Some(received);
        }
        let planned = self.peering.advertise.known()?;
        let item = |item: &model::Item<Prefix>| Stated { value: item.value, rank: planned.rank, place: item.place };
        Some(planned.value.iter().map(item).collect())
    }

    /// The link whose received routes are not known while those of the other are: what it carries cannot be told.
    pub fn silent_link(self) -> Option<LinkView<'a>> {
        match self.links().map(|link| (link, link.link.received.is_known())) {
            [(silent, false), (_, true)] | [(_, true), (silent, false)] => Some(silent),
            [(_, true), (_, true)] | [(_, false), (_, false)] => None,
        }
    }

    /// Whether a default route of either family is or will be advertised to Microsoft: by the routes that the
    /// edges receive, else by what is planned. `None` when neither is known.
    pub fn default_route(self) -> Option<Stated<bool>> {
        let prefixes = self.advertised();
        if let Some(route) = prefixes.iter().flatten().find(|prefix| prefix.value.is_default_route()) {
            return Some(Stated { value: true, rank: route.rank, place: route.place });
        }
        let received = self.links().into_iter().find_map(|view| view.link.received.known());
        match (received, self.peering.default_route.known(), self.peering.advertise.known()) {
            (Some(routes), _, _) => Some(Stated { value: false, rank: routes.rank, place: routes.place }),
            (None, Some(planned), _) => Some(*planned),
            (None, None, Some(list)) => Some(Stated { value: false, rank: list.rank, place: list.place }),
            (None, None, None) => None,
        }
    }
}

impl<'a> LinkView<'a> {
    /// The link as the subject of a finding.
    pub fn subject(self) -> Subject<'a> {
        Subject::Innermost("circuits", self.peering.circuit.name.as_str(), self.peering.key(), self.role.key())
    }

    /// One key of the link, for a fact that may be missing.
    pub fn at(self, key: &'a str) -> crate::Spot<'a> {
        let place = self.link.place().or(self.peering.peering.place).or(self.peering.circuit.circuit.place);
        self.subject().at(key, place)
    }

    /// Its subnet of a family, for a finding or for a fact that is missing.
    pub fn subnet_at(self, family: Family) -> crate::Spot<'a> {
        self.at(match family {
            Family::V4 => "subnet",
            Family::V6 => "subnet_v6",
        })
    }

    /// Its session of a family, for a finding or for a fact that is missing.
    pub fn session_at(self, family: Family) -> crate::Spot<'a> {
        self.at(match family {
            Family::V4 => "session",
            Family::V6 => "session_v6",
        })
    }

    /// The state of its session of a family.
    pub fn session(self, family: Family) -> &'a Fact<SessionState> {
        self.link.session_of(family)
    }
}

impl<'a> PoolView<'a> {
    /// One key of the pool, for a fact that may be missing.
    pub fn at(self, key: &'a str) -> crate::Spot<'a> {
        Subject::Named("nat.pools", self.name.as_str()).at(key, self.pool.place)
    }
}

impl<'a> FlowView<'a> {
    /// One key of the flow, for a fact that may be missing.
    pub fn at(self, key: &'a str) -> crate::Spot<'a> {
        Subject::Named("flows", self.name.as_str()).at(key, self.flow.place)
    }

    /// Whether Microsoft opens the flow over the given path.
    ///
    /// # Errors
    /// The key that would say so is not known.
    pub fn comes_in_by(self, path: Path) -> Result<bool, crate::Spot<'a>> {
        match (self.flow.direction.get(), self.flow.path.get()) {
            (Some(Direction::Outbound), _) => Ok(false),
            (_, Some(other)) if other != path => Ok(false),
            (None, _) => Err(self.at("direction")),
            (_, None) => Err(self.at("path")),
            (Some(Direction::Inbound), Some(_)) => Ok(true),
        }
    }
}
