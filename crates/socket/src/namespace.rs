//! Sockets made inside a network namespace.
//!
//! A socket stays in the namespace in which it was born, whoever uses it later. So a thread enters the namespace,
//! makes the socket and ends; no other thread ever leaves home, and nothing has to find its way back. A child process
//! that such a thread starts is born in the namespace as well.

use crate::error::Step;
use crate::sys;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where namespaces have names; `ip netns` reads the same folder.
const FOLDER: &str = "/run/netns";
/// The namespace of the calling thread. `/proc/self` is that of the first thread.
const OWN: &str = "/proc/thread-self/ns/net";

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
        Self::at(&path(name)?)
    }

    /// A new namespace without a name: it ends when the last of its holders does.
    ///
    /// # Errors
    ///
    /// The right to make one is missing (`CAP_SYS_ADMIN`).
    pub fn new_nameless() -> io::Result<Self> {
        apart(|| {
            sys::unshare(libc::CLONE_NEWNET).step("unshare")?;
            Self::at(Path::new(OWN))
        })
    }

    /// A new namespace under a name: a file of `/run/netns`, which keeps it until [`remove`](Self::remove).
    ///
    /// # Errors
    ///
    /// The name is no name or is taken ([`io::ErrorKind::AlreadyExists`]), or the right to make a namespace or to mount
    /// is missing.
    pub fn create(name: &str) -> io::Result<Self> {
        let path = path(name)?;
        std::fs::create_dir_all(FOLDER)?;
        File::create_new(&path)?;
        let made = apart(|| {
            sys::unshare(libc::CLONE_NEWNET).step("unshare")?;
            sys::bind_mount(Path::new(OWN), &path).step("mount")?;
            Self::at(&path)
        });
        if made.is_err() {
            let _ = std::fs::remove_file(&path);
        }
        made
    }

    /// Takes a name away. The namespace ends when nobody holds it: no process, socket or [`Namespace`].
    ///
    /// # Errors
    ///
    /// There is no such name, or the right to unmount is missing.
    pub fn remove(name: &str) -> io::Result<()> {
        let path = path(name)?;
        match sys::unmount(&path) {
            // A file that nothing is mounted on: what is left of a creation that was interrupted.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {}
            unmounted => unmounted.step("umount")?,
        }
        std::fs::remove_file(&path)
    }

    /// The names there are, in order.
    ///
    /// # Errors
    ///
    /// The folder cannot be read. That there is none is no error.
    pub fn names() -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(FOLDER) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    /// The namespace of the calling thread.
    ///
    /// # Errors
    ///
    /// `/proc` is not there.
    pub fn current() -> io::Result<Self> {
        Self::at(Path::new(OWN))
    }

    /// Whether both are one and the same.
    ///
    /// # Errors
    ///
    /// The kernel does not tell.
    pub fn same_as(&self, other: &Self) -> io::Result<bool> {
        let identity = |namespace: &Self| {
            let file = File::from(namespace.0.try_clone()?);
            file.metadata().map(|known| (known.dev(), known.ino()))
        };
        Ok(identity(self)? == identity(other)?)
    }

    /// The namespace of a file, such as `/proc/<pid>/ns/net`.
    ///
    /// # Errors
    ///
    /// The file cannot be opened. Whether it is a namespace shows when a socket is made.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(File::open(path)?.into())))
    }

    /// Runs `make` on a thread of its own inside the namespace and waits for it. For the making of sockets and the
    /// starting of processes; what takes long holds the caller up.
    ///
    /// # Errors
    ///
    /// The namespace cannot be entered, for want of the right (`CAP_SYS_ADMIN`) or because its file is none; or the
    /// error of `make`.
    pub fn enter<T: Send>(&self, make: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        apart(|| {
            self.stay()?;
            make()
        })
    }

    /// Moves the calling thread into the namespace for good. For threads that do nothing else.
    ///
    /// # Errors
    ///
    /// The right is missing (`CAP_SYS_ADMIN`), or the file that was opened is no namespace.
    pub fn stay(&self) -> io::Result<()> {
        sys::enter_namespace(self.0.as_fd()).step("setns")
    }
}

impl AsFd for Namespace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn path(name: &str) -> io::Result<PathBuf> {
    if name.is_empty() || name.contains('/') || name == "." || name == ".." {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is no name of a namespace")));
    }
    Ok(Path::new(FOLDER).join(name))
}

/// Runs `make` on a thread of its own and waits for it.
fn apart<T: Send>(make: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("namespace".into()).spawn_scoped(scope, make)?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread inside the namespace failed")))
    })
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
