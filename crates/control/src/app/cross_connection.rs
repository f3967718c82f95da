//! `expressRouteCrossConnections`: circuits from their provider's side (spec 07, 9).
//!
//! A cross connection is made with its circuit, in the provider's subscription, in the group
//! `CrossConnection-<PeeringLocation>`; its name is the service key. Its row holds only what is the provider's own: tags
//! and the key of the circuit. Everything else is on the circuit, so that both sides see one thing: a provider's write
//! is a write of the circuit and keeps others off it.
//!
//! Peerings are the circuit's, shown below the cross connection.

use super::circuit::{Plant, show_peering};
use super::operator::subscription_of;
use super::peering::{self, Wish};
use super::writing::{self, Writing};
use super::{Handled, Route, precondition, route, scope};
use crate::{Answer, Call, Fault, Tx};
use arm_api::body::{CrossConnection, CrossConnectionPeering, ModifiedBy, ProviderState, etag_text, read};
use arm_api::{ArmError, ResourceId};
use serde_json::{Value, json};
use store::{Query, Resource};

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/expressRouteCrossConnections"
        ExpressRouteCrossConnections_List ProviderRead => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections"
        ExpressRouteCrossConnections_ListByResourceGroup ProviderRead => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}"
        ExpressRouteCrossConnections_Get ProviderRead => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}"
        ExpressRouteCrossConnections_CreateOrUpdate ProviderWrite => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}"
        ExpressRouteCrossConnections_UpdateTags ProviderWrite => patch),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}/peerings"
        ExpressRouteCrossConnectionPeerings_List ProviderRead => list_peerings),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}/peerings/{peeringName}"
        ExpressRouteCrossConnectionPeerings_Get ProviderRead => get_peering),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}/peerings/{peeringName}"
        ExpressRouteCrossConnectionPeerings_CreateOrUpdate ProviderWrite => put_peering),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}/peerings/{peeringName}"
        ExpressRouteCrossConnectionPeerings_Delete ProviderWrite => delete_peering),
];

/// The kind of the rows.
pub(super) const KIND: &str = "microsoft.network/expressroutecrossconnections";

/// The cross connection of a new circuit, not written yet; its resource group is made on first need.
pub(super) async fn make(
    tx: &mut Tx<'_>,
    circuit: &str,
    provider: &str,
    location: &str,
    region: &str,
    service_key: &str,
) -> Result<Resource, Fault> {
    let subscription = subscription_of(provider);
    let group = format!("CrossConnection-{}", location.replace(' ', ""));
    let group_id = format!("/subscriptions/{subscription}/resourceGroups/{group}");
    let parse = |text: &str| {
        ResourceId::parse(text).map_err(|error| ArmError::bad_request("PeeringLocationUnknown", error.to_string()))
    };
    let id = parse(&group_id)?;
    if tx.get(&id).await?.is_none() {
        let mut row = tx.make(&id, json!({ "name": group, "location": region, "tags": {} }));
        scope::GROUPS.clone_into(&mut row.kind);
        tx.put(row);
    }
    let id = parse(&format!("{group_id}/providers/Microsoft.Network/expressRouteCrossConnections/{service_key}"))?;
    Ok(tx.make(&id, json!({ "location": region, "tags": {}, "circuit": circuit })))
}

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (limit, after) = scope::page(tx, call)?;
    let query = Query {
        kinds: vec![KIND.to_owned()],
        subscription: call.id.subscription().to_lowercase(),
        group: call.id.group().unwrap_or_default().to_lowercase(),
        top: true,
        after,
        limit: limit + 1,
        ..Query::default()
    };
    let (rows, next) = scope::cut(tx.store().list(&query).await?, limit);
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(circuit) = circuit_of(tx, row).await? {
            items.push(show(tx, row, &circuit).await?);
        }
    }
    Ok(Answer::List { items, next })
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (row, circuit) = existing(tx, call).await?;
    Ok(Answer::Ok(show(tx, &row, &circuit).await?))
}

/// The cross connection of a call and its circuit.
pub(super) async fn existing(tx: &mut Tx<'_>, call: &Call) -> Result<(Resource, Resource), Fault> {
    let root = call.id.root();
    if let Some(row) = tx.get(&root).await?
        && let Some(circuit) = circuit_of(tx, &row).await?
    {
        return Ok((row, circuit));
    }
    let text = format!(
        "The Resource 'Microsoft.Network/expressRouteCrossConnections/{}' under resource group '{}' was not found.",
        root.name(),
        root.group().unwrap_or_default()
    );
    Err(ArmError::not_found("ResourceNotFound", text).into())
}

async fn circuit_of(tx: &mut Tx<'_>, row: &Resource) -> Result<Option<Resource>, Fault> {
    tx.get_key(row.document["circuit"].as_str().unwrap_or_default()).await
}

