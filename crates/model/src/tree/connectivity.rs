//! The way from the customer to Microsoft: provider, model, last mile.

use crate::{Attestation, ConnectivityModel, ConnectivityPath, Date, LastMile, Layer3, VlanId};

record! {
    /// How the customer reaches Microsoft.
    pub struct Connectivity {
        /// Through a partner, through an exchange with a carrier that is no partner, or with own ports.
        path: fact ConnectivityPath,
        /// The connectivity model.
        model: fact ConnectivityModel,
        /// Who runs the BGP sessions.
        layer3: fact Layer3,
        /// The own carrier, when it is no partner.
        carrier: fact String,
        /// The exchange location where that carrier is present; `none` when it is at none.
        exchange_location: fact String,
        /// The carrier has been ordered to extend the network to the exchange.
        extension_ordered: fact bool,
        /// What connects the customer to the provider.
        last_mile: fact LastMile,
        /// Sites connected to the provider's VPN, for the last mile `vpn`.
        vpn_sites: fact u32,
        /// Physical links between customer and provider.
        physical_links: fact u32,
        /// Outer VLAN ids of the two virtual circuits, when there is one physical link.
        outer_vlans: list VlanId,
        /// The contract or order with the provider.
        contract: fact Attestation,
        /// The provider's word that its service works with ExpressRoute.
        compatible: fact Attestation,
        /// When the provider can provision.
        ready: fact Date,
        /// The service key and what else the provider needs have been handed over.
        key_sent: fact bool,
    }
}
