//! What edges could notice, read in a transaction: what is read by its id is guarded, so that two writers who change
//! the same edge's work come one after the other.

use super::peering_key;
use super::plan::{Facts, GatewayFacts, PeeringFacts, Vnet};
use crate::settings::Carriers;
use crate::{Fault, Tx, app};
use edge_api::{Peering, Side, Validation, edge_name};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use store::Resource;

/// The AS of VNet gateways (spec 03, 11.6).
const GATEWAY_ASN: u32 = 65515;

/// The peering location of a circuit, also of one that is deleted in this transaction; nothing for one that never was.
pub(super) async fn location(tx: &mut Tx<'_>, circuit: &str) -> Result<Option<String>, Fault> {
    let row = match tx.get_key(circuit).await? {
        Some(row) => Some(row),
        None => tx.store().get(circuit).await?,
    };
    let Some(row) = row else { return Ok(None) };
    Ok(text(&row, "/plant/location"))
}

/// The facts of a circuit as one of its edges sees them; nothing when there is no such circuit.
pub(super) async fn facts(tx: &mut Tx<'_>, circuit: &str, location: &str, side: Side) -> Result<Option<Facts>, Fault> {
    let edge = edge_name(location, side);
    let Some(row) = tx.get_key(circuit).await? else { return Ok(None) };
    let (ended, lengthened) = app::failover::on_link(tx, &row, side).await?;
    let mbps = number(&row, "/serviceProviderProperties/bandwidthInMbps");
    let gbps = field(&row, "/bandwidthInGbps").and_then(Value::as_f64).map(|gbps| (gbps * 1000.0) as u64);
    Ok(Some(Facts {
        name: row.id.rsplit('/').next().unwrap_or_default().to_owned(),
        service_key: text(&row, "/serviceKey").unwrap_or_default(),
        location: location.to_owned(),
        tier: text(&row, "/sku/tier").unwrap_or_else(|| "standard".to_owned()).to_lowercase(),
        provisioned: text(&row, "/serviceProviderProvisioningState").is_some_and(|state| state == "Provisioned"),
        s_tag: small(number(&row, "/stag")),
        bandwidth_mbps: u32::try_from(mbps.or(gbps).unwrap_or_default()).unwrap_or(u32::MAX),
        private: peering(tx, circuit, Peering::Private).await?,
        microsoft: peering(tx, circuit, Peering::Microsoft).await?,
        gateways: gateways(tx, &row, location).await?,
        carried: app::reach::carried(tx, &row).await?,
        verdicts: verdicts(tx, circuit).await?,
        drain: lengthened || order(tx, &format!("maintenance/{edge}"), "/drain").await?,
        down: ended || order(tx, &format!("ports/{edge}"), "/down").await? || dark(tx, &row, side).await?,
        namespaces: tx.settings.carriers == Carriers::Namespaces,
    }))
}

async fn peering(tx: &mut Tx<'_>, circuit: &str, peering: Peering) -> Result<Option<PeeringFacts>, Fault> {
    let key = peering_key(circuit, peering);
    let Some(row) = tx.get_key(&key).await? else { return Ok(None) };
    let subnets = |half: &str| {
        let subnet = |link: &str| text(&row, &format!("{half}/{link}PeerAddressPrefix"));
        Some([subnet("primary")?, subnet("secondary")?])
    };
    let runs = |half: &str| text(&row, &format!("{half}/state")).is_none_or(|state| state != "Disabled");
    let mut advertised = Vec::new();
    for half in ["", "/ipv6PeeringConfig"] {
        for prefix in list(&row, &format!("{half}/microsoftPeeringConfig/advertisedPublicPrefixes")) {
            if !advertised.contains(&prefix) {
                advertised.push(prefix);
            }
        }
    }
    let state = ["", "/ipv6PeeringConfig"]
        .iter()
        .find_map(|half| text(&row, &format!("{half}/microsoftPeeringConfig/advertisedPublicPrefixesState")));
    Ok(Some(PeeringFacts {
        enabled: runs(""),
        asn: number(&row, "/peerASN").and_then(|asn| u32::try_from(asn).ok()).unwrap_or_default(),
        vlan: small(number(&row, "/vlanId")),
        v4: subnets(""),
        v6: subnets("/ipv6PeeringConfig").filter(|_| runs("/ipv6PeeringConfig")),
        md5: row.secrets.0.get("sharedKey").and_then(Value::as_str).filter(|key| !key.is_empty()).map(str::to_owned),
        validation: state.and_then(|state| serde_json::from_value::<Validation>(Value::String(state)).ok()),
        filter: filter(tx, &row).await?,
        advertised,
        key,
    }))
}

/// The communities of the filters attached to a peering; nothing when there is none.
async fn filter(tx: &mut Tx<'_>, peering: &Resource) -> Result<Option<Vec<String>>, Fault> {
    let mut communities: Option<BTreeSet<String>> = None;
    for half in ["/routeFilter", "/ipv6PeeringConfig/routeFilter"] {
        let Some(key) = reference(peering, half) else { continue };
        let known = communities.get_or_insert_default();
        let Some(filter) = tx.get_key(&key).await? else { continue };
        for rule in tx.children(&filter, "routeFilterRules").await? {
            if text(&rule, "/access").is_none_or(|access| access == "Allow") {
                known.extend(list(&rule, "/communities"));
            }
        }
    }
    Ok(communities.map(|communities| communities.into_iter().collect()))
}

