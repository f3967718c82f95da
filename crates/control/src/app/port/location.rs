//! Where ports can be had.

use super::speeds;
use crate::app::{Handled, Route, route, row};
use crate::{Answer, Call, Tx};
use arm_api::body::{PortBandwidth, PortLocation, ProvisioningState, Stamp as _};
use arm_api::{ArmError, ResourceId};
use catalog::{Catalog, Location};
use serde_json::{Value, json};

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/ExpressRoutePortsLocations"
        ExpressRoutePortsLocations_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/ExpressRoutePortsLocations/{locationName}"
        ExpressRoutePortsLocations_Get Read => get),
];

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let catalog = &tx.settings.catalog;
    let places = catalog.locations().iter().filter(|place| offered(place));
    let items = places.filter_map(|place| body(catalog, call.id.subscription(), place)).collect();
    Ok(Answer::List { items, next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let catalog = &tx.settings.catalog;
    let name = call.names.get("locationName").map(String::as_str).unwrap_or_default();
    // The names of places hold blanks; people write them without as well.
    let bare = |text: &str| text.replace(' ', "").to_lowercase();
    let place = catalog.locations().iter().find(|place| bare(&place.name) == bare(name) && offered(place));
    let body = place.and_then(|place| body(catalog, call.id.subscription(), place)).ok_or_else(|| {
        let seen: String = name.chars().take(80).collect();
        ArmError::not_found("ResourceNotFound", format!("no ports can be had at `{seen}`"))
    })?;
    Ok(Answer::Ok(body))
}

fn offered(place: &Location) -> bool {
    place.express_route_direct && place.cloud == "AzureCloud"
}

fn body(catalog: &Catalog, subscription: &str, place: &Location) -> Option<Value> {
    let id =
        format!("/subscriptions/{subscription}/providers/Microsoft.Network/expressRoutePortsLocations/{}", place.name);
    let mut body = PortLocation::default();
    body.stamp(&ResourceId::parse(&id).ok()?, &row::steady_etag(&place.name));
    body.properties.address = Some(place.sites.join(", "));
    // Whom to ask is nowhere documented.
    body.properties.contact = Some(String::new());
    let bandwidth = |gbps: i64| PortBandwidth { offer_name: Some(format!("{gbps} Gbps")), value_in_gbps: Some(gbps) };
    body.properties.available_bandwidths = Some(speeds(catalog).into_iter().map(bandwidth).collect());
    body.properties.provisioning_state = Some(ProvisioningState::Succeeded);
    let mut body = json!(body);
    // The swagger's resource has no entity tag here.
    body.as_object_mut()?.remove("etag");
    Some(body)
}
