//! Which step failed.

use std::io;

/// A step in the making of a socket that failed. It is inside the [`io::Error`]s of this room, whose kind is that of
/// the cause.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {cause}")]
pub struct StepError {
    step: &'static str,
    /// Not the `#[source]`: the message tells it, since [`io::Error`] shows only the message of what is inside.
    cause: io::Error,
}

impl StepError {
    /// The option or the system call.
    pub fn step(&self) -> &'static str {
        self.step
    }

    /// What the kernel answered.
    pub fn cause(&self) -> &io::Error {
        &self.cause
    }
}

/// Names the step in the error of a system call.
pub(crate) trait Step<T> {
    fn step(self, step: &'static str) -> io::Result<T>;
}

impl<T> Step<T> for io::Result<T> {
    fn step(self, step: &'static str) -> io::Result<T> {
        self.map_err(|cause| {
            let kind = match cause.raw_os_error() {
                // Those that std has no kind for.
                Some(libc::ENOPROTOOPT) => io::ErrorKind::Unsupported,
                Some(libc::ENODEV | libc::ENXIO) => io::ErrorKind::NotFound,
                _ => cause.kind(),
            };
            io::Error::new(kind, StepError { step, cause })
        })
    }
}
