//! `generateLoa`: the letter of authorization of a port pair.

use super::loa::{Letter, LetterLink};
use super::{link, read};
use crate::app::{Handled, Route, route, row};
use crate::{Answer, Call, Tx};
use arm_api::ArmError;
use arm_api::body::{LoaRequest, LoaResult};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use serde_json::json;
use store::Resource;

pub(in crate::app) static ROUTES: &[Route] = &[route!(
    Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/generateLoa"
        ExpressRoutePorts_GenerateLOA Write => generate)];

/// For how many days a letter is good.
const DAYS: i64 = 90;

/// How many characters the name of a customer may have.
const LONGEST: usize = 200;

async fn generate(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let resource = row::found(tx, &call.id).await?;
    let given: LoaRequest = arm_api::body::read(&call.body)?;
    let customer = given.customer_name.unwrap_or_default().trim().to_owned();
    let length = customer.chars().count();
    if !(1..=LONGEST).contains(&length) {
        let text = format!("customerName has {length} characters, wanted 1 to {LONGEST}");
        return Err(ArmError::bad_request("InvalidRequestFormat", text).at("customerName").into());
    }
    let links = tx.children(&resource, "links").await?;
    let port = read(&resource).port;
    let location = port.properties.peering_location.unwrap_or_default();
    let today = tx.now.to_zoned(TimeZone::UTC).date();
    let side = |number: usize| links.get(number).map(letter_link).unwrap_or_default();
    let letter = Letter {
        customer,
        port: call.id.name().to_owned(),
        guid: port.properties.resource_guid.unwrap_or_default(),
        sites: tx.settings.catalog.location(&location).map(|place| place.sites.clone()).unwrap_or_default(),
        location,
        gbps: port.properties.bandwidth_in_gbps.unwrap_or_default(),
        issued: today,
        until: today.saturating_add(DAYS.days()),
        links: [side(0), side(1)],
    };
    let encoded_content = Some(STANDARD.encode(letter.pdf()));
    Ok(Answer::Ok(json!(LoaResult { encoded_content })))
}

fn letter_link(resource: &Resource) -> LetterLink {
    let properties = link::read(resource).properties;
    LetterLink {
        name: resource.id.rsplit('/').next().unwrap_or_default().to_owned(),
        router: properties.router_name.unwrap_or_default(),
        interface: properties.interface_name.unwrap_or_default(),
        patch_panel: properties.patch_panel_id.unwrap_or_default(),
        rack: properties.rack_id.unwrap_or_default(),
        connector: properties.connector_type.map(|connector| connector.to_string()).unwrap_or_default(),
    }
}
