//! The neighbour table of the kernel, as Azure's ARP table shows it: for each peer of a domain its own hardware address
//! and ours, by netlink in the domain's namespace (ARP for IPv4, neighbour discovery for IPv6).

use super::netlink::{Kernel, Link, Neighbour};
use super::row::ArpRow;
use crate::config::Domain;
use crate::process::namespace;
use std::io;
use std::net::IpAddr;

/// The rows of a domain.
///
/// # Errors
///
/// The namespace cannot be entered, or the kernel not be asked.
pub(super) fn table(domain: &Domain) -> io::Result<Vec<ArpRow>> {
    let kernel = match &domain.namespace {
        Some(name) => namespace(name)?.enter(Kernel::look)?,
        None => Kernel::look()?,
    };
    Ok(rows(domain, &kernel))
}

fn rows(domain: &Domain, kernel: &Kernel) -> Vec<ArpRow> {
    let mut rows = Vec::new();
    for peer in &domain.peers {
        let neighbour = kernel.neighbours.iter().find(|neighbour| neighbour.address == peer.address);
        let ours = ours(peer.local_address, neighbour, peer.address, kernel);
        let device = neighbour.and_then(|neighbour| kernel.link(neighbour.link)).or(ours.map(|(_, link)| link));
        rows.push(ArpRow {
            domain: domain.name.to_string(),
            age: neighbour.map_or(0, |neighbour| neighbour.age.as_secs() / 60),
            interface: "On-Prem".to_owned(),
            ip_address: peer.address,
            mac_address: dotted(neighbour.and_then(|neighbour| neighbour.hardware)),
            device: device.map(|link| link.name.clone()),
        });
        if let Some((address, link)) = ours {
            rows.push(ArpRow {
                domain: domain.name.to_string(),
                age: 0,
                interface: "Microsoft".to_owned(),
                ip_address: address,
                mac_address: dotted(link.hardware),
                device: Some(link.name.clone()),
            });
        }
    }
    rows
}

/// Our address on the link of a peer: the configured one, else one whose subnet the peer is in.
fn ours<'k>(
    local: Option<IpAddr>,
    neighbour: Option<&Neighbour>,
    peer: IpAddr,
    kernel: &'k Kernel,
) -> Option<(IpAddr, &'k Link)> {
    let on_link = kernel.addresses.iter().find(|ours| match local {
        Some(local) => ours.prefix.network_of == local,
        None => ours.prefix.holds(peer) && neighbour.is_none_or(|neighbour| neighbour.link == ours.link),
    })?;
    Some((on_link.prefix.network_of, kernel.link(on_link.link)?))
}

/// As routers print a hardware address, `ffff.eeee.dddd`.
fn dotted(hardware: Option<[u8; 6]>) -> String {
    match hardware {
        Some([a, b, c, d, e, f]) => format!("{a:02x}{b:02x}.{c:02x}{d:02x}.{e:02x}{f:02x}"),
        None => "Incomplete".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::netlink::{OnLink, Subnet};
    use super::*;
    use std::time::Duration;

    fn domain() -> Domain {
        let text = "name='e'\nrouter-id='1.1.1.1'\n[[domain]]\nname='d'\npeering='open'\n\
            [[domain.peer]]\nname='p'\naddress='10.0.0.1'\nasn=1\n[[domain.peer]]\nname='q'\naddress='10.0.0.5'\nasn=1";
        let mut files = |_: &std::path::Path| Err(io::ErrorKind::NotFound.into());
        let config = crate::config::Config::parse("edge.toml", text, catalog::Catalog::builtin(), &mut files).unwrap();
        Domain::clone(&config.domains[0])
    }

    #[test]
    fn each_peer_has_its_row_and_ours() {
        let kernel = Kernel {
            links: vec![Link { index: 3, name: "eth1".to_owned(), hardware: Some([0xaa; 6]) }],
            addresses: vec![OnLink { link: 3, prefix: Subnet { network_of: "10.0.0.2".parse().unwrap(), length: 30 } }],
            neighbours: vec![Neighbour {
                address: "10.0.0.1".parse().unwrap(),
                link: 3,
                hardware: Some([0xff, 0xff, 0xee, 0xee, 0xdd, 0xdd]),
                age: Duration::from_secs(605),
            }],
        };
        let rows = rows(&domain(), &kernel);
        let shown: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {} {} {}", row.age, row.interface, row.ip_address, row.mac_address))
            .collect();
        assert_eq!(
            shown,
            [
                "10 On-Prem 10.0.0.1 ffff.eeee.dddd",
                "0 Microsoft 10.0.0.2 aaaa.aaaa.aaaa",
                "0 On-Prem 10.0.0.5 Incomplete",
            ]
        );
    }
}
