//! What a running lab remembers, in a file of its folder, so that every later command finds it.

use crate::topology::Topology;
use crate::{Error, Program};
use dataplane::QinqBackend;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The file.
const FILE: &str = "state.json";

/// What a running lab remembers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    /// The name of the lab.
    pub lab: String,
    /// The design file.
    pub design: PathBuf,
    /// What was built, or is being built.
    pub topology: Topology,
    /// Where the service answers, inside the lab and outside: `https://localhost:PORT`.
    pub base: String,
    /// How Microsoft's edges watch their customers' links, where not as the real ones do; as a design says it.
    #[serde(default)]
    pub bfd: Option<String>,
    /// The process whose end is the lab's end, as the machine sees it.
    pub keeper: Option<Identity>,
    /// Programs by the names of their processes, as the lab sees them.
    pub programs: BTreeMap<String, Program>,
    /// Routes of nodes that no protocol brings, as lines for `ip`; a link that goes takes them along.
    #[serde(default)]
    pub routes: BTreeMap<String, String>,
    /// Addresses on Microsoft's side of edges, in the tunnels to gateways and on the cables to services, and the nodes that
    /// have them.
    #[serde(default)]
    pub tunnels: BTreeMap<IpAddr, String>,
    /// What puts tags on and takes them off, where that was chosen by hand.
    #[serde(default)]
    pub tagging: Option<QinqBackend>,
    /// Whether it came up whole.
    pub up: bool,
}

/// A process, told from another one that got its number later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: u32,
    /// When it began, in ticks since the machine did.
    pub born: u64,
}

impl Identity {
    /// The process of a number; nothing when there is none, or it has ended and nobody has taken note.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold anything, also parentheses and spaces.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let state = fields.next()?;
        if matches!(state, "Z" | "X") {
            return None;
        }
        Some(Self { pid, born: fields.nth(18)?.parse().ok()? })
    }

    /// Whether it still runs.
    pub fn runs(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

impl State {
    /// Reads what the lab of a folder remembers; nothing when there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is no state of a lab.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(path.display().to_string())(error)),
        };
        let wrong = |error| Error::No(format!("{}: {error}; `twinpath lab down` clears it", path.display()));
        serde_json::from_str(&text).map(Some).map_err(wrong)
    }

    /// The programs in the order of starting: FRR's first daemon serves the others.
    pub fn in_order(&self) -> Vec<(&String, &Program)> {
        let mut programs: Vec<(&String, &Program)> = self.programs.iter().collect();
        programs.sort_by_key(|(process, _)| !process.ends_with("-zebra"));
        programs
    }

    /// Writes it to the folder, whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let (path, new) = (folder.join(FILE), folder.join(format!("{FILE}.new")));
        let doing = || path.display().to_string();
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::io(doing())(error.into()))?;
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&new);
        file.and_then(|mut file| file.write_all(&text)).map_err(Error::io(doing()))?;
        std::fs::rename(&new, &path).map_err(Error::io(doing()))
    }
}

/// The variable that says where the folders of labs are, instead of a folder of the user's below `/tmp`.
pub(crate) const HOME: &str = "TWINPATH_LABS";

/// The folder in which each lab of this user has its own.
///
/// # Errors
///
/// It cannot be made, or is somebody else's.
pub fn home() -> Result<PathBuf, Error> {
    if let Some(home) = std::env::var_os(HOME) {
        return Ok(home.into());
    }
    let own = std::fs::metadata("/proc/self").map_err(Error::io("/proc/self"))?.uid();
    let home = std::env::temp_dir().join(format!("twinpath-labs-{own}"));
    // Routers' daemons change to users of their own and have to reach their files; keys have modes of their own.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o755).create(&home);
    made.map_err(Error::io(home.display().to_string()))?;
    let found = std::fs::symlink_metadata(&home).map_err(Error::io(home.display().to_string()))?;
    if !found.is_dir() || found.uid() != own {
        return Err(Error::No(format!("{} is not yours; set {HOME} to another folder", home.display())));
    }
    Ok(home)
}

/// The names of this user's labs, running or left over.
///
/// # Errors
///
/// As [`home`].
pub fn labs() -> Result<Vec<String>, Error> {
    let home = home()?;
    let Ok(folders) = std::fs::read_dir(&home) else { return Ok(Vec::new()) };
    let names = folders.filter_map(Result::ok).filter(|folder| folder.path().join(FILE).exists());
    let mut names: Vec<String> = names.filter_map(|folder| folder.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_itself_and_no_other() {
        let own = Identity::of(std::process::id()).unwrap();
        assert!(own.runs());
        assert!(!Identity { born: own.born + 1, ..own }.runs());
        assert_eq!(Identity::of(u32::MAX), None);
    }
}
