//! Peerings of circuits: private and Microsoft, IPv4 and IPv6, written by customers or by providers.
//!
//! What a peering may be is said in `rules`; whether its prefixes are proven in `prefixes`. VLANs and link subnets are
//! claims, so that two writers cannot both have one. The key for MD5 is kept apart and never given back; a write that
//! leaves it out keeps it, one with `""` takes it away.

mod prefixes;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use prefixes::validate;

use super::circuit::{Plant, show_peering};
use super::writing::{self, Writing};
use super::{Handled, Route, port, precondition, route, route_filter, row};
use crate::quirks::VLAN_CLASH;
use crate::{Answer, Call, Caller, Fault, Role, Tx};
use arm_api::body::{
    MicrosoftPeeringConfig, ModifiedBy, Peering, PeeringProperties, PeeringType, PrefixesState, ProvisioningState,
    Switch, read,
};
use arm_api::{ArmError, ResourceId};
use model::{Asn, Prefix};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::Resource;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings"
        ExpressRouteCircuitPeerings_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}"
        ExpressRouteCircuitPeerings_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}"
        ExpressRouteCircuitPeerings_CreateOrUpdate Write => put),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}"
        ExpressRouteCircuitPeerings_Delete Write => delete),
];

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    let mut items = Vec::new();
    for row in tx.children(&circuit, "peerings").await? {
        items.push(show_peering(tx, &circuit, &row, None).await?);
    }
    Ok(Answer::List { items, next: None })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::existing(tx, &call.id).await?;
    let row = existing(tx, &call.id).await?;
    Ok(Answer::Ok(show_peering(tx, &circuit, &row, None).await?))
}

/// The peering of an id.
///
/// # Errors
///
/// 404 `NotFound`.
pub(super) async fn existing(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    let missing = || ArmError::not_found("NotFound", format!("the peering {id} was not found"));
    Ok(tx.get(id).await?.ok_or_else(missing)?)
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = row::above(tx, &call.id).await?;
    precondition::matched(call, Some(&circuit))?;
    let given: Peering = read(&call.body)?;
    let wish = Wish { properties: given.properties, keyless: keyless(&call.body["properties"]), overlay: false };
    let mut writing = Writing::of(&circuit.key);
    let id = id_of(&call.id.root(), call.id.name());
    let created = write(tx, &call.caller, &circuit, &id, wish, ModifiedBy::Customer, &mut writing).await?;
    tx.touch(&circuit.key).await?;
    let operation = writing.start(tx, call, &call.id);
    let (circuit, row) = (row::existing(tx, &call.id).await?, existing(tx, &call.id).await?);
    Ok(Answer::Writing { created, body: show_peering(tx, &circuit, &row, None).await?, operation })
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let circuit = tx.get(&call.id.root()).await?;
    let row = match &circuit {
        Some(_) => tx.get(&call.id).await?,
        None => None,
    };
    let (Some(circuit), Some(row)) = (circuit, row) else { return Ok(Answer::Empty(204, Vec::new())) };
    precondition::matched(call, Some(&circuit))?;
    let operation = writing::delete(tx, call, &circuit.key, &row, &call.id, &[]).await?;
    Ok(Answer::Accepted { operation })
}

/// Whether a peering may be deleted: a private one not while connections use it (spec 07, 7).
///
/// # Errors
///
/// `InUsePeeringCannotBeDeleted`; the store failed.
pub(super) async fn may_go(tx: &mut Tx<'_>, circuit: &Resource, row: &Resource) -> Result<(), Fault> {
    let in_use = |text: String| Fault::Refused(ArmError::conflict("InUsePeeringCannotBeDeleted", text));
    if !row.key.ends_with("/azureprivatepeering") {
        return Ok(());
    }
    let links = Plant::of(circuit).links;
    if !links.is_empty() {
        let some: Vec<_> = links.iter().take(5).map(String::as_str).collect();
        return Err(in_use(format!("{} is used by {}; delete these first", row.id, some.join(", "))));
    }
    for kind in ["connections", "peerconnections"] {
        if let Some(child) = tx.children(row, kind).await?.first() {
            return Err(in_use(format!("{} is used by {}; delete it first", row.id, child.id)));
        }
    }
    Ok(())
}

