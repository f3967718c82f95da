//! The keeper: the process whose namespaces are the lab.
//!
//! A lab has network, mounts and processes of its own, for root as for anybody else; a plain user gets a user
//! namespace around them, in which it is root. The first process inside takes note of children that end, and has this
//! program look after the lab ([`keep`](crate::keep)) for as long as it stands. When it ends, by `down` or however, the kernel ends every process of the lab and with the last of them every
//! link, route, rule and namespace: nothing of the machine's own network was ever touched.
//!
//! What works on the lab is this program again, inside: [`enter`] runs a command there by `nsenter`.

use crate::Error;
use crate::state::{HOME, Identity, State, home};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// The variable that names the lab that a process is inside of.
const INSIDE: &str = "TWINPATH_LAB";

/// What the first process does: it makes a `/run` of the lab's own, says so, and has somebody look after the lab.
const KEEP: &str = "mount -t tmpfs -o mode=0755 run /run && mkdir /run/netns && ip link set lo up && : > \"$1\" && \
    while :; do \"$2\" lab --name \"$3\" keep; sleep 1; done";

/// How long the namespaces may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether this process is inside a lab.
pub fn is_inside(lab: &str) -> bool {
    std::env::var(INSIDE).is_ok_and(|inside| inside == lab)
}

/// Whether this user is root of the machine: then FRR and tc-BPF work in the lab, too.
pub fn is_root() -> bool {
    let one_user = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let one_user = one_user.split_whitespace().nth(2).is_none_or(|count| count == "1");
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) && !one_user
}

/// Makes the namespaces of a lab, and gives the keeper.
///
/// # Errors
///
/// The kernel makes none for this user; the message says which setting to look at.
pub fn begin(name: &str, folder: &Path) -> Result<Identity, Error> {
    let own = std::env::current_exe().map_err(Error::io("this program has no path"))?;
    let (ready, log) = (folder.join("ready"), folder.join("keeper.log"));
    let _ = std::fs::remove_file(&ready);
    let file = File::create(&log).map_err(Error::io(log.display().to_string()))?;
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]);
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["sh", "-c", KEEP, "sh"]).arg(&ready).arg(own).arg(name);
    command.env(INSIDE, name).env(HOME, home()?);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).process_group(0);
    let mut child = command.spawn().map_err(Error::io("unshare, of util-linux"))?;
    let mut waited = Duration::ZERO;
    while !ready.exists() {
        if waited > PATIENCE || child.try_wait().is_ok_and(|ended| ended.is_some()) {
            let _ = child.kill();
            let _ = child.wait();
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            return Err(Error::No(format!("namespaces cannot be made here: {}{}", said.trim(), hint())));
        }
        std::thread::sleep(Duration::from_millis(2));
        waited += Duration::from_millis(2);
    }
    Identity::of(child.id()).ok_or_else(|| Error::No("the keeper of the lab ended at once".to_owned()))
}

/// Which settings keep a plain user from namespaces, where they do.
fn hint() -> String {
    let settings = [
        ("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"),
        ("/proc/sys/kernel/unprivileged_userns_clone", "0"),
        ("/proc/sys/user/max_user_namespaces", "0"),
        ("/proc/sys/user/max_net_namespaces", "0"),
    ];
    let is = |(path, bad): &&(&str, &str)| std::fs::read_to_string(path).is_ok_and(|text| text.trim() == *bad);
    let found = settings.iter().find(is);
    found.map_or_else(String::new, |(path, bad)| format!("; {path} is {bad}: change it, or run this as root"))
}

/// Runs this program inside the lab, with the arguments given, and waits for its end.
///
/// # Errors
///
/// The lab does not run.
pub fn enter<S: AsRef<std::ffi::OsStr>>(name: &str, args: impl IntoIterator<Item = S>) -> Result<ExitStatus, Error> {
    let own = std::env::current_exe().map_err(Error::io("this program has no path"))?;
    inside(name, &own)?.args(args).status().map_err(Error::io("nsenter, of util-linux"))
}

/// A command that will run inside the lab.
///
/// # Errors
///
/// The lab does not run.
pub fn inside(name: &str, program: &Path) -> Result<Command, Error> {
    let home = home()?;
    let folder = home.join(name);
    let state = State::read(&folder)?.ok_or_else(|| none(name))?;
    let keeper = state.keeper.filter(|keeper| keeper.runs()).ok_or_else(|| none(name))?;
    // The keeper is the parent of the namespaces' first process.
    let children = format!("/proc/{0}/task/{0}/children", keeper.pid);
    let children = std::fs::read_to_string(&children).map_err(Error::io(children))?;
    let first = children.split_whitespace().next().ok_or_else(|| none(name))?;
    let mut command = Command::new("nsenter");
    command.args(["--target", first, "--net", "--mount", "--pid"]);
    if !is_root() {
        command.args(["--user", "--preserve-credentials"]);
    }
    // Entering a mount namespace moves a process to its root; the same folder is there under its full name.
    let here = std::env::current_dir().map_err(Error::io("the working directory"))?;
    command.arg(format!("--wdns={}", here.display())).arg(program).env(INSIDE, name).env(HOME, home);
    Ok(command)
}

fn none(name: &str) -> Error {
    Error::No(format!("the lab `{name}` does not run; `twinpath lab up FILE` brings one up"))
}

/// Ends a lab and forgets it; false when there was none.
///
/// # Errors
///
/// Its folder cannot be removed.
pub fn end(name: &str) -> Result<bool, Error> {
    let folder = home()?.join(name);
    if !folder.exists() {
        return Ok(false);
    }
    // A state that cannot be read names nobody; its folder goes all the same.
    let state = State::read(&folder).ok().flatten().unwrap_or_default();
    if let Some(process) = state.keeper {
        if process.runs() {
            let killed = Command::new("kill").args(["-s", "KILL", &process.pid.to_string()]).status();
            killed.map_err(Error::io("kill"))?;
        }
        let mut waited = Duration::ZERO;
        while process.runs() && waited < PATIENCE {
            std::thread::sleep(Duration::from_millis(2));
            waited += Duration::from_millis(2);
        }
    }
    let mut waited = Duration::ZERO;
    loop {
        match std::fs::remove_dir_all(&folder) {
            // Somebody else ends it, too.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
            // Whoever is dying inside has written once more.
            Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty && waited < PATIENCE => {}
            removed => return removed.map(|()| true).map_err(Error::io(folder.display().to_string())),
        }
        std::thread::sleep(Duration::from_millis(2));
        waited += Duration::from_millis(2);
    }
}
