//! Policies of the customer's network: routing, QoS, security, disaster recovery, reading.

use crate::{Attestation, Backup, Date, Dscp, Encryption, KeyStore, Name, Prefix, Role, Zone};

record! {
    /// Routing policy of the customer's network.
    pub struct Routing {
        /// Prefixes that the customer announces to the Internet.
        internet_prefixes: list Prefix,
        /// The plan for VNets whose Internet egress a default route moves to the premises: UDRs, licence activation.
        default_route_plan: fact Attestation,
        /// The default route is there to block Internet access from VNets.
        default_route_blocks_internet: fact bool,
        /// Routes learned on Microsoft peering are announced on private peering.
        microsoft_into_private: fact bool,
        /// Monitoring of that leak against the prefix limit.
        leak_monitored: fact Attestation,
        /// Sites reach one another through Microsoft's network.
        expects_transit: fact bool,
    }

    /// Traffic classes for real-time media over Microsoft peering.
    pub struct Qos {
        /// The classes.
        classes: map QosClass,
        /// The provider's agreement to treat them.
        provider_agreed: fact Attestation,
        /// Queues in the customer's network towards Microsoft.
        queues: fact u32,
        /// Marks arrive at the hand-off as they left the source.
        preserved: fact bool,
        /// Marks that leave towards Microsoft.
        emitted: list Dscp,
        /// Marks seen in a capture at the hand-off.
        captured: live_list Dscp,
    }

    /// One traffic class.
    pub struct QosClass {
        /// Its mark.
        dscp: fact Dscp,
        /// It has a queue of its own.
        standalone: fact bool,
        /// It is treated as expedited forwarding (RFC 3246).
        ef: fact bool,
    }

    /// Security and the place of the hand-offs.
    pub struct Security {
        /// The review of network security for this connection.
        review: fact Attestation,
        /// The plan for security and perimeter controls.
        plan: fact Attestation,
        /// Where private peering ends.
        private_zone: fact Zone,
        /// Where Microsoft peering ends.
        microsoft_zone: fact Zone,
        /// The edge or proxy that Microsoft peering passes.
        microsoft_edge: fact String,
        /// The edge or proxy that Internet traffic passes.
        internet_edge: fact String,
        /// Encryption on the way.
        encryption: fact Encryption,
        /// Where keys are kept.
        key_store: fact KeyStore,
        /// Roles handed out on circuits and gateways.
        roles: list Role,
    }

    /// Disaster recovery.
    pub struct Dr {
        /// What takes over when a circuit fails.
        backup: fact Backup,
        /// The circuit that Azure prefers; `equal` when all are.
        azure_prefers: fact Name,
        /// The circuit that the premises prefer; `equal` when all are.
        onprem_prefers: fact Name,
        /// When failover was last tested.
        last_test: fact Date,
        /// Failures of that test that cost more than was expected; `[]` when none did.
        last_test_failed: list String,
    }

    /// Documents that were read before ordering.
    pub struct Reading {
        /// The ExpressRoute FAQ.
        faq: fact Attestation,
        /// The Well-Architected guidance for ExpressRoute.
        well_architected: fact Attestation,
        /// The URL and address lists of CRM Online (2017).
        crm_lists: fact Attestation,
    }
}
