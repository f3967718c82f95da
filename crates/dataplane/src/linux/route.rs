//! Routes, next-hop objects and groups of them (spec 09, 5).
//!
//! A route names a group, a group names next hops, and to send all prefixes of a group another way is one message.
//! The kernel deletes a next hop when its link loses its carrier, and with it the routes of a group that has no other;
//! so a group always has a member that stays, and who sets next hops watches links.

use super::Net;
use super::address::family;
use super::netlink::{Message, PUT, attribute, attributes, ip, number32};
use ipnet::IpNet;
use std::io;
use std::net::IpAddr;

/// The mark on routes and next hops of ours, `rtm_protocol`: whoever flushes by another does not touch them.
pub const OURS: u8 = 186;

/// Of `linux/rtnetlink.h` and `linux/nexthop.h`, which the bindings lack.
pub(crate) const NEW_NEXTHOP: u16 = 104;
pub(crate) const DELETE_NEXTHOP: u16 = 105;
const GET_NEXTHOP: u16 = 106;
const NH_ID: u16 = 1;
const NH_GROUP: u16 = 2;
const NH_BLACKHOLE: u16 = 4;
const NH_LINK: u16 = 5;
const NH_GATEWAY: u16 = 6;
const ROUTE_NH_ID: u16 = 30;

/// Where a route goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hop<'a> {
    /// To a router, over a link if it is not plain which.
    Via(IpAddr, Option<&'a str>),
    /// To whoever is on a link.
    Link(&'a str),
    /// To a next hop or a group, by its number.
    Nexthop(u32),
    /// Nowhere: packets are dropped.
    Blackhole,
}

/// A route of the main table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Which packets.
    pub prefix: IpNet,
    /// The number of the next hop or group; `None` where the route says itself.
    pub nexthop: Option<u32>,
    /// The router.
    pub gateway: Option<IpAddr>,
    /// The index of the link.
    pub link: Option<u32>,
    /// Who made it: [`OURS`], 2 for the kernel, 12 for BIRD.
    pub protocol: u8,
}

/// A next hop or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nexthop {
    /// Its number.
    pub id: u32,
    /// The router.
    pub gateway: Option<IpAddr>,
    /// The index of the link.
    pub link: Option<u32>,
    /// Its members and their weights; empty for a next hop.
    pub members: Vec<(u32, u16)>,
    /// Whether it drops.
    pub blackhole: bool,
    /// Who made it.
    pub protocol: u8,
}

impl Net {
    /// Sets a route of ours, in place of one that is there.
    ///
    /// # Errors
    ///
    /// The router is on no link, there is no such link or next hop, or the kernel refuses.
    pub fn put_route(&self, prefix: IpNet, hop: Hop<'_>) -> io::Result<()> {
        let message = match hop {
            Hop::Via(gateway, link) => {
                let message = route(libc::RTM_NEWROUTE, PUT, prefix, libc::RTN_UNICAST);
                // An IPv4 prefix may go by an IPv6 router (RFC 8950).
                let message = if prefix.addr().is_ipv4() == gateway.is_ipv4() {
                    message.with_ip(libc::RTA_GATEWAY, gateway)
                } else {
                    let octets = match gateway {
                        IpAddr::V4(gateway) => gateway.octets().to_vec(),
                        IpAddr::V6(gateway) => gateway.octets().to_vec(),
                    };
                    let family = u16::from(family(gateway)).to_ne_bytes();
                    message.with(libc::RTA_VIA, &[&family[..], &octets].concat())
                };
                match link {
                    Some(link) => message.with_u32(libc::RTA_OIF, self.index(link)?),
                    None => message,
                }
            }
            Hop::Link(link) => {
                route(libc::RTM_NEWROUTE, PUT, prefix, libc::RTN_UNICAST).with_u32(libc::RTA_OIF, self.index(link)?)
            }
            Hop::Nexthop(id) => by_nexthop(prefix, id),
            Hop::Blackhole => route(libc::RTM_NEWROUTE, PUT, prefix, libc::RTN_BLACKHOLE),
        };
        self.rtnetlink().request(message)
    }

