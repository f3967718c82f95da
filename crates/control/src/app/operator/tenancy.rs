//! Tenants and subscriptions.

use super::{body, guid, write};
use crate::app::{Action, Handled, Route, Verb};
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{Query, Resource};

/// The kind of rows that hold tenants.
const TENANTS: &str = "twinpath/tenants";

/// The kind of rows that hold subscriptions.
pub(super) const SUBSCRIPTIONS: &str = "microsoft.resources/subscriptions";

/// A tenant as it is written.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tenant {
    display_name: String,
}

/// What an operator says of a subscription; what is left out stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SubscriptionBody {
    display_name: Option<String>,
    tenant: Option<String>,
    state: Option<State>,
    office365: Option<bool>,
}

/// Whether a subscription may be used.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
enum State {
    Enabled,
    Disabled,
}

/// The tenants that were named.
pub(super) async fn tenants(tx: &mut Tx<'_>, _: &Call) -> Handled {
    let rows = tx.list(&of_kind(TENANTS)).await?;
    Ok(list(rows.iter().map(tenant)))
}

/// Names a tenant.
pub(super) async fn put_tenant(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let id = guid(call, "tenantId")?;
    let given: Tenant = body(call)?;
    let new = write(tx, TENANTS, &tenant_key(&id), &given).await?;
    Ok(made(new, json!({ "tenantId": id, "displayName": given.display_name })))
}

/// Every subscription of every tenant.
pub(super) async fn subscriptions(tx: &mut Tx<'_>, _: &Call) -> Handled {
    let rows = tx.list(&of_kind(SUBSCRIPTIONS)).await?;
    Ok(list(rows.iter().map(shown)))
}

/// One subscription.
pub(super) async fn subscription(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let id = guid(call, "subscription")?;
    let row = tx.get_key(&format!("/subscriptions/{id}")).await?;
    let row = row.ok_or_else(|| no_subscription(&id))?;
    Ok(Answer::Ok(shown(&row)))
}

/// Makes a subscription, disables it, permits it Microsoft 365.
pub(super) async fn put_subscription(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let id = guid(call, "subscription")?;
    let given: SubscriptionBody = body(call)?;
    let (row, new) = change_subscription(tx, &id, given).await?;
    Ok(made(new, shown(&row)))
}

/// A subscription with what was said of it; made when it is not there.
async fn change_subscription(tx: &mut Tx<'_>, id: &str, given: SubscriptionBody) -> Result<(Resource, bool), Fault> {
    let key = format!("/subscriptions/{id}");
    let old = tx.get_key(&key).await?;
    let new = old.is_none();
    let mut row = match old {
        Some(row) => row,
        None => {
            let tenant = given.tenant.clone().ok_or_else(|| {
                ArmError::bad_request("InvalidRequestContent", "a new subscription needs the tenant it belongs to")
                    .at("tenant")
            })?;
            make_subscription(tx, id, id, &tenant)
        }
    };
    let mut document = object(row.document);
    if let Some(name) = given.display_name {
        document.insert("displayName".to_owned(), json!(name));
    }
    if let Some(tenant) = given.tenant {
        let tenant = uuid::Uuid::parse_str(&tenant).map_err(|_| {
            ArmError::bad_request("InvalidRequestContent", format!("`{tenant}` is no GUID")).at("tenant")
        })?;
        document.insert("tenant".to_owned(), json!(tenant));
    }
    if let Some(state) = given.state {
        document.insert("state".to_owned(), json!(state));
    }
    if let Some(permitted) = given.office365 {
        document.insert("m365".to_owned(), json!(permitted));
    }
    row.document = Value::Object(document);
    tx.put(row.clone());
    Ok((row, new))
}

/// A subscription that is not written yet.
pub(super) fn make_subscription(tx: &Tx<'_>, id: &str, name: &str, tenant: &str) -> Resource {
    let key = format!("/subscriptions/{id}");
    let mut row = Resource::new(&key, SUBSCRIPTIONS, Value::Null, tx.now);
    id.clone_into(&mut row.subscription);
    row.document = json!({
        "displayName": name,
        "tenant": tenant.to_lowercase(),
        "state": State::Enabled,
        "features": {},
        "m365": false,
        "registrations": {},
    });
    row
}

/// Refuses writes in a subscription that an operator disabled.
///
/// # Errors
///
/// 409 `ReadOnlyDisabledSubscription`; the store failed.
pub(crate) async fn refuse_disabled(tx: &mut Tx<'_>, route: &Route, call: &Call) -> Result<(), Fault> {
    if matches!(route.verb, Verb::Get | Verb::Head) || route.action == Action::Operate {
        return Ok(());
    }
    let row = tx.get_key(&format!("/subscriptions/{}", call.id.subscription().to_lowercase())).await?;
    if row.is_none_or(|row| row.document["state"] != json!(State::Disabled)) {
        return Ok(());
    }
    let text = format!(
        "the subscription '{}' is disabled and therefore marked as read only; nothing is written in it until it is \
         enabled again",
        call.id.subscription()
    );
    Err(ArmError::conflict("ReadOnlyDisabledSubscription", text).into())
}

fn shown(row: &Resource) -> Value {
    let of = |key: &str| row.document.get(key).cloned().unwrap_or_default();
    json!({
        "subscriptionId": row.subscription,
        "displayName": of("displayName"),
        "tenant": of("tenant"),
        "state": of("state"),
        "office365": of("m365"),
        "features": of("features"),
    })
}

fn tenant(row: &Resource) -> Value {
    let id = row.key.rsplit('/').next().unwrap_or_default();
    json!({ "tenantId": id, "displayName": row.document.get("displayName") })
}

fn tenant_key(id: &str) -> String {
    format!("/twinpath/tenants/{id}")
}

fn no_subscription(id: &str) -> ArmError {
    ArmError::not_found("SubscriptionNotFound", format!("the subscription `{id}` could not be found"))
}

/// All rows of a kind.
pub(super) fn of_kind(kind: &str) -> Query {
    Query { kinds: vec![kind.to_owned()], ..Query::default() }
}

/// A list that fits a page.
pub(super) fn list(items: impl Iterator<Item = Value>) -> Answer {
    Answer::List { items: items.collect(), next: None }
}

/// 201 or 200.
pub(super) fn made(new: bool, body: Value) -> Answer {
    if new { Answer::Created(body) } else { Answer::Ok(body) }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
