//! Peerings and their two links.

use crate::{
    ArpState, Asn, Attestation, Bandwidth, Bfd, BfdState, CommunityRef, Date, Fact, Family, LinkRole, Name,
    PeeringState, Prefix, PrefixState, Route, Secret, SessionState, VlanId,
};
use std::net::IpAddr;

record! {
    /// One peering of a circuit: a routing domain with two BGP sessions.
    pub struct Peering {
        /// On or off.
        state: fact PeeringState,
        /// The VLAN id (the inner tag with QinQ).
        vlan: fact VlanId,
        /// The customer's AS number on the sessions.
        asn: fact Asn,
        /// The AS number that the customer's routers expect of Microsoft.
        remote_as: fact Asn,
        /// The AS number that owns the advertised prefixes, when it is another than `asn`.
        customer_asn: fact Asn,
        /// The routing registry where prefixes and AS number are registered.
        registry: fact String,
        /// Proof that the AS number is the customer's own.
        asn_owned: fact Attestation,
        /// Proof that the link subnets of Microsoft peering are the customer's own.
        subnets_owned: fact Attestation,
        /// IPv4 subnets: one /29 for both links, or two /30, primary first.
        subnets: list Prefix,
        /// IPv6 subnets: one /125 for both links, or two /126, primary first.
        subnets_v6: list Prefix,
        /// The primary link.
        primary: part Link,
        /// The secondary link.
        secondary: part Link,
        /// Whether Microsoft's side carries an MD5 key. The key itself never stands here.
        md5: fact Secret,
        /// Whether the customer's routers carry the key.
        md5_router: fact Secret,
        /// BFD on the customer's routers.
        bfd: fact Bfd,
        /// Prefixes advertised to Microsoft.
        advertise: list Prefix,
        /// How many IPv4 prefixes are planned, when they are not all listed.
        prefix_count: fact u32,
        /// How many IPv6 prefixes are planned, when they are not all listed.
        prefix_count_v6: fact u32,
        /// AS path with which the prefixes are advertised, nearest first.
        as_path: list Asn,
        /// A default route is advertised to Microsoft.
        default_route: fact bool,
        /// Papers with which Microsoft validated prefixes or a private AS number by hand.
        manual_validation: fact Attestation,
        /// Route filter of Microsoft peering: communities by value or by service or region.
        filter: list CommunityRef,
        /// When the peering was first configured.
        configured_on: fact Date,
        /// Virtual networks to be linked, for private peering.
        vnets: list Name,
        /// The route filter attached, by id.
        filter_id: ordered String,
        /// Who wrote the peering last.
        last_modified_by: ordered String,
        /// How far the advertised prefixes are validated.
        prefix_state: ordered PrefixState,
        /// Since when the prefixes are in that state.
        prefix_state_since: ordered Date,
        /// VNet gateways connected.
        connections: ordered u32,
    }

    /// One of the two links of a peering, with its BGP session.
    pub struct Link {
        /// IPv4 subnet of the link; derived from the peering's `subnets` when those are given.
        subnet: fact Prefix,
        /// IPv6 subnet of the link.
        subnet_v6: fact Prefix,
        /// The customer router's IPv4 address.
        customer: fact IpAddr,
        /// Microsoft's IPv4 address.
        microsoft: fact IpAddr,
        /// The customer router's IPv6 address.
        customer_v6: fact IpAddr,
        /// Microsoft's IPv6 address.
        microsoft_v6: fact IpAddr,
        /// How often the customer prepends its own AS on this link.
        prepend: fact u32,
        /// A static or default route on the customer's side is pinned to this link.
        static_pin: fact bool,
        /// The IPv4 session.
        session: live SessionState,
        /// The IPv6 session.
        session_v6: live SessionState,
        /// Both sessions were up for the whole of the time observed.
        up_throughout: live bool,
        /// The AS number in Microsoft's neighbour's OPEN, as the customer router expects it.
        open_remote_as: live Asn,
        /// Routes received from the customer, both families.
        received: live_list Route,
        /// Number of IPv4 prefixes received, from a summary.
        received_count: live u32,
        /// Number of IPv6 prefixes received, from a summary.
        received_count_v6: live u32,
        /// Routes that Microsoft advertises on the link.
        sent: live_list Route,
        /// BFD on the link.
        bfd_state: live BfdState,
        /// ARP entry of the customer's side.
        arp_customer: live ArpState,
        /// ARP entry of Microsoft's side.
        arp_microsoft: live ArpState,
        /// Peak traffic of the busier direction.
        peak: live Bandwidth,
        /// TCP refused the session for its MD5 digest.
        md5_rejected: live bool,
    }
}

impl Peering {
    /// One of the two links.
    pub fn link(&self, link: LinkRole) -> &Link {
        match link {
            LinkRole::Primary => &self.primary,
            LinkRole::Secondary => &self.secondary,
        }
    }

    /// Both links with their roles, primary first.
    pub fn links(&self) -> [(LinkRole, &Link); 2] {
        LinkRole::BOTH.map(|role| (role, self.link(role)))
    }

    /// The subnets of a family as they were given for the whole peering.
    pub fn blocks(&self, family: Family) -> &Fact<crate::List<Prefix>> {
        match family {
            Family::V4 => &self.subnets,
            Family::V6 => &self.subnets_v6,
        }
    }

    /// Whether anything is said of a family's subnets.
    pub fn uses(&self, family: Family) -> bool {
        self.blocks(family).is_known() || self.links().iter().any(|(_, link)| link.subnet_of(family).is_known())
    }

    /// Gives each link its subnet out of the block or pair given for the whole peering.
    /// Readers call it once the peering is complete.
    pub fn share_out_subnets(&mut self) {
        for family in Family::BOTH {
            let mut shares = Vec::new();
            for statement in self.blocks(family).statements() {
                match statement.value.as_slice() {
                    [block] if block.value.length() == family.block_length() => {
                        for role in LinkRole::BOTH {
                            shares
                                .extend(block.value.link_subnet(role).map(|p| (role, p, statement.rank, block.place)));
                        }
                    }
                    items => {
                        for (role, item) in LinkRole::BOTH.into_iter().zip(items) {
                            shares.push((role, item.value, statement.rank, item.place));
                        }
                    }
                }
            }
            for (role, value, rank, place) in shares {
                let link = match role {
                    LinkRole::Primary => &mut self.primary,
                    LinkRole::Secondary => &mut self.secondary,
                };
                let subnet = match family {
                    Family::V4 => &mut link.subnet,
                    Family::V6 => &mut link.subnet_v6,
                };
                subnet.state(crate::Stated { value, rank, place });
            }
        }
    }
}

impl Link {
    /// The link's subnet of a family.
    pub fn subnet_of(&self, family: Family) -> &Fact<Prefix> {
        match family {
            Family::V4 => &self.subnet,
            Family::V6 => &self.subnet_v6,
        }
    }

    /// The customer router's address of a family.
    pub fn customer_of(&self, family: Family) -> &Fact<IpAddr> {
        match family {
            Family::V4 => &self.customer,
            Family::V6 => &self.customer_v6,
        }
    }

    /// Microsoft's address of a family.
    pub fn microsoft_of(&self, family: Family) -> &Fact<IpAddr> {
        match family {
            Family::V4 => &self.microsoft,
            Family::V6 => &self.microsoft_v6,
        }
    }

    /// The session of a family.
    pub fn session_of(&self, family: Family) -> &Fact<SessionState> {
        match family {
            Family::V4 => &self.session,
            Family::V6 => &self.session_v6,
        }
    }
}
