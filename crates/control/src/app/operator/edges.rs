//! Edges: what they report, and what an operator does to them.

use super::tenancy::list as page;
use super::{body, name, order, put_order};
use crate::app::Handled;
use crate::engine::{Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx, intent};
use arm_api::ArmError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use store::{Operation, State};
use uuid::Uuid;

/// An edge that said nothing for so many seconds is down.
const SILENCE: i64 = 30;

/// How many intents a step looks at.
const AT_ONCE: u32 = 50;

/// What goes on after the answer.
pub(super) static KINDS: &[Kind] = &[kind!("reconcile-edge" => reconcile_edge)];

/// A planned drain of an edge (spec 03, 12).
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
pub(crate) struct Maintenance {
    /// Whether what is announced gets our AS number eight times more.
    pub(crate) drain: bool,
}

/// The customer ports of an edge.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
pub(crate) struct Port {
    /// Whether no session may come up.
    pub(crate) down: bool,
}

/// Every edge that shall run something, and what it said last.
pub(super) async fn list(tx: &mut Tx<'_>, _: &Call) -> Handled {
    let mut items = Vec::new();
    for edge in tx.store().edges().await? {
        items.push(shown(tx, &edge).await?);
    }
    Ok(page(items.into_iter()))
}

/// Starts or ends a drain.
pub(super) async fn put_maintenance(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let given: Maintenance = body(call)?;
    set(tx, call, "maintenance", &given).await
}

/// Takes the customer ports of an edge down, or up.
pub(super) async fn put_port(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let given: Port = body(call)?;
    set(tx, call, "ports", &given).await
}

/// Writes an order for an edge, and says anew what it shall run: circuit by circuit, after the answer, so that an edge
/// of ten thousand circuits holds nobody up.
async fn set(tx: &mut Tx<'_>, call: &Call, what: &str, given: &impl Serialize) -> Handled {
    let edge = name(call, "edge").to_lowercase();
    if !tx.store().edges().await?.contains(&edge) {
        return Err(ArmError::not_found("NotFound", format!("no edge `{edge}` runs anything")).into());
    }
    put_order(tx, &format!("{what}/{edge}"), given).await?;
    tx.operation(Operation {
        id: Uuid::new_v4(),
        version: 0,
        subscription: String::new(),
        resource: format!("/twinpath/edges/{edge}"),
        kind: KINDS[0].name.to_owned(),
        step: 0,
        undoing: false,
        state: State::InProgress,
        due: tx.now,
        leased_until: None,
        edge: None,
        input: json!({ "edge": edge, "after": 0 }),
        result: None,
        error: None,
        created: tx.now,
        ended: None,
    });
    Ok(Answer::Ok(shown(tx, &edge).await?))
}

/// Says anew what an edge shall run for the next of its circuits.
async fn reconcile_edge(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let edge = operation.input["edge"].as_str().unwrap_or_default().to_owned();
    let after = operation.input["after"].as_u64().unwrap_or_default();
    // What is written now gets later revisions: those above where it began come once more, and change nothing.
    let until = operation.input["until"].as_u64();
    let intents = tx.store().intents(&edge, after, AT_ONCE).await?;
    let until = match until {
        Some(until) => until,
        None => newest(tx, &edge).await?,
    };
    let due: Vec<_> = intents.iter().filter(|intent| intent.revision <= until).collect();
    let circuits: BTreeSet<&str> = due
        .iter()
        .filter(|intent| intent.body.is_some())
        .filter_map(|intent| intent.key.split("/peerings/").next())
        .collect();
    for circuit in circuits {
        intent::reconcile(tx, circuit).await?;
    }
    let Some(last) = due.last().filter(|_| due.len() == intents.len()) else { return Ok(Next::Done) };
    operation.input["after"] = json!(last.revision);
    operation.input["until"] = json!(until);
    Ok(Next::Wait(Duration::ZERO))
}

/// The revision of an edge's newest intent.
async fn newest(tx: &Tx<'_>, edge: &str) -> Result<u64, Fault> {
    let mut newest = 0;
    loop {
        match tx.store().intents(edge, newest, 1000).await?.last() {
            Some(last) => newest = last.revision,
            None => return Ok(newest),
        }
    }
}

/// An edge with what it said last, its domains, and the orders it stands under.
async fn shown(tx: &mut Tx<'_>, edge: &str) -> Result<Value, Fault> {
    let maintenance: Maintenance = order(tx, &format!("maintenance/{edge}")).await?;
    let port: Port = order(tx, &format!("ports/{edge}")).await?;
    let rows = tx.store().reports(edge, "").await?;
    let own = rows.iter().find(|(key, _, _)| key.is_empty());
    let (mut up, mut total) = (0, 0);
    for (key, _, report) in &rows {
        let sessions = report.get("sessions").and_then(Value::as_array).filter(|_| !key.is_empty());
        for session in sessions.into_iter().flatten() {
            total += 1;
            up += u32::from(session.get("state").and_then(Value::as_str) == Some("Established"));
        }
    }
    let seen = own.map(|(_, at, _)| *at);
    let alive = seen.is_some_and(|at| tx.now.as_second() - at.as_second() <= SILENCE);
    let of = |key: &str| own.and_then(|(_, _, report)| report.get(key)).cloned().unwrap_or_default();
    Ok(json!({
        "name": edge,
        "state": if alive { "up" } else { "down" },
        "lastReport": seen.map(|at| at.to_string()),
        "version": of("version"),
        "listen": of("listen"),
        "revision": of("revision"),
        "domains": rows.iter().filter(|(key, _, _)| !key.is_empty()).count(),
        "sessions": total,
        // What an edge said before it fell silent is no news of now.
        "established": if alive { up } else { 0 },
        "drain": maintenance.drain,
        "portDown": port.down,
    }))
}
