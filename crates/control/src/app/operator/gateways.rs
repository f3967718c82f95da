//! VNet gateways in the cloud's network: where each is, and what it needs to know of its edges.

use super::tenancy::list as page;
use super::{body, order, put_order};
use crate::app::{Handled, network};
use crate::{Answer, Call, Fault, Tx, intent};
use arm_api::{ArmError, ResourceId};
use edge_api::{GatewaySession, Intent};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// How many intents are read at a time.
const AT_ONCE: u32 = 500;

/// Where a gateway is.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
struct Place {
    /// Its address in the cloud's network; `None` for nowhere.
    underlay: Option<IpAddr>,
}

/// The same, with the gateway.
#[derive(Debug, Deserialize)]
struct Placing {
    id: String,
    underlay: Option<IpAddr>,
}

/// A tunnel, as the gateway's end sees it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tunnel {
    /// The edge at the other end.
    edge: String,
    /// Its address in the cloud's network, when it has said so.
    underlay: Option<String>,
    circuit: String,
    vni: u32,
    sessions: Vec<GatewaySession>,
}

/// Every gateway that an edge is told of, with its tunnels.
pub(super) async fn list(tx: &mut Tx<'_>, _: &Call) -> Handled {
    let mut gateways: BTreeMap<String, Value> = BTreeMap::new();
    for edge in tx.store().edges().await? {
        let reports = tx.store().reports(&edge, "").await?;
        let own = reports.iter().find(|(key, _, _)| key.is_empty()).map(|(_, _, report)| report);
        let cloud = own.and_then(|own| own["cloud"].as_str()).map(str::to_owned);
        let mut after = 0;
        loop {
            let rows = tx.store().intents(&edge, after, AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            after = last.revision;
            for told in rows.iter().filter_map(|row| serde_json::from_value::<Intent>(row.body.clone()?).ok()) {
                for gateway in told.gateways {
                    let tunnel = Tunnel {
                        edge: edge.clone(),
                        underlay: cloud.clone(),
                        circuit: told.circuit.clone(),
                        vni: gateway.vni,
                        sessions: gateway.sessions,
                    };
                    let shown = gateways.entry(gateway.id.clone()).or_insert_with(|| {
                        json!({
                            "id": gateway.id,
                            "name": gateway.id.rsplit('/').next(),
                            "asn": gateway.asn,
                            "underlay": gateway.underlay,
                            "prefixes": gateway.prefixes,
                            "tunnels": [],
                        })
                    });
                    if let Some(tunnels) = shown["tunnels"].as_array_mut() {
                        tunnels.push(json!(tunnel));
                    }
                }
            }
        }
    }
    Ok(page(gateways.into_values()))
}

/// Says where a gateway is; the edges of its circuits are told.
pub(super) async fn place(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let given: Placing = body(call)?;
    let key = ResourceId::parse(&given.id).map(|id| id.key().to_owned()).unwrap_or_default();
    let row = tx.get_key(&key).await?.filter(|row| row.kind == network::gateway::KIND);
    let Some(row) = row else {
        let seen: String = given.id.chars().take(300).collect();
        return Err(ArmError::not_found("NotFound", format!("no gateway `{seen}`")).at("id").into());
    };
    let name = format!("gateways{key}");
    let before: Place = order(tx, &name).await?;
    let place = Place { underlay: given.underlay };
    if before.underlay != place.underlay {
        put_order(tx, &name, &place).await?;
        reconcile(tx, &row).await?;
    }
    Ok(Answer::Ok(json!({ "id": row.id, "underlay": place.underlay })))
}

async fn reconcile(tx: &mut Tx<'_>, gateway: &store::Resource) -> Result<(), Fault> {
    for circuit in network::gateway::circuits(tx, gateway).await? {
        intent::reconcile(tx, &circuit).await?;
    }
    Ok(())
}