/// A cross connection as its provider sees it. Its entity tag is the circuit's.
async fn show(tx: &mut Tx<'_>, row: &Resource, circuit: &Resource) -> Result<Value, Fault> {
    let Ok(id) = ResourceId::parse(&row.id) else { return Ok(Value::Null) };
    let plant = Plant::of(circuit);
    let properties = &circuit.document["properties"];
    let mut peerings = Vec::new();
    for peering in tx.children(circuit, "peerings").await? {
        peerings.push(show_below(tx, &id, circuit, &peering).await?);
    }
    Ok(json!({
        "name": id.name(),
        "id": id.as_str(),
        "etag": etag_text(&circuit.etag),
        "type": id.kind(),
        "location": row.document["location"],
        "tags": row.document["tags"],
        "properties": {
            "provisioningState": properties["provisioningState"],
            "expressRouteCircuit": { "id": circuit.id },
            "peeringLocation": plant.location,
            "bandwidthInMbps": properties["serviceProviderProperties"]["bandwidthInMbps"],
            "serviceProviderProvisioningState": properties["serviceProviderProvisioningState"],
            "serviceProviderNotes": properties["serviceProviderNotes"].as_str().unwrap_or_default(),
            "primaryAzurePort": plant.primary_port,
            "secondaryAzurePort": plant.secondary_port,
            "sTag": properties["stag"],
            "peerings": peerings,
        },
    }))
}

/// A peering of the circuit, below the cross connection.
async fn show_below(tx: &mut Tx<'_>, id: &ResourceId, circuit: &Resource, row: &Resource) -> Result<Value, Fault> {
    let name = row.id.rsplit('/').next().unwrap_or_default();
    show_peering(tx, circuit, row, Some(&id.child("peerings", name))).await
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (mut row, mut circuit) = existing(tx, call).await?;
    precondition::matched(call, Some(&circuit))?;
    if call.body.is_object() {
        scope::location(&tx.settings.catalog, &call.body)?;
    }
    let given: CrossConnection = read(&call.body)?;
    unchanged(&given, &circuit)?;
    let before = circuit.clone();
    let mut writing = Writing::of(&circuit.key);
    let properties = &mut circuit.document["properties"];
    if let Some(state) = given.properties.service_provider_provisioning_state {
        let was = properties["serviceProviderProvisioningState"].as_str().and_then(ProviderState::find);
        transition(was.unwrap_or(ProviderState::NotProvisioned), state)?;
        properties["serviceProviderProvisioningState"] = json!(state);
    }
    if let Some(notes) = &given.properties.service_provider_notes {
        properties["serviceProviderNotes"] = json!(notes);
    }
    if call.body["tags"] != Value::Null {
        row.document["tags"] = Value::Object(scope::tags(&call.body)?);
        tx.put(row.clone());
    }
    writing.put(tx, circuit.clone(), Some(&before));
    if let Some(list) = &given.properties.peerings {
        replace(tx, call, &circuit, list, &mut writing).await?;
    }
    let on = circuit_id(&circuit)?;
    let operation = writing.start(tx, call, &on);
    let (row, circuit) = existing(tx, call).await?;
    Ok(Answer::Writing { created: false, body: show(tx, &row, &circuit).await?, operation })
}

fn circuit_id(circuit: &Resource) -> Result<ResourceId, ArmError> {
    ResourceId::parse(&circuit.id).map_err(|error| ArmError::bad_request("InvalidResourceId", error.to_string()))
}

/// What a provider cannot change; what is left out stays as it is, since some clients cannot send it.
fn unchanged(given: &CrossConnection, circuit: &Resource) -> Result<(), ArmError> {
    let plant = Plant::of(circuit);
    let wanted = &given.properties;
    let other = |given: &str, is: &str| !given.is_empty() && !given.eq_ignore_ascii_case(is);
    let reference = wanted.express_route_circuit.as_ref().and_then(|circuit| circuit.id.as_deref()).unwrap_or_default();
    if other(reference.trim_end_matches('/'), &circuit.id) {
        let text = format!("the circuit of a cross connection is {} and cannot become {reference}", circuit.id);
        let code = "ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified";
        return Err(ArmError::bad_request(code, text).at("properties.expressRouteCircuit"));
    }
    let location = wanted.peering_location.as_deref().unwrap_or_default();
    if other(location, &plant.location) {
        let name = circuit.document["properties"]["serviceKey"].as_str().unwrap_or_default();
        let text = format!(
            "The Peering Location for an Express Route Cross Connection {name} cannot be modified from {} to {location}.",
            plant.location
        );
        return Err(ArmError::bad_request("PeeringLocationCannotBeModified", text).at("properties.peeringLocation"));
    }
    let mbps = circuit.document["properties"]["serviceProviderProperties"]["bandwidthInMbps"].as_i64();
    if let Some(given) = wanted.bandwidth_in_mbps.filter(|given| Some(*given) != mbps) {
        let is = mbps.unwrap_or_default();
        let text =
            format!("the bandwidth is {is} Mbps and only the customer changes it, wanted {is} or nothing, not {given}");
        return Err(ArmError::bad_request("BandwidthCannotBeModified", text).at("properties.bandwidthInMbps"));
    }
    Ok(())
}

