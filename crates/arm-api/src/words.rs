//! The documented spelling of namespaces and types.

/// Namespaces that ids of ours may hold.
const NAMESPACES: &[&str] = &[
    "Microsoft.Authorization",
    "Microsoft.Features",
    "Microsoft.Insights",
    "Microsoft.Network",
    "Microsoft.Resources",
];

/// Types, and types of children.
const KINDS: &[&str] = &[
    "authorizations",
    "bgpServiceCommunities",
    "connections",
    "deployments",
    "expressRouteCircuits",
    "expressRouteCrossConnections",
    "expressRoutePorts",
    "expressRoutePortsLocations",
    "expressRouteProviderPorts",
    "expressRouteServiceProviders",
    "features",
    "ipConfigurations",
    "links",
    "localNetworkGateways",
    "locations",
    "locks",
    "operationResults",
    "operations",
    "peerConnections",
    "peerings",
    "publicIPAddresses",
    "routeFilterRules",
    "routeFilters",
    "subnets",
    "tags",
    "virtualNetworkGateways",
    "virtualNetworkPeerings",
    "virtualNetworks",
];

/// A namespace in its documented spelling, or as given when it is not ours.
pub(crate) fn namespace(given: &str) -> &str {
    documented(NAMESPACES, given)
}

/// A type in its documented spelling, or as given when it is not ours.
pub(crate) fn kind(given: &str) -> &str {
    documented(KINDS, given)
}

fn documented<'a>(words: &[&'static str], given: &'a str) -> &'a str {
    words.iter().find(|word| word.eq_ignore_ascii_case(given)).map_or(given, |word| word)
}
