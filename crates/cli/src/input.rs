//! Reading what the command line names: files, folders, patterns, standard input, the catalogue.

use anyhow::Context;
use catalog::Catalog;
use design::{Bounds, Input, Problem};
use model::{Date, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The catalogue, with files of a folder in place of the built-in ones.
pub(crate) fn catalog(dir: Option<&Path>) -> anyhow::Result<Catalog> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    if let Some(dir) = dir {
        for name in catalog::FILES {
            let path = dir.join(name);
            if path.is_file() {
                files.insert(
                    (*name).to_owned(),
                    std::fs::read_to_string(&path).with_context(|| path.display().to_string())?,
                );
            }
        }
        let expected = catalog::FILES.join(", ");
        // The index of endpoint snapshots names files of its own.
        for entry in std::fs::read_dir(dir).with_context(|| dir.display().to_string())? {
            let path = entry.with_context(|| dir.display().to_string())?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
            if name.starts_with("m365-endpoints-") && path.is_file() {
                let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                files.insert(name, text);
            }
        }
        anyhow::ensure!(!files.is_empty(), "{}: no catalogue file there; expected one of {expected}", dir.display());
    }
    let read = Catalog::with_files(|name| files.get(name).cloned());
    read.with_context(|| dir.map_or_else(String::new, |dir| dir.display().to_string()))
}

/// The files behind the words of a command line: a pattern or folder stands for what it holds, `-` for standard input.
pub(crate) fn expand(words: &[String]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for word in words {
        let path = Path::new(word);
        if path.is_dir() {
            let before = files.len();
            let entries = std::fs::read_dir(path).with_context(|| word.clone())?;
            for entry in entries {
                let entry = entry.with_context(|| word.clone())?.path();
                let known =
                    entry.extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known));
                if known && entry.is_file() {
                    files.push(entry);
                }
            }
            files[before..].sort();
            anyhow::ensure!(files.len() > before, "{word}: the folder holds no .yaml, .yml or .json file");
        } else if word.contains(['*', '?', '[']) && !path.exists() {
            let found = glob::glob(word).with_context(|| format!("{word}: no pattern"))?;
            let before = files.len();
            for entry in found {
                files.push(entry?);
            }
            anyhow::ensure!(files.len() > before, "{word}: the pattern matches no file");
        } else {
            files.push(path.to_owned());
        }
    }
    Ok(files)
}

/// Opens a file, or standard input for `-`.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    Ok(match path == Path::new("-") {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(path)?),
    })
}

/// What standard input is called in reports.
pub(crate) const STDIN: &str = "standard input";

/// Reads one file of at most the bounds' size.
///
/// What cannot be read is a [`Problem`], so that one bad file does not hide the others.
pub(crate) fn read(path: &Path, bounds: &Bounds) -> Result<Input, Problem> {
    let name = match path == Path::new("-") {
        true => STDIN.to_owned(),
        false => path.display().to_string(),
    };
    let mut bytes = Vec::new();
    let limit = bounds.bytes as u64;
    open(path)
        .and_then(|file| file.take(limit + 1).read_to_end(&mut bytes))
        .map_err(|error| Problem::new(None, error.to_string().to_lowercase(), "a file that can be read"))?;
    if bytes.len() as u64 > limit {
        let expected = format!("a smaller file; a list of many circuits is checked with `--fleet {name}`");
        return Err(Problem::new(None, format!("more than {} MiB of text", limit >> 20), expected));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Input { name, text: text.into() }),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let before = &error.as_bytes()[..at];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
            let byte = error.as_bytes()[at];
            let seen = format!("the byte 0x{byte:02x} at line {line}, column {column}, which is no UTF-8");
            Err(Problem::new(None, seen, "text in UTF-8; convert the file, for example with `iconv -t utf-8`"))
        }
    }
}

/// The day of a check: the one given, else today in the zone of this machine.
pub(crate) fn today(given: Option<&str>) -> anyhow::Result<Date> {
    match given {
        Some(text) => {
            Date::parse(text).map_err(|error| anyhow::anyhow!("--today: {error}; expected {}", Date::EXPECTED))
        }
        None => {
            #[expect(clippy::disallowed_methods, reason = "the rim reads the clock")]
            let now = jiff::Zoned::now();
            Ok(Date::parse(&now.date().to_string())?)
        }
    }
}
