//! Microsoft 365 as a lab has it: endpoints that are reached over circuits and over the Internet alike, what is on the
//! Internet only, and a user outside.

use super::build::{Build, Unfit, whole};
use super::{At, LinkKind, ProcessKind, Role, Topology};
use catalog::Catalog;
use model::Design;
use std::net::{IpAddr, Ipv4Addr};

/// Something that stands for endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Its name: `exchange-1`.
    pub name: String,
    /// Its address; one of its own on the Internet when there is none.
    pub address: Option<IpAddr>,
}

/// The node of the user outside.
const OUTSIDE: &str = "host-outside";

impl Topology {
    /// The lab of a design, with stand-ins for endpoints and a way to each over the Internet. Hosts of the services
    /// that the route filters let through make room for them.
    ///
    /// # Errors
    ///
    /// As [`Topology::of`], or no site has a way to the Internet.
    pub fn of_endpoints(
        design: &Design,
        catalog: &Catalog,
        router: ProcessKind,
        stand_ins: &[StandIn],
    ) -> Result<Self, Unfit> {
        let mut build = Build::of(design, catalog, router)?;
        if build.topology.of_role(Role::Internet).next().is_none() {
            return Err(Unfit { what: "the design".to_owned(), wanted: "way of a site to the Internet" });
        }
        build.topology.hosts.retain(|host| !matches!(host.at, At::Service | At::Internet));
        match build.topology.nodes.iter_mut().find(|node| node.role == Role::Services) {
            Some(node) => node.addresses.clear(),
            None => {
                build.node("microsoft", Role::Services, "Microsoft", Vec::new());
                build.onto_cloud("microsoft");
            }
        }
        // Of the blocks for documentation (RFC 5737), so that they are nobody's.
        let mut elsewhere = (20..=u8::MAX).map(|last| IpAddr::V4(Ipv4Addr::new(203, 0, 113, last)));
        for StandIn { name, address } in stand_ins {
            let (node, at) = if address.is_some() { ("microsoft", At::Service) } else { ("net", At::Internet) };
            let Some(address) = address.or_else(|| elsewhere.next()) else { continue };
            if let Some(node) = build.topology.nodes.iter_mut().find(|one| one.name == node) {
                node.addresses.push(whole(address));
            }
            build.host(name, node, at, vec![address]);
        }
        build.joint("internet-microsoft", LinkKind::Internet, ["microsoft", "net"], ["net0".into(), "ms".into()]);
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 10));
        build.node(OUTSIDE, Role::Outside, "outside", vec![whole(address)]);
        build.host("outside", OUTSIDE, At::Outside, vec![address]);
        build.joint("internet-outside", LinkKind::Internet, [OUTSIDE, "net"], ["net0".into(), "outside".into()]);
        Ok(build.topology)
    }
}
