//! Where the edge's time goes, drawn: samples of its threads by perf, as a flame graph.

use anyhow::{Context, ensure};
use inferno::collapse::Collapse as _;
use inferno::collapse::perf::Folder;
use inferno::flamegraph::{self, Options};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Samples a second. No round number, so that nothing with a period of its own is met in step.
const RATE: &str = "3989";

/// Bytes of the stack that are kept with a sample, to find the callers in: the release build has no frame pointers.
const STACK: &str = "dwarf,8192";

/// The drawing, in the book.
fn drawing() -> PathBuf {
    crate::root().join("docs/book/src/concepts/where-the-time-goes.svg")
}

/// The same command, with it and all that it starts sampled into `samples` while it runs.
pub(super) fn sampled(command: &Command, samples: &Path) -> Command {
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "--freq", RATE, "--call-graph", STACK, "--output"]).arg(samples);
    perf.arg("--").arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        perf.current_dir(folder);
    }
    perf
}

/// Draws what the threads whose names begin with `thread` were seen doing.
pub(super) fn draw(samples: &Path, thread: &str, title: &str) -> anyhow::Result<PathBuf> {
    let mut perf = Command::new("perf");
    // Names only: lines and inlined functions would take hours to look up.
    perf.args(["script", "--no-inline", "--fields", "comm,pid,tid,time,event,ip,sym,dso", "--input"]).arg(samples);
    let mut script = perf.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("perf")?;
    let output = script.stdout.take().context("perf says nothing")?;
    let mut folded = Vec::new();
    Folder::default().collapse(BufReader::new(output), &mut folded).context("perf's samples")?;
    ensure!(script.wait()?.success(), "perf cannot read {}", samples.display());
    let folded = String::from_utf8(folded)?;
    let lines: Vec<&str> = folded.lines().filter(|line| line.starts_with(thread)).collect();
    ensure!(!lines.is_empty(), "no thread called {thread}… was seen");
    let mut options = Options::default();
    options.title = title.to_owned();
    options.count_name = "samples".to_owned();
    // What is narrower than this cannot be read, and most of the file would be that.
    options.min_width = 0.3;
    options.deterministic = true;
    let path = drawing();
    let file = File::create(&path).with_context(|| path.display().to_string())?;
    flamegraph::from_lines(&mut options, lines, file).context("the drawing")?;
    Ok(path)
}
