//! The mark that a process leaves when it ends to be started again (RFC 4724).
//!
//! Peers keep the routes of one that comes back in time and says in its OPEN that it restarted; only who finds the mark
//! may say so. It holds for as long as peers were asked to wait.

use crate::config::Config;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Mark {
    /// When the process ended, in seconds since 1970.
    ended: u64,
    /// How long peers were asked to wait, in seconds.
    restart_time: u64,
}

/// Leaves the mark.
///
/// # Errors
///
/// There is no folder for it, or the file cannot be written.
pub(super) fn leave(config: &Config) -> io::Result<()> {
    let Some(folder) = &config.state else {
        return Err(io::Error::new(io::ErrorKind::NotFound, "no `state` folder is configured"));
    };
    let mark = Mark { ended: seconds(), restart_time: config.restart_time.get().into() };
    fs::create_dir_all(folder)?;
    fs::write(file(folder), serde_json::to_string(&mark)?)
}

/// Takes the mark away; how long to wait for the peers' routes, if it was left and still holds.
pub(super) fn take(config: &Config) -> Option<Duration> {
    let file = file(config.state.as_ref()?);
    let text = fs::read_to_string(&file).ok()?;
    // It counts once: whoever crashes after this has not restarted as announced.
    fs::remove_file(&file).ok()?;
    let mark: Mark = serde_json::from_str(&text).ok()?;
    let gone = seconds().checked_sub(mark.ended)?;
    (gone < mark.restart_time).then(|| Duration::from_secs(config.selection_deferral.get().into()))
}

fn file(folder: &Path) -> PathBuf {
    folder.join("restart.json")
}

#[allow(clippy::disallowed_methods, reason = "this is the rim; the mark outlives the process and its clock")]
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(folder: &Path) -> Config {
        let text = format!("name='e'\nrouter-id='10.0.0.1'\nstate='{}'\nselection-deferral=7", folder.display());
        Config::parse("edge.toml", &text, catalog::Catalog::builtin(), &mut |_| Err(io::ErrorKind::NotFound.into()))
            .unwrap()
    }

    #[test]
    fn a_mark_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder.path().join("state"));
        assert_eq!(take(&config), None);
        leave(&config).unwrap();
        assert_eq!(take(&config), Some(Duration::from_secs(7)));
        assert_eq!(take(&config), None);
    }

    #[test]
    fn a_mark_holds_for_as_long_as_peers_wait() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let mark = Mark { ended: seconds() - 121, restart_time: 120 };
        fs::write(file(folder.path()), serde_json::to_string(&mark).unwrap()).unwrap();
        assert_eq!(take(&config), None);
    }
}
