//! The recorder: lines into a file of bounded size.

use super::event::{Event, Line};
use bgp_fsm::Time;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A recorder of one worker. A clone records to the same file; only the worker's own thread does.
#[derive(Debug, Clone)]
pub struct Tape(Arc<Mutex<Reel>>);

#[derive(Debug)]
struct Reel {
    path: PathBuf,
    file: BufWriter<File>,
    written: u64,
    /// A file is no larger, by more than a line.
    most: u64,
    /// So many older files are kept.
    older: u32,
    /// Writing failed, and nothing more is written.
    is_broken: bool,
}

impl Tape {
    /// Begins a recording. Files of an earlier one move up by one.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(crate) fn begin(path: PathBuf, most: u64, older: u32) -> io::Result<Self> {
        rotate(&path, older)?;
        let file = create(&path)?;
        Ok(Self(Arc::new(Mutex::new(Reel { path, file, written: 0, most, older, is_broken: false }))))
    }

    /// Records an input before it happens.
    pub(crate) fn note(&self, now: Time, event: Event) {
        let mut reel = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reel.is_broken {
            return;
        }
        if let Err(error) = reel.write(&Line { at: now.0, event }) {
            // The sessions are more than their recording.
            tracing::error!(file = %reel.path.display(), "the recording ends: {error}");
            reel.is_broken = true;
        }
    }

    /// Sees to it that what was recorded is in the file.
    pub(crate) fn flush(&self) {
        let mut reel = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = reel.file.flush();
    }
}

impl Reel {
    fn write(&mut self, line: &Line) -> io::Result<()> {
        if self.written >= self.most {
            self.file.flush()?;
            rotate(&self.path, self.older)?;
            self.file = create(&self.path)?;
            self.written = 0;
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.written += text.len() as u64;
        self.file.write_all(&text)
    }
}

/// What peers sent is nobody else's to read.
fn create(path: &Path) -> io::Result<BufWriter<File>> {
    let file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    Ok(BufWriter::with_capacity(64 << 10, file))
}

/// Moves a file and its elders up by one; the oldest goes.
fn rotate(path: &Path, older: u32) -> io::Result<()> {
    let numbered = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        PathBuf::from(name)
    };
    if !path.exists() {
        return Ok(());
    }
    for number in (1..older).rev() {
        if numbered(number).exists() {
            fs::rename(numbered(number), numbered(number + 1))?;
        }
    }
    match older {
        0 => fs::remove_file(path),
        _ => fs::rename(path, numbered(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_files_move_up_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        let tape = Tape::begin(path.clone(), 100, 2).unwrap();
        for conn in 0..40 {
            tape.note(Time(1), Event::Closed { conn });
        }
        tape.flush();
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["r.jsonl", "r.jsonl.1", "r.jsonl.2"]);
        let size = fs::metadata(folder.path().join("r.jsonl.1")).unwrap().len();
        assert!((100..160).contains(&size), "{size}");
    }

    #[test]
    fn lines_come_back() {
        for event in [
            Event::Start { edge: "e".to_owned(), worker: 1, seed: u64::MAX, monitored: false },
            Event::Received { conn: 7, bytes: "ff00".to_owned() },
            Event::Tick,
        ] {
            let line = Line { at: 5, event };
            let text = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line>(&text).unwrap(), line, "{text}");
        }
    }
}
