//! What a domain forwards by: which group each prefix has, and who is in each group. It decides and touches nothing.
//!
//! Prefixes with the same next hops share a group (spec 09, 12). A group keeps its *set*, the next hops that the tables
//! told, whatever becomes of them: a next hop that is lost leaves the group's *members* and comes back to them, and no
//! route is touched for it.

use dataplane::{GroupId, IfHandle, Member, RouteOp, RouteTable};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

/// An interface of a domain and the subnets it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interface {
    pub(super) handle: IfHandle,
    /// Our addresses with their subnets' lengths.
    pub(super) addresses: Vec<IpNet>,
}

/// Members that a group shall have.
pub(super) type Members = (GroupId, Vec<Member>);

/// The wanted state of a domain.
#[derive(Debug, Default)]
pub(super) struct Table {
    interfaces: Vec<Interface>,
    by_set: BTreeMap<Vec<IpAddr>, GroupId>,
    groups: BTreeMap<GroupId, Group>,
    routes: HashMap<IpNet, GroupId>,
    /// Next hops that nothing is sent to, whatever the tables say.
    lost: BTreeSet<IpAddr>,
}

#[derive(Debug)]
struct Group {
    set: Vec<IpAddr>,
    routes: usize,
}

/// Groups have numbers from 1 to this.
const MOST_GROUPS: u32 = 0xffff;

impl Table {
    /// Sends a prefix to other next hops; to none takes it out. The group whose members have to be set before, if it is
    /// a new one, and what to do with the route.
    pub(super) fn change(&mut self, prefix: IpNet, hops: &[IpAddr]) -> (Option<Members>, Option<RouteOp>) {
        if hops.is_empty() {
            let was = self.routes.remove(&prefix);
            self.leave(was);
            return (None, was.map(|_| RouteOp::Del(prefix)));
        }
        let (group, is_new) = self.group(hops);
        let was = self.routes.insert(prefix, group);
        if was == Some(group) {
            return (None, None);
        }
        if let Some(group) = self.groups.get_mut(&group) {
            group.routes += 1;
        }
        self.leave(was);
        (is_new.then(|| (group, self.members(hops))), Some(RouteOp::Put(prefix, group)))
    }

    fn leave(&mut self, group: Option<GroupId>) {
        if let Some(group) = group.and_then(|group| self.groups.get_mut(&group)) {
            group.routes -= 1;
        }
    }

    /// The group of a set, and whether it is new.
    fn group(&mut self, hops: &[IpAddr]) -> (GroupId, bool) {
        if let Some(&group) = self.by_set.get(hops) {
            return (group, false);
        }
        if self.groups.len() >= MOST_GROUPS as usize / 2 {
            self.forget_empty();
        }
        let mut number = number(hops);
        while self.groups.contains_key(&GroupId(number)) {
            number = number % MOST_GROUPS + 1;
        }
        let group = GroupId(number);
        self.by_set.insert(hops.to_vec(), group);
        self.groups.insert(group, Group { set: hops.to_vec(), routes: 0 });
        (group, true)
    }

    /// Forgets groups without routes; a set that comes again has the same number again.
    fn forget_empty(&mut self) {
        self.groups.retain(|_, group| group.routes > 0);
        let groups = &self.groups;
        self.by_set.retain(|_, group| groups.contains_key(group));
    }

    /// The members of a set: those on a link of ours that are not lost.
    fn members(&self, set: &[IpAddr]) -> Vec<Member> {
        let member = |gateway: &IpAddr| {
            let on_link = |interface: &&Interface| {
                interface.addresses.iter().any(|own| own.contains(gateway) && own.addr() != *gateway)
            };
            let interface = self.interfaces.iter().find(on_link)?.handle;
            Some(Member { gateway: *gateway, interface, weight: 1 })
        };
        set.iter().filter(|gateway| !self.lost.contains(gateway)).filter_map(member).collect()
    }

    /// All groups that a next hop is in.
    fn groups_of(&self, chosen: impl Fn(&IpAddr) -> bool) -> Vec<Members> {
        let touched = self.groups.iter().filter(|(_, group)| group.set.iter().any(&chosen));
        touched.map(|(id, group)| (*id, self.members(&group.set))).collect()
    }

    /// Nothing is sent to a next hop from now on. What its groups shall be; nothing when it was lost already.
    pub(super) fn lose(&mut self, gateway: IpAddr) -> Vec<Members> {
        match self.lost.insert(gateway) {
            true => self.groups_of(|hop| *hop == gateway),
            false => Vec::new(),
        }
    }

    /// A next hop is there again.
    pub(super) fn find(&mut self, gateway: IpAddr) -> Vec<Members> {
        match self.lost.remove(&gateway) {
            true => self.groups_of(|hop| *hop == gateway),
            false => Vec::new(),
        }
    }

    /// The subnets of an interface.
    pub(super) fn subnets(&self, handle: IfHandle) -> Vec<IpNet> {
        let of = self.interfaces.iter().filter(|interface| interface.handle == handle);
        of.flat_map(|interface| interface.addresses.iter().copied()).collect()
    }

    /// The domain has these interfaces from now on. What all groups shall be, if that changes anything.
    pub(super) fn set_interfaces(&mut self, interfaces: Vec<Interface>) -> Vec<Members> {
        if self.interfaces == interfaces {
            return Vec::new();
        }
        self.interfaces = interfaces;
        self.groups_of(|_| true)
    }

