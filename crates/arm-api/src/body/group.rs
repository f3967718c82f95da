//! Resource groups.

use super::macros::{body, resource};
use super::words::ProvisioningState;

resource! {
    /// A resource group. It has no entity tag on the wire.
    top ResourceGroup(GroupProperties) {
        /// What manages it.
        managed_by: String,
    }
}

body! {
    /// What a resource group is.
    GroupProperties {
        service {
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }
}
