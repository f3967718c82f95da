//! What a request rests on: entity tags, and that nothing else is at work.

use crate::{Call, Fault, Tx, engine};
use arm_api::body::etag_text;
use arm_api::{ArmError, ResourceId};
use http::StatusCode;
use store::Resource;

/// Holds `If-Match` against the resource whose entity tag counts: the outermost one (spec 07, 2). Nothing is given for a
/// child that is not there.
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
    // With quotes or without, weak or not: clients differ.
    let bare = |text: &str| text.trim_start_matches("W/").trim_matches('"').to_lowercase();
    let holds = wanted.split(',').map(str::trim).any(|one| one == "*" || bare(one) == bare(&tag));
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
pub(crate) async fn idle(tx: &Tx<'_>, id: &ResourceId) -> Result<(), Fault> {
    match tx.store().holder(&engine::busy(id)).await? {
        None => Ok(()),
        Some(holder) => Err(engine::in_progress(tx, id, &holder).into()),
    }
}
