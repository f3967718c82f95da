//! The two links of a port pair: read here, written through the pair.

use crate::app::{Handled, Route, route, row};
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{Connector, Link, MacSecConfig, Port, ProvisioningState, Switch};
use arm_api::{ArmError, ResourceId};
use edge_api::Side;
use serde_json::json;
use store::Resource;
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/links"
        ExpressRouteLinks_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/links/{linkName}"
        ExpressRouteLinks_Get Read => get),
];

/// The names of the links: the first is the primary.
const NAMES: [(&str, Side); 2] = [("link1", Side::Primary), ("link2", Side::Secondary)];

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let port = row::found(tx, &call.id).await?;
    let links = tx.children(&port, "links").await?;
    Ok(Answer::List { items: links.iter().map(|link| json!(body(link, &port))).collect(), next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let port = row::existing(tx, &call.id).await?;
    let link = row::found(tx, &call.id).await?;
    Ok(Answer::Ok(json!(body(&link, &port))))
}

/// Writes what a body of the pair says of its links, and makes them when they are not there.
pub(super) async fn put_all(tx: &mut Tx<'_>, port_id: &ResourceId, port: &Port, given: Vec<Link>) -> Result<(), Fault> {
    for (index, link) in given.iter().enumerate() {
        let name = link.name.as_deref().unwrap_or_default();
        if !NAMES.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            let seen: String = name.chars().take(80).collect();
            let text = format!("properties.links[{index}].name is `{seen}`, wanted link1 or link2");
            return Err(ArmError::bad_request("ExpressRouteLinkUnknown", text)
                .at(format!("properties.links[{index}].name"))
                .into());
        }
        if let Some(config) = &link.properties.mac_sec_config {
            by_reference(config).map_err(|error| {
                let within = error.target.clone().unwrap_or_default();
                error.at(format!("properties.links[{index}].properties.macSecConfig{within}"))
            })?;
        }
    }
    for (number, (name, _)) in NAMES.into_iter().enumerate() {
        let id = port_id.child("links", name);
        let mut resource = match tx.get(&id).await? {
            Some(old) => old,
            None => tx.make(&id, json!(fresh(port, number))),
        };
        let mut link = read(&resource);
        if let Some(given) =
            given.iter().find(|given| given.name.as_deref().is_some_and(|is| is.eq_ignore_ascii_case(name)))
        {
            let properties = &mut link.properties;
            properties.admin_state = given.properties.admin_state.or(properties.admin_state);
            // PUT replaces: a link that comes without MACsec has none from then on.
            properties.mac_sec_config = given.properties.mac_sec_config.clone();
        }
        link.properties.provisioning_state = Some(ProvisioningState::Updating);
        resource.document = json!(link);
        tx.put(resource);
    }
    Ok(())
}

/// MACsec keys stay in their vault; what stands here are their addresses (spec 02, 8.1). What was given is not
/// repeated, since somebody may have written the key itself.
fn by_reference(config: &MacSecConfig) -> Result<(), ArmError> {
    let refuse =
        |field: &str, text: String| Err(ArmError::bad_request("MacSecConfigInvalid", text).at(format!(".{field}")));
    let keys = [
        ("cknSecretIdentifier", &config.ckn_secret_identifier),
        ("cakSecretIdentifier", &config.cak_secret_identifier),
    ];
    for (field, value) in keys {
        let Some(text) = value.as_deref().filter(|text| !text.is_empty()) else { continue };
        let rest = text.strip_prefix("https://").and_then(|rest| rest.split_once("/secrets/"));
        let good = rest.is_some_and(|(vault, secret)| !vault.is_empty() && !vault.contains('/') && !secret.is_empty());
        if !good || text.len() > 500 {
            return refuse(
                field,
                format!("{field} is no address of a secret in a vault; wanted https://VAULT/secrets/NAME"),
            );
        }
    }
    let there = |value: &Option<String>| value.as_deref().is_some_and(|text| !text.is_empty());
    match (there(&config.ckn_secret_identifier), there(&config.cak_secret_identifier)) {
        (true, false) => {
            refuse("cakSecretIdentifier", "cakSecretIdentifier is absent beside cknSecretIdentifier".to_owned())
        }
        (false, true) => {
            refuse("cknSecretIdentifier", "cknSecretIdentifier is absent beside cakSecretIdentifier".to_owned())
        }
        _ => Ok(()),
    }
}

/// A link of a new pair: where it ends, and dark until its customer says otherwise (spec 02, 8.4).
fn fresh(port: &Port, number: usize) -> Link {
    let properties = &port.properties;
    let place = properties.peering_location.as_deref().unwrap_or_default();
    let seed = properties.resource_guid.as_deref().and_then(|guid| Uuid::parse_str(guid).ok()).unwrap_or_default();
    let pick = |at: usize, of: u8| seed.as_bytes().get(at + number).map_or(0, |byte| byte % of);
    let speed = match properties.bandwidth_in_gbps {
        Some(10) => "TenGigE",
        Some(400) => "FourHundredGigE",
        _ => "HundredGigE",
    };
    let rack = format!("{}{:02}", char::from(b'A' + pick(2, 8)), pick(6, 40) + 1);
    let mut link = Link::default();
    let properties = &mut link.properties;
    properties.router_name =
        Some(edge_api::edge_name(place, NAMES.get(number).map_or(Side::Primary, |(_, side)| *side)));
    properties.interface_name = Some(format!("{speed}0/0/{}/{}", pick(0, 4), pick(4, 36)));
    properties.patch_panel_id = Some(format!("{rack}:PP{:02}, port {}", pick(8, 20) + 1, pick(10, 48) + 1));
    properties.rack_id = Some(rack);
    properties.colo_location = Some(place.to_owned());
    properties.connector_type = Some(Connector::Lc);
    properties.admin_state = Some(Switch::Disabled);
    link
}

/// Whether a link of a port pair is dark.
///
/// # Errors
///
/// The store failed.
#[allow(dead_code, reason = "intents, which ask it, are on their way")]
pub(crate) async fn dark(tx: &mut Tx<'_>, port: &ResourceId, side: Side) -> Result<bool, Fault> {
    let Some((name, _)) = NAMES.iter().find(|(_, of)| *of == side) else { return Ok(false) };
    let link = tx.get(&port.child("links", name)).await?;
    Ok(link.is_none_or(|link| read(&link).properties.admin_state != Some(Switch::Enabled)))
}

/// What a row holds.
pub(super) fn read(resource: &Resource) -> Link {
    serde_json::from_value(resource.document.clone()).unwrap_or_default()
}

/// A link as it is answered, with the entity tag of its pair.
pub(super) fn body(resource: &Resource, port: &Resource) -> Link {
    let mut body = read(resource);
    row::stamp(&mut body, resource, port);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(ckn: &str, cak: &str) -> Result<(), ArmError> {
        let identifier = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        by_reference(&MacSecConfig {
            ckn_secret_identifier: identifier(ckn),
            cak_secret_identifier: identifier(cak),
            ..MacSecConfig::default()
        })
    }

    #[test]
    fn keys_are_given_by_reference_and_in_pairs() {
        let (ckn, cak) = ("https://v.vault.azure.net/secrets/ckn", "https://v.vault.azure.net/secrets/cak/1");
        assert!(config(ckn, cak).is_ok());
        assert!(config("", "").is_ok());
        assert_eq!(config(ckn, "").unwrap_err().target.unwrap(), ".cakSecretIdentifier");
        let secret = "0123456789abcdef0123456789abcdef";
        let error = config(ckn, secret).unwrap_err();
        assert!(!error.message.contains(secret));
    }
}
