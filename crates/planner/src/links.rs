//! Link subnets and the addresses in them.
//!
//! A [`Pairing`] is what one peering says of one address family: a block for both links, a pair, or a subnet
//! for the one link and none for the other. Each is brought into shape in turn, and whoever comes later keeps
//! clear of whoever came before. First come those that cannot move, then Microsoft peerings, which can only
//! make do with what they were given, then private peerings, which can move anywhere.

use crate::mend::{Mend, label, link_label};
use crate::shared::{Shared, is_shared_out, peerings};
use crate::space::{Space, first_free, private_ranges};
use catalog::Catalog;
use model::{
    Design, Edit, Family, Item, Link, LinkRole, List, Name, Pair, Peering, PeeringKind, Prefix, Rank, Stated, Written,
};
use std::net::IpAddr;

pub(crate) fn mend(design: &Design, catalog: &Catalog, shared: &Shared) -> Vec<Mend> {
    let mut pairings: Vec<Pairing<'_>> = Vec::new();
    for (name, circuit) in &design.circuits {
        for (kind, peering) in peerings(circuit).filter(|(kind, _)| *kind != PeeringKind::Public) {
            pairings.extend(Family::BOTH.map(|family| Pairing::new(name, kind, peering, family, shared)));
        }
    }
    pairings.retain(|pairing| !pairing.given.is_empty());
    pairings.sort_by_key(|pairing| (pairing.form != Form::Fixed, pairing.kind == PeeringKind::Private));

    let planner = Planner { space: Space::of(design), catalog };
    // One that had no room may find some once another has moved away.
    while planner.settle(&mut pairings) {}
    pairings.iter().flat_map(|pairing| pairing.mends(shared)).collect()
}

/// The subnets of one family of one peering.
struct Pairing<'a> {
    circuit: &'a Name,
    kind: PeeringKind,
    peering: &'a Peering,
    family: Family,
    form: Form<'a>,
    /// What the design says: one subnet or two.
    given: Vec<Prefix>,
    /// What it is to say.
    now: Vec<Prefix>,
    /// Why it must change: the rule, and what is wrong.
    fault: Option<(&'static str, String)>,
}

/// How a design gives the subnets.
#[derive(Clone, Copy, PartialEq)]
enum Form<'a> {
    /// For the whole peering, as one value or a list.
    Whole(&'a Stated<List<Prefix>>),
    /// Link by link. With one subnet, it is that of this link.
    Links(LinkRole),
    /// Both ways, or in a manner that leaves nothing to decide.
    Fixed,
}

impl<'a> Pairing<'a> {
    fn new(circuit: &'a Name, kind: PeeringKind, peering: &'a Peering, family: Family, shared: &Shared) -> Self {
        let list = peering.blocks(family);
        let links = peering.links();
        let own = |link: &&(LinkRole, &Link)| {
            let subnet = link.1.subnet_of(family);
            subnet.is_known() && !is_shared_out(subnet, list)
        };
        let own: Vec<_> = links.iter().filter(own).collect();
        let subnets = || own.iter().filter_map(|(_, link)| link.subnet_of(family).get());

        let (form, given): (_, Vec<Prefix>) = match (list.known(), own.first()) {
            (Some(stated), None) => (Form::Whole(stated), list.values().copied().collect()),
            (None, Some((role, _))) => (Form::Links(*role), subnets().collect()),
            _ => (Form::Fixed, list.values().copied().chain(subnets()).collect()),
        };
        let may_change = |rank: Rank, place| rank == Rank::Declared && !shared.contains(place);
        let movable = given.len() <= 2
            && given.iter().all(|prefix| prefix.family() == family)
            && peering.place.is_some_and(|place| !shared.contains(place))
            && list.known().is_none_or(|stated| stated.value.iter().all(|item| may_change(stated.rank, item.place)))
            && own.iter().filter_map(|(_, link)| link.subnet_of(family).known()).all(|s| may_change(s.rank, s.place))
            && links.iter().all(|(_, link)| link.place.is_none_or(|place| !shared.contains(place)));
        let form = if movable { form } else { Form::Fixed };
        Self { circuit, kind, peering, family, form, now: given.clone(), given, fault: None }
    }

