//! The customer's sites and edge routers.

use crate::{DeviceKind, Fhrp, Name, Prefix};

record! {
    /// A site of the customer.
    pub struct Site {
        /// Prefixes used there.
        prefixes: list Prefix,
        /// The edge routers there, by name.
        edges: list Name,
        /// How many users work there.
        users: fact u32,
        /// Internet egresses that its users take, by name in `m365.egress` or free text; `[]` when it has none.
        internet_egress: list String,
    }

    /// A customer router that ends BGP with Microsoft or the provider.
    pub struct Edge {
        /// The site where it stands.
        site: fact Name,
        /// What kind of box it is.
        kind: fact DeviceKind,
        /// First-hop redundancy protocol on the peering subnets.
        fhrp: fact Fhrp,
        /// Best-path selection ignores the length of AS paths.
        ignore_as_path: fact bool,
        /// Traffic goes to a link only while Microsoft advertises routes on it.
        follows_routes: fact bool,
        /// Queues configured towards Microsoft.
        queues: fact u32,
    }
}
