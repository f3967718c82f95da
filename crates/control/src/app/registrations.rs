//! Resource providers of a subscription, their registration, and preview features.
//!
//! What is served is always registered unless somebody took that back; of another namespace any client may hear that
//! it is registered, since Terraform registers a score of them before it does anything.

use super::scope;
use super::{Handled, Route, route};
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use serde_json::{Value, json};
use store::Resource;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers" Providers_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/providers/{resourceProviderNamespace}" Providers_Get Read => get),
    route!(Post "/subscriptions/{subscriptionId}/providers/{resourceProviderNamespace}/register" Providers_Register Write => register),
    route!(Post "/subscriptions/{subscriptionId}/providers/{resourceProviderNamespace}/unregister" Providers_Unregister Write => unregister),
    route!(Get "/subscriptions/{subscriptionId}/providers/{resourceProviderNamespace}/resourceTypes" ProviderResourceTypes_List Read => types),
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Features/features" Features_ListAll Read => features),
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Features/providers/{resourceProviderNamespace}/features" Features_List Read => features),
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Features/providers/{resourceProviderNamespace}/features/{featureName}" Features_Get Read => feature),
    route!(Post "/subscriptions/{subscriptionId}/providers/Microsoft.Features/providers/{resourceProviderNamespace}/features/{featureName}/register" Features_Register Write => register_feature),
    route!(Post "/subscriptions/{subscriptionId}/providers/Microsoft.Features/providers/{resourceProviderNamespace}/features/{featureName}/unregister" Features_Unregister Write => unregister_feature),
];

/// Versions of the network API, newest first: those that its clients are known to send, and one that the oldest sent.
/// Clients take the first for `az resource show` and `az resource tag`; any other version is taken as well.
const NETWORK_VERSIONS: &[&str] = &[
    "2026-03-01",
    "2025-09-01",
    "2025-07-01",
    "2025-01-01",
    "2024-07-01",
    "2024-05-01",
    "2024-01-01",
    "2023-11-01",
    "2023-09-01",
    "2022-07-01",
    "2022-01-01",
    "2021-08-01",
    "2018-10-01",
];

/// A namespace, its versions and its types; of the types, those that stand in resource groups come with their parts.
struct Namespace {
    name: &'static str,
    versions: &'static [&'static str],
    types: &'static [&'static str],
}

/// What is served.
static NAMESPACES: &[Namespace] = &[
    Namespace {
        name: "Microsoft.Authorization",
        versions: &["2022-04-01", "2020-05-01", "2016-09-01"],
        types: &["locks", "roleAssignments", "roleDefinitions"],
    },
    Namespace {
        name: "Microsoft.Features",
        versions: &["2021-07-01", "2015-12-01"],
        types: &["features", "providers"],
    },
    Namespace {
        name: "Microsoft.Insights",
        versions: &["2024-02-01", "2018-01-01"],
        types: &["metricDefinitions", "metrics"],
    },
    Namespace {
        name: "Microsoft.Network",
        versions: NETWORK_VERSIONS,
        types: &[
            "bgpServiceCommunities",
            "connections",
            "expressRouteCircuits",
            "expressRouteCrossConnections",
            "expressRoutePorts",
            "expressRoutePortsLocations",
            "expressRouteProviderPorts",
            "expressRouteServiceProviders",
            "localNetworkGateways",
            "locations",
            "publicIPAddresses",
            "routeFilters",
            "virtualNetworkGateways",
            "virtualNetworks",
        ],
    },
    Namespace {
        name: "Microsoft.Resources",
        versions: &["2024-11-01", "2024-03-01", "2022-12-01", "2021-04-01", "2020-01-01", "2016-06-01"],
        types: &[
            "deployments",
            "locations",
            "providers",
            "resourceGroups",
            "resources",
            "subscriptions",
            "tags",
            "tenants",
        ],
    },
];

/// Types of resources that stand in a group by themselves, as rows name them.
pub(crate) static TOP_KINDS: &[&str] = &[
    "microsoft.network/connections",
    "microsoft.network/expressroutecircuits",
    "microsoft.network/expressroutecrossconnections",
    "microsoft.network/expressrouteports",
    "microsoft.network/localnetworkgateways",
    "microsoft.network/publicipaddresses",
    "microsoft.network/routefilters",
    "microsoft.network/virtualnetworkgateways",
    "microsoft.network/virtualnetworks",
];

/// The documented spelling of a type: `microsoft.network/routefilters` is `Microsoft.Network/routeFilters`.
pub(crate) fn spelling(kind: &str) -> String {
    let (namespace, name) = kind.split_once('/').unwrap_or((kind, ""));
    let Some(known) = NAMESPACES.iter().find(|known| known.name.eq_ignore_ascii_case(namespace)) else {
        return kind.to_owned();
    };
    let name = known.types.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or(name);
    format!("{}/{name}", known.name)
}

/// All namespaces that are served.
async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope::subscription(tx, call.id.subscription()).await?;
    let (limit, after) = scope::page(tx, call)?;
    let rest: Vec<&Namespace> =
        NAMESPACES.iter().filter(|known| after.as_deref().is_none_or(|after| known.name > after)).collect();
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let items = rest.iter().take(limit).map(|known| show(tx, &row, known.name)).collect();
    let next = rest.get(limit).and_then(|_| rest.get(limit - 1)).map(|last| last.name.to_owned());
    Ok(Answer::List { items, next })
}

/// One namespace, whichever.
async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope::subscription(tx, call.id.subscription()).await?;
    Ok(Answer::Ok(show(tx, &row, namespace(call)?)))
}

