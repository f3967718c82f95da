//! What the machine can do, found by trying it in namespaces of the probe's own (spec 09, 2).
//!
//! Never by the kernel's version or a configuration file: what loads and works is there.

use super::traffic::{Class, Queue};
use super::{End, Net, Vxlan, nft, qinq};
use crate::caps::Reason;
use crate::{Capability, Caps, QinqBackend, QosBackend};
use socket::frame::Frames;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr};

/// Tries everything. Some milliseconds; leaves nothing behind.
///
/// # Errors
///
/// Namespaces cannot be made at all: the error says what to look at.
pub fn probe() -> io::Result<Caps> {
    let (here, there) = (Net::nameless()?, Net::nameless()?);
    here.veth(End::named("a0"), there.namespace(), End::named("b0"))?;
    here.up("a0")?;
    there.up("b0")?;
    let mut reasons = Vec::new();
    let mut note = |capability, chosen: &'static str, tried: io::Result<&str>| {
        let is_there = tried.is_ok();
        let why = match tried {
            Ok(why) => why.to_owned(),
            Err(error) => format!("tried, and refused: {error}"),
        };
        reasons.push(Reason { capability, chosen: is_there.then_some(chosen), why });
        is_there
    };
    note(Capability::Namespaces, "netns", Ok("a namespace and a veth pair into another could be made"));

    let programs = qinq::attempt_programs(&here, "a0");
    let programs = programs.map(|()| "programs that tag could be loaded and attached");
    let bpf = note(Capability::Bpf, "bpf", programs);
    let packet = Frames::open("a0", Some(here.namespace()));
    let packet = packet.and_then(|_| socket::frame::finish_in_software("a0", Some(here.namespace())));
    let packet = note(Capability::Packet, "packet", packet.map(|()| "whole frames of a link could be read"));
    let vlan = match here.link_of_kind("v0", "vlan") {
        Ok(()) => "VLAN devices are there and not used yet".to_owned(),
        Err(missing) => format!("there are no VLAN devices ({missing})"),
    };
    let (qinq, way) = match (bpf, packet) {
        (true, _) => (QinqBackend::Bpf, format!("{vlan}; programs in the kernel tag")),
        (false, true) => (QinqBackend::Packet, format!("{vlan} and no programs; a thread tags")),
        (false, false) => (QinqBackend::Untagged, format!("{vlan}, no programs and no packet sockets")),
    };
    let is_there = qinq != QinqBackend::Untagged;
    note(Capability::Qinq, qinq.word(), if is_there { Ok(&way) } else { Err(io::Error::other(way.clone())) });

    let compat_off = here.set_sysctl("ipv4/nexthop_compat_mode", "0").is_ok();
    let groups = here.put_blackhole(1, false).and_then(|()| here.put_group(2, &[(1, 1)]));
    let words = match compat_off {
        true => "a group was set, and nexthop_compat_mode is 0: a switch is one message",
        false => "a group was set, but nexthop_compat_mode cannot be 0: a switch tells of each route",
    };
    let nh_groups = note(Capability::NexthopGroups, "group", groups.map(|()| words));

    let address = |last| IpAddr::from(Ipv4Addr::new(192, 0, 2, last));
    let tunnel = Vxlan { vni: 1, local: address(1), remote: address(2), port: 4789 };
    let tunnel = here.vxlan("x0", tunnel, None, there.namespace());
    let vxlan = note(Capability::Vxlan, "vxlan", tunnel.map(|()| "a device could be made and put elsewhere"));

    let table = "table inet twinpath_probe {\n chain c {\n type nat hook postrouting priority srcnat;\n \
                 ip saddr 192.0.2.0/24 snat ip to 203.0.113.1-203.0.113.2 persistent\n ip dscp ef accept\n }\n}\n";
    let loaded = nft::load(here.namespace(), table).map_err(io::Error::other);
    let nat = note(Capability::Nat, "nft", loaded.map(|()| "nft took a table with a pool of addresses"));

    let class = Class { rate: 1_000_000, ceiling: 1_000_000, queue: Queue::Bytes(10_000) };
    let htb = here.shape("a0", 1_000_000, 15_000, &[class]);
    let htb = htb.map(|()| "a bucket and a class could be set");
    let qos = match note(Capability::Rates, "htb", htb) {
        true => QosBackend::Htb,
        false => QosBackend::None,
    };
    let classes = match (nat, qos) {
        (true, QosBackend::Htb) => Ok("nft sorts by DSCP, HTB keeps the classes"),
        _ => Err(io::Error::other("classes need both nft and HTB")),
    };
    note(Capability::Classes, "nft + htb", classes);

    let tcp = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let ao = match socket::ao::is_supported(&tcp) {
        true => Ok("the kernel knows the option"),
        false => Err(io::Error::from(io::ErrorKind::Unsupported)),
    };
    let tcp_ao = note(Capability::TcpAo, "tcp-ao", ao);
    let untried = || io::Error::new(io::ErrorKind::Unsupported, "nothing of ours makes use of it");
    let esp = note(Capability::Esp, "esp", Err(untried()));
    let device = here.link_of_kind("m0", "macsec");
    let macsec = note(Capability::Macsec, "macsec", device.and_then(|()| Err(untried())));
    reasons.sort_by_key(|reason| reason.capability);
    Ok(Caps { qinq, nat, qos, nh_groups, compat_off, vxlan, tcp_ao, esp, macsec, bpf, packet, reasons })
}
