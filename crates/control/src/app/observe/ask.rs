//! Questions to edges.

use crate::app::circuit::Plant;
use crate::app::{Handled, Route, cross_connection, peering, route, row};
use crate::engine::{self, Kind, Next, kind};
use crate::{Answer, Call, Fault, Tx};
use arm_api::ArmError;
use arm_api::body::CrossSummaryRow;
use edge_api::{Question, Side, Table, edge_name};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Operation, Resource, State};
use uuid::Uuid;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/arpTables/{devicePath}"
        ExpressRouteCircuits_ListArpTable Read => arp),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/routeTables/{devicePath}"
        ExpressRouteCircuits_ListRoutesTable Read => routes),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/routeTablesSummary/{devicePath}"
        ExpressRouteCircuits_ListRoutesTableSummary Read => summary),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}/peerings/{peeringName}/arpTables/{devicePath}"
        ExpressRouteCrossConnections_ListArpTable ProviderRead => cross_arp),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}/peerings/{peeringName}/routeTables/{devicePath}"
        ExpressRouteCrossConnections_ListRoutesTable ProviderRead => cross_routes),
    route!(Post "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCrossConnections/{crossConnectionName}/peerings/{peeringName}/routeTablesSummary/{devicePath}"
        ExpressRouteCrossConnections_ListRoutesTableSummary ProviderRead => cross_summary),
];

pub(in crate::app) static KINDS: &[Kind] = &[kind!("give-up-question" => give_up)];

/// For how many seconds an edge may owe an answer.
const PATIENCE: i64 = 15;

/// What a question's operation knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    /// The key of the intent.
    key: String,
    /// Which table.
    table: Table,
    /// Rows are named as on cross connections.
    cross: bool,
}

async fn arp(tx: &mut Tx<'_>, call: &Call) -> Handled {
    of_circuit(tx, call, Table::Arp).await
}

async fn routes(tx: &mut Tx<'_>, call: &Call) -> Handled {
    of_circuit(tx, call, Table::Routes).await
}

async fn summary(tx: &mut Tx<'_>, call: &Call) -> Handled {
    of_circuit(tx, call, Table::Summary).await
}

async fn cross_arp(tx: &mut Tx<'_>, call: &Call) -> Handled {
    of_cross_connection(tx, call, Table::Arp).await
}

async fn cross_routes(tx: &mut Tx<'_>, call: &Call) -> Handled {
    of_cross_connection(tx, call, Table::Routes).await
}

async fn cross_summary(tx: &mut Tx<'_>, call: &Call) -> Handled {
    of_cross_connection(tx, call, Table::Summary).await
}

async fn of_circuit(tx: &mut Tx<'_>, call: &Call, table: Table) -> Handled {
    let side = side(call)?;
    let circuit = row::existing(tx, &call.id).await?;
    let peering = peering::existing(tx, &call.id).await?;
    Ok(ask(tx, call, &circuit, side, Asked { key: peering.key, table, cross: false }))
}

async fn of_cross_connection(tx: &mut Tx<'_>, call: &Call, table: Table) -> Handled {
    let side = side(call)?;
    let (_, circuit) = cross_connection::existing(tx, call).await?;
    let peering = peering::existing(tx, &cross_connection::below(&circuit, call)?).await?;
    Ok(ask(tx, call, &circuit, side, Asked { key: peering.key, table, cross: true }))
}

/// The edge that a path names.
fn side(call: &Call) -> Result<Side, ArmError> {
    let given = call.names.get("devicePath").map(String::as_str).unwrap_or_default();
    match given.to_lowercase().as_str() {
        "primary" => Ok(Side::Primary),
        "secondary" => Ok(Side::Secondary),
        _ => {
            let seen: String = given.chars().take(40).collect();
            let text = format!("devicePath is `{seen}`, wanted primary or secondary");
            Err(ArmError::bad_request("InvalidDevicePath", text).at("devicePath"))
        }
    }
}

/// Promises the answer of an edge. It keeps nobody off the circuit.
fn ask(tx: &mut Tx<'_>, call: &Call, circuit: &Resource, side: Side, asked: Asked) -> Answer {
    let edge = edge_name(&Plant::of(circuit).location, side);
    let subscription = call.id.subscription().to_lowercase();
    Answer::Accepted { operation: put(tx, subscription, call.id.key().to_owned(), edge, &asked) }
}

/// Asks an edge on behalf of another operation: for a table of what it runs under a key. Nobody may poll the question.
pub(in crate::app) fn inquire(tx: &mut Tx<'_>, edge: String, key: String, table: Table) -> Uuid {
    let asked = Asked { key: key.clone(), table, cross: false };
    put(tx, String::new(), key, edge, &asked)
}

/// Writes a question, and that somebody says so if no answer comes.
fn put(tx: &mut Tx<'_>, subscription: String, resource: String, edge: String, asked: &Asked) -> Uuid {
    let question =
        Operation { subscription, edge: Some(edge), ..engine::aside(tx, &resource, "ask-edge", json!(asked)) };
    let id = question.id;
    let due = tx.now.saturating_add(SignedDuration::from_secs(PATIENCE)).unwrap_or(tx.now);
    // Nobody asks about this one.
    let give_up = engine::aside(tx, &resource, KINDS[0].name, json!({ "question": id }));
    tx.operation(Operation { due, ..give_up });
    tx.operation(question);
    id
}

