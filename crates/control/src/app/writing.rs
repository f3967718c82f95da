//! Writes that go on after their answer: a circuit with its children, and what belongs to it.
//!
//! The request writes the rows as wanted, in state `Updating`, takes the claims they need, and promises an operation
//! that knows how all of it was before ([`Writing`]). The operation validates prefixes, then says `Succeeded`, gives
//! up what is not needed any more and tells the edges. When it is refused, rows are as before, in state `Failed`, or
//! gone if they were new.

use super::{authorization, peering};
use crate::engine::{Kind, Next, kind};
use crate::{Call, Fault, Tx, engine, intent};
use arm_api::ResourceId;
use arm_api::body::ProvisioningState;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::{Operation, Resource};
use uuid::Uuid;

pub(super) static KINDS: &[Kind] =
    &[kind!("put-circuit" / restore => finish), kind!("delete-circuit" / revive => may_go, remove)];

/// What an operation on a circuit has to know.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Writing {
    /// The key of the circuit.
    circuit: String,
    /// The rows that were written, as they were before; `null` for new ones.
    before: BTreeMap<String, Value>,
    /// Children that go when all is well.
    remove: BTreeSet<String>,
    /// Claims that were taken for this write: given up when it fails.
    taken: BTreeSet<String>,
    /// Claims that are not needed any more when all is well.
    release: BTreeSet<String>,
    /// What is deleted: of the operations that delete.
    deletes: BTreeSet<String>,
}

/// The name under which a row keeps a secret that a write replaces, until the write is done.
const PREVIOUS: &str = "previous";

impl Writing {
    /// A write of a circuit or of what belongs to it.
    pub(super) fn of(circuit: &str) -> Self {
        Self { circuit: circuit.to_owned(), ..Self::default() }
    }

    /// Writes a row, in state `Updating`; `old` is the row before. Replaced secrets are kept until the write is done.
    pub(super) fn put(&mut self, tx: &mut Tx<'_>, mut new: Resource, old: Option<&Resource>) {
        let was = old.map_or(Value::Null, |old| old.document.clone());
        self.before.entry(new.key.clone()).or_insert(was);
        state(&mut new.document, ProvisioningState::Updating);
        if let Some(old) = old.filter(|old| old.secrets != new.secrets) {
            let mut secrets = if new.secrets.0.is_object() { new.secrets.0 } else { json!({}) };
            secrets[PREVIOUS] = old.secrets.0.clone();
            new.secrets.0 = secrets;
        }
        tx.put(new);
    }

    /// Takes claims for a row, which had others before; each with what a caller is told when another row has it.
    pub(super) fn claim(
        &mut self,
        tx: &mut Tx<'_>,
        holder: &str,
        claims: Vec<(String, arm_api::ArmError)>,
        before: &BTreeSet<String>,
    ) {
        let wanted: BTreeSet<String> = claims.iter().map(|(claim, _)| claim.clone()).collect();
        self.release.extend(before.difference(&wanted).cloned());
        for (claim, refusal) in claims {
            if !before.contains(&claim) {
                self.taken.insert(claim.clone());
            }
            tx.claim(claim, holder, refusal);
        }
    }

    /// Has a child go when all is well.
    pub(super) fn remove(&mut self, tx: &mut Tx<'_>, mut child: Resource) {
        self.before.entry(child.key.clone()).or_insert_with(|| child.document.clone());
        self.remove.insert(child.key.clone());
        state(&mut child.document, ProvisioningState::Deleting);
        tx.put(child);
    }

    /// Promises the operation, which the caller may ask about.
    pub(super) fn start(self, tx: &mut Tx<'_>, call: &Call, on: &ResourceId) -> Uuid {
        let input = serde_json::to_value(self).unwrap_or_default();
        engine::start_for(tx, call.id.subscription(), on, "put-circuit", input)
    }
}

/// Promises to delete a row and others with it, and marks it.
pub(super) async fn delete(
    tx: &mut Tx<'_>,
    call: &Call,
    circuit: &str,
    row: &Resource,
    on: &ResourceId,
    with: &[String],
) -> Result<Uuid, Fault> {
    let mut writing = Writing::of(circuit);
    writing.before.insert(row.key.clone(), row.document.clone());
    writing.deletes.insert(row.key.clone());
    writing.deletes.extend(with.iter().cloned());
    let mut marked = row.clone();
    state(&mut marked.document, ProvisioningState::Deleting);
    tx.put(marked);
    if let Some(parent) = &row.parent {
        tx.touch(parent).await?;
    }
    let input = serde_json::to_value(writing).unwrap_or_default();
    Ok(engine::start_for(tx, call.id.subscription(), on, "delete-circuit", input))
}

