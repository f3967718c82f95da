//! What a request rests on: entity tags, and that nothing else is at work.

use crate::{Call, Fault, Tx, engine};
use arm_api::ArmError;
use arm_api::body::etag_text;
use http::StatusCode;
use store::Resource;

/// Holds `If-Match` against the resource whose entity tag counts: the outermost one (spec 07, 2).
///
/// # Errors
///
/// 412 `PreconditionFailed`.
pub(crate) fn matched(call: &Call, root: Option<&Resource>) -> Result<(), ArmError> {
    let Some(wanted) = call.if_match.as_deref().map(str::trim) else { return Ok(()) };
    let fail = |text: String| Err(ArmError::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", text));
    let Some(root) = root else {
        return fail(format!("If-Match was sent, and {} does not exist", call.id));
    };
    let tag = etag_text(&root.etag);
    let bare = tag.trim_start_matches("W/");
    let holds = wanted.split(',').map(str::trim).any(|one| one == "*" || one == tag || one == bare);
    if holds {
        return Ok(());
    }
    let seen: String = wanted.chars().take(80).collect();
    fail(format!("If-Match is {seen}, while the entity tag of {} is {tag}", root.id))
}

/// Refuses what is done at once while an operation is at work on the same resource.
///
/// # Errors
///
/// 409 `AnotherOperationInProgress`; the store failed.
pub(crate) async fn idle(tx: &Tx<'_>, call: &Call) -> Result<(), Fault> {
    match tx.store().holder(&engine::busy(&call.id)).await? {
        None => Ok(()),
        Some(holder) => Err(engine::in_progress(tx, &call.id, &holder).into()),
    }
}
