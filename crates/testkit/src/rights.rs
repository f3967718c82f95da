//! The right to make network namespaces: root has it, and so has a plain user inside user namespaces, where a test or a
//! bench starts itself again.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, ExitStatus};

/// Says that the namespaces are there.
const INSIDE: &str = "TWINPATH_TEST_INSIDE";

/// Whether this process was started by [`again`].
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Whether this process is root's, here or in a user namespace.
pub fn is_root() -> bool {
    // Who cannot tell has no rights.
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Starts this program again with other arguments, in a network namespace and with a `/run/netns` of its own, and waits
/// until it has ended.
///
/// # Errors
/// There is no `unshare` (util-linux), or this program is gone.
pub fn again(arguments: &[&str]) -> io::Result<ExitStatus> {
    let mut again = Command::new("unshare");
    again.args([if is_root() { "-nm" } else { "-Urnm" }, "--propagation", "private", "sh", "-c"]);
    again.arg("mount -t tmpfs none /run && mkdir /run/netns && ip link set dev lo up && exec \"$@\"").arg("sh");
    again.arg(std::env::current_exe()?).args(arguments).env(INSIDE, "1").status()
}

/// Runs the body of a test where namespaces can be made. `test` is the path of the calling test.
///
/// # Panics
/// It failed, there or on its way there.
pub fn with_rights(test: &str, body: impl FnOnce()) {
    if is_root() || is_inside() {
        return body();
    }
    let ended = again(&[test, "--exact", "--nocapture"]);
    assert!(ended.as_ref().is_ok_and(ExitStatus::success), "{test} inside user namespaces: {ended:?}");
}
