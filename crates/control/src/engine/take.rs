//! One step of one operation.

use super::{Kind, Next, busy, find};
use crate::{Fault, Settings, Tx, app};
use arm_api::{ArmError, ResourceId};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use store::{Operation, State, Store, StoreError};

/// How often a step is decided again when other writers are first, before it is put off.
const ATTEMPTS: u32 = 50;

/// For how long an operation is put off that this process cannot go on with.
const PUT_OFF: Duration = Duration::from_secs(10);

/// Takes one step of an operation, or undoes one, and commits it together with the operation. Gives the operation as
/// it stands then; nothing when another process has it.
///
/// # Errors
///
/// The store failed. The operation stands as stored, and somebody takes it again when its lease ends.
pub async fn step(
    store: &dyn Store,
    settings: &Settings,
    operation: &Operation,
    now: Timestamp,
) -> Result<Option<Operation>, StoreError> {
    step_of(app::KINDS, store, settings, operation, now).await
}

/// Takes one step of an operation of one of the kinds.
pub(super) async fn step_of(
    kinds: &[&'static [Kind]],
    store: &dyn Store,
    settings: &Settings,
    operation: &Operation,
    now: Timestamp,
) -> Result<Option<Operation>, StoreError> {
    if operation.state != State::InProgress {
        return Ok(Some(operation.clone()));
    }
    let known = find(kinds, &operation.kind);
    if known.is_none() {
        // A newer replica may know it.
        tracing::warn!(operation = %operation.id, kind = operation.kind, "operation of an unknown kind, put off");
    }
    let mut refusal = None;
    for _ in 0..ATTEMPTS {
        let mut tx = Tx::new(store, settings, now, "service", operation.id.to_string());
        let mut next = operation.clone();
        next.leased_until = None;
        let decided = match (known, refusal.clone()) {
            (None, _) => {
                next.due = later(now, PUT_OFF);
                Ok(())
            }
            (Some(_), Some(error)) => refuse(&mut tx, &mut next, error).await,
            (Some(kind), None) if operation.undoing => back(kind, &mut tx, &mut next).await,
            (Some(kind), None) => forth(kind, &mut tx, &mut next).await,
        };
        let committed = match decided {
            Ok(()) => {
                tx.operation(next.clone());
                tx.commit().await.map(drop)
            }
            Err(fault) => Err(fault),
        };
        match committed {
            Ok(()) => {
                next.version += 1;
                return Ok(Some(next));
            }
            Err(Fault::Refused(error)) => refusal = Some(error),
            Err(Fault::Store(error)) => return Err(error),
            Err(Fault::Stale) => {
                let stored = store.operation(operation.id).await?;
                if stored.is_none_or(|stored| stored.version != operation.version) {
                    return Ok(None);
                }
            }
        }
    }
    tracing::warn!(operation = %operation.id, "other writers were always first, put off");
    Ok(None)
}

/// Does the next step.
async fn forth(kind: Kind, tx: &mut Tx<'_>, operation: &mut Operation) -> Result<(), Fault> {
    let steps = kind.steps;
    if let Some(step) = steps.get(operation.step as usize) {
        match (step.run)(tx, operation).await? {
            Next::Wait(time) => {
                operation.due = later(tx.now, time);
                return Ok(());
            }
            Next::Done => operation.step += 1,
        }
    }
    if operation.step as usize >= steps.len() {
        end(tx, operation, State::Succeeded).await?;
    }
    Ok(())
}

/// Undoes the step before the next one, or what the request itself wrote.
async fn back(kind: Kind, tx: &mut Tx<'_>, operation: &mut Operation) -> Result<(), Fault> {
    let last = operation.step.checked_sub(1);
    let undo = match last {
        Some(last) => kind.steps.get(last as usize).and_then(|step| step.undo),
        None => kind.undo,
    };
    if let Some(undo) = undo
        && let Next::Wait(time) = undo(tx, operation).await?
    {
        operation.due = later(tx.now, time);
        return Ok(());
    }
    match last {
        Some(last) => operation.step = last,
        None => end(tx, operation, State::Failed).await?,
    }
    Ok(())
}

/// Turns back after a refusal. What refuses to be undone is passed over, so that the rest is.
async fn refuse(tx: &mut Tx<'_>, operation: &mut Operation, error: ArmError) -> Result<(), Fault> {
    if !operation.undoing {
        operation.undoing = true;
        operation.error = serde_json::to_value(&error).ok();
        return Ok(());
    }
    tracing::error!(operation = %operation.id, kind = operation.kind, step = operation.step, "undoing refused: {error}");
    match operation.step.checked_sub(1) {
        Some(last) => operation.step = last,
        None => end(tx, operation, State::Failed).await?,
    }
    Ok(())
}

/// Ends an operation and lets others at its resource.
async fn end(tx: &mut Tx<'_>, operation: &mut Operation, state: State) -> Result<(), Fault> {
    operation.state = state;
    operation.ended = Some(tx.now);
    if let Ok(id) = ResourceId::parse(&operation.resource) {
        let claim = busy(&id);
        // A question to an edge keeps nobody off, and must not let others at what somebody else works on.
        if tx.store().holder(&claim).await?.is_some_and(|holder| holder == operation.id.to_string()) {
            tx.release(claim);
        }
    }
    Ok(())
}

/// A time after another.
fn later(now: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}
