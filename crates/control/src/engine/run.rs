//! Steps of whatever is due.

use super::take::step_of;
use super::{Kind, step};
use crate::trace::Told;
use crate::{Settings, app, clock};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use store::{Operation, State, Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How many operations a process works on at a time.
const AT_ONCE: usize = 8;

/// For how long a process has an operation to itself. When it is killed, others go on after that.
const LEASE: Duration = Duration::from_secs(10);

/// How long the service waits at most before it looks for work, and at least.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(20));

/// Works until `stop` says true: takes operations that are due, several at a time, and waits for more. Ends when those
/// at work stand at a commit; whatever is left waits in the store.
pub async fn run(store: Arc<dyn Store>, settings: Arc<Settings>, mut stop: watch::Receiver<bool>) {
    let mut at_work = JoinSet::new();
    let mut revision = 0;
    while !*stop.borrow() {
        let now = clock::now();
        let room = u32::try_from(AT_ONCE.saturating_sub(at_work.len())).unwrap_or(0);
        let found = match room {
            0 => Ok((Vec::new(), None)),
            room => due(&*store, now, room).await,
        };
        let patience = match found {
            Ok((taken, next)) => {
                for operation in taken {
                    let (store, settings, stop) = (store.clone(), settings.clone(), stop.clone());
                    at_work.spawn(async move { work(&*store, &settings, operation, &stop).await });
                }
                let wait = next.map(|next| next.duration_since(now).try_into().unwrap_or(Duration::ZERO));
                wait.unwrap_or(PATIENCE.0).clamp(PATIENCE.1, PATIENCE.0)
            }
            Err(error) => {
                tracing::error!("{error}: {}", error.cause);
                tokio::time::sleep(PATIENCE.1 * 10).await;
                continue;
            }
        };
        tokio::select! {
            _ = stop.changed() => {}
            Some(_) = at_work.join_next() => {}
            newest = store.changed(revision, patience) => revision = newest,
        }
    }
    while at_work.join_next().await.is_some() {}
}

/// What is due now, and when there is more.
async fn due(store: &dyn Store, now: Timestamp, room: u32) -> Result<(Vec<Operation>, Option<Timestamp>), StoreError> {
    let taken = store.take_due(now, LEASE, room).await?;
    Ok((taken, store.next_due().await?))
}

/// Takes steps of an operation until it ends, waits, or the service stops.
async fn work(store: &dyn Store, settings: &Settings, mut operation: Operation, stop: &watch::Receiver<bool>) {
    while !*stop.borrow() {
        let now = clock::now();
        let taken = settings.traces.step(operation.id, step(store, settings, &operation, now), |done| {
            let resource = ("twinpath.resource", operation.resource.clone());
            Told { name: Some(name(&operation)), texts: vec![resource], failed: done.is_err(), ..Told::default() }
        });
        match taken.await {
            Ok(Some(next)) if goes_on(&next, now) => operation = next,
            Ok(Some(next)) => {
                tracing::debug!(operation = %next.id, kind = next.kind, state = ?next.state, "operation rests");
                return;
            }
            Ok(None) => return,
            Err(error) => {
                tracing::error!(operation = %operation.id, "{error}: {}", error.cause);
                return;
            }
        }
    }
}

/// What the next step of an operation is called.
fn name(operation: &Operation) -> String {
    let kind = super::find(app::KINDS, &operation.kind);
    let step = kind.and_then(|kind| kind.steps.get(operation.step as usize)).map_or("end", |step| step.name);
    format!("{}{} {step}", if operation.undoing { "undo " } else { "" }, operation.kind)
}

/// Whether the next step can be taken at once.
fn goes_on(operation: &Operation, now: Timestamp) -> bool {
    operation.state == State::InProgress && operation.due <= now && operation.edge.is_none()
}

/// Takes every step that is due at a time, one after the other: what [`run`] does, for tests. Gives how many.
///
/// # Errors
///
/// The store failed.
pub async fn settle(store: &dyn Store, settings: &Settings, now: Timestamp) -> Result<u32, StoreError> {
    settle_of(app::KINDS, store, settings, now).await
}

/// Takes every step of operations of the kinds that is due.
pub(super) async fn settle_of(
    kinds: &[&'static [Kind]],
    store: &dyn Store,
    settings: &Settings,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let mut taken = 0;
    loop {
        let due = store.take_due(now, LEASE, 1).await?;
        let Some(mut operation) = due.into_iter().next() else { return Ok(taken) };
        while let Some(next) = step_of(kinds, store, settings, &operation, now).await? {
            taken += 1;
            if !goes_on(&next, now) {
                break;
            }
            operation = next;
        }
    }
}