/// What somebody wants a peering to be.
#[derive(Debug)]
pub(super) struct Wish {
    /// The properties of the body.
    pub(super) properties: PeeringProperties,
    /// The key for MD5 is to go.
    pub(super) keyless: bool,
    /// What is left out stays as it is: of peerings inside of a circuit.
    pub(super) overlay: bool,
}

/// Whether properties say that there is to be no key: by an empty text.
pub(super) fn keyless(properties: &Value) -> bool {
    properties["sharedKey"] == ""
}

/// Sets the peerings of a circuit to those of a list. Those that are the same stay untouched, those that are missing go
/// when the operation ends well.
///
/// # Errors
///
/// The rules of each; 400 for a child without a name or one that is there twice.
pub(super) async fn replace(
    tx: &mut Tx<'_>,
    call: &Call,
    circuit: &Resource,
    given: &[Peering],
    writing: &mut Writing,
) -> Result<(), Fault> {
    let parent = ResourceId::parse(&circuit.id)
        .map_err(|error| ArmError::bad_request("InvalidResourceId", error.to_string()))?;
    let mut seen = BTreeSet::new();
    for (index, peering) in given.iter().enumerate() {
        let at = format!("properties.peerings[{index}]");
        let name = peering.name.clone().or(peering.properties.peering_type.map(|kind| kind.to_string()));
        let name = name.filter(|name| !name.is_empty()).ok_or_else(|| {
            let text = format!("{at} has no name, wanted AzurePrivatePeering or MicrosoftPeering");
            ArmError::bad_request("InvalidRequestFormat", text).at(format!("{at}.name"))
        })?;
        let id = id_of(&parent, &name);
        if !seen.insert(id.key().to_owned()) {
            let text = format!("{at} is {name}, which is there already");
            return Err(ArmError::bad_request("InvalidRequestFormat", text).at(at).into());
        }
        let keyless = keyless(&call.body["properties"]["peerings"][index]["properties"]);
        let wish = Wish { properties: peering.properties.clone(), keyless, overlay: true };
        write(tx, &call.caller, circuit, &id, wish, ModifiedBy::Customer, writing).await?;
    }
    for row in tx.children(circuit, "peerings").await? {
        if !seen.contains(&row.key) {
            may_go(tx, circuit, &row).await?;
            writing.remove(tx, row);
        }
    }
    Ok(())
}

