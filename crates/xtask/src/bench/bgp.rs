//! The edge beside other BGP daemons: runs the BGP bench, which lives outside the repository, and keeps its tables.
//!
//! The bench is a folder with `run.py`, a load generator and an adapter for each daemon; ours is `bench/target`, and
//! `bench/run` adds a scenario to those of the bench.
//! What a run found stays in `target/bench/`, one JSON object a line; the page gets the tables that `run.py` makes of
//! it, and before them a summary: the edge against the best of the others.

use super::Part;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of our column.
const OURS: &str = "twinpath";

/// Rows of the summary: the scenarios' first letters, a name, and the figure in a result.
const SUMMARY: &[(&str, &str, &str)] = &[
    ("AB", "sessions up, ms", "establish.ms"),
    ("AB", "converged, ms", "announce.ms"),
    ("AB", "CPU, s", "announce.cpu_settled_s"),
    ("AB", "bytes a path", "bytes_per_path"),
    ("AB", "peak memory, MiB", "daemon_peak_kib"),
    ("C", "all on backup, ms (p50)", "failover_ms.p50"),
    ("D", "one route in the storm, ms (p99)", "storm.probe_ms.p99"),
    ("D", "memory growth, KiB/s", "storm_growth_kib_per_s"),
];

/// Options of `bench bgp`.
#[derive(clap::Args)]
pub(crate) struct Bgp {
    /// The folder of the bench, with `run.py` [default: what TWINPATH_BENCH says]
    #[arg(long)]
    bench: Option<PathBuf>,
    /// Which scenarios
    #[arg(long, default_value = "quick", value_parser = ["quick", "full"])]
    profile: String,
    /// Only these scenarios, as `A-1M,B-200x4k`; the page is left alone
    #[arg(long)]
    only: Option<String>,
    /// Runs of each; medians are shown
    #[arg(long, default_value_t = 3)]
    repeat: u32,
    /// Who stands beside the edge: adapters of the bench
    #[arg(long, value_delimiter = ',', default_value = "bird")]
    beside: Vec<String>,
    /// Draw where the edge's time goes meanwhile, with perf; takes --only and leaves the page alone
    #[arg(long, requires = "only")]
    flame: bool,
    /// Write the page from this file of an earlier run
    #[arg(long)]
    from: Option<PathBuf>,
}

/// Runs the bench and writes its part of the page.
pub(crate) fn measure(options: &Bgp) -> anyhow::Result<()> {
    let bench = options.bench.clone().or_else(|| Some(std::env::var_os("TWINPATH_BENCH")?.into()));
    let bench = bench.context("--bench or TWINPATH_BENCH names the folder of the BGP bench")?;
    let script = bench.join("run.py");
    ensure!(script.exists(), "{} is not there", script.display());
    let folder = crate::root().join("target/bench");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let results = match &options.from {
        Some(results) => results.clone(),
        None => play(options, &bench, &folder)?,
    };
    let mut page = summary(options, &results)?;
    let mut print = runner(&bench);
    print.args(["--markdown", "--from"]).arg(&results).args(&options.beside).arg(OURS);
    let tables = print.output().context("python3")?;
    page += &String::from_utf8_lossy(&tables.stdout);
    if options.only.is_some() {
        crate::chores::say(&page);
        return Ok(());
    }
    super::write(Part::Bgp, &page)
}

/// Plays the scenarios; where the results are.
fn play(options: &Bgp, bench: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    crate::chores::run("cargo", &["build", "--release", "--locked", "--package", "cli"])?;
    // The bench names a column as its adapter is called.
    let adapter = folder.join(OURS);
    let _ = std::fs::remove_file(&adapter);
    symlink(crate::root().join("bench/target"), &adapter).with_context(|| adapter.display().to_string())?;
    let results = folder.join("bgp.jsonl");
    let _ = std::fs::rename(&results, folder.join("bgp.before.jsonl"));
    let mut play = runner(bench);
    play.args(["--profile", &options.profile, "--repeat", &options.repeat.to_string(), "--json"]);
    play.arg(&results).args(options.only.iter().flat_map(|labels| ["--only", labels]));
    if options.flame {
        play.arg(&adapter).current_dir(crate::root());
        return flame(options, &play, folder).map(|()| results);
    }
    play.args(&options.beside).arg(&adapter).current_dir(crate::root());
    let status = play.status().context("python3")?;
    // A daemon that did not finish a scenario is a result too, and the script's status tells of it.
    ensure!(results.exists(), "the bench in {} ended with {status} and no result", bench.display());
    Ok(results)
}

