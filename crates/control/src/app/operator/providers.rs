//! Connectivity providers: their subscriptions and what they log in with.

use super::tenancy::{SUBSCRIPTIONS, list as page, make_subscription, of_kind};
use super::{body, name};
use crate::app::Handled;
use crate::auth::Principal;
use crate::{Answer, Call, Role, Tx};
use arm_api::ArmError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What an operator says of the provider to enroll.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Enroll {
    /// The tenant that its subscription belongs to, when it has none yet.
    tenant: Option<Uuid>,
}

/// The subscription of a provider, by its name in the catalogue.
pub fn subscription_of(provider: &str) -> String {
    let name = format!("twinpath-provider/{}", provider.to_lowercase());
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

/// Every provider of the catalogue; `enrolled` says whether its subscription was made.
pub(super) async fn list(tx: &mut Tx<'_>, _: &Call) -> Handled {
    let rows = tx.list(&of_kind(SUBSCRIPTIONS)).await?;
    let made: BTreeSet<String> = rows.into_iter().map(|row| row.subscription).collect();
    let shown = tx.settings.catalog.providers().iter().map(|provider| {
        let subscription = subscription_of(&provider.name);
        let locations: BTreeSet<&str> = provider.all_locations().collect();
        json!({
            "name": provider.name,
            "enrolled": made.contains(&subscription),
            "subscriptionId": subscription,
            "locations": locations,
        })
    });
    Ok(page(shown))
}

/// Makes a provider's subscription and a principal for it. The secret is in this one answer; asked again, there is
/// another principal.
pub(super) async fn enroll(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let given: Enroll = if call.body.is_null() { Enroll::default() } else { body(call)? };
    let asked = name(call, "provider");
    let provider = tx.settings.catalog.provider(asked).ok_or_else(|| {
        ArmError::not_found("ServiceProviderUnknown", format!("the catalogue has no provider `{asked}`"))
    })?;
    let provider = provider.name.clone();
    let id = subscription_of(&provider);
    let row = tx.get_key(&format!("/subscriptions/{id}")).await?;
    let known = row.as_ref().and_then(|row| row.document.get("tenant")?.as_str().map(str::to_owned));
    let tenant = known.or(given.tenant.map(|id| id.to_string())).unwrap_or_else(|| call.caller.tenant.clone());
    if row.is_none() {
        let row = make_subscription(tx, &id, &provider, &tenant);
        tx.put(row);
    }
    let mut principal = Principal::new(&tenant, &format!("{provider} (provider)")).with_role(&id, Role::Provider);
    let secret = principal.add_secret(None);
    tx.put(principal.to_row(tx.now));
    let body: Value = json!({
        "name": provider, "subscriptionId": id, "tenant": tenant, "clientId": principal.client, "secret": secret,
    });
    Ok(Answer::Created(body))
}
