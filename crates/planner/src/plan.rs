//! The plan: everything that follows from a design, as values.
//!
//! A [`Plan`] has one [`CircuitPlan`] for each circuit, with its peerings and the BGP sessions of both links; the
//! [`Router`]s that end them; networks in Azure, NAT pools and traffic classes. What the design says is taken as it
//! stands, right or wrong: judging is the checklist's work. What it leaves open is chosen where a program can, and the
//! value says so ([`Origin`]); the rest is [`Missing`], with whom to ask.

use crate::name::{Names, msee};
use crate::steps::{self, Step};
use crate::{nat, peerings, qos, routers, vnets};
use catalog::Catalog;
use model::{
    Asn, Bandwidth, Bfd, CommunityRef, Date, Design, Encapsulation, Family, Layer3, LinkRole, Name, PeeringKind,
    Prefix, Sku, VlanId,
};
use std::fmt;
use std::net::IpAddr;

/// Everything that follows from a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Who the design is for.
    pub company: Option<String>,
    /// The subscription that owns the circuits.
    pub subscription: Option<String>,
    /// When production traffic moves.
    pub cutover: Option<Date>,
    /// The circuit that Azure is to prefer; none when all are equal.
    pub azure_prefers: Option<Name>,
    /// Port pairs of ExpressRoute Direct, by name.
    pub ports: Vec<PortPlan>,
    /// The circuits, by name.
    pub circuits: Vec<CircuitPlan>,
    /// The routers that end the sessions, by name.
    pub routers: Vec<Router>,
    /// Virtual networks and their gateways, by name.
    pub vnets: Vec<vnets::VnetPlan>,
    /// Address translation.
    pub nat: nat::NatPlan,
    /// Traffic classes towards Microsoft; empty when nothing of Microsoft 365 needs them.
    pub qos: Vec<qos::Class>,
    /// The steps from here to production traffic.
    pub steps: Vec<Step>,
    /// What was chosen because the design leaves it open.
    pub chosen: Vec<Choice>,
    /// What nobody but a person can say.
    pub missing: Vec<Missing>,
}

/// A value and how the plan came by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Planned<T> {
    /// The value.
    pub value: T,
    /// How the plan came by it.
    pub origin: Origin,
}

/// How the plan came by a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The design says it.
    Design,
    /// It follows from the design, or is the same for everybody.
    Derived,
    /// The design leaves it open; it is listed in [`Plan::chosen`].
    Chosen,
}

impl<T> Planned<T> {
    pub(crate) fn design(value: T) -> Self {
        Self { value, origin: Origin::Design }
    }

    pub(crate) fn derived(value: T) -> Self {
        Self { value, origin: Origin::Derived }
    }

    pub(crate) fn chosen(value: T) -> Self {
        Self { value, origin: Origin::Chosen }
    }
}

/// A choice that the plan made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What it is about: `amsterdam / private`.
    pub subject: String,
    /// The thing chosen: `VLAN`.
    pub what: &'static str,
    /// The value.
    pub value: String,
    /// Why this one.
    pub reason: String,
}

/// What the design does not say and no program can choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What it is about: `amsterdam / microsoft`.
    pub subject: String,
    /// What is missing.
    pub what: String,
    /// Who must answer.
    pub ask: Owner,
    /// Where to ask, or what for.
    pub hint: String,
}

/// Who does a thing, or answers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The customer.
    Customer,
    /// The connectivity provider.
    Provider,
    /// Microsoft.
    Microsoft,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Customer => "customer",
            Self::Provider => "provider",
            Self::Microsoft => "Microsoft",
        })
    }
}

/// An ExpressRoute Direct port pair.
#[derive(Debug, Clone, PartialEq)]
pub struct PortPlan {
    /// Its name.
    pub name: Name,
    /// The peering location.
    pub location: Option<String>,
    /// The speed of each port.
    pub bandwidth: Option<Bandwidth>,
    /// One tag or two.
    pub encapsulation: Option<Encapsulation>,
}

/// One circuit.
#[derive(Debug, Clone, PartialEq)]
pub struct CircuitPlan {
    /// Its name in the design.
    pub name: Name,
    /// The name as files and identifiers have it: lower case letters, digits and `-`, unique among circuits.
    pub id: String,
    /// The connectivity provider; none with own ports.
    pub provider: Option<String>,
    /// The ExpressRoute Direct port pair.
    pub port: Option<Name>,
    /// The peering location.
    pub location: Option<String>,
    /// The bandwidth of each link.
    pub bandwidth: Option<Bandwidth>,
    /// Tier and billing.
    pub sku: Option<Sku>,
    /// The customer's site.
    pub site: Option<Name>,
    /// The Azure region of the resource.
    pub region: Option<String>,
    /// When it is to be created.
    pub create: Option<Date>,
    /// Who runs the sessions.
    pub layer3: Layer3,
    /// How the tags are put on, with own ports.
    pub encapsulation: Option<Encapsulation>,
    /// Circuits joined with this one by Global Reach.
    pub global_reach: Vec<Name>,
    /// The peerings, private first.
    pub peerings: Vec<PeeringPlan>,
}

