//! Programs of a lab: how each is started, and the process that runs it.
//!
//! Commands on a lab come and go, and its keeper starts again what died ([`keep`](crate::keep)); so which process runs a
//! program is said by a file beside its log (`.run`), and whoever starts it holds another one meanwhile (`.lock`). A
//! program that shall stay dead has a third (`.held`).

use crate::state::Identity;
use crate::{Error, node};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How a program begins: in a session of its own. An interrupt at the terminal is for the command that builds
/// the lab, not for what it built; and the kernel shares its processors out among sessions. Root's labs get a larger
/// share, as routers do not compete with what else a machine may have to do: liveness of 50 ms is for them.
const BEGIN: &str = "{ echo -10 > /proc/self/autogroup; } 2>/dev/null; exec \"$@\"";

/// How a process is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// The node; nothing for what runs beside them.
    pub node: Option<String>,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// The folder that it runs in.
    pub folder: PathBuf,
    /// The file that takes what it prints.
    pub log: PathBuf,
}

impl Program {
    /// The process that runs it; nothing when none does.
    pub fn running(&self) -> Option<Identity> {
        let text = std::fs::read_to_string(self.mark("run")).ok()?;
        let (pid, born) = text.trim().split_once(' ')?;
        let noted = Identity { pid: pid.parse().ok()?, born: born.parse().ok()? };
        noted.runs().then_some(noted)
    }

    /// Whether it shall stay dead when it dies.
    pub fn is_held(&self) -> bool {
        self.mark("held").exists()
    }

    /// Says that it shall stay dead when it dies, or no longer.
    ///
    /// # Errors
    ///
    /// Its folder cannot be written.
    pub fn hold(&self, on: bool) -> Result<(), Error> {
        let mark = self.mark("held");
        let done = match on {
            true => File::create(&mark).map(drop),
            false => std::fs::remove_file(&mark).or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            }),
        };
        done.map_err(Error::io(mark.display().to_string()))
    }

    /// Starts it and leaves it to itself. One that runs is left alone.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub fn start(&self) -> Result<(), Error> {
        let doing = |path: &Path| path.display().to_string();
        std::fs::create_dir_all(&self.folder).map_err(Error::io(doing(&self.folder)))?;
        let lock = self.mark("lock");
        let lock = File::create(&lock).and_then(|file| file.lock().map(|()| file)).map_err(Error::io(doing(&lock)))?;
        if self.running().is_some() {
            return Ok(());
        }
        let running = self.launch()?;
        let mark = self.mark("run");
        std::fs::write(&mark, format!("{} {}\n", running.pid, running.born)).map_err(Error::io(doing(&mark)))?;
        drop(lock);
        Ok(())
    }

    fn launch(&self) -> Result<Identity, Error> {
        let doing = |path: &Path| path.display().to_string();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.map_err(Error::io(doing(&self.log)))?;
        let copy = |log: &File| log.try_clone().map_err(Error::io(doing(&self.log)));
        let mut command = Command::new("setsid");
        command.args(["sh", "-c", BEGIN, "sh"]).arg(&self.program).args(&self.args).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(copy(&log)?).stderr(log);
        let mut child = node::spawn(self.node.as_deref(), &mut command)?;
        let ended = || Error::No(format!("{} ended at once: see {}", doing(&self.program), doing(&self.log)));
        let running = Identity::of(child.id()).ok_or_else(ended);
        // Whoever starts a program takes note of its end, if he is still there.
        std::thread::spawn(move || child.wait());
        running
    }

    /// A file beside its log.
    fn mark(&self, kind: &str) -> PathBuf {
        self.log.with_extension(kind)
    }
}
