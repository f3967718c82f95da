//! What the first start leaves in the store, so that somebody can sign in.

use super::Principal;
use crate::Role;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Change, CommitError, Guard, Resource, Store, StoreError};
use uuid::Uuid;

/// How to sign in to an instance: what `credentials.json` holds. `Debug` hides the secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The public address of the service.
    #[serde(default)]
    pub url: String,
    /// The tenant.
    pub tenant: String,
    /// The subscription that the customer owns.
    pub subscription: String,
    /// The operator, in Microsoft's place.
    pub operator: Account,
    /// The customer, who owns the subscription.
    pub customer: Account,
}

/// An account and its secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The client id.
    pub client_id: String,
    /// The secret.
    pub client_secret: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (secret hidden)", self.client_id)
    }
}

/// The row that says that there was a first start.
const SEEDED: &str = "/twinpath/settings/seeded";

/// Writes a tenant with a subscription, an operator and a customer into an empty store, once. Gives how they sign in, and
/// nothing when the store had its first start before, here or by another replica.
///
/// Their secrets are nowhere but in what is given to `keep`, which is called before the store has them: a kill in between
/// leaves credentials without accounts, which the next start replaces, and never accounts that nobody can sign in to.
///
/// # Errors
///
/// The store failed, or `keep` did.
pub async fn seed<E: From<StoreError>>(
    store: &dyn Store,
    now: Timestamp,
    keep: impl FnOnce(&Credentials) -> Result<(), E>,
) -> Result<Option<Credentials>, E> {
    if store.get(SEEDED).await?.is_some() {
        return Ok(None);
    }
    let (credentials, change) = first(now);
    keep(&credentials)?;
    match store.commit(&change).await {
        Ok(_) => Ok(Some(credentials)),
        Err(CommitError::Stale(_) | CommitError::Taken { .. }) => Ok(None),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

/// Whether credentials are those of this store's accounts.
///
/// # Errors
///
/// The store failed.
pub async fn known(store: &dyn Store, credentials: &Credentials) -> Result<bool, StoreError> {
    Ok(Principal::find(store, &credentials.operator.client_id).await?.is_some())
}

/// Accounts with new secrets, and the change that makes them.
fn first(now: Timestamp) -> (Credentials, Change) {
    let (tenant, subscription) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
    let mut operator = Principal::new(&tenant, "operator").with_role("*", Role::Operator);
    let mut customer = Principal::new(&tenant, "customer").with_role(&subscription, Role::Owner);
    let account = |principal: &mut Principal| Account {
        client_id: principal.client.clone(),
        client_secret: principal.add_secret(None),
    };
    let (operator_account, customer_account) = (account(&mut operator), account(&mut customer));
    let id = format!("/subscriptions/{subscription}");
    let about = json!({
        "displayName": "Twinpath", "tenant": tenant, "state": "Enabled", "features": {}, "m365": false,
        "registrations": {},
    });
    let mut owned = row(&id, "microsoft.resources/subscriptions", about, now);
    owned.subscription.clone_from(&subscription);
    let firm =
        row(&format!("/twinpath/tenants/{tenant}"), "twinpath/tenants", json!({ "displayName": "Twinpath" }), now);
    let mark = row(SEEDED, "twinpath/settings", json!({ "tenant": tenant, "at": now.to_string() }), now);
    let change = Change {
        who: "service".to_owned(),
        request: "first start".to_owned(),
        at: now,
        guards: vec![Guard { key: SEEDED.to_owned(), revision: None }],
        puts: vec![mark, firm, owned, operator.to_row(now), customer.to_row(now)],
        ..Change::default()
    };
    let (operator, customer) = (operator_account, customer_account);
    (Credentials { url: String::new(), tenant, subscription, operator, customer }, change)
}

fn row(id: &str, kind: &str, document: serde_json::Value, now: Timestamp) -> Resource {
    Resource { id: id.to_owned(), ..Resource::new(&id.to_lowercase(), kind, document, now) }
}
