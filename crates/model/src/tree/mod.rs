//! The design tree: everything that the checklist asks about, in the words of a network engineer.
//!
//! One file a chapter; the keys of a design file are the names of the fields. A field that only
//! the control plane or the network can know says so by its kind (`ordered`, `live`).

mod azure;
mod circuit;
mod connectivity;
mod m365;
mod nat;
mod peering;
mod policy;
mod site;
mod vnet;
mod waiver;

pub use azure::{Azure, Services};
pub use circuit::{Circuit, CpePair, DirectPort};
pub use connectivity::Connectivity;
pub use m365::{
    DnsChanges, Egress, EndpointFeed, M365, M365Circuit, M365Reading, M365Service, Owners, Pac, PathPlan, SignOffs,
    UserRegion,
};
pub use nat::{Flow, Nat, Pool};
pub use peering::{Link, Peering};
pub use policy::{Dr, Qos, QosClass, Reading, Routing, Security};
pub use site::{Edge, Site};
pub use vnet::Vnet;
pub use waiver::{Waiver, Waivers};

use crate::{Date, EvidenceKind};

record! {
    /// One company's private connection to Microsoft: what is wanted, what was ordered and what runs.
    pub struct Design {
        /// Who the design is for.
        company: fact String,
        /// What kind of evidence this file gives: `declared` (a design, the default), `ordered` (the control plane)
        /// or `live` (the running network).
        evidence: fact EvidenceKind,
        /// When the evidence was taken.
        taken: fact Date,
        /// When production traffic moves to the circuit.
        cutover: fact Date,
        /// The account and subscription that own and pay for the circuits.
        azure: part Azure,
        /// What the connection is for.
        services: part Services,
        /// How the customer reaches Microsoft. A circuit may say otherwise for itself.
        connectivity: part Connectivity,
        /// The customer's sites.
        sites: map Site,
        /// The customer's routers that end BGP.
        edges: map Edge,
        /// ExpressRoute Direct port pairs.
        ports: map DirectPort,
        /// The circuits.
        circuits: map Circuit,
        /// The virtual networks linked to the circuits.
        vnets: map Vnet,
        /// Routing policy of the customer's network.
        routing: part Routing,
        /// Address translation towards Microsoft.
        nat: part Nat,
        /// Flows that need a decision of their own, above all those that Microsoft opens.
        flows: map Flow,
        /// Traffic classes for real-time media.
        qos: part Qos,
        /// Security and placement.
        security: part Security,
        /// Disaster recovery.
        dr: part Dr,
        /// Microsoft 365 over the circuit.
        m365: part M365,
        /// Documents that were read.
        reading: part Reading,
    }
}
