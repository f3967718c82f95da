//! What changes on devices when the endpoints change, and by when.
//!
//! New entries are announced ahead of their use, so they have a day by which they must be in place. Entries that go
//! stay until the version that drops them is in force. An entry that only goes another way, as when a set loses its
//! support for ExpressRoute, moves on the day of the new version.

use crate::outputs::Destination;
use crate::{FirewallRule, Outputs, Pattern, Split, Way};
use model::{Community, Date, Prefix};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// One change on one kind of device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Added, else removed.
    pub add: bool,
    /// What.
    pub item: Item,
    /// By when.
    pub due: Due,
    /// The sets that it comes from, as far as they name it.
    pub sets: Vec<u32>,
}

/// An entry of the [`Outputs`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// A prefix that the customer's routers take from the circuit.
    Route(Prefix),
    /// A community of the route filter.
    Filter(Community),
    /// An opening of a firewall.
    Firewall(FirewallRule),
    /// A name in the PAC file, with its way.
    Name(Pattern, Way),
    /// A destination of the circuit's NAT.
    Nat(Prefix),
}

/// The kinds of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Routers of the customer.
    Routes,
    /// The route filter in Azure.
    Filter,
    /// Firewalls.
    Firewall,
    /// The PAC file.
    Pac,
    /// NAT.
    Nat,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Routes => "routes",
            Self::Filter => "filter",
            Self::Firewall => "firewall",
            Self::Pac => "pac",
            Self::Nat => "nat",
        })
    }
}

impl Item {
    /// On which kind of device it is.
    pub fn side(&self) -> Side {
        match self {
            Self::Route(_) => Side::Routes,
            Self::Filter(_) => Side::Filter,
            Self::Firewall(_) => Side::Firewall,
            Self::Name(..) => Side::Pac,
            Self::Nat(_) => Side::Nat,
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route(prefix) | Self::Nat(prefix) => prefix.fmt(f),
            Self::Filter(community) => community.fmt(f),
            Self::Firewall(rule) => rule.fmt(f),
            Self::Name(name, way) => write!(f, "{name} → {way}"),
        }
    }
}

/// By when a change is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// On this day, or at once when it is past: traffic goes the wrong way until then.
    On(Date),
    /// In place by this day.
    By(Date),
    /// Not before this day.
    From(Date),
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(date) => write!(f, "on {date}"),
            Self::By(date) => write!(f, "by {date}"),
            Self::From(date) => write!(f, "from {date}"),
        }
    }
}

/// The edits from one split to another.
///
/// `published` is the day of the new version, `effective` the day from which additions are used, by set where the
/// service named one; `lead` days after publication are taken where it named none.
pub fn diff(old: &Split, new: &Split, published: Date, lead: u32, effective: &BTreeMap<u32, Date>) -> Vec<Edit> {
    let (before, after) = (Outputs::new(old), Outputs::new(new));
    let (was, is) = (Known::of(old), Known::of(new));
    let usual = published.plus_days(lead);
    let mut edits = Vec::new();
    let mut edit = |add: bool, item: Item| {
        let (own, other) = if add { (&is, &was) } else { (&was, &is) };
        let sets = own.sets(&item);
        let due = match (other.knows(&item), add) {
            (true, _) => Due::On(published),
            (false, true) => Due::By(sets.iter().filter_map(|id| effective.get(id).copied()).min().unwrap_or(usual)),
            (false, false) => Due::From(published),
        };
        edits.push(Edit { add, item, due, sets });
    };
    for (add, here, there) in [(false, &before, &after), (true, &after, &before)] {
        here.routes.difference(&there.routes).for_each(|prefix| edit(add, Item::Route(*prefix)));
        here.filter.difference(&there.filter).for_each(|community| edit(add, Item::Filter(*community)));
        here.firewall.difference(&there.firewall).for_each(|rule| edit(add, Item::Firewall(rule.clone())));
        for (name, way) in here.names.iter().filter(|(name, way)| there.names.get(*name) != Some(*way)) {
            edit(add, Item::Name(name.clone(), *way));
        }
        here.nat.difference(&there.nat).for_each(|prefix| edit(add, Item::Nat(*prefix)));
    }
    edits.sort_by(|a, b| (a.item.side(), a.add, a.due, &a.item).cmp(&(b.item.side(), b.add, b.due, &b.item)));
    edits
}

/// Which sets list a name or addresses.
struct Known {
    prefixes: Vec<(Prefix, u32)>,
    names: BTreeMap<Pattern, BTreeSet<u32>>,
    communities: BTreeMap<Community, BTreeSet<u32>>,
}

impl Known {
    fn of(split: &Split) -> Self {
        let mut known = Self { prefixes: Vec::new(), names: BTreeMap::new(), communities: BTreeMap::new() };
        for (set, decision) in split.sets() {
            known.prefixes.extend(set.ips.iter().map(|prefix| (*prefix, set.id)));
            for url in &set.urls {
                known.names.entry(url.clone()).or_default().insert(set.id);
            }
            if let crate::Why::Carried(carried) = &decision.why {
                known.communities.entry(carried.community).or_default().insert(set.id);
            }
        }
        known
    }

    fn overlapping(&self, prefix: Prefix) -> Vec<u32> {
        let ids: BTreeSet<u32> =
            self.prefixes.iter().filter(|(own, _)| own.overlaps(prefix)).map(|(_, id)| *id).collect();
        ids.into_iter().collect()
    }

    fn sets(&self, item: &Item) -> Vec<u32> {
        let list = |ids: Option<&BTreeSet<u32>>| ids.map(|ids| ids.iter().copied().collect()).unwrap_or_default();
        match item {
            Item::Route(prefix) | Item::Nat(prefix) => self.overlapping(*prefix),
            Item::Firewall(FirewallRule { to: Destination::Prefix(prefix), .. }) => self.overlapping(*prefix),
            Item::Firewall(FirewallRule { to: Destination::Name(name), .. }) | Item::Name(name, _) => {
                list(self.names.get(name))
            }
            Item::Filter(community) => list(self.communities.get(community)),
        }
    }

    /// Whether the entry's name or all of its addresses are listed, whichever way they go.
    fn knows(&self, item: &Item) -> bool {
        let all = |prefix: &Prefix| {
            let mut left = Vec::new();
            let own: Vec<Prefix> = self.prefixes.iter().map(|(own, _)| *own).collect();
            crate::arithmetic::subtract(*prefix, &own, &mut left);
            left.is_empty()
        };
        match item {
            Item::Route(prefix) | Item::Nat(prefix) => all(prefix),
            Item::Firewall(FirewallRule { to: Destination::Prefix(prefix), .. }) => all(prefix),
            Item::Firewall(FirewallRule { to: Destination::Name(name), .. }) | Item::Name(name, _) => {
                self.names.contains_key(name)
            }
            Item::Filter(_) => false,
        }
    }
}
