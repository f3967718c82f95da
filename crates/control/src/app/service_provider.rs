//! `expressRouteServiceProviders`: who sells circuits where, from the catalogue.

use super::{Handled, Route, route};
use crate::{Answer, Call, Tx};
use catalog::Catalog;
use model::Bandwidth;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) static ROUTES: &[Route] =
    &[route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/expressRouteServiceProviders"
        ExpressRouteServiceProviders_List Read => list)];

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let items = providers(&tx.settings.catalog, call.id.subscription());
    Ok(Answer::List { items, next: None })
}

/// The providers that sell in the public cloud.
fn providers(catalog: &Catalog, subscription: &str) -> Vec<Value> {
    let offers: Vec<Value> = catalog
        .provider_bandwidths()
        .iter()
        .map(|bandwidth| json!({ "offerName": offer(*bandwidth), "valueInMbps": bandwidth.as_mbps() }))
        .collect();
    let listed = catalog.providers().iter().filter_map(|provider| {
        let here = |place: &&str| catalog.location(place).is_some_and(|place| place.cloud == "AzureCloud");
        let places: BTreeSet<&str> = provider.all_locations().filter(here).collect();
        let name = provider.service_provider_name.first().unwrap_or(&provider.name);
        (!places.is_empty()).then(|| {
            json!({
                "name": name,
                "id": format!(
                    "/subscriptions/{subscription}/resourceGroups//providers/Microsoft.Network/expressRouteServiceProviders/"
                ),
                "type": "Microsoft.Network/expressRouteServiceProviders",
                "properties": {
                    "peeringLocations": places,
                    "bandwidthsOffered": offers,
                    "provisioningState": "Succeeded",
                },
            })
        })
    });
    listed.collect()
}

/// A bandwidth as people read it.
fn offer(bandwidth: Bandwidth) -> String {
    match bandwidth.as_mbps() {
        mbps if mbps >= 1000 && mbps.is_multiple_of(1000) => format!("{}Gbps", mbps / 1000),
        mbps => format!("{mbps}Mbps"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_listed_with_places_and_offers() {
        let all = providers(Catalog::builtin(), "s");
        let equinix = all.iter().find(|provider| provider["name"] == "Equinix").unwrap();
        let places = equinix["properties"]["peeringLocations"].as_array().unwrap();
        assert!(places.contains(&json!("Amsterdam")));
        assert_eq!(equinix["properties"]["bandwidthsOffered"][0], json!({ "offerName": "50Mbps", "valueInMbps": 50 }));
    }
}