/// Samples the edge while it plays alone, and draws what was seen.
fn flame(options: &Bgp, play: &Command, folder: &Path) -> anyhow::Result<()> {
    let samples = folder.join("perf.data");
    let status = super::flame::sampled(play, &samples).status().context("perf")?;
    ensure!(status.success(), "perf ended with {status}");
    let title = format!("The edge's workers in {}", options.only.as_deref().unwrap_or_default());
    let drawing = super::flame::draw(&samples, "worker", &title)?;
    crate::chores::say(&format!("drawn: {}", drawing.display()));
    std::fs::remove_file(&samples).with_context(|| samples.display().to_string())
}

/// `run.py` of the bench, with our scenarios beside its own.
fn runner(bench: &Path) -> Command {
    let mut runner = Command::new("python3");
    runner.arg(crate::root().join("bench/run")).arg(bench);
    runner
}

/// What was run, and our medians against the best of the others.
fn summary(options: &Bgp, results: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(results).with_context(|| results.display().to_string())?;
    let runs: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let word = |run: &Value, key: &str| run[key].as_str().unwrap_or_default().to_owned();
    let versions: BTreeSet<String> =
        runs.iter().map(|run| word(run, "version")).filter(|text| !text.is_empty()).collect();
    let mut labels: Vec<String> = Vec::new();
    for run in &runs {
        let label = word(run, "name");
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let rounds = runs.iter().filter_map(|run| run["round"].as_u64()).max().unwrap_or(1);
    let mut page = format!("Machine: {}. {}. Medians of {rounds}. ", super::machine(), super::today()?);
    let versions: Vec<String> = versions.into_iter().collect();
    writeln!(page, "Daemons: {}, one at a time, with the generator on the same cores.\n", versions.join(", "))?;
    writeln!(page, "The edge against the best of the others; below 1 is better.\n")?;
    writeln!(page, "| scenario | figure | {OURS} | best other | ratio |\n| --- | --- | ---: | ---: | ---: |")?;
    for label in &labels {
        for (_, title, path) in SUMMARY.iter().filter(|row| label.starts_with(|first| row.0.contains(first))) {
            let of = |target: &str| {
                let mine = runs.iter().filter(|run| run["name"] == *label && run["target"] == target);
                median(mine.filter_map(|run| figure(run, path)).collect())
            };
            let others = options.beside.iter().filter_map(|other| Some((of(other)?, other)));
            let best = others.min_by(|a, b| a.0.total_cmp(&b.0));
            let scale = if title.ends_with("MiB") { 1024.0 } else { 1.0 };
            let shown = |value: Option<f64>| value.map_or("did not finish".to_owned(), |value| number(value / scale));
            let ratio = of(OURS).zip(best.as_ref()).filter(|(_, best)| best.0 > 0.0);
            let ratio = ratio.map_or("–".to_owned(), |(ours, best)| format!("{:.2}", ours / best.0));
            let other =
                best.map_or("did not finish".to_owned(), |(value, name)| format!("{} ({name})", shown(Some(value))));
            writeln!(page, "| {label} | {title} | {} | {other} | {ratio} |", shown(of(OURS)))?;
        }
    }
    let ours = || runs.iter().filter(|run| run["target"] == OURS);
    let sum = |key: &str| ours().filter_map(|run| run[key].as_f64()).sum::<f64>();
    let finished = ours().filter(|run| run["ok"] == true).count();
    writeln!(
        page,
        "\n{finished} of the edge's {} runs finished; routes in a foreign domain: {}, paths that do not begin with its AS: {}, \
         sessions lost: {}.",
        ours().count(),
        sum("foreign"),
        sum("bad_path"),
        sum("lost_sessions")
    )?;
    Ok(page)
}

/// A figure of a result by its path.
fn figure(run: &Value, path: &str) -> Option<f64> {
    path.split('.').try_fold(run, |value, key| value.get(key))?.as_f64()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        0 => Some((values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0),
        _ => values.get(middle).copied(),
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
