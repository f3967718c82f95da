//! Peerings that refer to filters.

use super::{attached, communities, judge, read};
use crate::{Caller, Fault, Tx};
use arm_api::body::{ProvisioningState, Reference, RouteFilter};
use arm_api::{ArmError, ResourceId};
use http::StatusCode;
use serde_json::json;
use store::Resource;

/// Which of the sessions of a peering refers to a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// `properties.routeFilter`.
    Ipv4,
    /// `properties.ipv6PeeringConfig.routeFilter`.
    Ipv6,
}

/// A Microsoft peering that refers to a filter, and the circuit that it is on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Referring<'a> {
    /// The peering.
    pub(crate) peering: &'a ResourceId,
    /// Which of its sessions.
    pub(crate) family: Family,
    /// The tier of the circuit, like `Premium`.
    pub(crate) tier: &'a str,
    /// The peering location of the circuit.
    pub(crate) location: &'a str,
}

/// Lets a peering refer to the filter `new` in the place of `old`; neither need be there. Who writes or deletes a
/// peering calls it in the same transaction.
///
/// # Errors
///
/// 400 when the filter is not there, is going, or does not fit the circuit; 403 when the caller may not read it.
pub(crate) async fn refer(
    tx: &mut Tx<'_>,
    caller: &Caller,
    who: Referring<'_>,
    old: Option<&ResourceId>,
    new: Option<&ResourceId>,
) -> Result<(), Fault> {
    if let Some(new) = new {
        let resource = allowed(tx, caller, new).await?;
        let (kept, rules) = (read(&resource), communities(tx, new).await?.unwrap_or_default());
        let circuit = (who.peering.root(), who.tier, who.location);
        let location = kept.location.as_deref().unwrap_or_default();
        let circuit = (circuit.0.name(), circuit.1, circuit.2);
        judge::fits(&tx.settings.catalog, circuit, (new.name(), location), &rules)?;
    }
    if old == new {
        return Ok(());
    }
    if let Some(resource) = match old {
        Some(old) => tx.get(old).await?,
        None => None,
    } {
        note(tx, resource, who, false);
    }
    if let Some(resource) = match new {
        Some(new) => tx.get(new).await?,
        None => None,
    } {
        note(tx, resource, who, true);
    }
    Ok(())
}

/// The filter that a caller wants a peering to refer to.
async fn allowed(tx: &mut Tx<'_>, caller: &Caller, id: &ResourceId) -> Result<Resource, Fault> {
    const TARGET: &str = "properties.routeFilter";
    if caller.role(id.subscription()).is_none() {
        let text = format!("{} may not read {id}, which the peering would refer to", caller.name);
        return Err(ArmError::new(StatusCode::FORBIDDEN, "LinkedAuthorizationFailed", text).at(TARGET).into());
    }
    let absent =
        |why: &str| ArmError::bad_request("InvalidResourceReference", format!("route filter {id} {why}")).at(TARGET);
    if !id.kind().eq_ignore_ascii_case(super::KIND) {
        return Err(absent("is no Microsoft.Network/routeFilters").into());
    }
    let resource = tx.get(id).await?.ok_or_else(|| absent("was not found"))?;
    if read(&resource).properties.provisioning_state == Some(ProvisioningState::Deleting) {
        return Err(absent("is being deleted").into());
    }
    Ok(resource)
}

/// Writes into a filter that a peering refers to it, or does no longer.
fn note(tx: &mut Tx<'_>, mut resource: Resource, who: Referring<'_>, refers: bool) {
    let mut kept = read(&resource);
    let list = match who.family {
        Family::Ipv4 => kept.properties.peerings.get_or_insert_default(),
        Family::Ipv6 => kept.properties.ipv6_peerings.get_or_insert_default(),
    };
    let this =
        |reference: &Reference| reference.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(who.peering.as_str()));
    list.retain(|reference| !this(reference));
    if refers {
        list.push(Reference::to(who.peering));
    }
    resource.document = json!(kept);
    tx.put(resource);
}

/// Whether a filter names Office 365, so that a circuit with it has to stay Premium.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn needs_premium(tx: &mut Tx<'_>, filter: &ResourceId) -> Result<bool, Fault> {
    let communities = communities(tx, filter).await?.unwrap_or_default();
    Ok(judge::office(&tx.settings.catalog, &communities))
}

/// Holds new communities of a filter against the circuits that it is attached to.
pub(super) async fn still_fits(
    tx: &mut Tx<'_>,
    kept: &RouteFilter,
    filter: &Resource,
    communities: &[String],
) -> Result<(), Fault> {
    if !judge::office(&tx.settings.catalog, communities) {
        return Ok(());
    }
    for peering in attached(kept) {
        let Ok(peering) = ResourceId::parse(peering) else { continue };
        let Some(circuit) = tx.get(&peering.root()).await? else { continue };
        let tier = circuit.document["sku"]["tier"].as_str().unwrap_or_default();
        let place = circuit.document["properties"]["serviceProviderProperties"]["peeringLocation"].as_str();
        let name = peering.root();
        let filter = (filter.id.rsplit('/').next().unwrap_or_default(), kept.location.as_deref().unwrap_or_default());
        judge::fits(&tx.settings.catalog, (name.name(), tier, place.unwrap_or_default()), filter, communities)?;
    }
    Ok(())
}
