//! Router configuration: one plan, several languages.
//!
//! [`config`] gathers what a router has to run, its sessions with their interfaces and keys, into a [`Setup`], and a
//! [`Dialect`] writes that down. The policy is the same in all of them:
//!
//! - Of Microsoft's routes all are taken but the default route, prefixes that no router forwards to (on Microsoft
//!   peering all that is not public), and paths that do not begin with Microsoft's AS number. The length of a path is
//!   judged by nobody: eight more numbers in front mark a link under maintenance (spec 03, 12.2).
//! - To Microsoft go exactly the advertised prefixes of the session, nothing that was learned elsewhere.
//! - More prefixes than a documented limit end the session for a while; more than an estimate only warn.
//! - Keys stand in no plan. A [`Placement`] may bring them; without it a placeholder stands in their place.

mod bird;
mod frr;
mod linux;

use crate::peerings::version;
use crate::plan::{Ends, Outer, Placed, Plan, Router};
use catalog::Catalog;
use model::{Asn, Bfd, Family, LinkRole, PeeringKind, Prefix};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// A language of router configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// BIRD 2.
    Bird,
    /// FRR 8 and later.
    Frr,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: &'static [Self] = &[Self::Bird, Self::Frr];

    /// Its name as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bird => "bird",
            Self::Frr => "frr",
        }
    }

    fn language(self) -> &'static dyn Language {
        match self {
            Self::Bird => &bird::Bird,
            Self::Frr => &frr::Frr,
        }
    }
}

/// What the plan does not know of the place where a router runs. The default suits a Linux router whose ports towards
/// the provider are called `eth1`, `eth2` and so on, in the order of the design's ports.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// Interfaces that end a link of a peering, untagged as the router sees them. A link without one gets a VLAN
    /// interface on its port.
    pub interfaces: BTreeMap<LinkKey, String>,
    /// Names of the device's ports, by the design's.
    pub ports: BTreeMap<String, String>,
    /// MD5 keys.
    pub keys: Keys,
    /// Routers of the customer that are told what Microsoft announces.
    pub inside: Vec<Neighbor>,
    /// The router id, when it is to be another than the plan's.
    pub router_id: Option<Ipv4Addr>,
    /// The file to log to.
    pub log: Option<String>,
}

/// A link of a peering of a circuit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkKey {
    /// The circuit's name.
    pub circuit: String,
    /// The peering.
    pub peering: PeeringKind,
    /// The link.
    pub link: LinkRole,
}

/// MD5 keys by name. What they say is not printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Keys(BTreeMap<String, String>);

impl Keys {
    /// Adds the key of a name, as [`PeeringPlan::router_key`](crate::PeeringPlan::router_key) has it.
    pub fn set(&mut self, name: impl Into<String>, key: impl Into<String>) {
        self.0.insert(name.into(), key.into());
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// A router of the customer beside or behind this one: another edge of the site, or one of its core. It has the AS
/// number of the router itself, so that it learns routes as within one network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbor {
    /// A name for people.
    pub name: String,
    /// Our address.
    pub local: IpAddr,
    /// Its address.
    pub remote: IpAddr,
    /// Liveness on the session, on this interface.
    pub bfd: Option<(Bfd, String)>,
}

/// A file of a router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// It holds keys, or is the place for them: nobody else may read it.
    pub secret: bool,
}

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The plan has no such router.
    #[error("the plan has no router `{0}`; it has {1}")]
    NoRouter(String, String),
    /// The router has no AS number, so that it cannot run BGP.
    #[error("the router `{0}` has no AS number; give its peerings an `asn`")]
    NoAsn(String),
    /// A key that not every configuration language can write.
    #[error(
        "the key `{0}` must be 1 to 80 letters, digits and signs other than `\"`, `\\`, `;`, `!` and `#`, without blanks"
    )]
    Key(String),
}

/// The files with which a router runs its part of a plan: the daemon's configuration and, for daemons on Linux,
/// a script that makes the interfaces.
///
/// # Errors
/// The plan has no such router, it has no AS number, or a key cannot be written.
pub fn config(
    plan: &Plan,
    catalog: &Catalog,
    router: &str,
    dialect: Dialect,
    placement: &Placement,
) -> Result<Vec<File>, ConfigError> {
    let setup = Setup::of(plan, catalog, router, placement)?;
    Ok(dialect.language().files(&setup))
}

/// A language: a setup in, files out.
trait Language {
    fn files(&self, setup: &Setup<'_>) -> Vec<File>;
}

/// What a router has to run.
struct Setup<'a> {
    router: &'a Router,
    router_id: Ipv4Addr,
    asn: Asn,
    sessions: Vec<Wired<'a>>,
    /// Labels of sessions that cannot be run yet.
    left_out: Vec<String>,
    /// Everything that any session advertises, by family.
    advertise: BTreeSet<Prefix>,
    inside: &'a [Neighbor],
    log: Option<&'a str>,
    catalog: &'a Catalog,
}

