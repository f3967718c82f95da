//! Room for descriptors, made before it is needed.
//!
//! Linux doubles a process's table of descriptors as it fills. Where threads share the table, whoever needs the next
//! descriptor then waits until all processors have let go of the old one (`synchronize_rcu`): 5 to 15 ms, at 64, 128,
//! 256 descriptors and so on. A thread that lets callers in should not be that one.

use crate::error::Step as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs::File;
use std::io;

/// Makes the table large enough for `wanted` descriptors, and raises the process's limit (`RLIMIT_NOFILE`) for that as
/// far as a process may by itself. Returns how many descriptors the process may have. Cheap when there is room already.
///
/// # Errors
///
/// The kernel refuses a number below the limit, or has no memory for the table; what was there is there still.
pub fn reserve(wanted: u32) -> io::Result<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(u64::MAX);
    let mut limit = current.unwrap_or(u64::MAX);
    if limit < u64::from(wanted) && limit < most {
        limit = most.min(wanted.into());
        setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum })
            .map_err(io::Error::from)
            .step("RLIMIT_NOFILE")?;
    }
    let last = u64::from(wanted).min(limit).saturating_sub(1);
    // Any file will do: its second descriptor, the first free one from there on, is closed at once, the room stays.
    let any = File::open("/").step("open")?;
    let last = i32::try_from(last).unwrap_or(i32::MAX);
    rustix::io::fcntl_dupfd_cloexec(&any, last).map_err(io::Error::from).step("F_DUPFD_CLOEXEC")?;
    Ok(limit)
}
