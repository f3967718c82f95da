//! Address translation, and flows that need a decision.

use crate::{Direction, Name, NatOperator, NatPlacement, Path, PeeringKind, Prefix, Symmetry};

record! {
    /// Address translation towards Microsoft.
    pub struct Nat {
        /// Hosts with private addresses use Microsoft peering.
        private_sources: fact bool,
        /// Who runs NAT.
        operator: fact NatOperator,
        /// Before or after the split into two links.
        placement: fact NatPlacement,
        /// Stateful devices stand at each edge, so a flow must come back where it left.
        stateful_edge: fact bool,
        /// Address pools.
        pools: map Pool,
    }

    /// A pool of public addresses that sources are translated to.
    pub struct Pool {
        /// Its addresses.
        prefixes: list Prefix,
        /// The peering that it serves.
        peering: fact PeeringKind,
        /// The circuits that it serves.
        circuits: list Name,
        /// It also translates traffic towards the Internet.
        internet: fact bool,
        /// It also sources traffic to Microsoft services outside ExpressRoute.
        other_microsoft: fact bool,
        /// Most concurrent flows to the busiest destination.
        peak_flows: fact u32,
        /// Port use is monitored.
        monitored: fact bool,
    }

    /// A flow that needs a decision of its own.
    pub struct Flow {
        /// Who opens it.
        direction: fact Direction,
        /// The service, in a word.
        service: fact String,
        /// Its way.
        path: fact Path,
        /// Public prefixes of the customer's end.
        prefixes: list Prefix,
        /// Its source is translated at the edge.
        snat: fact bool,
        /// The host sees routes learned over ExpressRoute.
        sees_expressroute: fact bool,
        /// The firewall or reverse proxy that scopes it; `none` when nothing does.
        filter: fact String,
        /// How both directions stay on one path.
        symmetry: fact Symmetry,
    }
}