    /// The subnet of a link, as far as the shape gives it one.
    fn subnet(&self, role: LinkRole) -> Option<Prefix> {
        let link = self.family.link_length();
        let subnet = match (self.form, &self.now[..]) {
            (Form::Fixed, _) => self.peering.link(role).subnet_of(self.family).get(),
            (_, [block]) if block.length() == self.family.block_length() => block.link_subnet(role),
            (Form::Links(lone), [subnet]) => (lone == role).then_some(*subnet),
            (_, [subnet]) => (role == LinkRole::Primary).then_some(*subnet),
            (_, [primary, secondary]) => Some(*Pair { primary, secondary }.of(role)).copied(),
            _ => None,
        };
        subnet.filter(|subnet| subnet.length() == link)
    }

    /// Whether it stays as it is, as far as its shape goes.
    fn is_firm(&self) -> bool {
        self.form == Form::Fixed || self.misshape().is_none()
    }

    /// What is wrong with the subnets by themselves.
    fn misshape(&self) -> Option<(&'static str, String)> {
        let (link, block) = (self.family.link_length(), self.family.block_length());
        match (self.form, &self.now[..]) {
            (Form::Links(role), [_]) => Some(("NET-RED-001", format!("only the {role} link has a subnet"))),
            (_, [given]) if given.length() == block => None,
            (_, [given]) if given.length() == link => {
                Some(("NET-RED-001", format!("{given} holds one link, and there are two")))
            }
            (_, [given]) => Some(("ADDR-002", format!("{given} is no /{block} for both links"))),
            (_, pair) => match pair.iter().find(|subnet| subnet.length() != link) {
                Some(subnet) => Some(("ADDR-002", format!("{subnet} is no /{link} for one link"))),
                None if pair[0].overlaps(pair[1]) => Some(("ADDR-003", format!("both links have {}", pair[0]))),
                None => None,
            },
        }
    }
}

struct Planner<'a> {
    space: Space,
    catalog: &'a Catalog,
}

