//! The operator's side: what Microsoft does on Azure, as an API of its own below `/operator/v1`.
//!
//! | family | what an operator does there |
//! | --- | --- |
//! | tenants, subscriptions | makes them, disables them, permits Microsoft 365 |
//! | principals | makes them, gives roles, draws new secrets |
//! | providers | hands a connectivity provider its subscription and credentials |
//! | circuits | looks over all of them, validates or questions advertised prefixes |
//! | edges | looks at what they report, drains them, takes ports down |
//! | gateways | says where a VNet gateway is in the cloud's network, and what it needs to know of its edges |
//! | delays, quirks | decides how slow and how odd the service is |
//! | audit | reads who changed what |
//!
//! Same pipeline as ARM: tokens, request ids, errors, audit. Only principals with the role `operator` are let in. What is
//! ordered here stands in the store as rows of kind `twinpath/settings`, so that a restart forgets nothing.

mod audit;
mod circuits;
mod edges;
mod gateways;
mod openapi;
mod orders;
mod principals;
mod providers;
mod tenancy;

use super::{Route, route};
use crate::engine::Kind;
use crate::{Call, Fault, Tx};
use arm_api::ArmError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::Resource;
use uuid::Uuid;

pub(crate) use circuits::{Prefixes, Verdict};
pub use openapi::openapi;
pub(crate) use orders::Names;
pub use providers::subscription_of;
pub(crate) use tenancy::refuse_disabled;

/// The routes of the operator.
pub(super) static ROUTES: &[Route] = &[
    route!(Get "/operator/v1/tenants" Operator_ListTenants Operate => tenancy::tenants),
    route!(Put "/operator/v1/tenants/{tenantId}" Operator_PutTenant Operate => tenancy::put_tenant),
    route!(Get "/operator/v1/subscriptions" Operator_ListSubscriptions Operate => tenancy::subscriptions),
    route!(Get "/operator/v1/subscriptions/{subscription}" Operator_GetSubscription Operate => tenancy::subscription),
    route!(Put "/operator/v1/subscriptions/{subscription}" Operator_PutSubscription Operate => tenancy::put_subscription),
    route!(Get "/operator/v1/principals" Operator_ListPrincipals Operate => principals::list),
    route!(Get "/operator/v1/principals/{clientId}" Operator_GetPrincipal Operate => principals::get),
    route!(Put "/operator/v1/principals/{clientId}" Operator_PutPrincipal Operate => principals::put),
    route!(Delete "/operator/v1/principals/{clientId}" Operator_DeletePrincipal Operate => principals::delete),
    route!(Post "/operator/v1/principals/{clientId}/newSecret" Operator_NewSecret Operate => principals::new_secret),
    route!(Post "/operator/v1/providers/{provider}/enroll" Operator_EnrollProvider Operate => providers::enroll),
    route!(Get "/operator/v1/providers" Operator_ListProviders Operate => providers::list),
    route!(Get "/operator/v1/circuits" Operator_ListCircuits Operate => circuits::list),
    route!(Get "/operator/v1/circuits/{serviceKey}" Operator_GetCircuit Operate => circuits::get),
    route!(Put "/operator/v1/circuits/{serviceKey}/prefixes" Operator_PutPrefixes Operate => circuits::put_prefixes),
    route!(Get "/operator/v1/edges" Operator_ListEdges Operate => edges::list),
    route!(Put "/operator/v1/edges/{edge}/maintenance" Operator_PutMaintenance Operate => edges::put_maintenance),
    route!(Put "/operator/v1/edges/{edge}/port" Operator_PutPort Operate => edges::put_port),
    route!(Get "/operator/v1/gateways" Operator_ListGateways Operate => gateways::list),
    route!(Put "/operator/v1/gateways" Operator_PlaceGateway Operate => gateways::place),
    route!(Get "/operator/v1/delays" Operator_GetDelays Operate => orders::delays),
    route!(Put "/operator/v1/delays" Operator_PutDelays Operate => orders::put_delays),
    route!(Get "/operator/v1/quirks" Operator_ListQuirks Operate => orders::quirks),
    route!(Put "/operator/v1/quirks/{quirk}" Operator_PutQuirk Operate => orders::put_quirk),
    route!(Get "/operator/v1/audit" Operator_ListAudit Operate => audit::list),
];

/// What goes on after the answer.
pub(super) static KINDS: &[Kind] = edges::KINDS;

/// The kind of standing orders.
pub(crate) const SETTINGS: &str = "twinpath/settings";

/// The body of a request, as a type.
fn body<T: DeserializeOwned>(call: &Call) -> Result<T, ArmError> {
    serde_path_to_error::deserialize(&call.body).map_err(|error| {
        let path = error.path().to_string();
        let text = error.into_inner().to_string();
        ArmError::bad_request("InvalidRequestContent", format!("the body cannot be used: {text}")).at(path)
    })
}

/// A name in the path; routes without it are a slip of ours that reads as an empty name.
fn name<'c>(call: &'c Call, key: &str) -> &'c str {
    call.names.get(key).map_or("", String::as_str)
}

/// A name in the path that is a GUID, in lower case.
fn guid(call: &Call, key: &str) -> Result<String, ArmError> {
    let text = name(call, key);
    Uuid::parse_str(text).map(|id| id.to_string()).map_err(|_| {
        let seen: String = text.chars().take(60).collect();
        ArmError::bad_request("InvalidRequestContent", format!("`{seen}` is no GUID")).at(key)
    })
}

/// Writes a row that is no ARM resource: its document, and its secrets as they were. Gives whether it is new.
async fn write(tx: &mut Tx<'_>, kind: &str, key: &str, document: &impl Serialize) -> Result<bool, Fault> {
    let document = serde_json::to_value(document).map_err(|error| refuse_ours(&error))?;
    let old = tx.get_key(key).await?;
    let new = old.is_none();
    let row = old.unwrap_or_else(|| Resource::new(key, kind, Value::Null, tx.now));
    tx.put(Resource { document, ..row });
    Ok(new)
}

/// A standing order, or its default where none was given.
pub(crate) async fn order<T: DeserializeOwned + Default>(tx: &mut Tx<'_>, name: &str) -> Result<T, Fault> {
    let row = tx.get_key(&format!("/twinpath/settings/{name}")).await?;
    Ok(row.and_then(|row| serde_json::from_value(row.document).ok()).unwrap_or_default())
}

/// Writes a standing order.
async fn put_order(tx: &mut Tx<'_>, name: &str, document: &impl Serialize) -> Result<(), Fault> {
    write(tx, SETTINGS, &format!("/twinpath/settings/{name}"), document).await.map(drop)
}

/// A document of ours that is no JSON cannot happen; it is told, not hidden.
fn refuse_ours(error: &serde_json::Error) -> ArmError {
    ArmError::new(http::StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", error.to_string())
}
