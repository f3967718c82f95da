//! Principals: who may sign in, and what they may do then.

use super::tenancy::{list as page, of_kind};
use super::{body, guid, name};
use crate::app::Handled;
use crate::auth::Principal;
use crate::{Answer, Call, Fault, Role, Tx};
use arm_api::ArmError;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::Resource;
use uuid::Uuid;

/// The kind of rows that hold principals.
const PRINCIPALS: &str = "twinpath/principals";

/// What an operator says of a principal; what is left out stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PrincipalBody {
    name: Option<String>,
    tenant: Option<Uuid>,
    /// Roles by subscription; `*` goes with `operator` alone.
    roles: Option<BTreeMap<String, Role>>,
}

/// Every principal.
pub(super) async fn list(tx: &mut Tx<'_>, _: &Call) -> Handled {
    let rows = tx.list(&of_kind(PRINCIPALS)).await?;
    Ok(page(rows.iter().filter_map(Principal::from_row).map(|principal| shown(&principal))))
}

/// One principal.
pub(super) async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (principal, _) = known(tx, call).await?;
    Ok(Answer::Ok(shown(&principal)))
}

/// Makes a principal, whose secret is in this one answer and nowhere else, or changes its name and roles.
pub(super) async fn put(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let client = guid(call, "clientId")?;
    let given: PrincipalBody = body(call)?;
    let roles = given.roles.map(lower).transpose()?;
    let old = tx.get_key(&Principal::key(&client)).await?;
    let Some((mut principal, old)) = old.and_then(|row| Some((Principal::from_row(&row)?, row))) else {
        let tenant = given.tenant.ok_or_else(|| {
            ArmError::bad_request("InvalidRequestContent", "a new principal needs the tenant it belongs to")
                .at("tenant")
        })?;
        let mut principal = Principal::new(&tenant.to_string(), given.name.as_deref().unwrap_or(&client));
        principal.client = client;
        principal.roles = roles.unwrap_or_default();
        let secret = principal.add_secret(None);
        tx.put(principal.to_row(tx.now));
        let mut body = shown(&principal);
        body["secret"] = json!(secret);
        return Ok(Answer::Created(body));
    };
    principal.name = given.name.unwrap_or(principal.name);
    principal.roles = roles.unwrap_or(principal.roles);
    principal.tenant = given.tenant.map_or(principal.tenant, |tenant| tenant.to_string());
    write(tx, &principal, old);
    Ok(Answer::Ok(shown(&principal)))
}

/// Draws another secret; the old ones are good no more.
pub(super) async fn new_secret(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let (mut principal, old) = known(tx, call).await?;
    principal.secrets.clear();
    let secret = principal.add_secret(None);
    write(tx, &principal, old);
    Ok(Answer::Ok(json!({ "clientId": principal.client, "secret": secret })))
}

/// Forgets a principal. One that is not there is none to complain about.
pub(super) async fn delete(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let client = guid(call, "clientId")?;
    if let Some(row) = tx.get_key(&Principal::key(&client)).await? {
        tx.delete(&row.key);
    }
    Ok(Answer::Empty(204, Vec::new()))
}

fn write(tx: &mut Tx<'_>, principal: &Principal, old: Resource) {
    tx.put(Resource { created: old.created, ..principal.to_row(tx.now) });
}

async fn known(tx: &mut Tx<'_>, call: &Call) -> Result<(Principal, Resource), Fault> {
    let client = guid(call, "clientId")?;
    let row = tx.get_key(&Principal::key(&client)).await?;
    let known = row.and_then(|row| Some((Principal::from_row(&row)?, row)));
    Ok(known.ok_or_else(|| {
        ArmError::not_found("NotFound", format!("no principal has the client id `{}`", name(call, "clientId")))
    })?)
}

/// Roles with their subscriptions in lower case.
fn lower(roles: BTreeMap<String, Role>) -> Result<BTreeMap<String, Role>, ArmError> {
    let refuse = |text: String| ArmError::bad_request("InvalidRequestContent", text).at("roles");
    let each = roles.into_iter().map(|(subscription, role)| match (Uuid::parse_str(&subscription), role) {
        (Ok(_), Role::Operator) => Err(refuse("the role `operator` is for all subscriptions, `*`".to_owned())),
        (Ok(id), _) => Ok((id.to_string(), role)),
        (Err(_), Role::Operator) if subscription == "*" => Ok((subscription, role)),
        (Err(_), _) => Err(refuse(format!("`{subscription}` is no subscription; wanted its GUID"))),
    });
    each.collect()
}

/// A principal as it is answered: all but its secrets.
fn shown(principal: &Principal) -> Value {
    json!({
        "clientId": principal.client,
        "name": principal.name,
        "tenant": principal.tenant,
        "object": principal.object,
        "roles": principal.roles,
        "secrets": principal.secrets.len(),
    })
}
