//! Routes of one circuit carried to another: what the edges of a circuit learned from its customer is announced at the
//! circuits that Global Reach connects it with.
//!
//! The service is between the edges. When an edge reports that a private peering changed, and once a minute in any
//! case, a [`relay`] asks the edges of that circuit that are there for their routes, keeps what the customer announces
//! in a row of its own ([`Kept`]), and tells the edges of the other circuits what differs. An edge that is away has no
//! say: so a side that goes down takes its routes with it, at the latest after a minute.
//!
//! Customers see the path `12076 <AS numbers of the other customer>`. What was carried to a circuit is not carried on,
//! and a circuit that announces a prefix itself is not told of it from elsewhere: nothing goes in circles.

use super::{KIND, ends};
use crate::app::circuit::Plant;
use crate::app::network::connection;
use crate::app::observe;
use crate::engine::{self, Next};
use crate::{Fault, Tx, intent};
use edge_api::{Own, RouteRow, Table, edge_name};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::{Operation, Resource, State};
use uuid::Uuid;

/// The most routes that are carried from a circuit: what its customer may announce on a private peering, and as many
/// of IPv6 (spec 03, 7). A session that is sent more ends, so this is no choice but a bound.
const MOST: usize = 20_000;

/// How long is waited between two looks at what edges answered.
const LOOK: Duration = Duration::from_millis(200);

/// What edges show as the next hop of a route of their own.
const OF_EDGE: &str = "0.0.0.0";

/// What the customer of a circuit announces: by prefix, the AS numbers of its path.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    routes: BTreeMap<String, Vec<u32>>,
}

/// The key of the row that holds what a circuit's customer announces.
fn row_of(circuit: &str) -> String {
    format!("/twinpath/reach{circuit}")
}

/// The circuits that Global Reach connects a circuit with, each with whether IPv6 is carried too.
async fn others(tx: &mut Tx<'_>, circuit: &Resource) -> Result<BTreeMap<String, bool>, Fault> {
    let mut others = BTreeMap::new();
    for link in Plant::of(circuit).links.iter().filter(|link| link.contains("/peerings/")) {
        if let Some(connection) = tx.get_key(&link.to_lowercase()).await?.filter(|row| row.kind == KIND) {
            let six = connection.document["properties"]["ipv6CircuitConnectionConfig"].is_object();
            others.extend(ends(&connection).into_iter().map(|circuit| (circuit, six)));
        }
    }
    others.remove(&circuit.key);
    Ok(others)
}

/// Has the routes of a circuit looked at anew, and with `all` those of the circuits it is connected with as well. A
/// circuit without Global Reach has none to look at.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn relay(tx: &mut Tx<'_>, circuit: &str, all: bool) -> Result<(), Fault> {
    let Some(row) = tx.store().get(circuit).await? else { return Ok(()) };
    // Seen without being guarded: whether there is such a connection is asked again when it is told.
    if !Plant::of(&row).links.iter().any(|link| link.contains("/peerings/")) {
        return Ok(());
    }
    let mut circuits = BTreeSet::from([circuit.to_owned()]);
    if all {
        circuits.extend(others(tx, &row).await?.into_keys());
    }
    for circuit in circuits {
        let waits = |operation: &Operation| operation.kind == super::RELAY && operation.step == 0;
        if !tx.store().running(&circuit).await?.iter().any(waits) {
            start(tx, &circuit);
        }
    }
    Ok(())
}

/// Promises a relay, which nobody may ask about and which keeps nobody off the circuit.
pub(super) fn start(tx: &mut Tx<'_>, circuit: &str) {
    let operation = engine::aside(tx, circuit, super::RELAY, json!({}));
    tx.operation(operation);
}