impl Planner<'_> {
    /// Goes through all pairings once; whether any has changed.
    fn settle(&self, pairings: &mut [Pairing<'_>]) -> bool {
        let mut changed = false;
        for index in 0..pairings.len() {
            let (before, rest) = pairings.split_at(index);
            let Some((pairing, after)) = rest.split_first() else { break };
            if pairing.form == Form::Fixed {
                continue;
            }
            let fault = pairing.misshape().or_else(|| self.clash(pairing, before));
            let Some(fault) = fault else { continue };
            let all = before.iter().chain(after).collect::<Vec<_>>();
            // Those after it that must change themselves can leave it room.
            let firm = || before.iter().chain(after.iter().filter(|other| other.is_firm())).collect::<Vec<_>>();
            let Some(pair) = self.choose(pairing, &all).or_else(|| self.choose(pairing, &firm())) else { continue };
            pairings[index].now = pair.to_vec();
            pairings[index].fault.get_or_insert(fault);
            changed = true;
        }
        changed
    }

    /// What else uses the addresses.
    fn clash(&self, pairing: &Pairing<'_>, before: &[Pairing<'_>]) -> Option<(&'static str, String)> {
        for subnet in &pairing.now {
            if let Some((name, network)) = self.space.clash(*subnet) {
                return Some(("ADDR-003", format!("{subnet} overlaps {network} of {name}")));
            }
            let taken = |other: &&Pairing<'_>| other.now.iter().any(|taken| taken.overlaps(*subnet));
            if let Some(other) = before.iter().find(taken) {
                let private = pairing.kind == PeeringKind::Private && other.kind == PeeringKind::Private;
                let rule = if private { "ADDR-003" } else { "ADDR-007" };
                return Some((rule, format!("{subnet} is in use by {}", label(other.circuit, other.kind))));
            }
        }
        None
    }

    /// Two subnets that fit: out of what was given, else near it, else anywhere private.
    fn choose(&self, pairing: &Pairing<'_>, others: &[&Pairing<'_>]) -> Option<[Prefix; 2]> {
        let in_use: Vec<Prefix> = others.iter().flat_map(|other| &other.now).copied().collect();
        let clear =
            |subnet: Prefix| self.space.clash(subnet).is_none() && !in_use.iter().any(|taken| taken.overlaps(subnet));
        let fits = |pair: &[Prefix; 2]| !pair[0].overlaps(pair[1]) && pair.iter().all(|subnet| clear(*subnet));
        if let Some(pair) = cuts(pairing).find(fits) {
            return Some(pair);
        }
        // Public space belongs to someone; a program does not know what else is the customer's.
        if pairing.kind != PeeringKind::Private {
            return None;
        }
        let near: Vec<Prefix> = pairing.now.iter().copied().filter(|given| self.may_extend(*given)).collect();
        if let Some(pair) = siblings(pairing, &near).find(fits) {
            return Some(pair);
        }
        let taken: Vec<Prefix> = self.space.all().chain(in_use.iter().copied()).collect();
        let elsewhere =
            others.iter().filter(|other| other.kind == PeeringKind::Private && other.family == pairing.family);
        let elsewhere = elsewhere.flat_map(|other| &other.now).copied().filter(|subnet| self.may_extend(*subnet));
        let ranges: Vec<Prefix> = near
            .iter()
            .copied()
            .chain(elsewhere)
            .filter_map(neighbourhood)
            .chain(private_ranges(self.catalog).filter(|range| range.family() == pairing.family))
            .collect();
        let free = |length, taken: &[Prefix]| ranges.iter().find_map(|range| first_free(*range, length, taken));

        let link = pairing.family.link_length();
        for (role, kept) in kept(pairing).filter(|(_, kept)| kept.length() == link && clear(*kept)) {
            let taken = [&taken[..], &[kept]].concat();
            if let Some(other) = free(link, &taken) {
                return Some(in_order(role, kept, other));
            }
        }
        free(pairing.family.block_length(), &taken).and_then(halves)
    }

    /// Whether subnets beside this one can be taken for granted: private IPv4 space, and any IPv6 space, where
    /// the smallest allocation holds more links than a company has.
    fn may_extend(&self, subnet: Prefix) -> bool {
        subnet.family() == Family::V6 || !self.catalog.is_public(subnet)
    }
}

/// How many blocks of a range are tried.
const TRIES: usize = 4096;

/// Pairs that can be cut out of what was given, without any address beyond.
fn cuts<'p>(pairing: &'p Pairing<'_>) -> impl Iterator<Item = [Prefix; 2]> + use<'p> {
    let (link, block) = (pairing.family.link_length(), pairing.family.block_length());
    let each = match pairing.now[..] {
        [primary, secondary] if primary.length() <= link && secondary.length() <= link => {
            primary.resize(link).zip(secondary.resize(link)).map(|(primary, secondary)| [primary, secondary])
        }
        _ => None,
    };
    let blocks = pairing.now.iter().filter(move |given| given.length() <= block).flat_map(move |given| {
        std::iter::successors(given.resize(block), |block| block.next())
            .take_while(|block| given.covers(*block))
            .take(TRIES)
            .filter_map(halves)
    });
    each.into_iter().chain(blocks)
}