    /// Deletes a route of ours.
    ///
    /// # Errors
    ///
    /// There is none, or the kernel refuses.
    pub fn delete_route(&self, prefix: IpNet) -> io::Result<()> {
        self.rtnetlink().request(without(prefix))
    }

    /// Sets (to a next hop or group) or deletes (`None`) routes of ours, many in one call, and gives those that the
    /// kernel refused by their place.
    ///
    /// # Errors
    ///
    /// The socket's own.
    pub fn change_routes(
        &self,
        changes: impl IntoIterator<Item = (IpNet, Option<u32>)>,
    ) -> io::Result<Vec<(usize, io::Error)>> {
        let message = |(prefix, nexthop)| match nexthop {
            Some(id) => by_nexthop(prefix, id),
            None => without(prefix),
        };
        let mut messages: Vec<Message> = changes.into_iter().map(message).collect();
        self.rtnetlink().batch(&mut messages)
    }

    /// All routes of the main table.
    ///
    /// # Errors
    ///
    /// The kernel does not tell.
    pub fn routes(&self) -> io::Result<Vec<Route>> {
        let mut routes = Vec::new();
        for family in [libc::AF_INET, libc::AF_INET6] {
            let mut fixed = [0; 12];
            fixed[0] = family as u8;
            self.rtnetlink().dump(Message::new(libc::RTM_GETROUTE, 0, &fixed), |_, body| routes.extend(read(body)))?;
        }
        Ok(routes)
    }

    /// Where a packet to an address would go.
    ///
    /// # Errors
    ///
    /// Nowhere: there is no route, or it drops.
    pub fn lookup(&self, to: IpAddr) -> io::Result<Route> {
        let mut fixed = [0; 12];
        (fixed[0], fixed[1]) = (family(to), if to.is_ipv4() { 32 } else { 128 });
        self.rtnetlink().get(Message::new(libc::RTM_GETROUTE, 0, &fixed).with_ip(libc::RTA_DST, to), read_any)
    }

    /// Sets a next hop, in place of one of that number.
    ///
    /// # Errors
    ///
    /// There is no such link or it is down, the router is not on it, or the kernel refuses.
    pub fn put_nexthop(&self, id: u32, gateway: IpAddr, link: u32) -> io::Result<()> {
        let message = nexthop(PUT, family(gateway)).with_u32(NH_ID, id);
        self.rtnetlink().request(message.with_u32(NH_LINK, link).with_ip(NH_GATEWAY, gateway))
    }

    /// Sets a next hop that drops, for a family (`AF_INET` if `v4`).
    ///
    /// # Errors
    ///
    /// The kernel refuses.
    pub fn put_blackhole(&self, id: u32, v4: bool) -> io::Result<()> {
        let family = if v4 { libc::AF_INET } else { libc::AF_INET6 } as u8;
        self.rtnetlink().request(nexthop(PUT, family).with_u32(NH_ID, id).with(NH_BLACKHOLE, &[]))
    }

    /// Sets a group and its members with their weights, 1 to 256, in place of one of that number: one message.
    ///
    /// # Errors
    ///
    /// A member is not there, or the kernel refuses.
    pub fn put_group(&self, id: u32, members: &[(u32, u16)]) -> io::Result<()> {
        // `struct nexthop_grp`: number (4), weight less one, three bytes for later.
        let entry = |(id, weight): &(u32, u16)| {
            let [a, b, c, d] = id.to_ne_bytes();
            [a, b, c, d, u8::try_from(weight.saturating_sub(1)).unwrap_or(u8::MAX), 0, 0, 0]
        };
        let entries: Vec<u8> = members.iter().flat_map(entry).collect();
        let message = nexthop(PUT, libc::AF_UNSPEC as u8).with_u32(NH_ID, id);
        self.rtnetlink().request(message.with(NH_GROUP, &entries))
    }

    /// Deletes a next hop or group, and the routes that have no other.
    ///
    /// # Errors
    ///
    /// There is none, or the kernel refuses.
    pub fn delete_nexthop(&self, id: u32) -> io::Result<()> {
        self.rtnetlink().request(Message::new(DELETE_NEXTHOP, 0, &[0; 8]).with_u32(NH_ID, id))
    }