/// Step: a question that is still open is one too many.
async fn give_up(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let id = operation.input["question"].as_str().and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_default();
    if let Some(mut question) = tx.store().operation(id).await?.filter(|asked| asked.state == State::InProgress) {
        let edge = question.edge.clone().unwrap_or_default();
        let text =
            format!("edge {edge} gave no answer within {PATIENCE} seconds; it is down or cut off, ask again later");
        end(tx, &mut question, Err(ArmError::conflict("EdgeNotReachable", text)));
        tx.operation(question);
    }
    Ok(Next::Done)
}

/// What an edge is asked by an operation that waits for it; nothing for an operation of another kind.
pub(crate) fn question(operation: &Operation) -> Option<Question> {
    let Asked { key, table, .. } = serde_json::from_value(operation.input.clone()).ok()?;
    (operation.kind == "ask-edge").then_some(Question { id: operation.id, key, table })
}

/// Ends the operation of a question with what the edge answered; an operation that has ended stays as it is. The
/// transaction fails as stale when somebody else ended it in between.
pub(crate) fn answered(tx: &mut Tx<'_>, mut operation: Operation, answer: edge_api::Answer) {
    let Ok(asked) = serde_json::from_value::<Asked>(operation.input.clone()) else { return };
    if operation.state == State::InProgress {
        end(tx, &mut operation, rows(&asked, answer));
        tx.operation(operation);
    }
}

fn end(tx: &Tx<'_>, operation: &mut Operation, result: Result<Value, ArmError>) {
    operation.ended = Some(tx.now);
    operation.edge = None;
    match result {
        Ok(value) => {
            operation.state = State::Succeeded;
            operation.result = Some(value);
        }
        Err(error) => {
            operation.state = State::Failed;
            operation.error = serde_json::to_value(&error).ok();
        }
    }
}

/// An answer as clients get it.
fn rows(asked: &Asked, answer: edge_api::Answer) -> Result<Value, ArmError> {
    let (table, value) = match answer {
        edge_api::Answer::Arp(rows) => (Table::Arp, json!(rows)),
        edge_api::Answer::Routes(rows) => (Table::Routes, json!(rows)),
        edge_api::Answer::Summary(rows) if asked.cross => {
            let row = |row: edge_api::SummaryRow| CrossSummaryRow {
                neighbor: Some(row.neighbor),
                asn: Some(row.asn.into()),
                up_down: Some(row.up_down),
                state_or_prefixes_received: Some(row.state_pfx_rcd),
            };
            (Table::Summary, json!(rows.into_iter().map(row).collect::<Vec<_>>()))
        }
        edge_api::Answer::Summary(rows) => (Table::Summary, json!(rows)),
        edge_api::Answer::Unknown(why) => {
            let why: String = why.chars().take(500).collect();
            return Err(ArmError::conflict("EdgeCannotAnswer", format!("the edge cannot answer: {why}")));
        }
    };
    if table != asked.table {
        let text = format!("the edge answered with {table:?}, wanted {:?}", asked.table).to_lowercase();
        return Err(ArmError::conflict("EdgeCannotAnswer", text));
    }
    Ok(json!({ "value": value }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge_api::{ArpRow, SummaryRow};

    fn asked(table: Table, cross: bool) -> Asked {
        Asked { key: "/k".to_owned(), table, cross }
    }

    #[test]
    fn rows_are_named_as_the_client_reads_them() {
        let row = SummaryRow {
            neighbor: "10.0.0.1".to_owned(),
            v: 4,
            asn: 65020,
            up_down: "1d2h".to_owned(),
            state_pfx_rcd: "7".to_owned(),
        };
        let of = |cross| rows(&asked(Table::Summary, cross), edge_api::Answer::Summary(vec![row.clone()])).unwrap();
        assert_eq!(of(false)["value"][0]["statePfxRcd"], "7");
        assert_eq!(of(false)["value"][0]["as"], 65020);
        assert_eq!(of(true)["value"][0]["stateOrPrefixesReceived"], "7");
        assert_eq!(of(true)["value"][0]["asn"], 65020);
        let arp =
            ArpRow { age: 0, interface: "Microsoft".into(), ip_address: "10.0.0.2".into(), mac_address: String::new() };
        let arp = rows(&asked(Table::Arp, false), edge_api::Answer::Arp(vec![arp])).unwrap();
        assert_eq!(arp["value"][0]["ipAddress"], "10.0.0.2");
    }

    #[test]
    fn what_an_edge_cannot_say_fails() {
        let unknown = edge_api::Answer::Unknown("no such domain".to_owned());
        assert_eq!(rows(&asked(Table::Arp, false), unknown).unwrap_err().code, "EdgeCannotAnswer");
        let wrong = edge_api::Answer::Routes(Vec::new());
        assert_eq!(rows(&asked(Table::Arp, false), wrong).unwrap_err().code, "EdgeCannotAnswer");
    }
}