/// Writes one peering of a circuit, and says whether it is new. The circuit is as it will be.
///
/// # Errors
///
/// The rules of spec 07, 7; the store failed.
pub(super) async fn write(
    tx: &mut Tx<'_>,
    caller: &Caller,
    circuit: &Resource,
    id: &ResourceId,
    wish: Wish,
    by: ModifiedBy,
    writing: &mut Writing,
) -> Result<bool, Fault> {
    let kind = kind_of(id.name(), &wish.properties)?;
    let old = tx.get(id).await?;
    let before: Option<PeeringProperties> =
        old.as_ref().and_then(|row| serde_json::from_value(row.document["properties"].clone()).ok());
    let mut wanted = wish.properties;
    if let Some(before) = before.as_ref().filter(|_| wish.overlay) {
        keep(&mut wanted, before);
    }
    if let Some(before) = before.as_ref().filter(|_| by == ModifiedBy::Provider) {
        keep_filters(&mut wanted, before);
    }
    let secret = wanted.shared_key.take();
    wanted.peering_type = Some(kind);
    wanted.state.get_or_insert(Switch::Enabled);
    wanted.connections = None;
    wanted.gateway_manager_etag.get_or_insert_default();

    let unchanged = secret.is_none() && !wish.keyless && before.as_ref().is_some_and(|before| same(&wanted, before));
    if wish.overlay && unchanged {
        return Ok(false);
    }
    // A filter is put on and taken off by the customer, and nothing of the provider's is written with it (decision 017).
    let of_customer = secret.is_none() && !wish.keyless;
    let by = match before.as_ref().filter(|before| of_customer && same(&filterless(&wanted), &filterless(before))) {
        Some(before) => before.last_modified_by.unwrap_or(by),
        None => by,
    };
    let catalog = tx.settings.catalog.clone();
    provisioned(circuit)?;
    let vlan = rules::vlan(&wanted)?;
    rules::peer_asn(&catalog, &wanted, kind)?;
    let subnets = rules::subnets(&catalog, &wanted, kind)?;
    announcements(&catalog, &mut wanted, kind)?;
    if kind == PeeringType::AzurePrivatePeering {
        apart_from_networks(tx, circuit, &subnets).await?;
    }
    if let Some(key) = secret.as_ref().filter(|key| key.reveal().chars().count() > rules::KEY_LENGTH) {
        let length = key.reveal().chars().count();
        let text = format!("sharedKey has {length} characters, wanted at most {}", rules::KEY_LENGTH);
        return Err(ArmError::bad_request("SharedKeyInvalid", text).at("properties.sharedKey").into());
    }

    let plant = Plant::of(circuit);
    wanted.azure_asn = Some(i64::from(Asn::MICROSOFT_EDGE.0));
    wanted.primary_azure_port = Some(plant.primary_port);
    wanted.secondary_azure_port = Some(plant.secondary_port);
    wanted.last_modified_by = Some(by);
    let mut row = old.clone().unwrap_or_else(|| tx.make(id, Value::Null));
    row.document = json!({ "properties": wanted });
    if wish.keyless {
        row.secrets.0 = Value::Null;
    } else if let Some(key) = secret {
        row.secrets.0 = json!({ "sharedKey": key.reveal() });
    }
    let had = match &before {
        Some(before) => claims(tx, circuit, id, before).await?.into_iter().map(|(claim, _)| claim).collect(),
        None => BTreeSet::new(),
    };
    let mut now = claims(tx, circuit, id, &wanted).await?;
    let clash = format!("/{vlan}");
    if VLAN_CLASH.is_on(tx).await? {
        now.retain(|(claim, _)| !(claim.starts_with("vlan/") && claim.ends_with(&clash)));
    }
    writing.claim(tx, id.key(), now, &had);
    let was = old.as_ref().map(|row| row.document.clone()).unwrap_or_default();
    refer(tx, caller, circuit, id, &was, &row.document).await?;
    writing.put(tx, row, old.as_ref());
    Ok(old.is_none())
}

/// The id of a circuit's peering, with the documented spelling of its name.
pub(super) fn id_of(circuit: &ResourceId, name: &str) -> ResourceId {
    circuit.child("peerings", PeeringType::find(name).map_or(name, |kind| kind.as_str()))
}

/// The kind of a peering: its name, and its type where that is given.
fn kind_of(name: &str, wanted: &PeeringProperties) -> Result<PeeringType, ArmError> {
    let seen: String = name.chars().take(80).collect();
    let kind = PeeringType::find(name).ok_or_else(|| {
        let text = format!("the peering is named `{seen}`, wanted AzurePrivatePeering or MicrosoftPeering");
        ArmError::bad_request("InvalidPeeringName", text).at("name")
    })?;
    if let Some(given) = wanted.peering_type.filter(|given| *given != kind) {
        let text = format!("peeringType is {given}, while the peering is named {seen}; wanted the same");
        return Err(ArmError::bad_request("PeeringTypeInvalid", text).at("properties.peeringType"));
    }
    if kind == PeeringType::AzurePublicPeering {
        let text = "AzurePublicPeering is retired, wanted MicrosoftPeering";
        return Err(ArmError::bad_request("PublicPeeringRetired", text).at("properties.peeringType"));
    }
    Ok(kind)
}

/// Peerings are only for circuits whose provider has done its part (spec 02, 5.6).
fn provisioned(circuit: &Resource) -> Result<(), ArmError> {
    let state = circuit.document["properties"]["serviceProviderProvisioningState"].as_str().unwrap_or("NotProvisioned");
    if state == "Provisioned" {
        return Ok(());
    }
    let text = format!(
        "{} is {state}, wanted Provisioned: the service provider has to provision it before it gets peerings",
        circuit.id
    );
    Err(ArmError::bad_request("CircuitNotProvisionedByServiceProvider", text))
}

