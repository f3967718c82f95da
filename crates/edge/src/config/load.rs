//! From a file to a configuration.

use super::setting::Door;
use super::{Config, Problem, Refused, check};
use crate::record::Text;
use catalog::Catalog;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use toml::de::DeTable;

/// No file that a person writes is larger, in bytes.
const MOST_BYTES: u64 = 256 << 20;

impl Config {
    /// Reads and checks a configuration file, and the files that it names.
    ///
    /// # Errors
    /// The file cannot be read, or something in it cannot be used; every problem is told.
    pub fn load(path: &Path, catalog: &Catalog) -> Result<Self, Refused> {
        Self::load_with_text(path, catalog).map(|(config, _)| config)
    }

    /// The same, with the text as a recording may have it: without keys.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn load_with_text(path: &Path, catalog: &Catalog) -> Result<(Self, Text), Refused> {
        let name = path.display().to_string();
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let text = read_file(path).map_err(|error| Refused {
            file: name.clone(),
            text: String::new(),
            problems: vec![Problem::new(None, error.to_string(), "a configuration file")],
        })?;
        let mut files = BTreeMap::new();
        let mut config = Self::parse(&name, &text, catalog, &mut |other| {
            let text = read_file(&folder.join(other))?;
            files.insert(other.display().to_string(), text.clone());
            Ok(text)
        })?;
        let text = recordable(&config, text, files);
        let record = config.record.as_mut().map(|record| &mut record.file);
        for path in [Some(&mut config.control), config.state.as_mut(), record].into_iter().flatten() {
            *path = folder.join(&path);
        }
        Ok((config, text))
    }

    /// Reads and checks the text of a configuration. `file` reads what it names: keys and lists of prefixes.
    ///
    /// # Errors
    /// Something in it cannot be used; every problem is told, in the order of the file.
    pub fn parse<'f>(
        name: &str,
        text: &str,
        catalog: &'f Catalog,
        file: &'f mut dyn FnMut(&Path) -> io::Result<String>,
    ) -> Result<Self, Refused> {
        let refused = |mut problems: Vec<Problem>| {
            problems.sort_by_key(|problem| problem.at.as_ref().map_or(0, |at| at.start));
            Refused { file: name.to_owned(), text: text.to_owned(), problems }
        };
        let (tree, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(refused(errors.iter().map(syntax).collect()));
        }
        let mut door = Door::new(catalog, file);
        let config = Self::read_table(tree.get_ref(), 0..0, &mut door);
        if let Some(config) = &config {
            check::check(config, &mut door);
        }
        let problems = door.into_problems();
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(refused(problems)),
        }
    }
}

/// The text with `redacted` in the place of each key, and the files of prefixes only.
fn recordable(config: &Config, mut text: String, mut files: BTreeMap<String, String>) -> Text {
    let peers = config.domains.iter().flat_map(|domain| &domain.peers);
    let mut keys: Vec<_> = peers.filter(|peer| peer.md5.is_some()).map(|peer| peer.places.of("md5")).collect();
    // From the end on, so that the places before stay where they are.
    keys.sort_by_key(|at| std::cmp::Reverse(at.start));
    for at in keys {
        text.replace_range(at, "'redacted'");
    }
    let lists: Vec<&str> =
        config.feeds.iter().filter_map(|feed| feed.file.as_ref()).map(|file| file.path.as_str()).collect();
    files.retain(|path, _| lists.contains(&path.as_str()));
    Text { revision: 0, text, files }
}

fn syntax(error: &toml::de::Error) -> Problem {
    Problem::new(error.span(), error.message().to_lowercase(), "TOML (https://toml.io)")
}

fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text)?;
    match text.len() as u64 > MOST_BYTES {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("more than {MOST_BYTES} bytes"))),
        false => Ok(text),
    }
}