/// A session with the interface and the key that it has on this router.
struct Wired<'a> {
    placed: Placed<'a>,
    ends: Ends,
    interface: Interface,
    key: Option<Key<'a>>,
}

/// A key by name, and what it says where that is known.
struct Key<'a> {
    name: &'a str,
    value: Option<&'a str>,
}

/// The interface of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Interface {
    name: String,
    /// The port and the tags that make it, outer first, each with the name of the interface that it makes; none for
    /// an interface that is there already.
    made_of: Option<(String, Vec<(Tag, String)>)>,
}

/// A tag of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tag {
    /// This one.
    Is(u16),
    /// What the variable holds once Microsoft has given it.
    Variable(String),
}

impl<'a> Setup<'a> {
    fn of(plan: &'a Plan, catalog: &'a Catalog, name: &'a str, placement: &'a Placement) -> Result<Self, ConfigError> {
        let names = || plan.routers.iter().map(|router| router.name.as_str()).collect::<Vec<_>>().join(", ");
        let position = plan.routers.iter().position(|router| router.name == name);
        let position = position.ok_or_else(|| ConfigError::NoRouter(name.to_owned(), names()))?;
        let router = &plan.routers[position];
        let asn = router.asn.ok_or_else(|| ConfigError::NoAsn(name.to_owned()))?;
        for (name, key) in &placement.keys.0 {
            let fits = |c: char| c.is_ascii_graphic() && !"\"\\;!#".contains(c);
            if key.is_empty() || key.len() > 80 || !key.chars().all(fits) {
                return Err(ConfigError::Key(name.clone()));
            }
        }
        let mut ports = Ports::new(&placement.ports);
        let (mut sessions, mut left_out) = (Vec::new(), Vec::new());
        for placed in plan.sessions_of(name) {
            let Some(ends) = placed.ends() else {
                left_out.push(one_line(&format!("{}, {}", placed.label(), placed.session.family)));
                continue;
            };
            let key = LinkKey {
                circuit: placed.circuit.name.to_string(),
                peering: placed.peering.kind,
                link: placed.session.link,
            };
            let interface = match placement.interfaces.get(&key) {
                Some(name) => Interface { name: name.clone(), made_of: None },
                None => ports.interface(placed),
            };
            let key = placed.peering.router_key.as_deref();
            let key = key.map(|name| Key { name, value: placement.keys.0.get(name).map(String::as_str) });
            sessions.push(Wired { placed, ends, interface, key });
        }
        let given = match router.router_id {
            Some(IpAddr::V4(id)) => Some(id),
            _ => None,
        };
        // A router id is a number that no other router has; where no IPv4 address can be it, a count will do.
        let count = || Ipv4Addr::from(u32::try_from(position + 1).unwrap_or(u32::MAX));
        Ok(Self {
            router,
            router_id: placement.router_id.or(given).unwrap_or_else(count),
            asn,
            advertise: sessions.iter().flat_map(|wired| wired.placed.session.advertise.iter().copied()).collect(),
            sessions,
            left_out,
            inside: &placement.inside,
            log: placement.log.as_deref(),
            catalog,
        })
    }

    /// The head of a file, each line behind the sign of a comment.
    fn head(&self, sign: &str, what: &str) -> String {
        let mut text = format!("{sign} {} · {what}\n{sign} Made by `twinpath plan`.\n", one_line(&self.router.name));
        for label in &self.left_out {
            text += &format!("{sign} Not here yet, for something is missing: {label}\n");
        }
        text
    }

    /// The keys that the sessions use, each once, by name.
    fn keys(&self) -> BTreeMap<&str, Option<&str>> {
        self.sessions.iter().filter_map(|wired| wired.key.as_ref()).map(|key| (key.name, key.value)).collect()
    }

    /// Families that the router routes, IPv4 first.
    fn families(&self) -> Vec<Family> {
        let uses = |family: &Family| {
            self.sessions.iter().any(|wired| wired.placed.session.family == *family)
                || self.inside.iter().any(|neighbor| neighbor.remote.is_ipv4() == (*family == Family::V4))
        };
        Family::BOTH.into_iter().filter(uses).collect()
    }

    /// Kinds of peering that the router has, with the families of each.
    fn kinds(&self) -> BTreeSet<(PeeringKind, Family)> {
        self.sessions.iter().map(|wired| (wired.placed.peering.kind, wired.placed.session.family)).collect()
    }

