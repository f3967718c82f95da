//! The one clock of the service.

use jiff::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time now. Read once for a request or a step, and handed on from there.
#[expect(clippy::disallowed_methods, reason = "the rim of the service reads the clock here and nowhere else")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanoseconds = i128::try_from(since.as_nanos()).unwrap_or_default();
    Timestamp::from_nanosecond(nanoseconds).unwrap_or_default()
}
