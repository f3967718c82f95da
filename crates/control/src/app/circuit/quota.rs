//! How many circuits a subscription may have (spec 02, 9).
//!
//! Each circuit claims a place in its subscription and one in its region, so that two orders at once cannot both have
//! the last. An operator raises a quota in the row of the subscription: `limits.circuits`, `limits.circuitsPerRegion`.

use crate::{Fault, Tx};
use arm_api::{ArmError, ResourceId};
use uuid::Uuid;

/// Takes a place for a new circuit.
///
/// # Errors
///
/// 400 `CircuitQuotaExceeded`; the store failed.
pub(super) async fn take(tx: &mut Tx<'_>, circuit: &ResourceId, region: &str, seed: Uuid) -> Result<(), Fault> {
    let subscription = circuit.subscription().to_lowercase();
    let row = tx.get_key(&format!("/subscriptions/{subscription}")).await?;
    let raised = |name: &str| row.as_ref().and_then(|row| row.document["limits"][name].as_u64());
    let limit = |name: &str, key: &str| raised(name).or_else(|| tx.settings.catalog.limit("circuit", key, ""));
    let places = [
        (format!("quota/circuits/{subscription}"), limit("circuits", "circuits-per-subscription"), "the subscription"),
        (
            format!("quota/circuits/{subscription}/{region}"),
            limit("circuitsPerRegion", "circuits-per-region-per-subscription"),
            region,
        ),
    ];
    for (place, limit, within) in places {
        let Some(limit) = limit.filter(|limit| *limit > 0) else { continue };
        let full = || {
            let text = format!("{within} has {limit} circuits, as many as it may; delete one or have the quota raised");
            ArmError::bad_request("CircuitQuotaExceeded", text)
        };
        tx.claim_one(&place, 0..=limit - 1, circuit.key(), seed).await?.ok_or_else(full)?;
    }
    Ok(())
}
