//! Circuits and ExpressRoute Direct ports.

use crate::tree::{Connectivity, Peering};
use crate::{Bandwidth, CircuitState, Date, Encapsulation, Guid, Name, Port, ProviderState, ProvisioningState, Sku};

record! {
    /// One circuit: two links to a pair of Microsoft edge routers in one peering location.
    pub struct Circuit {
        /// The connectivity provider, as the catalogue spells it.
        provider: fact String,
        /// The ExpressRoute Direct port pair, instead of a provider.
        port: fact Name,
        /// The peering location, as the catalogue spells it.
        location: fact String,
        /// The bandwidth of each of the two links.
        bandwidth: fact Bandwidth,
        /// Tier and billing, like `premium metered`.
        sku: fact Sku,
        /// The customer's site where the circuit ends.
        site: fact Name,
        /// The Azure region that holds the resource; not where traffic goes.
        region: fact String,
        /// When the circuit is to be created; billing starts then.
        create: fact Date,
        /// What differs from the design's connectivity for this circuit.
        connectivity: part Connectivity,
        /// The customer's end of the two links.
        cpe: part CpePair,
        /// Private peering: to virtual networks.
        private: maybe Peering,
        /// Microsoft peering: to Microsoft 365 and Azure public services.
        microsoft: maybe Peering,
        /// Azure public peering, which new circuits do not have.
        public: maybe Peering,
        /// Circuits joined with this one by Global Reach.
        global_reach: list Name,
        /// Traffic of both links together in the busy hour.
        busy_hour: fact Bandwidth,
        /// IP MTU of the interfaces towards Microsoft, in bytes.
        interface_mtu: fact u32,
        /// Largest packet that crosses from end to end unfragmented, in bytes.
        path_mtu: fact u32,
        /// The resource id.
        id: ordered String,
        /// The resource's etag.
        etag: ordered String,
        /// The state of the last write.
        provisioning_state: ordered ProvisioningState,
        /// Microsoft's side.
        circuit_state: ordered CircuitState,
        /// The provider's side.
        provider_state: ordered ProviderState,
        /// The service key.
        service_key: ordered Guid,
        /// When it was created.
        created: ordered Date,
    }

    /// The customer's end of a circuit: where each link lands.
    pub struct CpePair {
        /// Device and port of the primary link.
        primary: fact Port,
        /// Device and port of the secondary link.
        secondary: fact Port,
    }

    /// An ExpressRoute Direct port pair.
    pub struct DirectPort {
        /// The peering location.
        location: fact String,
        /// The speed of each port.
        bandwidth: fact Bandwidth,
        /// One tag or two.
        encapsulation: fact Encapsulation,
        /// The two ports are bundled by LACP, which Microsoft refuses.
        lacp: fact bool,
        /// The two ports end in a multi-chassis bundle, which Microsoft refuses.
        mlag: fact bool,
        /// MACsec is configured on the ports.
        macsec: fact bool,
        /// The resource id.
        id: ordered String,
    }
}
