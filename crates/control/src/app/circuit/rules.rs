//! What may be ordered, and what may change afterwards (spec 02, 3-4 and 9; spec 07, 7).
//!
//! Pure: facts come from the catalogue, the order and what is stored come in, a refusal or the order to keep goes out.

use arm_api::ArmError;
use arm_api::body::{CircuitSku, ServiceProviderProperties, SkuFamily, SkuTier};
use catalog::Catalog;
use model::Bandwidth;

/// The field of the SKU.
const SKU: &str = "sku";
/// The fields of a provider circuit.
const PROVIDER: &str = "properties.serviceProviderProperties.serviceProviderName";
const LOCATION: &str = "properties.serviceProviderProperties.peeringLocation";
const MBPS: &str = "properties.serviceProviderProperties.bandwidthInMbps";

/// The SKU to keep. What is left out stays as it is, on a new circuit standard and metered; the name follows from tier
/// and family, or they from it.
///
/// # Errors
///
/// 400 `InvalidSku` when the parts disagree, or are none that is sold.
pub(super) fn sku(given: Option<&CircuitSku>, old: Option<&CircuitSku>) -> Result<CircuitSku, ArmError> {
    let named = given.and_then(|sku| sku.name.as_deref()).filter(|name| !name.is_empty());
    let parts = match named.map(|name| name.split_once('_').and_then(|(tier, family)| words(tier, family))) {
        Some(None) => {
            let seen: String = named.unwrap_or_default().chars().take(60).collect();
            let text = format!("the SKU name is `{seen}`, wanted TIER_FAMILY like Standard_MeteredData");
            return Err(ArmError::bad_request("InvalidSku", text).at("sku.name"));
        }
        Some(parts) => parts,
        None => None,
    };
    let own = given.map(|sku| (sku.tier, sku.family)).unwrap_or_default();
    let kept = old.map(|sku| (sku.tier, sku.family)).unwrap_or_default();
    let tier = own.0.or(parts.map(|parts| parts.0)).or(kept.0).unwrap_or(SkuTier::Standard);
    let family = own.1.or(parts.map(|parts| parts.1)).or(kept.1).unwrap_or(match tier {
        SkuTier::Local => SkuFamily::UnlimitedData,
        SkuTier::Standard | SkuTier::Premium | SkuTier::Basic | SkuTier::MultiCloud => SkuFamily::MeteredData,
    });
    if let (Some(parts), Some(name)) = (parts, named)
        && parts != (tier, family)
    {
        let text = format!("the SKU is named {name}, while its tier is {tier} and its family {family}");
        return Err(ArmError::bad_request("InvalidSku", text).at("sku.name"));
    }
    if tier == SkuTier::Local && family == SkuFamily::MeteredData {
        let text = "a Local circuit has the family MeteredData, wanted UnlimitedData, the only one of that tier";
        return Err(ArmError::bad_request("InvalidSku", text).at("sku.family"));
    }
    if tier == SkuTier::Basic && old.is_none_or(|old| old.tier != Some(SkuTier::Basic)) {
        let text = "the tier Basic is not sold any more, wanted Standard, Premium or Local";
        return Err(ArmError::bad_request("InvalidSku", text).at("sku.tier"));
    }
    Ok(CircuitSku { name: Some(format!("{tier}_{family}")), tier: Some(tier), family: Some(family) })
}

fn words(tier: &str, family: &str) -> Option<(SkuTier, SkuFamily)> {
    Some((SkuTier::find(tier)?, SkuFamily::find(family)?))
}

/// Whether a circuit may change its SKU, as far as the SKUs alone say (spec 02, 3.5).
///
/// # Errors
///
/// 400 `SkuTierChangeNotAllowed` or `SkuFamilyChangeNotAllowed`.
pub(super) fn sku_change(old: &CircuitSku, new: &CircuitSku) -> Result<(), ArmError> {
    if new.tier == Some(SkuTier::Local) && old.tier != new.tier {
        let text = format!("the tier was {}, and nothing becomes Local; order a new circuit", shown(old.tier));
        return Err(ArmError::bad_request("SkuTierChangeNotAllowed", text).at("sku.tier"));
    }
    if (old.family, new.family) == (Some(SkuFamily::UnlimitedData), Some(SkuFamily::MeteredData)) {
        let text = "the family was UnlimitedData, and does not become MeteredData; order a new circuit";
        return Err(ArmError::bad_request("SkuFamilyChangeNotAllowed", text).at("sku.family"));
    }
    Ok(())
}

