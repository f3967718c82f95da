//! Namespaces of the process's own, for a user who is not root.
//!
//! Inside a user namespace the process is root over the network and mount namespaces that belong to it, so all of
//! `ip`, `nft` and `tc` works there, and the machine outside neither sees nor feels it (user_namespaces(7)). `/run` is
//! an empty folder of its own in there, so that [`Namespace::create`](crate::Namespace::create) has a place.

use crate::error::Step;
use crate::sys;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Moves the process into user, mount and network namespaces of its own, in which it is root. Children are born there
/// too. The loopback device in there is down.
///
/// # Errors
///
/// The process has more than one thread already (`EINVAL`), or the machine does not let users make namespaces: the
/// error then names the settings to look at.
pub fn become_root() -> io::Result<()> {
    let me = std::fs::metadata("/proc/self")?;
    let made = sys::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWNET);
    made.step(
        "unshare (look at the sysctls user.max_user_namespaces, kernel.unprivileged_userns_clone and \
         kernel.apparmor_restrict_unprivileged_userns)",
    )?;
    // Who may not set groups may write the map of groups.
    std::fs::write("/proc/self/setgroups", "deny").step("/proc/self/setgroups")?;
    std::fs::write("/proc/self/uid_map", format!("0 {} 1", me.uid())).step("/proc/self/uid_map")?;
    std::fs::write("/proc/self/gid_map", format!("0 {} 1", me.gid())).step("/proc/self/gid_map")?;
    sys::make_mounts_private().step("mount")?;
    sys::mount_memory(Path::new("/run")).step("mount (look at kernel.apparmor_restrict_unprivileged_userns)")?;
    std::fs::create_dir("/run/netns")
}
