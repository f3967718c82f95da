//! `expressRouteProviderPorts`: a provider's view of its port pairs, one at each location where it sells (spec 02, 6.7).

use super::circuit::Plant;
use super::operator::subscription_of;
use super::{Handled, Route, route, row};
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use arm_api::body::{ProviderPort, ProviderPortProperties, etag_text};
use catalog::Provider;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::Query;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/expressRouteProviderPorts"
        ExpressRouteProviderPortsLocation_List ProviderRead => list),
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/expressRouteProviderPorts/{providerport}"
        ExpressRouteProviderPort ProviderRead => get),
];

/// How much more than its bandwidth may be sold on a port, as in the documented samples.
const OVERPROVISION: i64 = 4;

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let wanted = call.query.get("location").or_else(|| call.query.get("$filter")).cloned().unwrap_or_default();
    let wanted = wanted.rsplit("eq").next().unwrap_or_default().trim().trim_matches('\'').replace(' ', "");
    let mut items = Vec::new();
    for pair in pairs(tx, call).await? {
        let place = pair.peering_location.clone().unwrap_or_default();
        if wanted.is_empty() || place.replace(' ', "").eq_ignore_ascii_case(&wanted) {
            items.push(show(call, &pair));
        }
    }
    Ok(Answer::List { items, next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let name = call.names.get("providerport").map(String::as_str).unwrap_or_default();
    let is = |pair: &&ProviderPortProperties| {
        pair.port_pair_descriptor.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name))
    };
    match pairs(tx, call).await?.iter().find(is) {
        Some(pair) => Ok(Answer::Ok(show(call, pair))),
        None => {
            let text = format!("no port pair of the provider is called {name}; expressRouteProviderPorts lists them");
            Err(ArmError::not_found("NotFound", text).into())
        }
    }
}

fn show(call: &Call, pair: &ProviderPortProperties) -> Value {
    let name = pair.port_pair_descriptor.clone().unwrap_or_default();
    let port = ProviderPort { properties: pair.clone(), ..ProviderPort::default() };
    let mut body = serde_json::to_value(port).unwrap_or_default();
    body["name"] = json!(name);
    body["id"] = json!(format!(
        "/subscriptions/{}/providers/Microsoft.Network/expressRouteProviderPorts/{name}",
        call.id.subscription()
    ));
    body["type"] = json!("Microsoft.Network/expressRouteProviderPorts");
    body["etag"] = json!(etag_text(&row::steady_etag(&body.to_string())));
    body
}

/// The port pairs of the provider whose subscription is asked; none in another's.
async fn pairs(tx: &mut Tx<'_>, call: &Call) -> Result<Vec<ProviderPortProperties>, Fault> {
    let catalog = tx.settings.catalog.clone();
    let own = |provider: &&Provider| subscription_of(&provider.name).eq_ignore_ascii_case(call.id.subscription());
    let Some(provider) = catalog.providers().iter().find(own) else { return Ok(Vec::new()) };
    let here = |place: &&str| catalog.location(place).is_some_and(|place| place.cloud == "AzureCloud");
    let places: BTreeSet<&str> = provider.all_locations().filter(here).collect();
    let used = used(tx, call.id.subscription()).await?;
    // A port carries the largest circuit that is sold.
    let port = catalog.provider_bandwidths().iter().map(|bandwidth| bandwidth.as_mbps()).max().unwrap_or_default();
    let port = i64::from(port);
    let pair = |place: &str| {
        let plant = Plant::at(place, &provider.name);
        let sold = used.get(&plant.primary_port).copied().unwrap_or_default();
        ProviderPortProperties {
            port_pair_descriptor: Some(plant.primary_port.clone()),
            primary_azure_port: Some(plant.primary_port),
            secondary_azure_port: Some(plant.secondary_port),
            peering_location: Some(place.to_owned()),
            overprovision_factor: Some(OVERPROVISION),
            port_bandwidth_in_mbps: Some(port),
            used_bandwidth_in_mbps: Some(sold),
            remaining_bandwidth_in_mbps: Some(port.saturating_sub(sold).max(0)),
        }
    };
    Ok(places.into_iter().map(pair).collect())
}

/// What is sold on each port pair, in Mbit/s, by its primary port.
async fn used(tx: &mut Tx<'_>, subscription: &str) -> Result<BTreeMap<String, i64>, Fault> {
    let query = Query {
        kinds: vec![super::cross_connection::KIND.to_owned()],
        subscription: subscription.to_lowercase(),
        ..Query::default()
    };
    let mut used: BTreeMap<String, i64> = BTreeMap::new();
    for cross in tx.store().list(&query).await? {
        let Some(circuit) = cross.document["circuit"].as_str() else { continue };
        let Some(circuit) = tx.store().get(circuit).await? else { continue };
        let mbps = circuit.document["properties"]["serviceProviderProperties"]["bandwidthInMbps"].as_i64();
        let sold = used.entry(Plant::of(&circuit).primary_port).or_default();
        *sold = sold.saturating_add(mbps.unwrap_or_default());
    }
    Ok(used)
}
