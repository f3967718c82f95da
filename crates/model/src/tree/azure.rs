//! Account, subscription and what the connection is for.

use crate::{AccountState, Attestation, Guid, Registration, Role, SubscriptionState};

record! {
    /// The Azure account and the subscription in which circuits are resources.
    pub struct Azure {
        /// The state of the account.
        account: fact AccountState,
        /// The subscription that owns the circuits.
        subscription: fact Guid,
        /// The state of that subscription.
        subscription_state: fact SubscriptionState,
        /// The widest role there of the person who creates the circuit.
        role: fact Role,
        /// Circuits that the subscription holds beside those of this design.
        other_circuits: fact u32,
        /// Circuits that it holds in the region of this design's circuits, beside them.
        other_circuits_in_region: fact u32,
        /// A recorded increase of the circuit quota.
        quota_increase: fact Attestation,
        /// Registration of the feature AllowExpressRoutePorts, for ExpressRoute Direct.
        expressroute_ports_feature: fact Registration,
        /// Registration of the resource provider Microsoft.Network.
        network_provider: fact Registration,
    }

    /// What the private connection is used for.
    pub struct Services {
        /// Azure virtual networks and public services.
        azure: fact bool,
        /// Microsoft 365, formerly Office 365.
        m365: fact bool,
        /// Dynamics 365, formerly CRM Online.
        dynamics: fact bool,
        /// Voice and video of Teams or Skype for Business run over the circuit.
        real_time: fact bool,
        /// Some workload cannot bear a longer path.
        latency_critical: fact bool,
        /// Some traffic needs confidentiality on the wire.
        confidential: fact bool,
    }
}