/// Whether a provider may go from one state to another (spec 02, 5.4-5.5). To stay is always allowed.
fn transition(was: ProviderState, is: ProviderState) -> Result<(), ArmError> {
    use ProviderState::{Deprovisioning, NotProvisioned, Provisioned, Provisioning};
    let allowed: &[ProviderState] = match was {
        NotProvisioned => &[NotProvisioned, Provisioning, Provisioned],
        Provisioning => &[Provisioning, Provisioned, NotProvisioned],
        Provisioned => &[Provisioned, Deprovisioning, NotProvisioned],
        Deprovisioning => &[Deprovisioning, NotProvisioned],
    };
    if allowed.contains(&is) {
        return Ok(());
    }
    let wanted: Vec<_> = allowed.iter().map(ToString::to_string).collect();
    let text = format!("the circuit is {was} and cannot become {is}, wanted one of {}", wanted.join(", "));
    let target = "properties.serviceProviderProvisioningState";
    Err(ArmError::conflict("ServiceProviderProvisioningStateInvalid", text).at(target))
}

/// Writes the peerings of a list. Others stay: they may be the customer's.
async fn replace(
    tx: &mut Tx<'_>,
    call: &Call,
    circuit: &Resource,
    given: &[CrossConnectionPeering],
    writing: &mut Writing,
) -> Result<(), Fault> {
    let parent = circuit_id(circuit)?;
    for (index, peering) in given.iter().enumerate() {
        let name = peering.name.clone().or(peering.properties.peering_type.map(|kind| kind.to_string()));
        let name = name.unwrap_or_default();
        let id = peering::id_of(&parent, &name);
        let keyless = peering::keyless(&call.body["properties"]["peerings"][index]["properties"]);
        let wish = Wish { properties: peering.properties.clone(), keyless, overlay: true };
        peering::write(tx, &call.caller, circuit, &id, wish, ModifiedBy::Provider, writing).await?;
    }
    Ok(())
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (mut row, circuit) = existing(tx, call).await?;
    precondition::matched(call, Some(&circuit))?;
    if call.body["tags"] != Value::Null {
        row.document["tags"] = Value::Object(scope::tags(&call.body)?);
    }
    tx.put(row.clone());
    Ok(Answer::Ok(show(tx, &row, &circuit).await?))
}

async fn list_peerings(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (_, circuit) = existing(tx, call).await?;
    let mut items = Vec::new();
    for row in tx.children(&circuit, "peerings").await? {
        items.push(show_below(tx, &call.id.root(), &circuit, &row).await?);
    }
    Ok(Answer::List { items, next: None })
}

async fn get_peering(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (_, circuit) = existing(tx, call).await?;
    let row = peering::existing(tx, &below(&circuit, call)?).await?;
    Ok(Answer::Ok(show_below(tx, &call.id.root(), &circuit, &row).await?))
}

/// The id of the circuit's peering that a call is about.
pub(super) fn below(circuit: &Resource, call: &Call) -> Result<ResourceId, ArmError> {
    Ok(peering::id_of(&circuit_id(circuit)?, call.id.name()))
}

async fn put_peering(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (_, circuit) = existing(tx, call).await?;
    precondition::matched(call, Some(&circuit))?;
    let given: CrossConnectionPeering = read(&call.body)?;
    let id = below(&circuit, call)?;
    let keyless = peering::keyless(&call.body["properties"]);
    let wish = Wish { properties: given.properties, keyless, overlay: false };
    let mut writing = Writing::of(&circuit.key);
    let created = peering::write(tx, &call.caller, &circuit, &id, wish, ModifiedBy::Provider, &mut writing).await?;
    tx.touch(&circuit.key).await?;
    let operation = writing.start(tx, call, &id);
    let (_, circuit) = existing(tx, call).await?;
    let row = peering::existing(tx, &id).await?;
    let body = show_below(tx, &call.id.root(), &circuit, &row).await?;
    Ok(Answer::Writing { created, body, operation })
}

async fn delete_peering(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (_, circuit) = existing(tx, call).await?;
    let id = below(&circuit, call)?;
    let Some(row) = tx.get(&id).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    precondition::matched(call, Some(&circuit))?;
    let operation = writing::delete(tx, call, &circuit.key, &row, &id, &[]).await?;
    Ok(Answer::Accepted { operation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_ways_lead_from_state_to_state() {
        use ProviderState::{Deprovisioning, NotProvisioned, Provisioned, Provisioning};
        let refused = [
            (NotProvisioned, Deprovisioning),
            (Provisioning, Deprovisioning),
            (Provisioned, Provisioning),
            (Deprovisioning, Provisioning),
            (Deprovisioning, Provisioned),
        ];
        for &was in ProviderState::ALL {
            for &is in ProviderState::ALL {
                assert_eq!(transition(was, is).is_err(), refused.contains(&(was, is)), "{was} to {is}");
            }
        }
    }
}