/// Step: asks every edge of the circuit that is there.
pub(super) async fn inquire(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let mut asked = Vec::new();
    let circuit = tx.store().get(&operation.resource).await?;
    // One that is connected with none any more has nothing to tell.
    let circuit = match circuit {
        Some(circuit) if !others(tx, &circuit).await?.is_empty() => Some(circuit),
        _ => None,
    };
    if let Some(circuit) = circuit {
        for report in connection::reports(tx, &circuit).await? {
            let edge = edge_name(&Plant::of(&circuit).location, report.side);
            asked.push(observe::inquire(tx, edge, report.key, Table::Routes));
        }
    }
    operation.input = json!({ "asked": asked });
    Ok(Next::Done)
}

/// Step: keeps what the edges answered, when all of them have, and tells the others.
pub(super) async fn tell(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let asked: Vec<Uuid> = serde_json::from_value(operation.input["asked"].clone()).unwrap_or_default();
    let mut kept = Kept::default();
    for question in asked {
        let Some(question) = tx.store().operation(question).await? else { continue };
        if question.state == State::InProgress {
            return Ok(Next::Wait(LOOK));
        }
        let rows = question.result.map(|mut result| result["value"].take()).unwrap_or_default();
        learn(&mut kept, serde_json::from_value(rows).unwrap_or_default());
    }
    let key = row_of(&operation.resource);
    let circuit = tx.get_key(&operation.resource.clone()).await?;
    let before = tx.get_key(&key).await?;
    let others = match &circuit {
        Some(circuit) => others(tx, circuit).await?,
        None => BTreeMap::new(),
    };
    if others.is_empty() {
        if before.is_some() {
            tx.delete(&key);
        }
        return Ok(Next::Done);
    }
    let document = serde_json::to_value(&kept).unwrap_or_default();
    if before.as_ref().is_none_or(|before| before.document != document) {
        let mut row = before.unwrap_or_else(|| Resource::new(&key, "twinpath/reach", Value::Null, tx.now));
        row.document = document;
        tx.put(row);
        // The circuit itself too: what it announces it is not told of.
        intent::reconcile(tx, &operation.resource.clone()).await?;
        for other in others.into_keys() {
            intent::reconcile(tx, &other).await?;
        }
    }
    Ok(Next::Done)
}

/// Adds what one edge learned from the customer. Of two paths the shorter counts.
fn learn(kept: &mut Kept, rows: Vec<RouteRow>) {
    for row in rows.into_iter().filter(|row| row.next_hop != OF_EDGE) {
        // A set of AS numbers has no place in a path that is made anew; its members are passed over.
        let path: Vec<u32> = row.path.split_whitespace().filter_map(|asn| asn.parse().ok()).collect();
        let full = kept.routes.len() >= MOST;
        match kept.routes.get_mut(&row.network) {
            Some(known) if path.len() < known.len() => *known = path,
            Some(_) => {}
            None if full => {}
            None => _ = kept.routes.insert(row.network, path),
        }
    }
}

async fn kept(tx: &mut Tx<'_>, circuit: &str) -> Result<Kept, Fault> {
    let row = tx.get_key(&row_of(circuit)).await?;
    Ok(row.and_then(|row| serde_json::from_value(row.document).ok()).unwrap_or_default())
}

/// The routes of other circuits that the edges of a circuit announce to its customer.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn carried(tx: &mut Tx<'_>, circuit: &Resource) -> Result<Vec<Own>, Fault> {
    let others = others(tx, circuit).await?;
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let own = kept(tx, &circuit.key).await?;
    let mut carried = Kept::default();
    for (other, six) in others {
        for (prefix, path) in kept(tx, &other).await?.routes {
            if prefix.contains(':') && !six {
                continue;
            }
            let nearer = carried.routes.get(&prefix).is_none_or(|known| path.len() < known.len());
            if nearer && !own.routes.contains_key(&prefix) {
                carried.routes.insert(prefix, path);
            }
        }
    }
    let route = |(prefix, as_path)| Own { prefix, communities: Vec::new(), as_path };
    Ok(carried.routes.into_iter().map(route).collect())
}
