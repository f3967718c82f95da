//! `Microsoft.Network/publicIPAddresses`.
//!
//! Addresses come from ranges that nobody routes: 198.18.0.0/15 (RFC 2544) and 2001:db8::/32 (RFC 3849). Each is given
//! once.

use super::{Handled, Route, route};
use super::{change, common};
use crate::app::row;
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use arm_api::body::{AllocationMethod, IpVersion, PublicIp, PublicIpProperties, PublicIpSku, read};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use store::Resource;
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Network/publicIPAddresses" PublicIPAddresses_ListAll Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/publicIPAddresses" PublicIPAddresses_List Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/publicIPAddresses/{publicIpAddressName}" PublicIPAddresses_Get Read => get),
    route!(Put "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/publicIPAddresses/{publicIpAddressName}" PublicIPAddresses_CreateOrUpdate Write => put),
    route!(Patch "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/publicIPAddresses/{publicIpAddressName}" PublicIPAddresses_UpdateTags Write => patch),
    route!(Delete "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/publicIPAddresses/{publicIpAddressName}" PublicIPAddresses_Delete Write => delete),
];

/// The kind of the rows.
pub(super) const KIND: &str = "microsoft.network/publicipaddresses";

async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    common::list(tx, call, KIND).await
}

async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Ok(common::body(&row, &row.etag)))
}

async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (region, tags, old) = common::before_put(tx, call).await?;
    let given: PublicIp = read(&call.body)?;
    let before: Option<PublicIp> = old.as_ref().and_then(|row| serde_json::from_value(row.document.clone()).ok());
    let sku = sku(given.sku.as_ref(), before.as_ref().and_then(|before| before.sku.as_ref()))?;
    let was = before.map(|before| before.properties).unwrap_or_default();
    let standard = sku.name.as_deref() != Some("Basic");
    let version = given.properties.version.or(was.version).unwrap_or(IpVersion::V4);
    let method = given.properties.allocation_method.or(was.allocation_method);
    let method = method.unwrap_or(if standard { AllocationMethod::Static } else { AllocationMethod::Dynamic });
    if standard && method == AllocationMethod::Dynamic {
        let text = "a public address of SKU Standard is Static, publicIPAllocationMethod is Dynamic";
        let target = "properties.publicIPAllocationMethod";
        return Err(ArmError::bad_request("PublicIPAddressAllocationMethodNotAllowed", text).at(target).into());
    }
    if was.version.is_some_and(|was| was != version) {
        let text = format!("{} is {}, it cannot become {version}", call.id, was.version.unwrap_or(version));
        let target = "properties.publicIPAddressVersion";
        return Err(ArmError::bad_request("PublicIPAddressVersionCannotBeChanged", text).at(target).into());
    }
    let address = match (was.ip_address.clone(), method) {
        (Some(address), _) => Some(address),
        (None, AllocationMethod::Static) => Some(allot(tx, call.id.key(), version).await?),
        (None, AllocationMethod::Dynamic) => None,
    };
    let mut dns = given.properties.dns_settings.clone();
    if let Some(dns) = &mut dns
        && let Some(label) = dns.domain_name_label.clone()
    {
        name(tx, call, &region, &label, was.dns_settings.as_ref().and_then(|dns| dns.domain_name_label.as_deref()))?;
        dns.fqdn = Some(format!("{}.{region}.cloudapp.azure.com", label.to_lowercase()));
    }
    let kept = PublicIp {
        location: Some(region),
        tags: Some(tags),
        sku: Some(sku),
        zones: given.zones,
        extended_location: given.extended_location,
        properties: PublicIpProperties {
            allocation_method: Some(method),
            version: Some(version),
            dns_settings: dns,
            ip_tags: Some(given.properties.ip_tags.clone().unwrap_or_default()),
            idle_timeout_in_minutes: Some(given.properties.idle_timeout_in_minutes.unwrap_or(4)),
            ip_address: address,
            ip_configuration: was.ip_configuration,
            resource_guid: Some(was.resource_guid.unwrap_or_else(|| Uuid::new_v4().to_string())),
            provisioning_state: None,
            ..given.properties
        },
        ..PublicIp::default()
    };
    let mut row = old.clone().unwrap_or_else(|| tx.make(&call.id, json!({})));
    row.document = serde_json::to_value(kept).unwrap_or_default();
    change::put(tx, row.clone());
    let operation = change::start(tx, call, &[row.key], &BTreeSet::new());
    let row = row::existing(tx, &call.id).await?;
    Ok(Answer::Writing { created: old.is_none(), body: common::body(&row, &row.etag), operation })
}

async fn patch(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = common::patch(tx, call).await?;
    Ok(Answer::Ok(common::body(&row, &row.etag)))
}

async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let Some(row) = common::before_delete(tx, call).await? else { return Ok(Answer::Empty(204, Vec::new())) };
    may_go(&row)?;
    change::delete(tx, call, row).await
}

/// Whether an address may be deleted: nothing has it.
pub(super) fn may_go(row: &Resource) -> Result<(), ArmError> {
    match user(row) {
        None => Ok(()),
        Some(user) => {
            let text = format!("the public address {} is in use by {user} and cannot be deleted", row.id);
            Err(ArmError::bad_request("PublicIPAddressCannotBeDeleted", text))
        }
    }
}