/// What a peering inside of a circuit leaves out stays as it is.
fn keep(wanted: &mut PeeringProperties, before: &PeeringProperties) {
    let before = before.clone();
    wanted.state = wanted.state.or(before.state);
    wanted.peer_asn = wanted.peer_asn.or(before.peer_asn);
    wanted.vlan_id = wanted.vlan_id.or(before.vlan_id);
    wanted.gateway_manager_etag = wanted.gateway_manager_etag.take().or(before.gateway_manager_etag);
    wanted.route_filter = wanted.route_filter.take().or(before.route_filter);
    wanted.ipv6_peering_config = wanted.ipv6_peering_config.take().or(before.ipv6_peering_config);
    wanted.microsoft_peering_config = wanted.microsoft_peering_config.take().or(before.microsoft_peering_config);
    wanted.primary_peer_address_prefix =
        wanted.primary_peer_address_prefix.take().or(before.primary_peer_address_prefix);
    wanted.secondary_peer_address_prefix =
        wanted.secondary_peer_address_prefix.take().or(before.secondary_peer_address_prefix);
}

/// The filters stay as they are: of a peering's writers only the customer has any (decision 017).
fn keep_filters(wanted: &mut PeeringProperties, before: &PeeringProperties) {
    let six = before.ipv6_peering_config.as_ref().and_then(|six| six.route_filter.clone());
    wanted.route_filter = wanted.route_filter.take().or_else(|| before.route_filter.clone());
    if let Some(wanted) = &mut wanted.ipv6_peering_config {
        wanted.route_filter = wanted.route_filter.take().or(six);
    }
}

/// A peering without its filters.
fn filterless(properties: &PeeringProperties) -> PeeringProperties {
    let mut properties = properties.clone();
    properties.route_filter = None;
    if let Some(six) = &mut properties.ipv6_peering_config {
        six.route_filter = None;
    }
    properties
}

/// Whether a client wants what there is.
fn same(wanted: &PeeringProperties, before: &PeeringProperties) -> bool {
    let client = |properties: &PeeringProperties| {
        let mut properties = properties.clone();
        for config in configs(&mut properties) {
            config.advertised_public_prefixes_state = None;
            fill(config);
        }
        properties.azure_asn = None;
        properties.primary_azure_port = None;
        properties.secondary_azure_port = None;
        properties.stats = None;
        properties.provisioning_state = None;
        properties.last_modified_by = None;
        properties.peered_connections = None;
        properties
    };
    client(wanted) == client(before)
}

/// What a Microsoft peering says of its prefixes: for IPv4 and for IPv6.
fn configs(properties: &mut PeeringProperties) -> impl Iterator<Item = &mut MicrosoftPeeringConfig> {
    let six = properties.ipv6_peering_config.as_mut().and_then(|six| six.microsoft_peering_config.as_mut());
    properties.microsoft_peering_config.iter_mut().chain(six)
}

/// The values that stand for nothing said (spec 03, 2).
fn fill(config: &mut MicrosoftPeeringConfig) {
    config.advertised_public_prefixes.get_or_insert_default();
    config.advertised_communities.get_or_insert_default();
    config.customer_asn.get_or_insert(0);
    config.legacy_mode.get_or_insert(0);
    if config.routing_registry_name.as_deref().unwrap_or_default().is_empty() {
        config.routing_registry_name = Some("NONE".to_owned());
    }
}

/// Holds what is announced against the rules; a private peering announces nothing of the kind.
fn announcements(
    catalog: &catalog::Catalog,
    wanted: &mut PeeringProperties,
    kind: PeeringType,
) -> Result<(), ArmError> {
    if kind == PeeringType::AzurePrivatePeering {
        wanted.microsoft_peering_config = None;
        let filter = wanted.route_filter.as_ref().and_then(|filter| filter.id.as_deref()).unwrap_or_default();
        if !filter.is_empty() {
            let text =
                format!("routeFilter is {filter} on a private peering, wanted none: filters are for MicrosoftPeering");
            return Err(ArmError::bad_request("RouteFilterNotAllowed", text).at("properties.routeFilter"));
        }
        return Ok(());
    }
    let has = |prefix: &Option<String>| prefix.as_deref().is_some_and(|prefix| !prefix.is_empty());
    if has(&wanted.primary_peer_address_prefix) || wanted.microsoft_peering_config.is_some() {
        rules::announcements(catalog, wanted.microsoft_peering_config.as_ref(), "properties")?;
    }
    if let Some(six) = wanted.ipv6_peering_config.as_ref().filter(|six| has(&six.primary_peer_address_prefix)) {
        rules::announcements(catalog, six.microsoft_peering_config.as_ref(), "properties.ipv6PeeringConfig")?;
    }
    for config in configs(wanted) {
        fill(config);
        config.advertised_public_prefixes_state = Some(PrefixesState::Configuring);
    }
    Ok(())
}

