//! What a customer may send over the circuit: for each area of endpoints yes, or why not.
//!
//! Microsoft's flag says what could take the circuit. Whether it does hangs on the design: which services are planned
//! on it, whether Microsoft granted the exception, and whether a Premium circuit has a route filter with the community.

use catalog::{Catalog, M365Area, M365Support};
use model::{Attestation, Community, CommunityRef, Design, Path, Tier};
use std::collections::BTreeMap;
use std::fmt;

/// The areas of one instance, each with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    areas: BTreeMap<String, Result<Carried, Refusal>>,
    by_flags: bool,
}

/// An area that the circuit carries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Carried {
    /// The community that its routes come with.
    pub community: Community,
    /// The circuits whose filter has it; empty when only the flags were asked.
    pub circuits: Vec<String>,
}

/// Why the circuit does not carry a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The set's own flag.
    Flag,
    /// The category; such a set never has support, one that says so is not believed.
    Category,
    /// The instance or area has no community.
    NoCommunity,
    /// The service is not among those that may.
    Excluded(String),
    /// Another list that names the same host or prefix does not allow it.
    Shared(u32),
    /// The design plans none of the area's services on the circuit.
    NotPlanned(String),
    /// Microsoft did not grant the exception, or nobody says so.
    NotAuthorized,
    /// No route filter has the community.
    NoFilter(Community),
    /// Only circuits that are not Premium have it.
    NotPremium(String),
    /// No set names it.
    Unlisted,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("Microsoft lists it without support for ExpressRoute"),
            Self::Category => f.write_str("category Default is ordinary Internet traffic"),
            Self::NoCommunity => f.write_str("its area has no community that a route filter could name"),
            Self::Excluded(service) => write!(f, "{service} may not take the circuit"),
            Self::Shared(id) => write!(f, "set {id} names it too and may not take the circuit"),
            Self::NotPlanned(services) => write!(f, "the design plans none of {services} on the circuit"),
            Self::NotAuthorized => f.write_str("Microsoft's authorization is not on record"),
            Self::NoFilter(community) => write!(f, "no route filter has {community}"),
            Self::NotPremium(circuit) => write!(f, "circuit {circuit} is not Premium"),
            Self::Unlisted => f.write_str("no endpoint set names it"),
        }
    }
}

impl Policy {
    /// What the flags alone allow: every area that has a community.
    pub fn of_flags(catalog: &Catalog, instance: &str) -> Self {
        let of = |area: &M365Area| match eligible(catalog, area) {
            Ok(community) => Ok(Carried { community, circuits: Vec::new() }),
            Err(refusal) => Err(refusal),
        };
        Self { areas: areas(catalog, instance, of), by_flags: true }
    }

    /// What a design sends over its circuits.
    pub fn of_design(design: &Design, catalog: &Catalog, instance: &str) -> Self {
        let authorized = authorized(design);
        let of = |area: &M365Area| {
            let community = eligible(catalog, area)?;
            if !planned(design, catalog, area) {
                return Err(Refusal::NotPlanned(area.services.replace(';', ", ")));
            }
            let gated = catalog.community(community).is_none_or(|fact| fact.authorization_required);
            if gated && !authorized {
                return Err(Refusal::NotAuthorized);
            }
            carried(design, catalog, community)
        };
        Self { areas: areas(catalog, instance, of), by_flags: false }
    }

    /// Whether only the flags were asked, and no design.
    pub fn is_by_flags(&self) -> bool {
        self.by_flags
    }

    /// The answer for an area; one that nobody knows is not carried.
    pub fn area(&self, name: &str) -> Result<&Carried, Refusal> {
        match self.areas.get(name) {
            Some(Ok(carried)) => Ok(carried),
            Some(Err(refusal)) => Err(refusal.clone()),
            None => Err(Refusal::NoCommunity),
        }
    }

    /// Every area with its answer, by name.
    pub fn areas(&self) -> impl Iterator<Item = (&str, &Result<Carried, Refusal>)> {
        self.areas.iter().map(|(name, answer)| (name.as_str(), answer))
    }
}

/// Whether Microsoft's permission is on record: what the control plane says outranks the design's word.
pub fn authorized(design: &Design) -> bool {
    let word = || design.m365.authorization.value().is_some_and(Attestation::is_yes);
    design.m365.authorized.get().unwrap_or_else(word)
}

fn areas(
    catalog: &Catalog,
    instance: &str,
    of: impl Fn(&M365Area) -> Result<Carried, Refusal>,
) -> BTreeMap<String, Result<Carried, Refusal>> {
    let rows = catalog.m365_areas().iter().filter(|row| row.instance.eq_ignore_ascii_case(instance));
    rows.map(|row| (row.area.clone(), of(row))).collect()
}

fn services(area: &M365Area) -> impl Iterator<Item = &str> {
    area.services.split(';').filter(|service| !service.is_empty())
}

/// The community of an area whose services may take the circuit.
fn eligible(catalog: &Catalog, area: &M365Area) -> Result<Community, Refusal> {
    let support = |name: &str| catalog.m365_service(name).map(|fact| fact.support);
    let barred = |name: &&str| support(name) != Some(M365Support::Included);
    if let Some(service) = services(area).find(barred) {
        return Err(Refusal::Excluded(service.to_owned()));
    }
    area.community.ok_or(Refusal::NoCommunity)
}

/// Whether the design plans a service of the area on the circuit.
fn planned(design: &Design, catalog: &Catalog, area: &M365Area) -> bool {
    design.m365.services.iter().any(|(name, service)| {
        let fact = catalog.m365_service(name.as_str());
        let inside = fact.is_some_and(|fact| services(area).any(|service| service == fact.service));
        inside && service.path.is(&Path::ExpressRoute)
    })
}

/// The circuits whose filter has a community.
fn carried(design: &Design, catalog: &Catalog, community: Community) -> Result<Carried, Refusal> {
    let has = |reference: &CommunityRef| catalog.resolve(reference) == Some(community);
    let filtered = design.circuits.iter().filter(|(_, circuit)| {
        let peering = circuit.microsoft.as_ref();
        peering.is_some_and(|peering| peering.filter.values().any(has))
    });
    let (premium, other): (Vec<_>, Vec<_>) =
        filtered.partition(|(_, circuit)| circuit.sku.get().is_some_and(|sku| sku.tier == Tier::Premium));
    let names = |list: Vec<(&model::Name, _)>| list.into_iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
    match (names(premium), names(other)) {
        (circuits, _) if !circuits.is_empty() => Ok(Carried { community, circuits }),
        (_, other) => Err(other.into_iter().next().map_or(Refusal::NoFilter(community), Refusal::NotPremium)),
    }
}
