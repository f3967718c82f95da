//! The world of one cell: namespaces joined by wires, gone with the process that made them.
//!
//! [`enter`] runs a test again as the first process of a PID namespace, with network and mounts of its own and an
//! empty `/run`. Whatever the test starts ends with it, also when it is killed: the kernel ends a PID namespace with
//! its first process, and a network namespace with its last. Nothing of the host's network is seen or touched.
//!
//! ```text
//!            192.0.2.0/30                      198.51.100.0/30
//!  peer ─e0──────[to-peer, bridge, to-edge]──────p0─ edge ─f0──────────────e0─ far
//!      .2         2001:db8:1::/126         .1      .1 2001:db8:2::/126 .2
//! ```
//!
//! The bridge lets a test cut the path so that neither end sees its link go down.

use std::fmt::Display;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take that a daemon does on its own: connecting, converging, retrying.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// The variable that says that this process is the one inside.
const INSIDE: &str = "INTEROP_INSIDE";

/// Where everything of a cell lies; a file system of its own, so the path is the same in every cell.
const HOME: &str = "/run/lab";

/// The end of a wire, and so the namespace that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The daemon that the cell is about.
    Peer,
    /// The speaker under test.
    Edge,
    /// A BIRD on the other side of the edge, which gives it routes to hand on and shows what it handed on.
    Far,
    /// The bridge between peer and edge; nothing runs here.
    Wire,
}

impl Place {
    /// The name of the namespace and of the folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Edge => "edge",
            Self::Far => "far",
            Self::Wire => "wire",
        }
    }

    /// Its folder, which exists, is empty at first and may be written by any user.
    pub(crate) fn home(self) -> PathBuf {
        Path::new(HOME).join(self.name())
    }
}

/// Runs `test` again inside namespaces of its own. True: this is the inside, go on. False: it ran and passed.
///
/// # Panics
/// When the inside failed; its output is the message, and its logs are in `logs`.
pub(crate) fn enter(test: &str, logs: &Path) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        std::thread::spawn(|| {
            // The outside holds the other end of this pipe: when it is gone, however it went, so are we.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(1);
        });
        run("mount", "-t tmpfs -o mode=0755 run /run");
        return true;
    }
    let program = std::env::current_exe().expect("a running program has a path");
    let mut inside = Command::new("unshare");
    inside.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]);
    if !is_root() {
        inside.args(["--user", "--map-root-user"]);
    }
    inside.arg(program).args(["--exact", test, "--nocapture", "--include-ignored"]).env(INSIDE, logs);
    inside.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = inside.spawn().expect("unshare is part of every Linux");
    let hold = child.stdin.take();
    let output = child.wait_with_output().expect("a child can be waited for");
    drop(hold);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{test}, logs in {}\n{}{}",
        logs.display(),
        text(&output.stdout),
        text(&output.stderr)
    );
    false
}

/// Why namespaces cannot be made here, if they cannot.
pub(crate) fn obstacle() -> Option<String> {
    if std::env::var_os(INSIDE).is_some() {
        return None;
    }
    let user: &[&str] = if is_root() { &[] } else { &["--user", "--map-root-user"] };
    let tried = Command::new("unshare").args(user).args(["--net", "--mount", "--pid", "--fork", "true"]).output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(format!("unshare: {error}")),
    }
}

/// True for root of the machine, and inside a user namespace.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// True when only one user exists here, as in the user namespace of an ordinary user: daemons that change to a user of
/// their own cannot run.
pub(crate) fn has_one_user() -> bool {
    let map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().nth(2).and_then(|count| count.parse::<u64>().ok()).is_none_or(|count| count < 65536)
}

/// The namespaces and wires.
#[derive(Debug)]
pub(crate) struct World {
    /// What records the wire, where it can be recorded.
    tap: Option<Child>,
}

impl World {
    /// Makes the three namespaces, joins them and begins to record what passes between peer and edge.
    pub(crate) fn build() -> Self {
        run("ip", "link set lo up");
        for place in [Place::Peer, Place::Edge, Place::Far, Place::Wire] {
            std::fs::create_dir_all(place.home()).expect("the cell's own file system");
            run("chmod", &format!("0777 {}", place.home().display()));
            run("ip", &format!("netns add {}", place.name()));
            run("ip", &format!("-n {} link set lo up", place.name()));
        }
        run("ip", "-n wire link add br0 type bridge mcast_snooping 0");
        run("ip", "-n wire link set br0 up");
        for (end, place, device) in [("to-peer", Place::Peer, "e0"), ("to-edge", Place::Edge, "p0")] {
            run("ip", &format!("-n wire link add {end} type veth peer name {device} netns {}", place.name()));
            run("ip", &format!("-n wire link set {end} up master br0"));
        }
        run("ip", "-n edge link add f0 type veth peer name e0 netns far");
        for (place, device, v4, v6) in [
            (Place::Peer, "e0", "192.0.2.2/30", "2001:db8:1::2/126"),
            (Place::Edge, "p0", "192.0.2.1/30", "2001:db8:1::1/126"),
            (Place::Edge, "f0", "198.51.100.1/30", "2001:db8:2::1/126"),
            (Place::Far, "e0", "198.51.100.2/30", "2001:db8:2::2/126"),
        ] {
            let ns = place.name();
            run("ip", &format!("-n {ns} link set {device} up"));
            run("ip", &format!("-n {ns} addr add {v4} dev {device}"));
            run("ip", &format!("-n {ns} addr add {v6} dev {device} nodad"));
        }
        Self { tap: (!has_one_user()).then(tap) }
    }