/// The types of a namespace.
async fn types(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope::subscription(tx, call.id.subscription()).await?;
    let shown = show(tx, &row, namespace(call)?);
    Ok(Answer::Ok(json!({ "value": shown["resourceTypes"] })))
}

/// Registers a namespace.
async fn register(tx: &mut Tx<'_>, call: &Call) -> Handled {
    set(tx, call, "Registered").await
}

/// Takes a registration back: resources of the namespace cannot be written until it is registered again.
async fn unregister(tx: &mut Tx<'_>, call: &Call) -> Handled {
    set(tx, call, "Unregistered").await
}

async fn set(tx: &mut Tx<'_>, call: &Call, state: &str) -> Handled {
    let mut row = scope::subscription(tx, call.id.subscription()).await?;
    let namespace = namespace(call)?;
    let key = namespace.to_lowercase();
    if registration(&row, namespace) != state {
        row.document["registrations"][&key] = json!(state);
        tx.put(row.clone());
    }
    Ok(Answer::Ok(show(tx, &row, namespace)))
}

fn namespace(call: &Call) -> Result<&str, ArmError> {
    let name = call.names.get("resourceProviderNamespace").map_or("", String::as_str);
    let good = (1..=100).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
    good.then_some(name).ok_or_else(|| {
        let seen: String = name.chars().take(100).collect();
        let text = format!("the resource namespace '{seen}' is invalid; wanted letters, digits and dots");
        ArmError::not_found("InvalidResourceNamespace", text)
    })
}

fn registration<'r>(row: &'r Resource, namespace: &str) -> &'r str {
    row.document["registrations"][&namespace.to_lowercase()].as_str().unwrap_or("Registered")
}

/// A namespace as it is answered.
fn show(tx: &Tx<'_>, row: &Resource, namespace: &str) -> Value {
    let known = NAMESPACES.iter().find(|known| known.name.eq_ignore_ascii_case(namespace));
    let name = known.map_or(namespace, |known| known.name);
    let regions = tx.settings.catalog.regions().iter().filter(|region| region.cloud == "AzureCloud");
    let locations: Vec<&str> = regions.map(|region| region.display_name.as_str()).collect();
    let types = known.into_iter().flat_map(|known| {
        known.types.iter().map(|name| {
            json!({
                "resourceType": name,
                "locations": locations,
                "apiVersions": known.versions,
                "capabilities": if known.name == "Microsoft.Network" { "SupportsTags, SupportsLocation" } else { "None" },
            })
        })
    });
    json!({
        "id": format!("{}/providers/{name}", row.id),
        "namespace": name,
        "registrationState": registration(row, name),
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": types.collect::<Vec<_>>(),
    })
}

/// Features that were registered.
async fn features(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope::subscription(tx, call.id.subscription()).await?;
    let wanted = call.names.get("resourceProviderNamespace").map(|name| name.to_lowercase());
    let kept = row.document["features"].as_object().into_iter().flatten();
    let items = kept
        .filter_map(|(key, kept)| {
            let (namespace, name) = key.split_once('/')?;
            let mine = wanted.as_deref().is_none_or(|wanted| wanted == namespace);
            let name = kept["name"].as_str().unwrap_or(name);
            mine.then(|| show_feature(&row, kept["namespace"].as_str().unwrap_or(namespace), name))
        })
        .collect();
    Ok(Answer::List { items, next: None })
}

/// One feature, whichever.
async fn feature(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope::subscription(tx, call.id.subscription()).await?;
    Ok(Answer::Ok(show_feature(&row, namespace(call)?, feature_name(call)?)))
}

async fn register_feature(tx: &mut Tx<'_>, call: &Call) -> Handled {
    set_feature(tx, call, "Registered").await
}

async fn unregister_feature(tx: &mut Tx<'_>, call: &Call) -> Handled {
    set_feature(tx, call, "Unregistered").await
}

async fn set_feature(tx: &mut Tx<'_>, call: &Call, state: &str) -> Result<Answer, Fault> {
    let mut row = scope::subscription(tx, call.id.subscription()).await?;
    let (namespace, name) = (namespace(call)?, feature_name(call)?);
    let key = feature_key(namespace, name);
    let many = row.document["features"].as_object().map_or(0, serde_json::Map::len);
    if many >= 1000 && row.document["features"][&key].is_null() {
        let text = format!("{many} features are registered in this subscription, more are not kept");
        return Err(ArmError::conflict("FeatureRegistrationLimitReached", text).into());
    }
    row.document["features"][&key] = json!({ "namespace": namespace, "name": name, "state": state });
    tx.put(row.clone());
    Ok(Answer::Ok(show_feature(&row, namespace, name)))
}

fn feature_name(call: &Call) -> Result<&str, ArmError> {
    let name = call.names.get("featureName").map_or("", String::as_str);
    let good = (1..=100).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    good.then_some(name).ok_or_else(|| {
        let seen: String = name.chars().take(100).collect();
        ArmError::not_found("FeatureNotFound", format!("the feature '{seen}' could not be found"))
    })
}

fn feature_key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}").to_lowercase()
}

fn show_feature(row: &Resource, namespace: &str, name: &str) -> Value {
    let kept = &row.document["features"][&feature_key(namespace, name)];
    json!({
        "id": format!("{}/providers/Microsoft.Features/providers/{namespace}/features/{name}", row.id),
        "name": format!("{namespace}/{name}"),
        "type": "Microsoft.Features/providers/features",
        "properties": { "state": kept["state"].as_str().unwrap_or("NotRegistered") },
    })
}