/// The gateways behind the connections of a circuit, each once. A gateway under test is disconnected from the circuits of
/// one location.
async fn gateways(tx: &mut Tx<'_>, circuit: &Resource, location: &str) -> Result<Vec<GatewayFacts>, Fault> {
    let mut keys = BTreeSet::new();
    for connection in connections(tx, circuit).await? {
        keys.extend(reference(&connection, "/virtualNetworkGateway1"));
    }
    let mut gateways = Vec::new();
    for key in keys {
        let Some(row) = tx.get_key(&key).await? else { continue };
        if app::failover::at_location(tx, &row, location).await? {
            continue;
        }
        let place = tx.get_key(&super::place_key(&key)).await?;
        gateways.push(GatewayFacts {
            asn: number(&row, "/bgpSettings/asn").and_then(|asn| u32::try_from(asn).ok()).unwrap_or(GATEWAY_ASN),
            underlay: place.and_then(|place| text(&place, "/underlay")?.parse().ok()),
            vnets: vnets(tx, &row).await?,
            key,
        });
    }
    Ok(gateways)
}

/// The virtual networks behind a gateway: its own, and those that use it.
async fn vnets(tx: &mut Tx<'_>, gateway: &Resource) -> Result<Vec<Vnet>, Fault> {
    let configurations = field(gateway, "/ipConfigurations").and_then(Value::as_array).into_iter().flatten();
    let subnets = configurations.filter_map(|configuration| configuration.pointer("/properties/subnet/id")?.as_str());
    let keys: BTreeSet<String> =
        subnets.filter_map(|subnet| Some(subnet.to_lowercase().split_once("/subnets/")?.0.to_owned())).collect();
    let mut vnets = Vec::new();
    for key in keys {
        let Some(hub) = tx.get_key(&key).await? else { continue };
        vnets.push(vnet(&hub));
        for peering in tx.children(&hub, "virtualNetworkPeerings").await? {
            let transit = field(&peering, "/allowGatewayTransit") == Some(&Value::Bool(true));
            let Some(spoke) = reference(&peering, "/remoteVirtualNetwork").filter(|_| transit) else { continue };
            let Some(spoke) = tx.get_key(&spoke).await? else { continue };
            let uses = |back: &Resource| {
                field(back, "/useRemoteGateways") == Some(&Value::Bool(true))
                    && reference(back, "/remoteVirtualNetwork").is_some_and(|remote| remote == key)
            };
            if tx.children(&spoke, "virtualNetworkPeerings").await?.iter().any(uses) {
                vnets.push(vnet(&spoke));
            }
        }
    }
    Ok(vnets)
}

/// The connections to a circuit, which notes them.
async fn connections(tx: &mut Tx<'_>, circuit: &Resource) -> Result<Vec<Resource>, Fault> {
    let mut found = Vec::new();
    for id in list(circuit, "/plant/links") {
        found.extend(tx.get_key(&id.to_lowercase()).await?);
    }
    Ok(found)
}

fn vnet(row: &Resource) -> Vnet {
    Vnet {
        prefixes: list(row, "/addressSpace/addressPrefixes"),
        community: text(row, "/bgpCommunities/virtualNetworkCommunity"),
        region: text(row, "/location").unwrap_or_default(),
    }
}

/// The operator's verdicts on prefixes of a circuit.
async fn verdicts(tx: &mut Tx<'_>, circuit: &str) -> Result<BTreeMap<String, bool>, Fault> {
    let row = tx.get_key(&format!("/twinpath/settings/prefixes{circuit}")).await?;
    let verdicts = row.and_then(|row| row.document.get("verdicts")?.as_object().cloned()).unwrap_or_default();
    let verdict = |(prefix, verdict): (String, Value)| match verdict.as_str() {
        Some("validated") => Some((prefix, true)),
        Some("questioned") => Some((prefix, false)),
        _ => None,
    };
    Ok(verdicts.into_iter().filter_map(verdict).collect())
}

/// Whether the link of a circuit on ports of one's own is switched off.
async fn dark(tx: &mut Tx<'_>, circuit: &Resource, side: Side) -> Result<bool, Fault> {
    let Some(port) = reference(circuit, "/expressRoutePort") else { return Ok(false) };
    let name = if side == Side::Primary { "link1" } else { "link2" };
    let link = tx.get_key(&format!("{port}/links/{name}")).await?;
    Ok(link.is_none_or(|link| text(&link, "/adminState").is_none_or(|state| state != "Enabled")))
}

/// Whether a standing order of the operator says yes.
async fn order(tx: &mut Tx<'_>, name: &str, field: &str) -> Result<bool, Fault> {
    let row = tx.get_key(&format!("/twinpath/settings/{name}")).await?;
    Ok(row.is_some_and(|row| row.document.pointer(field) == Some(&Value::Bool(true))))
}

/// A value of a row's document: of the resource's properties, or of what stands beside them.
fn field<'r>(row: &'r Resource, path: &str) -> Option<&'r Value> {
    let found = row.document.pointer(path).or_else(|| row.document.pointer("/properties")?.pointer(path));
    found.filter(|value| !value.is_null())
}

fn text(row: &Resource, path: &str) -> Option<String> {
    field(row, path).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn number(row: &Resource, path: &str) -> Option<u64> {
    field(row, path).and_then(Value::as_u64)
}

fn small(number: Option<u64>) -> u16 {
    number.and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
}

fn list(row: &Resource, path: &str) -> Vec<String> {
    let items = field(row, path).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The key of what a reference names.
fn reference(row: &Resource, path: &str) -> Option<String> {
    text(row, &format!("{path}/id")).map(|id| id.to_lowercase())
}
