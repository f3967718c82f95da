//! Microsoft 365 over the circuit: permission, split, capacity, plans.

use crate::{Attestation, Bandwidth, Date, PacStep, Path, SubscriptionState};

record! {
    /// Microsoft 365 over the circuit.
    pub struct M365 {
        /// The state of the Microsoft 365 subscription.
        subscription: fact SubscriptionState,
        /// Microsoft's permission to use ExpressRoute for Microsoft 365.
        authorization: fact Attestation,
        /// What the control plane says of that permission (`isAuthorizedToUse`).
        authorized: ordered bool,
        /// Review of Microsoft's guide by three teams.
        sign_offs: part SignOffs,
        /// The need that ExpressRoute satisfies.
        reason: fact String,
        /// The applications in use and the way each takes.
        services: map M365Service,
        /// What is planned for the Internet path.
        internet: part PathPlan,
        /// What is planned for the ExpressRoute path.
        expressroute: part PathPlan,
        /// Where users are, and which egress and peering locations serve them.
        regions: map UserRegion,
        /// Internet egresses.
        egress: map Egress,
        /// What Microsoft 365 needs of each circuit, by the circuit's name.
        circuits: map M365Circuit,
        /// The test of the deployment before traffic moved; its date counts.
        validation: fact Attestation,
        /// QoS was evaluated.
        qos_evaluated: fact Attestation,
        /// Regional expansion was evaluated.
        expansion_evaluated: fact Attestation,
        /// The upkeep of own rules for Defender for Endpoint over the circuit is accepted.
        defender_acknowledged: fact bool,
        /// Who answers for what.
        owners: part Owners,
        /// Guidance that was read.
        reading: part M365Reading,
        /// How endpoint changes are followed.
        feed: part EndpointFeed,
        /// The PAC file.
        pac: part Pac,
        /// DNS and mail records that change with the addresses.
        dns: part DnsChanges,
        /// The way back.
        rollback: fact Attestation,
        /// The staged rollout.
        stages: fact Attestation,
        /// The way of endpoints that are not supported over ExpressRoute.
        unsupported_endpoints: fact Path,
    }

    /// Review by the three teams that Microsoft asks for.
    pub struct SignOffs {
        /// The productivity team.
        productivity: fact Attestation,
        /// The network team.
        network: fact Attestation,
        /// The security team.
        security: fact Attestation,
    }

    /// One application of Microsoft 365.
    pub struct M365Service {
        /// The way it takes.
        path: fact Path,
        /// Who answers for it.
        owner: fact String,
    }

    /// What is planned for one of the two paths.
    pub struct PathPlan {
        /// Capacity.
        capacity: fact Attestation,
        /// Security.
        security: fact Attestation,
        /// High availability.
        availability: fact Attestation,
    }

    /// A region where users are.
    pub struct UserRegion {
        /// Its Internet egresses.
        egress: list String,
        /// Its peering locations.
        locations: list String,
    }

    /// An Internet egress.
    pub struct Egress {
        /// Its bandwidth.
        bandwidth: fact Bandwidth,
        /// What Microsoft 365 needs of it.
        needed: fact Bandwidth,
    }

    /// What Microsoft 365 needs of a circuit.
    pub struct M365Circuit {
        /// Bandwidth for Microsoft 365.
        needed: fact Bandwidth,
    }

    /// Who answers for what.
    pub struct Owners {
        /// The network.
        network: fact String,
    }

    /// The guidance that the prerequisites page lists for Microsoft 365.
    pub struct M365Reading {
        /// ExpressRoute for Microsoft 365.
        expressroute: fact Attestation,
        /// High availability and failover.
        availability: fact Attestation,
        /// URLs and IP address ranges.
        endpoints: fact Attestation,
        /// Network planning and performance tuning.
        performance: fact Attestation,
        /// Network and migration planning, bandwidth calculators.
        migration: fact Attestation,
        /// Integration with on-premises environments.
        integration: fact Attestation,
        /// Notification of IP address changes.
        changes: fact Attestation,
        /// Routing with ExpressRoute (listed in 2017).
        routing: fact Attestation,
        /// Training videos (listed in 2017).
        training: fact Attestation,
    }

    /// How endpoint changes are followed.
    pub struct EndpointFeed {
        /// The endpoint service asked.
        url: fact String,
        /// When it was last asked.
        last_check: fact Date,
    }

    /// The PAC file of the browsers.
    pub struct Pac {
        /// One is used.
        used: fact bool,
        /// The order of its decisions.
        order: list PacStep,
    }

    /// Records that change when sender or published addresses do.
    pub struct DnsChanges {
        /// Names whose addresses change; `[]` when none do.
        changes: list String,
        /// SPF records are up to date.
        spf_updated: fact bool,
        /// Address records are up to date.
        dns_updated: fact bool,
    }
}