    /// What is refused of Microsoft on a peering, beside the default route.
    fn refused(&self, kind: PeeringKind, family: Family) -> Vec<Prefix> {
        let refuses = |bogon: &&catalog::Bogon| match kind {
            PeeringKind::Private => bogon.drop_on_private_peering,
            PeeringKind::Microsoft | PeeringKind::Public => bogon.drop_on_microsoft_peering,
        };
        let bogons = self.catalog.bogons().iter().filter(refuses).map(|bogon| bogon.prefix);
        let mut all: Vec<Prefix> =
            bogons.filter(|prefix| prefix.family() == family && !prefix.is_default_route()).collect();
        all.sort_unstable_by_key(|prefix| (prefix.length(), *prefix));
        // The wider one says it all.
        let mut widest: Vec<Prefix> = Vec::new();
        for prefix in all {
            if !widest.iter().any(|wider| wider.covers(prefix)) {
                widest.push(prefix);
            }
        }
        widest.sort_unstable();
        widest
    }

    /// Keepalive and hold time that Microsoft's routers run, in seconds.
    fn timers(&self) -> (u64, u64) {
        let limit = |key, default| self.catalog.limit("bgp", key, "").unwrap_or(default);
        (limit("keepalive", 60), limit("hold-time", 180))
    }
}

impl Wired<'_> {
    /// The AS numbers put before what is announced, nearest first, beside the router's own that comes by itself.
    fn path(&self) -> Vec<Asn> {
        let own = std::iter::repeat_n(self.ends.asn, usize::try_from(self.placed.session.prepend.min(32)).unwrap_or(0));
        own.chain(self.placed.peering.path.iter().copied()).collect()
    }

    /// Most prefixes to take, and whether more end the session.
    fn limit(&self) -> (u32, bool) {
        let index = usize::from(self.placed.session.family == Family::V6);
        (self.placed.peering.expected[index].max(1), self.placed.peering.expected_is_limit)
    }

    /// Whether what other sites of the same AS number announce comes back by Global Reach.
    fn meets_itself(&self) -> bool {
        !self.placed.circuit.global_reach.is_empty() && self.placed.peering.kind == PeeringKind::Private
    }

    fn bfd(&self) -> Option<(u32, u32)> {
        match self.placed.peering.bfd.value {
            Bfd::Off => None,
            Bfd::On { interval_ms, multiplier } => Some((interval_ms.clamp(10, 60_000), multiplier.clamp(2, 255))),
        }
    }
}

/// The device's ports in the order in which the sessions name them, and the interfaces on them.
struct Ports<'a> {
    given: &'a BTreeMap<String, String>,
    names: Vec<Option<String>>,
    /// Circuits with a tag that Microsoft gives.
    assigned: Vec<String>,
}

impl<'a> Ports<'a> {
    fn new(given: &'a BTreeMap<String, String>) -> Self {
        Self { given, names: Vec::new(), assigned: Vec::new() }
    }

    fn interface(&mut self, placed: Placed<'_>) -> Interface {
        // A link without a port of its own is on one beside the other links.
        let port =
            placed.session.port.clone().or_else(|| Some(format!("{} {}", placed.circuit.id, placed.session.link)));
        let index = match self.names.iter().position(|name| *name == port) {
            Some(index) => index,
            None => {
                self.names.push(port.clone());
                self.names.len() - 1
            }
        };
        let given = placed.session.port.as_ref().and_then(|port| self.given.get(port)).cloned();
        let device = given.unwrap_or_else(|| {
            let named = port.filter(|port| is_device(port));
            named.unwrap_or_else(|| format!("eth{}", index + 1))
        });
        let mut tags = Vec::new();
        let mut name = device.clone();
        match placed.session.outer {
            Outer::None => {}
            Outer::Tag(tag) => {
                name += &format!(".{tag}");
                tags.push((Tag::Is(tag.number()), name.clone()));
            }
            Outer::Assigned => {
                let id = &placed.circuit.id;
                let index = self.assigned.iter().position(|known| known == id).unwrap_or_else(|| {
                    self.assigned.push(id.clone());
                    self.assigned.len() - 1
                });
                name += &format!(".s{}", index + 1);
                let variable = format!("S_TAG_{}", id.replace('-', "_").to_uppercase());
                tags.push((Tag::Variable(variable), name.clone()));
            }
        }
        if let Some(vlan) = placed.peering.vlan {
            name += &format!(".{}", vlan.value);
            tags.push((Tag::Is(vlan.value.number()), name.clone()));
        }
        let made_of = (!tags.is_empty()).then_some((device, tags));
        Interface { name, made_of }
    }
}

/// Whether Linux takes a name for a device, with room for two tags behind it.
fn is_device(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic());
    starts && name.len() <= 5 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Free text as part of one line: nothing in it ends a comment or a string.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || "\"\\`$".contains(c) { ' ' } else { c }).take(120).collect()
}

/// `private4`, `microsoft6`.
fn kind_family(kind: PeeringKind, family: Family) -> String {
    format!("{kind}{}", &version(family)[1..])
}
