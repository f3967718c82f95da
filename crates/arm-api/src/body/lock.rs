//! `Microsoft.Authorization/locks`.

use super::macros::{body, resource};
use super::words::LockLevel;

resource! {
    /// A lock.
    child Lock(LockProperties) {}
}

body! {
    /// What a lock is.
    LockProperties {
        client {
            /// What it keeps from happening.
            level: LockLevel,
            /// Why.
            notes: String,
            /// Who may take it away. Echoed.
            owners: Vec<LockOwner>,
        }
    }

    /// Who may take a lock away.
    LockOwner {
        client {
            /// An application.
            application_id: String,
        }
    }
}
