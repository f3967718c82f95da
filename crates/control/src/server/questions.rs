//! Questions that operations wait for, and what edges answer to them.

use crate::Tx;
use arm_api::ArmError;
use edge_api::{Answer, Question, Table};
use serde_json::json;
use store::{Operation, State};

/// What an edge is asked by an operation that waits for it; nothing for an operation of another kind.
pub(super) fn question(operation: &Operation) -> Option<Question> {
    let key = operation.input.get("key")?.as_str()?.to_owned();
    let table: Table = serde_json::from_value(operation.input.get("table")?.clone()).ok()?;
    Some(Question { id: operation.id, key, table })
}

/// Ends an operation with what the edge answered; one that has ended stays as it is.
pub(super) fn answered(tx: &mut Tx<'_>, mut operation: Operation, answer: Answer) {
    if operation.state != State::InProgress {
        return;
    }
    operation.ended = Some(tx.now);
    operation.edge = None;
    let rows = match answer {
        Answer::Arp(rows) => Ok(json!(rows)),
        Answer::Routes(rows) => Ok(json!(rows)),
        Answer::Summary(rows) => Ok(json!(rows)),
        Answer::Unknown(why) => Err(why.chars().take(500).collect::<String>()),
    };
    match rows {
        Ok(rows) => {
            operation.state = State::Succeeded;
            operation.result = Some(json!({ "value": rows }));
        }
        Err(why) => {
            operation.state = State::Failed;
            let error = ArmError::conflict("EdgeCannotAnswer", format!("the edge cannot answer: {why}"));
            operation.error = serde_json::to_value(&error).ok();
        }
    }
    tx.operation(operation);
}
