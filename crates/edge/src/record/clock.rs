//! The time of day, for what is kept longer than the process.

use bgp_record::Stamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day.
pub(crate) fn stamp() -> Stamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // The format has 32 bits, which last until 2106.
    Stamp { seconds: since.as_secs() as u32, microseconds: since.subsec_micros() }
}
