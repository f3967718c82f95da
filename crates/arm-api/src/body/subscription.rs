//! Subscriptions, tenants and regions. Only answered.

use super::common::Tags;
use super::macros::body;
use serde_json::Value;

body! {
    /// A subscription.
    Subscription {
        client {
            /// `/subscriptions/ID`.
            id: String,
            /// Its id.
            subscription_id: String,
            /// The tenant.
            tenant_id: String,
            /// For people.
            display_name: String,
            /// `Enabled`, `Warned`, `PastDue`, `Disabled` or `Deleted`.
            state: String,
            /// `RoleBased`.
            authorization_source: String,
            /// Other tenants that manage it.
            managed_by_tenants: Vec<Value>,
            /// Quota and spending.
            subscription_policies: SubscriptionPolicies,
            /// The tags.
            tags: Tags,
        }
    }

    /// Quota and spending of a subscription.
    SubscriptionPolicies {
        client {
            /// Where it may place resources.
            location_placement_id: String,
            /// Its quota.
            quota_id: String,
            /// `Off`, `On` or `CurrentPeriodOff`.
            spending_limit: String,
        }
    }

    /// A tenant.
    Tenant {
        client {
            /// `/tenants/ID`.
            id: String,
            /// Its id.
            tenant_id: String,
            /// For people.
            display_name: String,
            /// `Home`.
            tenant_category: String,
            /// Its domain.
            default_domain: String,
            /// Its domains.
            domains: Vec<String>,
            /// `AAD`.
            tenant_type: String,
        }
    }

    /// A region.
    Location {
        client {
            /// `/subscriptions/ID/locations/NAME`.
            id: String,
            /// Like `westeurope`.
            name: String,
            /// `Region`.
            #[serde(rename = "type")]
            kind: String,
            /// For people, like `West Europe`.
            display_name: String,
            /// The same with its continent.
            regional_display_name: String,
            /// Where it is.
            metadata: LocationMetadata,
        }
    }

    /// Where a region is.
    LocationMetadata {
        client {
            /// `Physical` or `Logical`.
            region_type: String,
            /// `Recommended`, `Extended` or `Other`.
            region_category: String,
            /// The geography.
            geography: String,
            /// The continent.
            geography_group: String,
            /// Degrees.
            longitude: String,
            /// Degrees.
            latitude: String,
            /// For people.
            physical_location: String,
            /// The region it is paired with.
            paired_region: Vec<PairedRegion>,
        }
    }

    /// The region that another is paired with.
    PairedRegion {
        client {
            /// `/subscriptions/ID/locations/NAME`.
            id: String,
            /// Its name.
            name: String,
            /// The subscription.
            subscription_id: String,
        }
    }
}
