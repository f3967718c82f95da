//! One domain: its namespace, next hops, groups and routes.
//!
//! The kernel deletes next hops when their link loses its carrier, and with the last one of a group its routes. So the
//! domain keeps what is wanted, and [`settle`](Domain::settle) brings the kernel to it: a group has those members whose
//! links run, or one that drops; routes that went with their group are set again.
//!
//! Next hops have a socket and a lock of their own, so that a switch never waits behind a batch of routes.

use super::qos::Keeping;
use crate::error::Step;
use crate::linux::netlink::code;
use crate::linux::{Namespace, Net, route};
use crate::{
    BatchReport, Diff, DomainId, Error, GroupId, Member, NatPolicy, Refused, Result, RouteOp, RouteTable, Tag,
};
use crate::{IfHandle, PortId};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The numbers of next hops and groups in the kernel: the upper part says what it is.
const GROUPS: u32 = 0x1000_0000;
const HOPS: u32 = 0x2000_0000;
const DROPS: u32 = 0x3000_0000;
/// Routes that go to the kernel while the table is locked.
const BATCH: usize = 1024;

#[derive(Debug)]
pub(super) struct Domain {
    pub(super) id: DomainId,
    pub(super) name: String,
    pub(super) net: Net,
    pub(super) interfaces: Mutex<BTreeMap<u32, Interface>>,
    /// What interfaces keep to, by index, and the translation of the domain.
    pub(super) keeping: Mutex<BTreeMap<u32, Keeping>>,
    pub(super) nat: Mutex<Option<NatPolicy>>,
    switch: Net,
    ways: Mutex<Ways>,
    routes: Mutex<BTreeMap<IpNet, GroupId>>,
}

/// An interface of a domain.
#[derive(Debug, Clone)]
pub(super) struct Interface {
    /// Its name in the domain.
    pub(super) name: String,
    pub(super) port: PortId,
    pub(super) tag: Tag,
}

#[derive(Debug, Default)]
struct Ways {
    /// Next hops in the kernel: router and link, and their number.
    hops: BTreeMap<(IpAddr, u32), u32>,
    last_hop: u32,
    /// Groups as they are wanted.
    wanted: BTreeMap<GroupId, Vec<Member>>,
    /// Links that run.
    running: BTreeSet<u32>,
}

/// What became of the groups of a link.
pub(super) struct Settled {
    /// Whether the link ran before.
    pub(super) went_down: bool,
    /// Groups that changed, and how many members still forward.
    pub(super) groups: Vec<(GroupId, usize)>,
}

impl Domain {
    /// The domain of a namespace, with what is left in it of an earlier time.
    pub(super) fn adopt(id: DomainId, name: &str, namespace: &Namespace) -> Result<Self> {
        let step = || format!("opening {name}");
        let (net, switch) = (Net::open(namespace).step(step)?, Net::open(namespace).step(step)?);
        let domain = Self {
            id,
            name: name.to_owned(),
            net,
            interfaces: Mutex::default(),
            keeping: Mutex::default(),
            nat: Mutex::default(),
            switch,
            ways: Mutex::default(),
            routes: Mutex::default(),
        };
        // A next hop that drops rests on the loopback device.
        domain.net.up("lo").step(|| format!("loopback of {name}"))?;
        domain.net.make_router().step(|| format!("making {name} a router"))?;
        domain.switch.put_blackhole(DROPS, false).step(|| format!("a next hop that drops in {name}"))?;
        let mut ways = domain.ways();
        ways.running = domain.running()?;
        domain.learn(&mut ways)?;
        for nexthop in domain.nexthops()? {
            let Some(group) = nexthop.id.checked_sub(GROUPS).filter(|group| *group < GROUPS) else { continue };
            let of = |(id, weight): &(u32, u16)| {
                let (&(gateway, index), _) = ways.hops.iter().find(|(_, hop)| *hop == id)?;
                let weight = u8::try_from(*weight).unwrap_or(u8::MAX);
                Some(Member { gateway, interface: IfHandle { domain: domain.id, index }, weight })
            };
            let members = nexthop.members.iter().filter_map(of).collect();
            ways.wanted.insert(GroupId(group), members);
        }
        drop(ways);
        *domain.table() = domain.kernel_routes()?;
        Ok(domain)
    }

    /// Sets a group: one message, if its next hops were used before.
    pub(super) fn set(&self, group: GroupId, members: &[Member]) -> Result<()> {
        if group.0 >= GROUPS {
            return Err(Error::Invalid(format!("{group} is beyond {}", GROUPS - 1)));
        }
        let mut ways = self.ways();
        let before = ways.wanted.insert(group, members.to_vec());
        let placed = self.place(&mut ways, group).map(|_| ());
        if placed.is_err() {
            match before {
                Some(before) => ways.wanted.insert(group, before),
                None => ways.wanted.remove(&group),
            };
        }
        placed
    }

