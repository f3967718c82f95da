//! Resource providers (namespaces) and preview features, as a subscription has them registered. Only answered.

use super::macros::body;

body! {
    /// A namespace in a subscription.
    Registration {
        client {
            /// `/subscriptions/ID/providers/NAMESPACE`.
            id: String,
            /// Like `Microsoft.Network`.
            namespace: String,
            /// `Registered`, `NotRegistered`, `Registering` or `Unregistering`.
            registration_state: String,
            /// `RegistrationRequired` or `RegistrationFree`.
            registration_policy: String,
            /// What it serves.
            resource_types: Vec<ResourceType>,
        }
    }

    /// A type of resources.
    ResourceType {
        client {
            /// Like `expressRouteCircuits`.
            resource_type: String,
            /// Where it can be had, by the regions' names for people.
            locations: Vec<String>,
            /// Newest first.
            api_versions: Vec<String>,
            /// The version that is used when none is chosen.
            default_api_version: String,
            /// Like `CrossResourceGroupResourceMove, SupportsTags, SupportsLocation`.
            capabilities: String,
        }
    }

    /// A preview feature in a subscription.
    Feature {
        client {
            /// `/subscriptions/ID/providers/Microsoft.Features/providers/NAMESPACE/features/NAME`.
            id: String,
            /// `NAMESPACE/NAME`.
            name: String,
            /// `Microsoft.Features/providers/features`.
            #[serde(rename = "type")]
            kind: String,
            /// Where it stands.
            properties: FeatureProperties,
        }
    }

    /// Where a preview feature stands.
    FeatureProperties {
        client {
            /// `Registered`, `NotRegistered` or `Pending`.
            state: String,
        }
    }
}
