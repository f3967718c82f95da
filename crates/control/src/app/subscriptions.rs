//! Subscriptions, tenants and regions: what clients ask for when they log in.

use super::scope::{self, SUBSCRIPTIONS};
use super::{Handled, Route, route};
use crate::{Answer, Call, Caller, Tx};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Query, Resource};

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions" Subscriptions_List Known => list),
    route!(Get "/subscriptions/{subscriptionId}" Subscriptions_Get Read => get),
    route!(Get "/subscriptions/{subscriptionId}/locations" Subscriptions_ListLocations Read => locations),
    route!(Get "/tenants" Tenants_List Known => tenants),
];

/// The subscriptions of the caller's tenant in which the caller has a role.
async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let mine = visible(tx, &call.caller).await?;
    let value: Vec<Value> = mine.iter().map(show).collect();
    let count = value.len();
    Ok(Answer::Ok(json!({ "value": value, "count": { "type": "Total", "value": count } })))
}

/// One subscription.
async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope::subscription(tx, call.id.subscription()).await?;
    Ok(Answer::Ok(show(&row)))
}

/// The regions of the public cloud in the catalogue.
async fn locations(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = scope::subscription(tx, call.id.subscription()).await?;
    let regions = tx.settings.catalog.regions().iter().filter(|region| region.cloud == "AzureCloud");
    let shown = regions.map(|region| {
        json!({
            "id": format!("{}/locations/{}", row.id, region.name),
            "name": region.name,
            "type": "Region",
            "displayName": region.display_name,
            "regionalDisplayName": format!("({}) {}", region.geopolitical_region, region.display_name),
            "metadata": {
                "regionType": "Physical",
                "regionCategory": "Recommended",
                "geography": region.geopolitical_region,
                "geographyGroup": region.geopolitical_region,
                "pairedRegion": [],
            },
        })
    });
    Ok(Answer::Ok(json!({ "value": shown.collect::<Vec<_>>() })))
}

/// The tenant of the caller.
async fn tenants(_tx: &mut Tx<'_>, call: &Call) -> Handled {
    let tenant = &call.caller.tenant;
    Ok(Answer::Ok(json!({ "value": [{
        "id": format!("/tenants/{tenant}"),
        "tenantId": tenant,
        "displayName": tenant,
        "tenantCategory": "Home",
        "tenantType": "AAD",
    }] })))
}

/// Rows of the subscriptions that a caller may know of: those of its tenant in which it has a role.
async fn visible(tx: &mut Tx<'_>, caller: &Caller) -> Result<Vec<Resource>, crate::Fault> {
    let of_tenant =
        |row: &Resource| row.document["tenant"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(&caller.tenant));
    let mut found: BTreeMap<String, Resource> = BTreeMap::new();
    if caller.roles.contains_key("*") {
        let rows = tx.list(&Query { kinds: vec![SUBSCRIPTIONS.to_owned()], ..Query::default() }).await?;
        found.extend(rows.into_iter().map(|row| (row.key.clone(), row)));
    } else {
        for subscription in caller.roles.keys() {
            let key = format!("/subscriptions/{subscription}");
            if let Some(row) = tx.get_key(&key).await? {
                found.insert(key, row);
            }
        }
    }
    Ok(found.into_values().filter(of_tenant).collect())
}

/// A subscription as it is answered.
fn show(row: &Resource) -> Value {
    let id = row.id.rsplit('/').next().unwrap_or_default();
    let mut shown = json!({
        "id": format!("/subscriptions/{id}"),
        "subscriptionId": id,
        "tenantId": row.document["tenant"],
        "displayName": row.document["displayName"],
        "state": row.document["state"].as_str().unwrap_or("Enabled"),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionPolicies": { "locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off" },
    });
    if row.document["tags"].is_object() {
        shown["tags"] = row.document["tags"].clone();
    }
    shown
}
