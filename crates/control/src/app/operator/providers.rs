//! Connectivity providers: their subscriptions and what they log in with.

use super::tenancy::{SUBSCRIPTIONS, list as page, of_kind};
use crate::app::Handled;
use crate::{Call, Tx};
use serde_json::json;
use std::collections::BTreeSet;
use uuid::Uuid;

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