/// One peering of a circuit.
#[derive(Debug, Clone, PartialEq)]
pub struct PeeringPlan {
    /// Which.
    pub kind: PeeringKind,
    /// The VLAN (the inner tag with two tags).
    pub vlan: Option<Planned<VlanId>>,
    /// The customer's AS number.
    pub asn: Option<Planned<Asn>>,
    /// The AS number that the customer's routers expect of Microsoft.
    pub remote_asn: Planned<Asn>,
    /// The AS number that owns the advertised prefixes, when it is another one.
    pub customer_asn: Option<Asn>,
    /// The routing registry.
    pub registry: Option<String>,
    /// The name of the MD5 key that Microsoft's side carries; the key itself is in no plan.
    pub key: Option<String>,
    /// The name of the MD5 key that the routers carry.
    pub router_key: Option<String>,
    /// BFD on the sessions.
    pub bfd: Planned<Bfd>,
    /// Prefixes advertised to Microsoft, the default route with them where the design wants it.
    pub advertise: Vec<Prefix>,
    /// AS numbers behind the customer's own in what is advertised, nearest first.
    pub path: Vec<Asn>,
    /// Communities of the route filter.
    pub filter: Vec<FilterEntry>,
    /// Virtual networks to link.
    pub vnets: Vec<Name>,
    /// Most IPv4 and most IPv6 prefixes to expect of Microsoft on a session.
    pub expected: [u32; 2],
    /// Whether that figure is a documented limit; else it is an estimate with room to grow.
    pub expected_is_limit: bool,
    /// The sessions: IPv4 primary, IPv4 secondary, then IPv6.
    pub sessions: Vec<Session>,
}

/// An entry of a route filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterEntry {
    /// As the design has it.
    pub wanted: CommunityRef,
    /// Its value; `None` when the catalogue does not know the name.
    pub community: Option<model::Community>,
    /// What it stands for.
    pub meaning: String,
    /// Microsoft must authorize it.
    pub gated: bool,
}

/// One BGP session: a link and an address family.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// A name for identifiers, unique in the plan: `amsterdam_private_primary_v4`.
    pub id: String,
    /// Which link.
    pub link: LinkRole,
    /// Which family.
    pub family: Family,
    /// The router that ends it, by [`Router::name`].
    pub router: String,
    /// The port of the router, as the design has it.
    pub port: Option<String>,
    /// The outer tag, where the link has two.
    pub outer: Outer,
    /// Microsoft's router: the location and `a` or `b`.
    pub msee: String,
    /// The subnet of the link.
    pub subnet: Option<Planned<Prefix>>,
    /// The router's address.
    pub customer: Option<Planned<IpAddr>>,
    /// Microsoft's address.
    pub microsoft: Option<Planned<IpAddr>>,
    /// How often the router's AS number is put before the path.
    pub prepend: u32,
    /// What this session advertises, of its family.
    pub advertise: Vec<Prefix>,
    /// Local preference of what it brings.
    pub preference: u32,
}

/// The outer tag of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outer {
    /// There is one tag only.
    None,
    /// This one.
    Tag(VlanId),
    /// Microsoft gives one when the circuit is created.
    Assigned,
}

/// A router that ends sessions with Microsoft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Router {
    /// Its name.
    pub name: String,
    /// The name as files have it, unique among routers.
    pub id: String,
    /// The site where it stands.
    pub site: Option<Name>,
    /// The customer's, or the provider's where layer 3 is managed.
    pub owner: Owner,
    /// The AS number of its own: that of private peering where it has one.
    pub asn: Option<Asn>,
    /// Its router id: its lowest IPv4 address in the plan.
    pub router_id: Option<IpAddr>,
}

/// A session with the circuit and peering that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'p> {
    /// The circuit.
    pub circuit: &'p CircuitPlan,
    /// The peering.
    pub peering: &'p PeeringPlan,
    /// The session.
    pub session: &'p Session,
}

impl Placed<'_> {
    /// The label of the link, as findings have it: `amsterdam / private / primary link`.
    pub fn label(&self) -> String {
        crate::mend::link_label(&self.circuit.name, self.peering.kind, self.session.link)
    }

    /// Both addresses and both AS numbers, once all are known: what a router needs to try the session.
    pub fn ends(&self) -> Option<Ends> {
        Some(Ends {
            customer: self.session.customer?.value,
            microsoft: self.session.microsoft?.value,
            length: self.session.subnet.map_or(self.session.family.link_length(), |subnet| subnet.value.length()),
            asn: self.peering.asn?.value,
            remote_asn: self.peering.remote_asn.value,
        })
    }
}