fn shown(word: Option<impl std::fmt::Display>) -> String {
    word.map_or_else(|| "none".to_owned(), |word| word.to_string())
}

/// The Local tier exists only where regions are near.
///
/// # Errors
///
/// 400 `LocalSkuNotAvailable`.
pub(super) fn local(catalog: &Catalog, sku: &CircuitSku, location: &str) -> Result<(), ArmError> {
    let near = catalog.location(location).is_some_and(|place| !place.local_azure_regions.is_empty());
    if sku.tier == Some(SkuTier::Local) && !near {
        let text = format!("the tier is Local, which is not sold at {location}: no region is near");
        return Err(ArmError::bad_request("LocalSkuNotAvailable", text).at(SKU));
    }
    Ok(())
}

/// What is ordered from a provider, in the catalogue's spelling of places.
///
/// # Errors
///
/// 400 `ServiceProviderUnknown`, `PeeringLocationUnknown`, `ServiceProviderNotAtPeeringLocation` or
/// `BandwidthNotOffered`.
pub(super) fn provider_order(
    catalog: &Catalog,
    given: &ServiceProviderProperties,
) -> Result<ServiceProviderProperties, ArmError> {
    let name = given.service_provider_name.as_deref().unwrap_or_default();
    let provider = catalog.provider(name).ok_or_else(|| {
        let text = format!(
            "the service provider is `{}`, wanted one of the {} of expressRouteServiceProviders",
            cut(name),
            catalog.providers().len()
        );
        ArmError::bad_request("ServiceProviderUnknown", text).at(PROVIDER)
    })?;
    let place = given.peering_location.as_deref().unwrap_or_default();
    let location = catalog.location(place).ok_or_else(|| {
        let text = format!("the peering location is `{}`, wanted one of expressRouteServiceProviders", cut(place));
        ArmError::bad_request("PeeringLocationUnknown", text).at(LOCATION)
    })?;
    if !provider.is_at(&location.name) {
        let places: Vec<_> = provider.all_locations().take(12).collect();
        let text = format!("{} does not sell at {}, wanted one of {}", provider.name, location.name, places.join(", "));
        return Err(ArmError::bad_request("ServiceProviderNotAtPeeringLocation", text).at(LOCATION));
    }
    let mbps = given.bandwidth_in_mbps.unwrap_or_default();
    let sold = catalog.provider_bandwidths();
    if !u32::try_from(mbps).is_ok_and(|mbps| sold.contains(&Bandwidth::mbps(mbps))) {
        let sold: Vec<_> = sold.iter().map(|bandwidth| bandwidth.as_mbps().to_string()).collect();
        let text = format!(
            "the circuit cannot be created as the requested bandwidth {mbps} is not available at the peering location \
             {}, wanted one of {} Mbps",
            location.name,
            sold.join(", ")
        );
        return Err(ArmError::bad_request("BandwidthNotOffered", text).at(MBPS));
    }
    Ok(ServiceProviderProperties {
        service_provider_name: Some(name.to_owned()),
        peering_location: Some(location.name.clone()),
        bandwidth_in_mbps: Some(mbps),
    })
}

/// Whether an order from a provider may follow an earlier one: same provider, same place, no less bandwidth.
///
/// # Errors
///
/// 400 `ServiceProviderCannotBeModified`, `PeeringLocationCannotBeModified` or `BandwidthDowngradeNotAllowed`.
pub(super) fn provider_change(
    catalog: &Catalog,
    old: &ServiceProviderProperties,
    new: &ServiceProviderProperties,
) -> Result<(), ArmError> {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let provider = |order: &ServiceProviderProperties| {
        catalog.provider(&text(&order.service_provider_name)).map(|provider| provider.id.clone())
    };
    if provider(old) != provider(new) {
        let text = format!(
            "the service provider was {} and cannot become {}; order a new circuit",
            text(&old.service_provider_name),
            text(&new.service_provider_name)
        );
        return Err(ArmError::bad_request("ServiceProviderCannotBeModified", text).at(PROVIDER));
    }
    if !text(&old.peering_location).eq_ignore_ascii_case(&text(&new.peering_location)) {
        let text = format!(
            "the peering location was {} and cannot become {}; order a new circuit",
            text(&old.peering_location),
            text(&new.peering_location)
        );
        return Err(ArmError::bad_request("PeeringLocationCannotBeModified", text).at(LOCATION));
    }
    no_less(old.bandwidth_in_mbps.unwrap_or_default(), new.bandwidth_in_mbps.unwrap_or_default(), MBPS)
}

