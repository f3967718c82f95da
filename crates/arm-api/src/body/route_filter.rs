//! `Microsoft.Network/routeFilters` and their rules.

use super::common::Reference;
use super::macros::{body, resource};
use super::words::{Access, ProvisioningState, RuleType};

resource! {
    /// A route filter.
    top RouteFilter(RouteFilterProperties) {}
}

resource! {
    /// The rule of a route filter.
    child Rule(RuleProperties) {
        /// The region; rules alone among children have one.
        location: String,
    }
}

body! {
    /// What a route filter is.
    RouteFilterProperties {
        client {
            /// Its rules: absent leaves them alone, a list replaces them. At most one.
            rules: Vec<Rule>,
        }
        service {
            /// The peerings that it is attached to.
            peerings: Vec<Reference>,
            /// The peerings whose IPv6 half it is attached to.
            ipv6_peerings: Vec<Reference>,
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }

    /// What a rule is.
    RuleProperties {
        client {
            /// What it does.
            access: Access,
            /// What it looks at. `az` does not send it (spec 07, 5).
            route_filter_rule_type: RuleType,
            /// The communities, like `12076:51004`.
            communities: Vec<String>,
        }
        service {
            /// Where its making stands.
            provisioning_state: ProvisioningState,
        }
    }
}