/// What a peering has alone, each with what another is told: its VLAN in the circuit, or on the port pair where all
/// circuits share one space of tags; its subnets in the circuit, and those of a Microsoft peering everywhere.
async fn claims(
    tx: &mut Tx<'_>,
    circuit: &Resource,
    id: &ResourceId,
    properties: &PeeringProperties,
) -> Result<Vec<(String, ArmError)>, Fault> {
    let port = circuit.document.pointer("/properties/expressRoutePort/id").and_then(Value::as_str);
    let mut within = circuit.key.clone();
    if let Some(Ok(port)) = port.map(ResourceId::parse)
        && port::tags_are_shared(tx, &port).await?
    {
        port.key().clone_into(&mut within);
    }
    let mut claims = Vec::new();
    if let Some(vlan) = properties.vlan_id {
        let text =
            format!("vlanId is {vlan}, which {{holder}} has already; wanted one that no peering of {within} has");
        let refusal = ArmError::bad_request("VlanIdInUse", text).at("properties.vlanId");
        claims.push((format!("vlan/{within}/{vlan}"), refusal));
    }
    let six = properties.ipv6_peering_config.as_ref();
    let given = [
        ("properties.primaryPeerAddressPrefix", &properties.primary_peer_address_prefix),
        ("properties.secondaryPeerAddressPrefix", &properties.secondary_peer_address_prefix),
        (
            "properties.ipv6PeeringConfig.primaryPeerAddressPrefix",
            six.map_or(&None, |six| &six.primary_peer_address_prefix),
        ),
        (
            "properties.ipv6PeeringConfig.secondaryPeerAddressPrefix",
            six.map_or(&None, |six| &six.secondary_peer_address_prefix),
        ),
    ];
    for (field, text) in given {
        let Some(prefix) = text.as_deref().and_then(|text| <Prefix as model::Value>::parse(text.trim()).ok()) else {
            continue;
        };
        let refuse = |text: String| ArmError::bad_request("PeerAddressPrefixOverlap", text).at(field);
        let text = format!("{field} is {prefix}, which {{holder}} has already");
        claims.push((format!("subnet/{}/{prefix}", circuit.key), refuse(text)));
        if id.name().eq_ignore_ascii_case(PeeringType::MicrosoftPeering.as_str()) {
            // Who has it may be another tenant's.
            let text =
                format!("{field} is {prefix}, which a Microsoft peering has already; wanted public space of your own");
            claims.push((format!("subnet/microsoft/{prefix}"), refuse(text)));
        }
    }
    Ok(claims)
}

/// Link subnets of a private peering overlap none of the virtual networks that the circuit is linked to.
async fn apart_from_networks(tx: &mut Tx<'_>, circuit: &Resource, subnets: &[Prefix]) -> Result<(), Fault> {
    for link in Plant::of(circuit).links {
        for (network, space) in spaces(tx, &link).await? {
            if let Some(subnet) = subnets.iter().find(|subnet| subnet.overlaps(space)) {
                let text =
                    format!("the link subnet {subnet} overlaps {space} of {network}, which the circuit is linked to");
                let target = "properties.primaryPeerAddressPrefix";
                return Err(ArmError::bad_request("PeerAddressPrefixOverlap", text).at(target).into());
            }
        }
    }
    Ok(())
}

