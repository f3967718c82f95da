//! All circuits at a glance, and verdicts on the prefixes that customers want to announce.

use super::{body, guid, order, put_order, subscription_of};
use crate::app::Handled;
use crate::app::peering::validate;
use crate::{Answer, Call, Fault, Tx, intent};
use arm_api::ArmError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Query, Resource};

/// The kind of circuits.
const CIRCUITS: &str = "microsoft.network/expressroutecircuits";

/// What an operator thinks of the advertised prefixes of a circuit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Prefixes {
    /// Verdicts by prefix; a prefix without one is judged by rule.
    #[serde(default)]
    pub(crate) verdicts: BTreeMap<String, Option<Verdict>>,
}

/// A verdict on a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Verdict {
    /// It is the customer's.
    Validated,
    /// Nobody has proven that.
    Questioned,
}

/// Every circuit, a page at a time.
pub(super) async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let after = call.query.get("$skiptoken").cloned();
    let limit = tx.settings.page;
    let query = Query { kinds: vec![CIRCUITS.to_owned()], after, limit, ..Query::default() };
    let rows = tx.list(&query).await?;
    let next = rows.last().filter(|_| rows.len() as u64 >= u64::from(limit) && limit > 0).map(|row| row.key.clone());
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(shown(tx, row).await?);
    }
    Ok(Answer::List { items, next })
}

/// One circuit.
pub(super) async fn get(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let row = by_service_key(tx, call).await?;
    Ok(Answer::Ok(shown(tx, &row).await?))
}

/// Validates or questions prefixes of a circuit; `null` takes a verdict back. Others keep theirs.
pub(super) async fn put_prefixes(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let given: Prefixes = body(call)?;
    let circuit = by_service_key(tx, call).await?;
    let name = format!("prefixes{}", circuit.key);
    let mut kept: Prefixes = order(tx, &name).await?;
    for (prefix, verdict) in given.verdicts {
        let canonical = canonical(&prefix)?;
        match verdict {
            Some(verdict) => _ = kept.verdicts.insert(canonical, Some(verdict)),
            None => _ = kept.verdicts.remove(&canonical),
        }
    }
    put_order(tx, &name, &kept).await?;
    validate(tx, &circuit.key).await?;
    intent::reconcile(tx, &circuit.key).await?;
    Ok(Answer::Ok(json!({ "serviceKey": circuit.document["properties"]["serviceKey"], "verdicts": kept.verdicts })))
}

/// A prefix in the one way to write it.
fn canonical(text: &str) -> Result<String, ArmError> {
    use model::Value as _;
    let prefix = model::Prefix::parse(text).map_err(|error| {
        ArmError::bad_request("InvalidRequestContent", format!("`{text}`: {}", error.reason)).at("verdicts")
    })?;
    Ok(prefix.to_string())
}

/// The circuit of the service key in the path.
async fn by_service_key(tx: &mut Tx<'_>, call: &Call) -> Result<Resource, Fault> {
    let key = guid(call, "serviceKey")?;
    let holder = tx.store().holder(&format!("service-key/{key}")).await?;
    let circuit = match holder {
        Some(holder) => tx.get_key(&holder).await?,
        None => None,
    };
    Ok(circuit.ok_or_else(|| ArmError::not_found("NotFound", format!("no circuit has the service key `{key}`")))?)
}

/// A circuit as the operator sees it: states, who, where, and its peerings.
async fn shown(tx: &mut Tx<'_>, row: &Resource) -> Result<Value, Fault> {
    let of = |path: &str| row.document["properties"].pointer(path).cloned().unwrap_or_default();
    let peerings = tx.children(row, "peerings").await?;
    let peerings: Vec<&str> = peerings.iter().filter_map(|row| row.id.rsplit('/').next()).collect();
    let verdicts: Prefixes = order(tx, &format!("prefixes{}", row.key)).await?;
    Ok(json!({
        "id": row.id,
        "serviceKey": of("/serviceKey"),
        "provider": of("/serviceProviderProperties/serviceProviderName"),
        "peeringLocation": of("/serviceProviderProperties/peeringLocation"),
        "port": of("/expressRoutePort/id"),
        "crossConnection": cross_connection(tx, row),
        "bandwidthInMbps": of("/serviceProviderProperties/bandwidthInMbps"),
        "circuitProvisioningState": of("/circuitProvisioningState"),
        "serviceProviderProvisioningState": of("/serviceProviderProvisioningState"),
        "provisioningState": of("/provisioningState"),
        "peerings": peerings,
        "prefixes": verdicts.verdicts,
    }))
}

/// The id of a circuit's cross connection, in the subscription of its provider (spec 07, 9).
fn cross_connection(tx: &Tx<'_>, row: &Resource) -> Option<String> {
    let text = |path: &str| row.document["properties"].pointer(path).and_then(Value::as_str);
    let provider = tx.settings.catalog.provider(text("/serviceProviderProperties/serviceProviderName")?)?;
    let location: String = text("/serviceProviderProperties/peeringLocation")?.split_whitespace().collect();
    Some(format!(
        "/subscriptions/{}/resourceGroups/CrossConnection-{location}/providers/Microsoft.Network/\
         expressRouteCrossConnections/{}",
        subscription_of(&provider.name),
        text("/serviceKey")?
    ))
}