    /// From now on nothing passes between peer and edge; both links stay up.
    pub(crate) fn cut(&self) {
        run("ip", "-n wire link set to-peer nomaster");
    }

    /// The path is whole again.
    pub(crate) fn heal(&self) {
        run("ip", "-n wire link set to-peer master br0");
    }

    /// From now on connections come up between peer and edge, but what is sent on them waits on the way.
    pub(crate) fn hold_messages(&self) {
        let rules =
            "table bridge gate { chain pass { type filter hook forward priority 0; tcp flags & psh == psh drop; }; }";
        ask_in(Place::Wire, "nft", &[rules]);
    }

    /// What waited comes through, when it is sent again.
    pub(crate) fn release_messages(&self) {
        ask_in(Place::Wire, "nft", &["delete table bridge gate"]);
    }

    /// The messages of a kind that one address sent on the wire, as tcpdump tells them, each with its time.
    pub(crate) fn messages(&self, from: IpAddr, kind: &str) -> Vec<String> {
        let file = Place::Edge.home().join("wire.pcap");
        let filter = format!("src host {from} and tcp port 179");
        let file = file.display().to_string();
        let output = Command::new("tcpdump").args(["-n", "-v", "-r", &file, &filter]).output();
        let output = output.expect("tcpdump is installed");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().map(str::trim).filter(|line| line.starts_with(kind)).map(str::to_owned).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(tap) = &mut self.tap {
            let _ = tap.kill();
            let _ = tap.wait();
        }
        let Some(logs) = std::env::var_os(INSIDE) else { return };
        // Kept for whoever looks into it; a passed cell leaves its logs too, to compare with.
        let _ = std::fs::remove_dir_all(&logs);
        let _ = std::fs::create_dir_all(&logs);
        let _ = Command::new("cp").args(["-r", "--no-preserve=all", HOME]).arg(&logs).stderr(Stdio::null()).status();
    }
}

/// Records what passes between peer and edge. In the namespace of an ordinary user tcpdump fails to give up root.
fn tap() -> Child {
    let mut tap = spawn_in(Place::Edge, "tcpdump", &["-U", "-n", "-Z", "root", "-i", "p0", "-w", "wire.pcap"], &[]);
    let said = || std::fs::read_to_string(Place::Edge.home().join("tcpdump.out")).unwrap_or_default();
    wait("the wire is recorded", || said().contains("listening on") || !matches!(tap.try_wait(), Ok(None)));
    assert!(matches!(tap.try_wait(), Ok(None)), "tcpdump ended: {}", said());
    tap
}

/// A command's output.
///
/// # Panics
/// When it does not start or fails.
pub(crate) fn run(program: &str, line: &str) -> String {
    let output = Command::new(program).args(line.split_whitespace()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{program} {line}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// What a command in a namespace prints, whether it succeeds or not.
pub(crate) fn ask_in(place: Place, program: &str, args: &[&str]) -> String {
    let output = command_in(place, program, args).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Starts a daemon in a namespace; what it prints goes to `PROGRAM.out` in its folder.
pub(crate) fn spawn_in(place: Place, program: &str, args: &[&str], env: &[(&str, &str)]) -> Child {
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    let path = place.home().join(format!("{name}.out"));
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("the cell's own file system");
    let mut command = command_in(place, program, args);
    command.envs(env.iter().copied());
    command.stdin(Stdio::null()).stdout(file.try_clone().expect("an open file")).stderr(file);
    command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn command_in(place: Place, program: &str, args: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", place.name(), program]).args(args).current_dir(place.home());
    command
}

/// Sends a signal, as `KILL`, to a process of the cell, if it is there.
pub(crate) fn signal(pid: u32, name: &str) {
    let _ = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).stderr(Stdio::null()).status();
}

/// Waits until `done`.
///
/// # Panics
/// When that takes longer than [`PATIENCE`].
pub(crate) fn wait(what: impl Display, done: impl FnMut() -> bool) {
    assert!(within(PATIENCE, done), "not within {PATIENCE:?}: {what}");
}

/// Whether `done` becomes true in time.
pub(crate) fn within(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = now() + limit;
    loop {
        if done() {
            return true;
        }
        if now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The clock.
pub(crate) fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "real daemons take real time")]
    Instant::now()
}
