//! How long operations take: the operator's standing order.
//!
//! The row `/twinpath/settings/delays` says `instant` (the default), `fixed` with a number of seconds, or `realistic`:
//! about as long as people wait for the real service, so that a script learns to poll.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::{Operation, Store, StoreError};

/// The standing order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delays {
    mode: Mode,
    seconds: u32,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Instant,
    Realistic,
    Fixed,
}

/// What a kind takes on the real service, in seconds, by the first word that its name holds. The documents say 45
/// minutes for a gateway at the most; the others are as people report them.
const REALISTIC: &[(&str, u32)] =
    &[("connection", 90), ("gateway", 1500), ("circuit", 40), ("peering", 30), ("port", 30), ("", 10)];

/// When the first step of a new operation is due.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn delay(store: &dyn Store, operation: &Operation) -> Result<Timestamp, StoreError> {
    // What the operator orders is done at once.
    if operation.subscription.is_empty() {
        return Ok(operation.due);
    }
    let row = store.get("/twinpath/settings/delays").await?;
    let delays: Delays = row.and_then(|row| serde_json::from_value(row.document).ok()).unwrap_or_default();
    let seconds = match delays.mode {
        Mode::Instant => 0,
        Mode::Fixed => delays.seconds,
        Mode::Realistic => {
            REALISTIC.iter().find(|(word, _)| operation.kind.contains(word)).map_or(0, |(_, seconds)| *seconds)
        }
    };
    let delay = SignedDuration::from_secs(i64::from(seconds));
    Ok(operation.due.checked_add(delay).unwrap_or(Timestamp::MAX))
}
