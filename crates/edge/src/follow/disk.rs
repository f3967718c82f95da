//! The last intents in the state folder: one file each, since they hold keys readable by the owner alone.

use super::translate;
use edge_api::Intent;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The folder of intents.
#[derive(Debug)]
pub(super) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Makes the folder if it is not there.
    pub(super) fn open(state: &Path) -> io::Result<Self> {
        let folder = state.join("intents");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder })
    }

    /// What was kept. A file that cannot be read as an intent is left out, and told of.
    pub(super) fn load(&self) -> io::Result<Vec<Intent>> {
        let mut intents = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            // What is wrong with it is not told: the words could hold a key.
            match fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
                Some(intent) => intents.push(intent),
                None => tracing::warn!("{} holds no intent; the service will say what runs", path.display()),
            }
        }
        intents.sort_by(|a: &Intent, b| a.key.cmp(&b.key));
        Ok(intents)
    }

    /// Keeps an intent in the place of an older one: whole, or the older one stays.
    pub(super) fn keep(&self, intent: &Intent) -> io::Result<()> {
        let path = self.path(&translate::name(intent))?;
        let new = path.with_extension("new");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(intent)?)?;
        fs::rename(new, path)
    }

    /// Forgets what has this name.
    pub(super) fn forget(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path(name)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The file of a name, which must not lead out of the folder.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        match plain && !name.is_empty() {
            true => Ok(self.folder.join(format!("{name}.json"))),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("`{name}` is no name of a file"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::intent;
    use super::*;
    use edge_api::{Peering, Secret};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_kept_is_there_again_and_only_its_owners() {
        let state = tempfile::tempdir().unwrap();
        let disk = Disk::open(state.path()).unwrap();
        let mut one = intent("c1", Peering::Private);
        one.sessions[0].md5 = Some(Secret("swordfish".to_owned()));
        disk.keep(&one).unwrap();
        disk.keep(&intent("c2", Peering::Microsoft)).unwrap();
        disk.keep(&one).unwrap();
        assert_eq!(disk.load().unwrap().len(), 2);
        assert_eq!(disk.load().unwrap()[0], one);
        let file = state.path().join("intents").join("key-of-c1-private.json");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        disk.forget("key-of-c1-private").unwrap();
        disk.forget("key-of-c1-private").unwrap();
        assert_eq!(disk.load().unwrap().len(), 1);
    }

    #[test]
    fn names_stay_in_the_folder_and_bad_files_are_left_out() {
        let state = tempfile::tempdir().unwrap();
        let disk = Disk::open(state.path()).unwrap();
        let mut bad = intent("c1", Peering::Private);
        bad.service_key = "../../x".to_owned();
        assert!(disk.keep(&bad).is_err());
        fs::write(state.path().join("intents/half.json"), "{\"key\":").unwrap();
        assert_eq!(disk.load().unwrap(), []);
    }
}