/// Pairs of a subnet that was given and the other half of the block around it. Where the subnets are given by
/// link, each keeps its link.
fn siblings<'p>(pairing: &'p Pairing<'_>, near: &'p [Prefix]) -> impl Iterator<Item = [Prefix; 2]> + use<'p> {
    let (link, block) = (pairing.family.link_length(), pairing.family.block_length());
    let by_link = !matches!((pairing.form, &pairing.now[..]), (Form::Whole(_), [_]));
    let near = kept(pairing).filter(move |(_, subnet)| near.contains(subnet) && subnet.length() >= link);
    near.filter_map(move |(role, subnet)| {
        let [lower, upper] = halves(subnet.resize(block)?)?;
        let own = subnet.resize(link)?;
        let other = if own == lower { upper } else { lower };
        Some(if by_link { in_order(role, own, other) } else { [lower, upper] })
    })
}

/// What was given, with the link of each.
fn kept(pairing: &Pairing<'_>) -> impl Iterator<Item = (LinkRole, Prefix)> {
    let roles = match (pairing.form, &pairing.now[..]) {
        (Form::Links(LinkRole::Secondary), [_]) => [LinkRole::Secondary, LinkRole::Primary],
        _ => LinkRole::BOTH,
    };
    roles.into_iter().zip(pairing.now.clone())
}

fn in_order(role: LinkRole, subnet: Prefix, other: Prefix) -> [Prefix; 2] {
    match role {
        LinkRole::Primary => [subnet, other],
        LinkRole::Secondary => [other, subnet],
    }
}

fn halves(block: Prefix) -> Option<[Prefix; 2]> {
    block.halves().map(|halves| [halves.primary, halves.secondary])
}

/// The range around a subnet in which others of its kind are likely to lie.
fn neighbourhood(subnet: Prefix) -> Option<Prefix> {
    let length = match subnet.family() {
        Family::V4 => 24,
        Family::V6 => 64,
    };
    subnet.resize(length.min(subnet.length()))
}