    /// All next hops and groups.
    ///
    /// # Errors
    ///
    /// The kernel does not tell, or has none of it.
    pub fn nexthops(&self) -> io::Result<Vec<Nexthop>> {
        let mut nexthops = Vec::new();
        let ask = Message::new(GET_NEXTHOP, 0, &[0; 8]);
        self.rtnetlink().dump(ask, |_, body| nexthops.extend(read_nexthop(body)))?;
        Ok(nexthops)
    }
}

/// `struct rtmsg`: family, length of destination and source, TOS, table, protocol, scope, type, flags (4).
fn route(kind: u16, flags: u16, prefix: IpNet, target: u8) -> Message {
    let mut fixed = [0; 12];
    fixed[0] = family(prefix.addr());
    fixed[1] = prefix.prefix_len();
    fixed[4] = libc::RT_TABLE_MAIN;
    fixed[5] = OURS;
    fixed[7] = target;
    Message::new(kind, flags, &fixed).with_ip(libc::RTA_DST, prefix.network())
}

fn by_nexthop(prefix: IpNet, id: u32) -> Message {
    route(libc::RTM_NEWROUTE, PUT, prefix, libc::RTN_UNICAST).with_u32(ROUTE_NH_ID, id)
}

fn without(prefix: IpNet) -> Message {
    /// `RT_SCOPE_NOWHERE`: of any scope.
    const ANY: u8 = 255;
    let mut fixed = [0; 12];
    fixed[0] = family(prefix.addr());
    fixed[1] = prefix.prefix_len();
    fixed[4] = libc::RT_TABLE_MAIN;
    fixed[5] = OURS;
    fixed[6] = ANY;
    Message::new(libc::RTM_DELROUTE, 0, &fixed).with_ip(libc::RTA_DST, prefix.network())
}

/// `struct nhmsg`: family, scope, protocol, reserved, flags (4).
fn nexthop(flags: u16, family: u8) -> Message {
    Message::new(NEW_NEXTHOP, flags, &[family, 0, OURS, 0, 0, 0, 0, 0])
}

/// A route of the main table out of a message about one.
pub(crate) fn read(body: &[u8]) -> Option<Route> {
    /// The route was made by looking another up, or is told of along with one (`RTM_F_CLONED`).
    const CLONED: u32 = 0x200;
    let table = attribute(body.get(12..)?, libc::RTA_TABLE).and_then(|value| number32(value, 0));
    let is_main = table.unwrap_or(u32::from(*body.get(4)?)) == u32::from(libc::RT_TABLE_MAIN);
    read_any(body).filter(|_| is_main && number32(body, 8).is_some_and(|flags| flags & CLONED == 0))
}

fn read_any(body: &[u8]) -> Option<Route> {
    let attributes = body.get(12..)?;
    let number = |kind| attribute(attributes, kind).and_then(|value| number32(value, 0));
    let (family, length) = (i32::from(*body.first()?), *body.get(1)?);
    let any = if family == libc::AF_INET { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) };
    let address = attribute(attributes, libc::RTA_DST).map_or(Some(any), ip)?;
    let via = || attribute(attributes, libc::RTA_VIA).and_then(|via| ip(via.get(2..)?));
    Some(Route {
        prefix: IpNet::new(address, length).ok()?,
        nexthop: number(ROUTE_NH_ID),
        gateway: attribute(attributes, libc::RTA_GATEWAY).and_then(ip).or_else(via),
        link: number(libc::RTA_OIF),
        protocol: *body.get(5)?,
    })
}

/// A next hop or group out of a message about one.
pub(crate) fn read_nexthop(body: &[u8]) -> Option<Nexthop> {
    let inner = body.get(8..)?;
    let number = |kind| attribute(inner, kind).and_then(|value| number32(value, 0));
    let member = |entry: &[u8]| Some((number32(entry, 0)?, u16::from(*entry.get(4)?) + 1));
    let members = attribute(inner, NH_GROUP).unwrap_or_default().chunks_exact(8).filter_map(member).collect();
    Some(Nexthop {
        id: number(NH_ID)?,
        gateway: attribute(inner, NH_GATEWAY).and_then(ip),
        link: number(NH_LINK),
        members,
        blackhole: attributes(inner).any(|(kind, _)| kind == NH_BLACKHOLE),
        protocol: *body.get(2)?,
    })
}
