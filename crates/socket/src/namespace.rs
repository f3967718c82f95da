//! Sockets made inside a network namespace.
//!
//! A socket stays in the namespace in which it was born, whoever uses it later. So a thread enters the namespace,
//! makes the socket and ends; no other thread ever leaves home, and nothing has to find its way back.

use crate::error::Step;
use crate::sys;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

/// A network namespace, held open: it lives as long as this does, under whatever name. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Namespace(Arc<OwnedFd>);

impl Namespace {
    /// The namespace that `ip netns` knows by that name: a file of `/run/netns`.
    ///
    /// # Errors
    ///
    /// The name is empty or a path, or there is no such file.
    pub fn named(name: &str) -> io::Result<Self> {
        if name.is_empty() || name.contains('/') || name == "." || name == ".." {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is no name of a namespace")));
        }
        Self::at(&Path::new("/run/netns").join(name))
    }

    /// The namespace of a file, such as `/proc/<pid>/ns/net`.
    ///
    /// # Errors
    ///
    /// The file cannot be opened. Whether it is a namespace shows when a socket is made.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(File::open(path)?.into())))
    }

    /// Runs `make` on a thread of its own inside the namespace and waits for it. For the making of sockets; what
    /// takes long holds the caller up.
    ///
    /// # Errors
    ///
    /// The namespace cannot be entered, for want of the right (`CAP_SYS_ADMIN`) or because its file is none; or the
    /// error of `make`.
    pub fn enter<T: Send>(&self, make: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("namespace".into()).spawn_scoped(scope, || {
                sys::enter_namespace(self.0.as_fd()).step("setns")?;
                make()
            })?;
            thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread inside the namespace failed")))
        })
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Runs `make` inside the namespace if there is one, else here.
pub(crate) fn inside<T: Send>(
    namespace: Option<&Namespace>,
    make: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    match namespace {
        Some(namespace) => namespace.enter(make),
        None => make(),
    }
}