/// The address spaces behind a connection to a circuit.
pub(super) async fn spaces(tx: &mut Tx<'_>, connection: &str) -> Result<Vec<(String, Prefix)>, Fault> {
    let text = |row: &Resource, path: &str| row.document.pointer(path).and_then(Value::as_str).map(str::to_lowercase);
    let Some(connection) = tx.get_key(&connection.to_lowercase()).await? else { return Ok(Vec::new()) };
    let Some(gateway) = text(&connection, "/properties/virtualNetworkGateway1/id") else { return Ok(Vec::new()) };
    let Some(gateway) = tx.get_key(&gateway).await? else { return Ok(Vec::new()) };
    let subnet = text(&gateway, "/properties/ipConfigurations/0/properties/subnet/id").unwrap_or_default();
    let Some((network, _)) = subnet.split_once("/subnets/") else { return Ok(Vec::new()) };
    let Some(network) = tx.get_key(network).await? else { return Ok(Vec::new()) };
    let prefixes = network.document.pointer("/properties/addressSpace/addressPrefixes").and_then(Value::as_array);
    let prefixes =
        prefixes.into_iter().flatten().filter_map(|prefix| <Prefix as model::Value>::parse(prefix.as_str()?).ok());
    Ok(prefixes.map(|prefix| (network.id.clone(), prefix)).collect())
}

/// The route filters that the document of a peering refers to: of IPv4, of IPv6.
fn references(document: &Value) -> [Option<ResourceId>; 2] {
    ["/properties/routeFilter/id", "/properties/ipv6PeeringConfig/routeFilter/id"].map(|path| {
        let text = document.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty())?;
        ResourceId::parse(text).ok()
    })
}

/// The route filters of a peering.
pub(super) fn filters(document: &Value) -> impl Iterator<Item = ResourceId> {
    references(document).into_iter().flatten()
}

/// Tells filters which peerings refer to them.
async fn refer(
    tx: &mut Tx<'_>,
    caller: &Caller,
    circuit: &Resource,
    id: &ResourceId,
    was: &Value,
    is: &Value,
) -> Result<(), Fault> {
    for (field, path) in [
        ("properties.routeFilter", "/properties/routeFilter/id"),
        ("properties.ipv6PeeringConfig.routeFilter", "/properties/ipv6PeeringConfig/routeFilter/id"),
    ] {
        let text = is.pointer(path).and_then(Value::as_str).unwrap_or_default();
        if !text.is_empty() {
            ResourceId::parse(text).map_err(|error| {
                ArmError::bad_request("InvalidResourceReference", format!("{field}.id: {error}")).at(field)
            })?;
        }
    }
    let location = Plant::of(circuit).location;
    let tier = circuit.document["sku"]["tier"].as_str().unwrap_or_default().to_owned();
    let families = [route_filter::Family::Ipv4, route_filter::Family::Ipv6];
    for ((family, old), new) in families.into_iter().zip(references(was)).zip(references(is)) {
        if old.is_none() && new.is_none() {
            continue;
        }
        let who = route_filter::Referring { peering: id, family, tier: &tier, location: &location };
        // Who leaves a filter where it is needs no right to it: a provider that writes the rest.
        let service = service();
        let caller = if old == new { &service } else { caller };
        route_filter::refer(tx, caller, who, old.as_ref(), new.as_ref()).await?;
    }
    Ok(())
}

/// The service itself, which may all.
fn service() -> Caller {
    let roles = BTreeMap::from([("*".to_owned(), Role::Owner)]);
    Caller { tenant: String::new(), object: String::new(), name: "service".to_owned(), roles }
}

/// Tells filters that a peering is gone.
///
/// # Errors
///
/// The store failed.
pub(super) async fn unlink_filters(tx: &mut Tx<'_>, row: &Resource) -> Result<(), Fault> {
    relink_filters(tx, row, &Value::Null).await
}

/// Tells filters that a peering is as it was before: `was` is its document then.
///
/// # Errors
///
/// The store failed.
pub(super) async fn relink_filters(tx: &mut Tx<'_>, row: &Resource, was: &Value) -> Result<(), Fault> {
    if references(&row.document) == references(was) {
        return Ok(());
    }
    let Ok(id) = ResourceId::parse(&row.id) else { return Ok(()) };
    if let Some(circuit) = tx.get(&id.root()).await? {
        refer(tx, &service(), &circuit, &id, &row.document, was).await?;
    }
    Ok(())
}

/// Whether the state of a document says that it is being written.
fn is_written(row: &Resource) -> bool {
    row.document["properties"]["provisioningState"] != ProvisioningState::Deleting.as_str()
}