/// The two ends of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// The router's address.
    pub customer: IpAddr,
    /// Microsoft's address.
    pub microsoft: IpAddr,
    /// The length of the link's subnet.
    pub length: u8,
    /// The router's AS number.
    pub asn: Asn,
    /// The AS number that the router expects of Microsoft.
    pub remote_asn: Asn,
}

impl Plan {
    /// Every session, by circuit, peering, family and link.
    pub fn sessions(&self) -> impl Iterator<Item = Placed<'_>> {
        self.circuits.iter().flat_map(|circuit| {
            let peerings = circuit.peerings.iter();
            peerings.flat_map(move |peering| {
                peering.sessions.iter().map(move |session| Placed { circuit, peering, session })
            })
        })
    }

    /// The sessions that a router ends.
    pub fn sessions_of<'p>(&'p self, router: &'p str) -> impl Iterator<Item = Placed<'p>> {
        self.sessions().filter(move |placed| placed.session.router == router)
    }

    /// The router of a name.
    pub fn router(&self, name: &str) -> Option<&Router> {
        self.routers.iter().find(|router| router.name == name)
    }

    /// The circuit of a name.
    pub fn circuit(&self, name: &str) -> Option<&CircuitPlan> {
        self.circuits.iter().find(|circuit| circuit.name.as_str() == name)
    }
}

/// What is noted while a plan is made.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) chosen: Vec<Choice>,
    pub(crate) missing: Vec<Missing>,
}

impl Notes {
    pub(crate) fn choose(
        &mut self,
        subject: &str,
        what: &'static str,
        value: impl fmt::Display,
        reason: impl Into<String>,
    ) {
        self.chosen.push(Choice { subject: subject.to_owned(), what, value: value.to_string(), reason: reason.into() });
    }

    pub(crate) fn miss(&mut self, subject: &str, what: impl Into<String>, ask: Owner, hint: impl Into<String>) {
        self.missing.push(Missing { subject: subject.to_owned(), what: what.into(), ask, hint: hint.into() });
    }
}

/// Everything that follows from a design. The same design gives the same plan, and no design makes it fail: what is
/// not there is missing.
pub fn plan(design: &Design, catalog: &Catalog) -> Plan {
    let mut notes = Notes::default();
    let mut names = Names::default();
    let mut open = peerings::Open::of(design, catalog);
    let mut circuits = Vec::new();
    for (name, circuit) in &design.circuits {
        let ends = routers::ends(design, name, circuit, &mut notes);
        let location = circuit.location.value().cloned();
        let connectivity = circuit.connectivity.layer3.or(&design.connectivity.layer3);
        let id = names.unique(name.as_str());
        if location.is_none() {
            notes.miss(name.as_str(), "peering location", Owner::Customer, "twinpath catalog locations");
        }
        if circuit.provider.value().is_none() && circuit.port.value().is_none() {
            notes.miss(name.as_str(), "provider", Owner::Customer, "twinpath catalog providers --at LOCATION");
        }
        let port = circuit.port.value().cloned();
        let encapsulation = port.as_ref().and_then(|port| design.ports.get(port)?.encapsulation.get());
        let place =
            peerings::Place { name, id: &id, msee: msee(location.as_deref(), catalog), encapsulation, ends: &ends };
        let peerings = open.peerings(circuit, &place, &mut notes);
        circuits.push(CircuitPlan {
            provider: circuit.provider.value().cloned(),
            port,
            location,
            bandwidth: circuit.bandwidth.get(),
            sku: circuit.sku.get(),
            site: circuit.site.value().cloned(),
            region: circuit.region.value().cloned(),
            create: circuit.create.get(),
            layer3: connectivity.get().unwrap_or(Layer3::Customer),
            encapsulation,
            global_reach: circuit.global_reach.values().cloned().collect(),
            peerings,
            name: name.clone(),
            id,
        });
    }
    let routers = routers::routers(design, &circuits);
    let vnets = vnets::plan(design, &mut notes);
    let nat = nat::plan(design, &mut circuits, catalog, &mut notes);
    let qos = qos::plan(design, catalog);
    let port = |(name, port): (&Name, &model::DirectPort)| PortPlan {
        name: name.clone(),
        location: port.location.value().cloned(),
        bandwidth: port.bandwidth.get(),
        encapsulation: port.encapsulation.get(),
    };
    let mut plan = Plan {
        company: design.company.value().cloned(),
        subscription: design.azure.subscription.value().map(ToString::to_string),
        cutover: design.cutover.get(),
        azure_prefers: design.dr.azure_prefers.value().filter(|name| design.circuits.contains_key(*name)).cloned(),
        ports: design.ports.iter().map(port).collect(),
        circuits,
        routers,
        vnets,
        nat,
        qos,
        steps: Vec::new(),
        chosen: notes.chosen,
        missing: notes.missing,
    };
    plan.steps = steps::steps(&plan, design, catalog);
    plan
}
