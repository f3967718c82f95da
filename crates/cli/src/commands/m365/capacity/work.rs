//! Files of records, each to one thread, counted and added up.

use super::parquet;
use crate::{Outcome, input};
use ::m365::capacity::{Classifier, Tally, TallyError};
use ::m365::flow::{self, Flow, Kind, Notes, ReadError};
use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A partial result has a number for each site, class and interval; more than this is none.
const MOST_PARTIAL: u64 = 1 << 30;
/// What is read at once.
const CHUNK: usize = 1 << 20;

/// What was counted.
#[derive(Debug)]
pub(crate) struct Counted {
    /// The counts.
    pub(crate) tally: Tally,
    /// Records outside of the span that was asked for.
    pub(crate) outside: u64,
    /// What was told of each file.
    pub(crate) told: Vec<Told>,
}

/// A sentence about a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    /// The file.
    pub(crate) file: String,
    /// What is to be said.
    pub(crate) text: String,
    /// Whether the result is the worse for it.
    pub(crate) loss: bool,
}

impl Counted {
    /// Whether all of the input was counted.
    pub(crate) fn outcome(&self) -> Outcome {
        match self.told.iter().any(|told| told.loss) {
            true => Outcome::Findings,
            false => Outcome::Ready,
        }
    }
}

/// Counts files.
pub(crate) fn count(
    files: &[PathBuf],
    classifier: &Classifier,
    seconds: u32,
    span: &Range<i64>,
) -> anyhow::Result<Counted> {
    let progress = progress(files);
    let next = AtomicUsize::new(0);
    let counted = Mutex::new(Counted { tally: Tally::new(seconds), outside: 0, told: Vec::new() });
    let failed: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let job = || -> anyhow::Result<()> {
        let mut own =
            Part { classifier, span, tally: Tally::new(seconds), outside: 0, told: Vec::new(), progress: &progress };
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            own.file(path)?;
        }
        let mut counted = counted.lock().map_err(|_| anyhow::anyhow!("another thread ended early"))?;
        counted.tally.merge(&own.tally)?;
        counted.outside += own.outside;
        counted.told.append(&mut own.told);
        Ok(())
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                if let Err(error) = job() {
                    // The others need not go on.
                    next.store(files.len(), Ordering::Relaxed);
                    if let Ok(mut failed) = failed.lock() {
                        failed.get_or_insert(error);
                    }
                }
            });
        }
    });
    progress.finish_and_clear();
    if let Some(error) = failed.into_inner().ok().flatten() {
        return Err(error);
    }
    let mut counted = counted.into_inner().ok().context("a thread ended early")?;
    counted.told.sort();
    ensure!(
        counted.tally.records() + counted.tally.odd().between > 0 || counted.outside > 0,
        "{}: no flow record that can be counted{}",
        files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", "),
        counted.told.first().map(|told| format!("; {}: {}", told.file, told.text)).unwrap_or_default()
    );
    Ok(counted)
}

/// What one thread counts.
struct Part<'a> {
    classifier: &'a Classifier,
    span: &'a Range<i64>,
    tally: Tally,
    outside: u64,
    told: Vec<Told>,
    progress: &'a ProgressBar,
}

impl Part<'_> {
    fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let name = match path == Path::new("-") {
            true => input::STDIN.to_owned(),
            false => path.display().to_string(),
        };
        let file = input::open(path).with_context(|| name.clone())?;
        let mut reader = BufReader::with_capacity(CHUNK, self.progress.wrap_read(file));
        let kind = Kind::of(reader.fill_buf().with_context(|| name.clone())?).with_context(|| name.clone())?;
        let mut notes = Notes::default();
        let read = match kind {
            Kind::Partial => return self.partial(reader).with_context(|| name),
            Kind::Parquet if path != Path::new("-") => return self.parquet(path, &name).with_context(|| name.clone()),
            Kind::Parquet | Kind::Lines | Kind::Json | Kind::Capture | Kind::Messages => {
                let mut sink = sink(&mut self.tally, self.classifier, self.span, &mut self.outside);
                flow::read(kind, &mut reader, &mut notes, &mut sink)
            }
        };
        self.told.extend(notes.sentences().map(|(loss, text)| Told { file: name.clone(), text, loss }));
        match read {
            Ok(()) => Ok(()),
            // A file that breaks off counts as far as it goes.
            Err(ReadError::Io(error)) => {
                let text = format!("{error}; what came before counts");
                self.told.push(Told { file: name, text, loss: true });
                Ok(())
            }
            Err(error) => Err(error).context(name),
        }
    }

    fn parquet(&mut self, path: &Path, name: &str) -> anyhow::Result<()> {
        let (mut notes, mut damaged) = (Notes::default(), Vec::new());
        let mut sink = sink(&mut self.tally, self.classifier, self.span, &mut self.outside);
        let progress = self.progress;
        parquet::read(
            std::fs::File::open(path)?,
            &mut notes,
            &mut damaged,
            &mut |flow| Ok(sink(flow)?),
            &mut |bytes| progress.inc(bytes),
        )?;
        let told = notes.sentences().chain(damaged.into_iter().map(|text| (true, text)));
        self.told.extend(told.map(|(loss, text)| Told { file: name.to_owned(), text, loss }));
        Ok(())
    }

    fn partial(&mut self, reader: impl Read) -> anyhow::Result<()> {
        let mut text = String::new();
        reader.take(MOST_PARTIAL).read_to_string(&mut text)?;
        let other = Tally::from_partial(&text, self.classifier.fingerprint(), self.tally.seconds())?;
        Ok(self.tally.merge(&other)?)
    }
}

/// Counts records of a span; those outside of it by their number only.
fn sink(
    tally: &mut Tally,
    classifier: &Classifier,
    span: &Range<i64>,
    outside: &mut u64,
) -> impl FnMut(&Flow) -> Result<(), TallyError> {
    move |flow| {
        if span.contains(&flow.start_ms) {
            return tally.add(classifier, flow);
        }
        *outside += 1;
        Ok(())
    }
}

/// A bar over the bytes of files, on a terminal.
fn progress(files: &[PathBuf]) -> ProgressBar {
    let sizes: Option<u64> = files.iter().map(|path| std::fs::metadata(path).map(|file| file.len()).ok()).sum();
    match sizes.filter(|_| io::stderr().is_terminal()) {
        None => ProgressBar::hidden(),
        Some(size) => {
            let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes_per_sec}  {eta} left");
            ProgressBar::new(size).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }
    }
}