    /// All of it. Groups without routes are forgotten: who makes the kernel like this removes them there.
    pub(super) fn whole(&mut self) -> RouteTable {
        self.forget_empty();
        RouteTable {
            groups: self.groups_of(|_| true).into_iter().collect(),
            routes: self.routes.iter().map(|(prefix, group)| (*prefix, *group)).collect(),
        }
    }

    /// How many prefixes are forwarded.
    pub(super) fn len(&self) -> usize {
        self.routes.len()
    }
}

/// The number of a set: always the same one, so that a process that comes back finds its groups under their numbers, and
/// no route goes astray between its first group and the last (FNV-1a).
fn number(hops: &[IpAddr]) -> u32 {
    let octets = |hop: &IpAddr| match hop {
        IpAddr::V4(hop) => hop.octets().to_vec(),
        IpAddr::V6(hop) => hop.octets().to_vec(),
    };
    let hash = hops
        .iter()
        .flat_map(octets)
        .fold(0x811c_9dc5_u32, |hash, octet| (hash ^ u32::from(octet)).wrapping_mul(0x0100_0193));
    hash % MOST_GROUPS + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataplane::DomainId;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    fn table() -> Table {
        let interface = |index, address: &str| Interface {
            handle: IfHandle { domain: DomainId(1), index },
            addresses: vec![net(address)],
        };
        let mut table = Table::default();
        assert_eq!(table.set_interfaces(vec![interface(2, "10.0.1.1/30"), interface(3, "10.0.2.1/30")]), []);
        table
    }

    fn gateways(members: &[Members]) -> Vec<Vec<String>> {
        members.iter().map(|(_, members)| members.iter().map(|member| member.gateway.to_string()).collect()).collect()
    }

    #[test]
    fn prefixes_with_the_same_next_hops_share_a_group() {
        let mut table = table();
        let both = [ip("10.0.1.2"), ip("10.0.2.2")];
        let (group, route) = table.change(net("10.1.0.0/16"), &both);
        let (id, members) = group.unwrap();
        assert_eq!(members.iter().map(|member| member.interface.index).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(route, Some(RouteOp::Put(net("10.1.0.0/16"), id)));
        assert_eq!(table.change(net("10.2.0.0/16"), &both), (None, Some(RouteOp::Put(net("10.2.0.0/16"), id))));
        assert_eq!(table.change(net("10.2.0.0/16"), &both), (None, None), "the same again is nothing to do");
        let (other, _) = table.change(net("10.2.0.0/16"), &both[..1]);
        assert_ne!(other.unwrap().0, id);
        assert_eq!(table.change(net("10.1.0.0/16"), &[]), (None, Some(RouteOp::Del(net("10.1.0.0/16")))));
        assert_eq!(table.change(net("10.1.0.0/16"), &[]), (None, None));
        let whole = table.whole();
        assert_eq!((whole.routes.len(), whole.groups.len()), (1, 1), "a group without routes is not wanted");
        let (group, _) = table.change(net("10.1.0.0/16"), &both);
        assert_eq!(group.unwrap().0, id, "it was taken out of the kernel, and is set again before a route names it");
    }

    #[test]
    fn a_lost_next_hop_leaves_the_groups_and_no_route_moves() {
        let mut table = table();
        let both = [ip("10.0.1.2"), ip("10.0.2.2")];
        for n in 0..100 {
            table.change(net(&format!("10.1.{n}.0/24")), &both);
        }
        table.change(net("10.2.0.0/24"), &both[..1]);
        let set = table.lose(both[0]);
        let mut left = gateways(&set);
        left.sort();
        assert_eq!(left, [vec![], vec!["10.0.2.2".to_owned()]]);
        assert_eq!(table.lose(both[0]), [], "it is lost once");
        // A table that has not heard of it yet sends no one there.
        let (group, _) = table.change(net("10.3.0.0/24"), &[both[0], both[1], ip("10.0.1.3")]);
        assert_eq!(gateways(&[group.unwrap()]), [["10.0.2.2", "10.0.1.3"]]);
        assert_eq!(table.find(both[0]).len(), 3);
        assert_eq!(table.find(both[0]), []);
        assert_eq!(table.len(), 102);
    }

    #[test]
    fn who_is_on_no_link_of_ours_is_no_member() {
        let mut table = table();
        let (group, route) = table.change(net("10.1.0.0/16"), &[ip("192.0.2.1"), ip("10.0.1.1")]);
        assert_eq!(gateways(&[group.unwrap()]), [Vec::<String>::new()], "a stranger, and our own address");
        assert!(route.is_some(), "packets are dropped and do not take another route");
        let interface =
            Interface { handle: IfHandle { domain: DomainId(1), index: 4 }, addresses: vec![net("192.0.2.2/30")] };
        assert_eq!(gateways(&table.set_interfaces(vec![interface])), [["192.0.2.1"]]);
    }

    #[test]
    fn a_set_has_the_same_number_in_every_process() {
        let mut one = table();
        let mut other = table();
        let (a, b) = ([ip("10.0.1.2")], [ip("10.0.2.2")]);
        let (first, _) = one.change(net("10.1.0.0/16"), &a);
        one.change(net("10.2.0.0/16"), &b);
        other.change(net("10.2.0.0/16"), &b);
        let (second, _) = other.change(net("10.1.0.0/16"), &a);
        assert_eq!(first.unwrap().0, second.unwrap().0);
    }
}