/// Bandwidth goes up only; without downtime.
///
/// # Errors
///
/// 400 `BandwidthDowngradeNotAllowed`.
pub(super) fn no_less(old_mbps: i64, new_mbps: i64, field: &str) -> Result<(), ArmError> {
    if new_mbps < old_mbps {
        let text =
            format!("the bandwidth was {old_mbps} Mbps and cannot go down to {new_mbps} Mbps; order a new circuit");
        return Err(ArmError::bad_request("BandwidthDowngradeNotAllowed", text).at(field));
    }
    Ok(())
}

/// Not more of a text than an error should hold.
fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> CircuitSku {
        sku(Some(&CircuitSku { name: Some(name.to_owned()), ..CircuitSku::default() }), None).unwrap()
    }

    fn order(provider: &str, location: &str, mbps: i64) -> ServiceProviderProperties {
        ServiceProviderProperties {
            service_provider_name: Some(provider.to_owned()),
            peering_location: Some(location.to_owned()),
            bandwidth_in_mbps: Some(mbps),
        }
    }

    fn code<T>(result: Result<T, ArmError>) -> String {
        result.err().map(|error| error.code).unwrap_or_default()
    }

    #[test]
    fn a_sku_is_named_by_its_parts() {
        assert_eq!(named("premium_unlimiteddata").name.as_deref(), Some("Premium_UnlimitedData"));
        assert_eq!(sku(None, None).unwrap().name.as_deref(), Some("Standard_MeteredData"));
        let kept = sku(None, Some(&named("Premium_MeteredData"))).unwrap();
        assert_eq!(kept.tier, Some(SkuTier::Premium));
        let mut torn = named("Premium_MeteredData");
        torn.family = Some(SkuFamily::UnlimitedData);
        assert_eq!(code(sku(Some(&torn), None)), "InvalidSku");
        let name = Some("Golden".to_owned());
        assert_eq!(code(sku(Some(&CircuitSku { name, ..CircuitSku::default() }), None)), "InvalidSku");
    }

    #[test]
    fn skus_change_one_way() {
        let change = |old, new| code(sku_change(&named(old), &named(new)));
        assert_eq!(change("Standard_MeteredData", "Premium_UnlimitedData"), "");
        assert_eq!(change("Premium_MeteredData", "Standard_MeteredData"), "");
        assert_eq!(change("Local_UnlimitedData", "Standard_UnlimitedData"), "");
        assert_eq!(change("Standard_UnlimitedData", "Local_UnlimitedData"), "SkuTierChangeNotAllowed");
        assert_eq!(change("Standard_UnlimitedData", "Standard_MeteredData"), "SkuFamilyChangeNotAllowed");
    }

    #[test]
    fn a_provider_sells_what_it_sells_where_it_is() {
        let catalog = Catalog::builtin();
        let asked = |provider, location, mbps| code(provider_order(catalog, &order(provider, location, mbps)));
        assert_eq!(asked("Equinix", "amsterdam", 1000), "");
        assert_eq!(asked("Umbrella Telecom", "Amsterdam", 1000), "ServiceProviderUnknown");
        assert_eq!(asked("Equinix", "Atlantis", 1000), "PeeringLocationUnknown");
        assert_eq!(asked("AARNet", "Amsterdam", 1000), "ServiceProviderNotAtPeeringLocation");
        assert_eq!(asked("Equinix", "Amsterdam", 3000), "BandwidthNotOffered");
        assert_eq!(asked("Equinix", "Amsterdam", -50), "BandwidthNotOffered");
    }

    #[test]
    fn an_order_grows_and_stays_where_it_is() {
        let catalog = Catalog::builtin();
        let old = order("Equinix", "Amsterdam", 200);
        let change = |new| code(provider_change(catalog, &old, &new));
        assert_eq!(change(order("equinix", "Amsterdam", 500)), "");
        assert_eq!(change(order("Colt", "Amsterdam", 200)), "ServiceProviderCannotBeModified");
        assert_eq!(change(order("Equinix", "London", 200)), "PeeringLocationCannotBeModified");
        assert_eq!(change(order("Equinix", "Amsterdam", 100)), "BandwidthDowngradeNotAllowed");
    }
}
