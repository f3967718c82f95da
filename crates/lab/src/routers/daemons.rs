//! The programs that routers are: where they are found, and how they are started.

use crate::topology::ProcessKind;
use crate::{Error, Lab, Program, node};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where Debian keeps FRR's daemons.
const FRR: &str = "/usr/lib/frr";

/// Where programs are that are no user's.
const SBIN: &[&str] = &["/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin", "/bin"];

/// The path of a program of the machine.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(SBIN.iter().map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether a machine has what an edge router of this kind runs.
pub fn has(kind: &ProcessKind) -> bool {
    match kind {
        ProcessKind::Bird => find("bird").is_some(),
        ProcessKind::Frr => Path::new(FRR).join("bgpd").is_file(),
        ProcessKind::Service | ProcessKind::Edge { .. } | ProcessKind::Carrier { .. } => true,
    }
}
/// BIRD, with the configuration in its folder.
pub(super) fn bird(lab: &mut Lab, process: &str, node: &str, folder: &Path) -> Result<(), Error> {
    let program = find("bird").ok_or_else(|| Error::No("BIRD is not installed: apt-get install bird2".to_owned()))?;
    let args = ["-f", "-c", "bird.conf", "-s", "bird.ctl", "-P", "bird.pid"];
    run(lab, process, Some(node), program, args.map(str::to_owned).to_vec(), folder)
}

/// The shares of a configuration that FRR's daemons take: zebra, bfdd, bgpd. One that meets another's block takes the
/// block's `exit` for its own; `vtysh` would tell them apart, but a daemon that is started again starts without it.
fn shares(text: &str) -> [String; 3] {
    let (head, rest) = text.split_once("\nbfd\n").map_or((text, None), |(head, rest)| (head, Some(rest)));
    let Some((bfd, bgp)) = rest.and_then(|rest| rest.split_once("\n!\n")) else {
        return [String::new(), String::new(), text.to_owned()];
    };
    [format!("{head}\n"), format!("bfd\n{bfd}\n"), format!("{head}\n{bgp}")]
}

/// FRR's three daemons, each a process of its own. They change to a user of their own.
pub(super) fn frr(lab: &mut Lab, process: &str, node: &str, folder: &Path) -> Result<(), Error> {
    const DAEMONS: [&str; 3] = ["zebra", "bfdd", "bgpd"];
    let here = folder.display();
    let path = folder.join("frr.conf");
    let text = std::fs::read_to_string(&path).map_err(Error::io(path.display().to_string()))?;
    for (daemon, text) in DAEMONS.into_iter().zip(shares(&text)) {
        write(&folder.join(format!("{daemon}.conf")), &text, true)?;
    }
    let own = node::run(None, "chown", &["-R", "frr:frr", &here.to_string()], None);
    own.map_err(|error| Error::No(format!("FRR needs its user `frr`, and root: {error}")))?;
    for daemon in DAEMONS {
        let mut args: Vec<String> =
            ["-i", &format!("{here}/{daemon}.pid"), "-z", &format!("{here}/zserv.api")].map(str::to_owned).to_vec();
        args.extend(["--vty_socket".to_owned(), here.to_string(), "-P".to_owned(), "0".to_owned()]);
        args.extend([
            "-f".to_owned(),
            format!("{here}/{daemon}.conf"),
            "--log".to_owned(),
            format!("file:{here}/{daemon}.log"),
        ]);
        if daemon == "bfdd" {
            args.extend(["--bfdctl".to_owned(), format!("{here}/bfdd.sock")]);
        }
        let name = if daemon == "bgpd" { process.to_owned() } else { format!("{process}-{daemon}") };
        run(lab, &name, Some(node), Path::new(FRR).join(daemon), args, folder)?;
        let ready = folder.join(if daemon == "zebra" { "zserv.api".to_owned() } else { format!("{daemon}.vty") });
        crate::wait::until(&format!("{daemon} in {node} listens"), || Ok(ready.exists().then_some(())))?;
    }
    Ok(())
}

/// Notes how a process is started, and starts it.
pub(crate) fn run(
    lab: &mut Lab,
    process: &str,
    node: Option<&str>,
    program: PathBuf,
    args: Vec<String>,
    folder: &Path,
) -> Result<(), Error> {
    if lab.pid(process).is_some() {
        return Ok(());
    }
    let log = folder.join(format!("{}.log", process.rsplit('/').next().unwrap_or(process)));
    let node = node.map(str::to_owned);
    let program = Program { node, program, args, folder: folder.to_owned(), log };
    lab.state_mut().programs.insert(process.to_owned(), program);
    lab.save()?;
    lab.start(process)
}

/// Writes a file, for its owner alone if it is secret.
pub(crate) fn write(path: &Path, text: &str, secret: bool) -> Result<(), Error> {
    let mode = if secret { 0o600 } else { 0o644 };
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::io(path.display().to_string()))
}