/// Sets the state of a document.
pub(super) fn state(document: &mut Value, state: ProvisioningState) {
    document["properties"]["provisioningState"] = json!(state);
}

fn read(operation: &Operation) -> Writing {
    serde_json::from_value(operation.input.clone()).unwrap_or_default()
}

/// Judges the prefixes that were announced anew, says that all is well, and tells the edges: in one step, since an edge
/// waits for it.
async fn finish(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let writing = read(operation);
    peering::validate(tx, &writing.circuit).await?;
    for key in writing.before.keys().filter(|key| !writing.remove.contains(*key)) {
        if let Some(mut row) = tx.get_key(key).await? {
            state(&mut row.document, ProvisioningState::Succeeded);
            if let Some(secrets) = row.secrets.0.as_object_mut() {
                secrets.remove(PREVIOUS);
            }
            tx.put(row);
        }
    }
    for key in &writing.remove {
        drop_child(tx, &writing.circuit, key).await?;
    }
    writing.release.into_iter().for_each(|claim| tx.release(claim));
    tx.touch(&writing.circuit).await?;
    intent::reconcile(tx, &writing.circuit).await?;
    Ok(Next::Done)
}

/// Takes back what the request wrote.
async fn restore(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let writing = read(operation);
    for (key, before) in &writing.before {
        if let Some(row) = tx.get_key(key).await?.filter(|row| row.kind.ends_with("expressroutecircuits/peerings")) {
            peering::relink_filters(tx, &row, before).await?;
        }
        if before.is_null() {
            if *key == writing.circuit {
                super::circuit::leave_port(tx, key).await?;
            }
            tx.delete(key);
        } else if let Some(mut row) = tx.get_key(key).await? {
            row.document = before.clone();
            let is_removal = writing.remove.contains(key);
            state(&mut row.document, if is_removal { ProvisioningState::Succeeded } else { ProvisioningState::Failed });
            if let Some(previous) = row.secrets.0.get_mut(PREVIOUS).map(Value::take) {
                row.secrets.0 = previous;
            }
            tx.put(row);
        }
    }
    writing.taken.into_iter().for_each(|claim| tx.release(claim));
    tx.touch(&writing.circuit).await?;
    intent::reconcile(tx, &writing.circuit).await?;
    Ok(Next::Done)
}

/// Asks whether what shall be deleted may go.
async fn may_go(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let writing = read(operation);
    let Some(circuit) = tx.get_key(&writing.circuit).await? else { return Ok(Next::Done) };
    for key in &writing.deletes {
        if *key == circuit.key {
            super::circuit::may_go(tx, &circuit).await?;
        } else if let Some(row) = tx.get_key(key).await?.filter(|row| row.kind.ends_with("/peerings")) {
            peering::may_go(tx, &circuit, &row).await?;
        }
    }
    Ok(Next::Done)
}

/// Deletes.
async fn remove(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    let writing = read(operation);
    if writing.deletes.contains(&writing.circuit) {
        super::circuit::leave_port(tx, &writing.circuit).await?;
    }
    for key in &writing.deletes {
        drop_child(tx, &writing.circuit, key).await?;
    }
    if !writing.deletes.contains(&writing.circuit) {
        tx.touch(&writing.circuit).await?;
    }
    intent::reconcile(tx, &writing.circuit).await?;
    Ok(Next::Done)
}

/// Deletes a row with what hangs on it.
async fn drop_child(tx: &mut Tx<'_>, circuit: &str, key: &str) -> Result<(), Fault> {
    if let Some(row) = tx.get_key(key).await? {
        if row.kind.ends_with("expressroutecircuits/authorizations") {
            authorization::revoke(tx, circuit, &row).await?;
        }
        if row.kind.ends_with("expressroutecircuits/peerings") {
            peering::unlink_filters(tx, &row).await?;
        }
        tx.delete(key);
    }
    Ok(())
}

/// A deletion that was refused leaves everything as it was.
async fn revive(tx: &mut Tx<'_>, operation: &mut Operation) -> Result<Next, Fault> {
    for (key, before) in read(operation).before {
        if let Some(mut row) = tx.get_key(&key).await? {
            row.document = before;
            let parent = row.parent.clone();
            tx.put(row);
            if let Some(parent) = parent {
                tx.touch(&parent).await?;
            }
        }
    }
    Ok(Next::Done)
}
