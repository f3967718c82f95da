//! Waiting for what others do.

use crate::Error;
use std::time::{Duration, Instant};

/// How long anything may take that a daemon does by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(20);

/// Looks until something is there, and gives it.
///
/// # Errors
///
/// It is not there in time, or the look fails.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>, Error>) -> Result<T, Error> {
    let end = now() + PATIENCE;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if now() > end {
            return Err(Error::No(format!("not within {} s: {what}", PATIENCE.as_secs())));
        }
        std::thread::sleep(LOOK);
    }
}

/// The clock.
pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a lab's processes take real time")]
    Instant::now()
}
