//! Namespaces and mounts.

use super::check;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Moves this thread into a network namespace.
pub(crate) fn enter_namespace(namespace: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: takes two integers; the descriptor is open, since it is borrowed.
    check(unsafe { libc::setns(namespace.as_raw_fd(), libc::CLONE_NEWNET) })
}

/// Gives this thread namespaces of its own, by the flags of clone(2).
pub(crate) fn unshare(flags: libc::c_int) -> io::Result<()> {
    // SAFETY: takes an integer.
    check(unsafe { libc::unshare(flags) })
}

/// Shows what is at `from` at `to` as well.
pub(crate) fn bind_mount(from: &Path, to: &Path) -> io::Result<()> {
    mount(Some(from), to, None, libc::MS_BIND)
}

/// Nothing that is mounted here from now on shows elsewhere, and the other way round.
pub(crate) fn make_mounts_private() -> io::Result<()> {
    mount(None, Path::new("/"), None, libc::MS_REC | libc::MS_PRIVATE)
}

/// An empty folder in memory, over what is there.
pub(crate) fn mount_memory(at: &Path) -> io::Result<()> {
    mount(None, at, Some("tmpfs"), 0)
}

/// Takes away what is mounted there, though it be in use.
pub(crate) fn unmount(at: &Path) -> io::Result<()> {
    let at = CString::new(at.as_os_str().as_bytes())?;
    // SAFETY: reads a string that ends with zero and lives.
    check(unsafe { libc::umount2(at.as_ptr(), libc::MNT_DETACH) })
}

fn mount(from: Option<&Path>, to: &Path, kind: Option<&str>, flags: libc::c_ulong) -> io::Result<()> {
    let from = CString::new(from.map_or(b"none".as_slice(), |from| from.as_os_str().as_bytes()))?;
    let to = CString::new(to.as_os_str().as_bytes())?;
    let kind = CString::new(kind.unwrap_or("none"))?;
    // SAFETY: reads strings that end with zero and live; no kind used here takes data.
    check(unsafe { libc::mount(from.as_ptr(), to.as_ptr(), kind.as_ptr(), flags, std::ptr::null()) })
}