    /// Changes routes.
    pub(super) fn change(&self, batch: &[RouteOp]) -> Result<BatchReport> {
        let ways = self.ways();
        let unknown = batch.iter().find_map(|change| match change {
            RouteOp::Put(_, group) if !ways.wanted.contains_key(group) => Some(*group),
            _ => None,
        });
        drop(ways);
        if let Some(group) = unknown {
            return Err(Error::NoGroup(self.id, group));
        }
        let mut report = BatchReport::default();
        for batch in batch.chunks(BATCH) {
            let mut table = self.table();
            let failed =
                self.net.change_routes(batch.iter().map(change)).step(|| format!("routes of {}", self.name))?;
            let mut failed = failed.into_iter().peekable();
            for (place, change) in batch.iter().enumerate() {
                if let Some((_, error)) = failed.next_if(|(of, _)| *of == place) {
                    let gone = matches!(change, RouteOp::Del(_)) && code(&error) == Some(libc::ESRCH);
                    if !gone {
                        report.refused.push(Refused { prefix: change.prefix(), why: error.to_string() });
                        continue;
                    }
                }
                report.done += 1;
                match change {
                    RouteOp::Put(prefix, group) => table.insert(prefix.trunc(), *group),
                    RouteOp::Del(prefix) => table.remove(&prefix.trunc()),
                };
            }
        }
        Ok(report)
    }

    /// Makes kernel and memory what is wanted.
    pub(super) fn resync(&self, want: &RouteTable) -> Result<Diff> {
        if let Some(group) = want.routes.values().find(|group| !want.groups.contains_key(group)) {
            return Err(Error::NoGroup(self.id, *group));
        }
        let mut diff = Diff::default();
        let mut ways = self.ways();
        ways.running = self.running()?;
        self.learn(&mut ways)?;
        let there: BTreeMap<u32, Vec<(u32, u16)>> =
            self.nexthops()?.into_iter().map(|nexthop| (nexthop.id, nexthop.members)).collect();
        for (group, members) in &want.groups {
            ways.wanted.insert(*group, members.clone());
            if there.get(&(GROUPS + group.0)) != Some(&self.members(&mut ways, *group)?) {
                self.place(&mut ways, *group)?;
                diff.groups_set += 1;
            }
        }
        drop(ways);
        let routes = self.kernel_routes()?;
        let missing = want.routes.iter().filter(|(prefix, group)| routes.get(prefix) != Some(group));
        let puts: Vec<RouteOp> = missing.map(|(prefix, group)| RouteOp::Put(*prefix, *group)).collect();
        let extra = routes.keys().filter(|prefix| !want.routes.contains_key(prefix));
        let dels: Vec<RouteOp> = extra.map(|prefix| RouteOp::Del(*prefix)).collect();
        diff.routes_put = self.change(&puts)?.done;
        diff.routes_removed = self.change(&dels)?.done;
        let mut ways = self.ways();
        ways.wanted.retain(|group, _| want.groups.contains_key(group));
        for id in there.keys().filter(|id| (GROUPS..HOPS).contains(id)) {
            if !want.groups.contains_key(&GroupId(id - GROUPS)) {
                self.switch.delete_nexthop(*id).step(|| format!("{} of {}", GroupId(id - GROUPS), self.name))?;
                diff.groups_removed += 1;
            }
        }
        *self.table() = want.routes.clone();
        Ok(diff)
    }

    /// A link runs, or does not any more: groups get or lose its next hops. `paused` says that it may have been down
    /// in between, which costs it its next hops as well. `None` if nothing changed.
    pub(super) fn link_runs(&self, index: u32, runs: bool, paused: bool) -> Result<Option<Settled>> {
        let mut ways = self.ways();
        let ran = ways.running.contains(&index);
        if ran == runs {
            let hops = |ways: &Ways| ways.hops.keys().filter(|(_, link)| *link == index).count();
            let before = hops(&ways);
            if !(runs && paused) {
                return Ok(None);
            }
            self.learn(&mut ways)?;
            if hops(&ways) == before {
                return Ok(None);
            }
        }
        if runs {
            ways.running.insert(index)
        } else {
            ways.running.remove(&index)
        };
        let groups = self.settle(&mut ways, |member| member.interface.index == index)?;
        Ok(Some(Settled { went_down: ran, groups }))
    }

    /// Sets anew the groups that have such a member, and the routes of those that the kernel took away.
    fn settle(&self, ways: &mut Ways, touched: impl Fn(&Member) -> bool) -> Result<Vec<(GroupId, usize)>> {
        self.learn(ways)?;
        let there: BTreeSet<u32> = self.nexthops()?.into_iter().map(|nexthop| nexthop.id).collect();
        let concerned = ways.wanted.iter().filter(|(_, members)| members.iter().any(&touched));
        let concerned: Vec<GroupId> = concerned.map(|(group, _)| *group).collect();
        let mut groups = Vec::new();
        let mut lost = BTreeSet::new();
        for group in concerned {
            if !there.contains(&(GROUPS + group.0)) {
                lost.insert(group);
            }
            groups.push((group, self.place(ways, group)?));
        }
        if !lost.is_empty() {
            let table = self.table();
            let routes = table.iter().filter(|(_, group)| lost.contains(group));
            let puts: Vec<_> = routes.map(|(prefix, group)| (*prefix, Some(GROUPS + group.0))).collect();
            self.net.change_routes(puts).step(|| format!("routes of {}", self.name))?;
        }
        Ok(groups)
    }