/// What a peering's mends come to as text.
impl Pairing<'_> {
    fn mends(&self, shared: &Shared) -> Vec<Mend> {
        let mut mends = Vec::new();
        let (rule, reason, mut change) = match &self.fault {
            Some((rule, fault)) => (*rule, format!("{fault}; becomes {}", self.wanted()), self.rewrite()),
            None => ("ADDR-005", "the two halves of the block are swapped".to_owned(), self.unswap(shared)),
        };
        let subnets_change = !change.is_empty();
        for role in LinkRole::BOTH {
            let addresses = self.addresses(role, shared);
            if subnets_change {
                change.extend(addresses);
            } else if !addresses.is_empty() {
                mends.push(Mend {
                    rule: "ADDR-004",
                    subject: link_label(self.circuit, self.kind, role),
                    reason: "your router takes the first usable address and Microsoft's the second".to_owned(),
                    change: addresses,
                    ask: false,
                });
            }
        }
        if subnets_change {
            mends.push(Mend { rule, subject: label(self.circuit, self.kind), reason, change, ask: false });
        }
        mends
    }

    /// The subnets as one value, where they are the halves of a block.
    fn block(&self) -> Option<Prefix> {
        let block = self.now.first()?.resize(self.family.block_length())?;
        (halves(block)?[..] == self.now[..]).then_some(block)
    }

    fn wanted(&self) -> String {
        match (self.form, self.block(), &self.now[..]) {
            (Form::Whole(stated), Some(block), _) if stated.value.len() == 1 => block.to_string(),
            (_, _, [primary, secondary]) => format!("{primary} and {secondary}"),
            _ => String::new(),
        }
    }

    /// The edits that make the text say what is wanted.
    fn rewrite(&self) -> Vec<Edit> {
        let [primary, secondary] = self.now[..] else { return Vec::new() };
        let pair = Pair { primary, secondary };
        let value = |prefix: Prefix| Written::Value(prefix.to_string());
        match self.form {
            Form::Fixed => Vec::new(),
            Form::Whole(stated) => match (&stated.value[..], self.block()) {
                ([item], Some(block)) => vec![Edit::Replace { place: item.place, value: value(block) }],
                ([_], None) => {
                    let value = Written::List(vec![primary.to_string(), secondary.to_string()]);
                    vec![Edit::Replace { place: stated.place, value }]
                }
                (items, _) => {
                    let changed = |(item, now): (&Item<Prefix>, Prefix)| {
                        (item.value != now).then(|| Edit::Replace { place: item.place, value: value(now) })
                    };
                    items.iter().zip([primary, secondary]).filter_map(changed).collect()
                }
            },
            Form::Links(_) => LinkRole::BOTH
                .into_iter()
                .filter_map(|role| {
                    let (link, now) = (self.peering.link(role), *pair.of(role));
                    match (link.subnet_of(self.family).known(), link.place) {
                        (Some(stated), _) if stated.value == now => None,
                        (Some(stated), _) => Some(Edit::Replace { place: stated.place, value: value(now) }),
                        (None, Some(record)) => {
                            Some(Edit::Set { record, key: self.key(), after: None, value: value(now) })
                        }
                        (None, None) => Some(Edit::Set {
                            record: self.peering.place?,
                            key: role.key(),
                            after: Some(other(role).key()),
                            value: Written::Record(vec![(self.key(), value(now))]),
                        }),
                    }
                })
                .collect(),
        }
    }

    /// Edits of subnets that say the wrong half of the block that is given beside them.
    fn unswap(&self, shared: &Shared) -> Vec<Edit> {
        let [block] = self.peering.blocks(self.family).value().map_or(&[][..], Vec::as_slice) else {
            return Vec::new();
        };
        let wrong = |role: LinkRole| {
            let stated = self.peering.link(role).subnet_of(self.family).known()?;
            let half = block.value.link_subnet(role)?;
            let swapped = block.value.link_subnet(other(role)) == Some(stated.value);
            let may_change = stated.rank == Rank::Declared && !shared.contains(stated.place);
            (swapped && may_change)
                .then(|| Edit::Replace { place: stated.place, value: Written::Value(half.to_string()) })
        };
        LinkRole::BOTH.into_iter().filter_map(wrong).collect()
    }

    /// Edits of a link's two addresses that are not the first and the second of its subnet.
    fn addresses(&self, role: LinkRole, shared: &Shared) -> Vec<Edit> {
        let half = || self.peering.blocks(self.family).values().find_map(|block| block.link_subnet(role));
        let swapped = !self.unswap(shared).is_empty();
        let Some(subnet) = (if swapped { half() } else { self.subnet(role) }) else { return Vec::new() };
        let link = self.peering.link(role);
        let sides = [
            (link.customer_of(self.family), subnet.customer_address()),
            (link.microsoft_of(self.family), subnet.microsoft_address()),
        ];
        let mut edits = Vec::new();
        for (fact, wanted) in sides {
            let (Some(stated), Some(wanted)) = (fact.known(), wanted) else { continue };
            let may_change = stated.rank == Rank::Declared && !shared.contains(stated.place);
            if stated.value != wanted && may_change && self.knows(stated.value, subnet) {
                edits.push(Edit::Replace { place: stated.place, value: Written::Value(wanted.to_string()) });
            }
        }
        edits
    }

    /// Whether an address is of the link's subnet or of what was given; another one is beyond a program's guess.
    fn knows(&self, address: IpAddr, subnet: Prefix) -> bool {
        let given = || self.given.iter().chain(&self.now).any(|given| given.contains(address));
        subnet.contains(address) || given()
    }

    fn key(&self) -> &'static str {
        match self.family {
            Family::V4 => "subnet",
            Family::V6 => "subnet_v6",
        }
    }
}

fn other(role: LinkRole) -> LinkRole {
    match role {
        LinkRole::Primary => LinkRole::Secondary,
        LinkRole::Secondary => LinkRole::Primary,
    }
}