/// What has the address.
pub(super) fn user(row: &Resource) -> Option<&str> {
    row.document["properties"]["ipConfiguration"]["id"].as_str()
}

/// Gives an address to what uses it; a dynamic one is allotted now.
pub(super) async fn take(tx: &mut Tx<'_>, mut row: Resource, user: &str) -> Result<(), Fault> {
    if row.document["properties"]["ipAddress"].is_null() {
        let v6 = row.document["properties"]["publicIPAddressVersion"] == "IPv6";
        let version = if v6 { IpVersion::V6 } else { IpVersion::V4 };
        row.document["properties"]["ipAddress"] = Value::String(allot(tx, &row.key.clone(), version).await?);
    }
    row.document["properties"]["ipConfiguration"] = json!({ "id": user });
    tx.put(row);
    Ok(())
}

/// Nothing has the address any more; a dynamic one goes back.
pub(super) fn free(tx: &mut Tx<'_>, mut row: Resource) {
    let dynamic = row.document["properties"]["publicIPAllocationMethod"] == "Dynamic";
    let address = row.document["properties"]["ipAddress"].as_str().map(str::to_owned);
    if let Some(properties) = row.document["properties"].as_object_mut() {
        properties.remove("ipConfiguration");
        if dynamic {
            properties.remove("ipAddress");
        }
    }
    if let Some(address) = address.filter(|_| dynamic) {
        tx.release(format!("public-ip/{address}"));
    }
    tx.put(row);
}

/// The SKU, which stays what it is but for Basic to Standard.
fn sku(given: Option<&PublicIpSku>, before: Option<&PublicIpSku>) -> Result<PublicIpSku, ArmError> {
    const NAMES: [&str; 3] = ["Basic", "Standard", "StandardV2"];
    let text =
        given.and_then(|sku| sku.name.as_deref()).or(before.and_then(|sku| sku.name.as_deref())).unwrap_or("Basic");
    let name = NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(text)).ok_or_else(|| {
        let seen: String = text.chars().take(40).collect();
        ArmError::bad_request("InvalidSkuName", format!("sku.name is `{seen}`, wanted one of {}", NAMES.join(", ")))
            .at("sku.name")
    })?;
    let was = before.and_then(|sku| sku.name.as_deref());
    if let Some(was) = was.filter(|was| *was != name && !(*was == "Basic" && name == "Standard")) {
        let text = format!("the SKU {was} cannot become {name}");
        return Err(ArmError::bad_request("PublicIPAddressSkuCannotBeChanged", text).at("sku.name"));
    }
    let tier = given.and_then(|sku| sku.tier.clone()).or(before.and_then(|sku| sku.tier.clone()));
    Ok(PublicIpSku { name: Some(name.to_owned()), tier: Some(tier.unwrap_or_else(|| "Regional".to_owned())) })
}

/// Takes a name in a region, which is had once.
fn name(tx: &mut Tx<'_>, call: &Call, region: &str, label: &str, before: Option<&str>) -> Result<(), ArmError> {
    let target = "properties.dnsSettings.domainNameLabel";
    let good = (1..=63).contains(&label.len())
        && label.starts_with(|c: char| c.is_ascii_alphabetic())
        && label.ends_with(|c: char| c.is_ascii_alphanumeric())
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !good {
        let seen: String = label.chars().take(80).collect();
        let text = format!("the domain name label `{seen}` is invalid; wanted a letter, then letters, digits and `-`");
        return Err(ArmError::bad_request("InvalidDomainNameLabel", text).at(target));
    }
    let label = label.to_lowercase();
    if let Some(before) = before.map(str::to_lowercase).filter(|before| *before != label) {
        tx.release(format!("dns/{region}/{before}"));
    }
    let text = format!("the DNS record {label}.{region} is already used by another public address");
    tx.claim(format!("dns/{region}/{label}"), call.id.key(), ArmError::bad_request("DnsRecordInUse", text).at(target));
    Ok(())
}

/// A free address.
async fn allot(tx: &mut Tx<'_>, holder: &str, version: IpVersion) -> Result<String, Fault> {
    const ATTEMPTS: u32 = 200;
    for _ in 0..ATTEMPTS {
        let seed = Uuid::new_v4().as_u128();
        let address = match version {
            // 198.18.0.0/15 without its first and last address.
            IpVersion::V4 => Ipv4Addr::from(0xc612_0000 + 1 + (seed % 0x1_fffe) as u32).to_string(),
            IpVersion::V6 => Ipv6Addr::from((0x2001_0db8 << 96) | (seed >> 32)).to_string(),
        };
        let claim = format!("public-ip/{address}");
        if tx.store().holder(&claim).await?.is_none() {
            let taken = ArmError::conflict("RetryableError", "the address was given to another; try again");
            tx.claim(claim, holder, taken);
            return Ok(address);
        }
    }
    Err(ArmError::conflict("PublicIPAddressesExhausted", "no public address is free").into())
}