    /// Whether a route that was taken away should be there. Our own changes hold the table until they are noted in it.
    pub(super) fn wants(&self, prefix: IpNet) -> bool {
        self.table().contains_key(&prefix)
    }

    /// An interface is there no more: its next hops went with it.
    pub(super) fn forget(&self, index: u32) {
        self.interfaces().remove(&index);
        self.keeping().remove(&index);
        let mut ways = self.ways();
        ways.running.remove(&index);
        ways.hops.retain(|(_, link), _| *link != index);
    }

    pub(super) fn interfaces(&self) -> MutexGuard<'_, BTreeMap<u32, Interface>> {
        self.interfaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn keeping(&self) -> MutexGuard<'_, BTreeMap<u32, Keeping>> {
        self.keeping.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ways(&self) -> MutexGuard<'_, Ways> {
        self.ways.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<IpNet, GroupId>> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a group into the kernel and gives how many members forward.
    fn place(&self, ways: &mut Ways, group: GroupId) -> Result<usize> {
        let members = self.members(ways, group)?;
        let placed = match self.switch.put_group(GROUPS + group.0, &members) {
            Ok(()) => Ok(()),
            // A next hop went with its link, and we were not told yet.
            Err(_) => {
                ways.running = self.running()?;
                self.learn(ways)?;
                let members = self.members(ways, group)?;
                self.switch.put_group(GROUPS + group.0, &members)
            }
        };
        placed.step(|| format!("{group} of {}", self.name))?;
        Ok(members.iter().filter(|(id, _)| *id != DROPS).count())
    }

    /// The members of a group as the kernel wants them: those whose links run, or the one that drops.
    fn members(&self, ways: &mut Ways, group: GroupId) -> Result<Vec<(u32, u16)>> {
        let mut members = Vec::new();
        for member in ways.wanted.get(&group).cloned().unwrap_or_default() {
            let key = (member.gateway, member.interface.index);
            if !ways.running.contains(&key.1) {
                continue;
            }
            let id = match ways.hops.get(&key) {
                Some(id) => *id,
                None => {
                    ways.last_hop += 1;
                    let id = HOPS + ways.last_hop;
                    let put = self.switch.put_nexthop(id, key.0, key.1);
                    match put {
                        Ok(()) => {}
                        // Its link went down a moment ago.
                        Err(error) if matches!(code(&error), Some(libc::ENETDOWN | libc::ENODEV)) => continue,
                        Err(_) => put.step(|| format!("next hop {} of {}", member.gateway, self.name))?,
                    }
                    ways.hops.insert(key, id);
                    id
                }
            };
            members.push((id, u16::from(member.weight.max(1))));
        }
        // The kernel tells members in the order of their numbers.
        members.sort_unstable();
        members.dedup_by_key(|(id, _)| *id);
        if members.is_empty() {
            members.push((DROPS, 1));
        }
        Ok(members)
    }

    /// Learns which next hops the kernel has.
    fn learn(&self, ways: &mut Ways) -> Result<()> {
        ways.hops.clear();
        for nexthop in self.nexthops()? {
            if let (HOPS..DROPS, Some(gateway), Some(link)) = (nexthop.id, nexthop.gateway, nexthop.link) {
                ways.hops.insert((gateway, link), nexthop.id);
                ways.last_hop = ways.last_hop.max(nexthop.id - HOPS);
            }
        }
        Ok(())
    }

    fn nexthops(&self) -> Result<Vec<crate::linux::Nexthop>> {
        let all = self.switch.nexthops().step(|| format!("next hops of {}", self.name))?;
        Ok(all.into_iter().filter(|nexthop| nexthop.protocol == route::OURS).collect())
    }

    /// The routes of ours that the kernel has.
    fn kernel_routes(&self) -> Result<BTreeMap<IpNet, GroupId>> {
        let routes = self.net.routes().step(|| format!("routes of {}", self.name))?.into_iter();
        let ours = routes.filter(|route| route.protocol == route::OURS);
        let group = |nexthop: u32| nexthop.checked_sub(GROUPS).filter(|group| *group < GROUPS).map(GroupId);
        Ok(ours.filter_map(|route| Some((route.prefix, route.nexthop.and_then(group)?))).collect())
    }

    fn running(&self) -> Result<BTreeSet<u32>> {
        let links = self.switch.links().step(|| format!("links of {}", self.name))?;
        Ok(links.iter().filter(|link| link.running).map(|link| link.index).collect())
    }
}

fn change(change: &RouteOp) -> (IpNet, Option<u32>) {
    match change {
        RouteOp::Put(prefix, group) => (*prefix, Some(GROUPS + group.0)),
        RouteOp::Del(prefix) => (*prefix, None),
    }
}
