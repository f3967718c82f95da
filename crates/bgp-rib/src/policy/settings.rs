//! The settings of one session's policy, as plain values.

use super::{AsnRanges, Export, Import, Limits, PrefixList, Reason, advertised_prefixes, peer_asn};
use bgp_wire::Neighbor;
use model::{Asn, Community, Prefix, PrefixState};

/// What kind of session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peering {
    /// Azure private peering: the customer's network and VNets.
    Private,
    /// Microsoft peering: the customer's public prefixes and Microsoft's services.
    Microsoft,
    /// No ExpressRoute at all: a plain BGP session that takes and gives everything.
    Open,
}

/// Which side of the edge the neighbour is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The customer's (or provider's) router.
    Customer,
    /// Microsoft's side: the gateway of a VNet on private peering, Microsoft's network on Microsoft peering.
    Gateway,
}

/// What is the same for all circuits of an edge: facts of the catalogue, and the edge's own subnets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Ranges that are no public space, without private-use ones and default routes: refused on Microsoft peering.
    pub bogons: PrefixList,
    /// Ranges that no network can route (loopback, link-local, multicast): refused on private peering.
    pub unroutable: PrefixList,
    /// Private-use ranges, RFC 1918 and RFC 4193.
    pub private_space: PrefixList,
    /// The interface subnets of all Microsoft peerings of the edge.
    pub interface_subnets: PrefixList,
    /// AS numbers that no customer's router may have.
    pub refused_asns: AsnRanges,
    /// AS numbers that a customer's router may not have on Microsoft peering, those above included.
    pub refused_asns_on_microsoft: AsnRanges,
    /// AS numbers that must not be in a path on Microsoft peering.
    pub refused_asns_in_path: AsnRanges,
    /// AS numbers for private use, taken out of the path on Microsoft peering.
    pub private_asns: AsnRanges,
    /// AS numbers of VNet gateways, taken out of the path of what is sent.
    pub gateway_asns: AsnRanges,
    /// The longest AS_PATH that is taken, as the decision counts; `None` for any.
    pub longest_path: Option<usize>,
    /// The longest IPv4 prefix that is taken, in bits; `None` for any.
    pub longest_prefix4: Option<u8>,
    /// The longest IPv6 prefix that is taken, in bits; `None` for any.
    pub longest_prefix6: Option<u8>,
    /// How many times the own AS is prepended to drain a link, beside the one time that eBGP asks for.
    pub drain_prepends: usize,
}

/// The policy of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeeringPolicy {
    /// Which peering.
    pub peering: Peering,
    /// Which side the neighbour is on.
    pub role: Role,
    /// Our AS: 12076 on ExpressRoute.
    pub local_asn: Asn,
    /// The neighbour's AS.
    pub peer_asn: Asn,
    /// Whether any of its routes are taken.
    pub import: bool,
    /// How many routes the neighbour may announce.
    pub limits: Limits,
    /// How much routes of this session are preferred, before all else; the weight of a connection.
    pub weight: u16,
    /// The public prefixes that the customer has registered (Microsoft peering).
    pub advertised_prefixes: Vec<Prefix>,
    /// How far their validation has come (Microsoft peering).
    pub validation: PrefixState,
    /// The circuit's own interface subnets (Microsoft peering), which may be announced though
    /// [`Facts::interface_subnets`] has them.
    pub own_subnets: Vec<Prefix>,
    /// The communities of the route filter; without any, nothing is sent (Microsoft peering, to the customer).
    pub route_filter: Vec<Community>,
    /// The communities of regions that the circuit's SKU does not reach (Microsoft peering, to the customer).
    pub regions_out_of_reach: Vec<Community>,
    /// The communities of the VNet behind a gateway: its custom one and its region's. Empty when the VNet has
    /// no custom one.
    pub vnet_communities: Vec<Community>,
    /// The link is being drained for maintenance.
    pub drain: bool,
    /// GRACEFUL_SHUTDOWN from the neighbour makes its routes the last choice (RFC 8326).
    pub graceful_shutdown: bool,
    /// Our role on the session (RFC 9234), if roles are used.
    pub bgp_role: Option<bgp_wire::Role>,
}

impl PeeringPolicy {
    /// A session of this kind with nothing in it that is optional: no limit, no prefixes, no filter.
    pub fn new(peering: Peering, role: Role, local_asn: Asn, peer_asn: Asn) -> Self {
        Self {
            peering,
            role,
            local_asn,
            peer_asn,
            import: true,
            limits: Limits::default(),
            weight: 0,
            advertised_prefixes: Vec::new(),
            validation: PrefixState::NotConfigured,
            own_subnets: Vec::new(),
            route_filter: Vec::new(),
            regions_out_of_reach: Vec::new(),
            vnet_communities: Vec::new(),
            drain: false,
            graceful_shutdown: true,
            bgp_role: None,
        }
    }

    /// Whether there may be a session at all.
    ///
    /// # Errors
    ///
    /// The AS number of the neighbour is refused, or the prefixes of a Microsoft peering are not validated.
    pub fn session(&self, facts: &Facts) -> Result<(), Reason> {
        peer_asn::check(self, facts)?;
        advertised_prefixes::check_session(self)
    }

    /// What becomes of the routes that the neighbour announces.
    pub fn import(&self, facts: &Facts) -> Import {
        Import::compile(self, facts)
    }

    /// What the neighbour is told.
    pub fn export(&self, facts: &Facts) -> Export {
        Export::compile(self, facts)
    }

    /// Inside our AS or outside it.
    pub(crate) fn neighbor(&self) -> Neighbor {
        if self.local_asn == self.peer_asn { Neighbor::Internal } else { Neighbor::External }
    }

    /// Whether this is the customer's session on this peering.
    pub(crate) fn is_customer_of(&self, peering: Peering) -> bool {
        self.peering == peering && self.role == Role::Customer
    }

    /// Whether this is the customer's session on either peering of ExpressRoute.
    pub(crate) fn is_express_route_customer(&self) -> bool {
        self.peering != Peering::Open && self.role == Role::Customer
    }
}
