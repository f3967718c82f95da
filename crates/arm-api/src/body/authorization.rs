//! `…/expressRouteCircuits/authorizations`.

use super::macros::{body, resource};
use super::secret::Secret;
use super::words::{ProvisioningState, UseStatus};

resource! {
    /// A key to a circuit for another subscription.
    child Authorization(AuthorizationProperties) {}
}

body! {
    /// What an authorization is. All of it is the service's.
    AuthorizationProperties {
        service {
            /// The key. A key in a request is passed over. It is answered, but kept apart from the document: who
            /// writes one takes it out.
            authorization_key: Secret,
            /// Whether it is used.
            authorization_use_status: UseStatus,
            /// The connection that uses it.
            connection_resource_uri: String,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }
}
