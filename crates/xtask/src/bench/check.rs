//! What a check costs.
//!
//! Three figures: one design warm (criterion), one design as a process from cold, and a generated fleet as a
//! stream: circuits a second, and memory at two sizes of the fleet.

use super::timed;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How often a process is started; odd, so that the median is one of the runs.
const RUNS: usize = 31;

/// Measures `twinpath check` and writes its part of the page.
pub(crate) fn measure() -> anyhow::Result<()> {
    crate::chores::run("cargo", &["build", "--release", "--locked", "--package", "cli"])?;
    let binary = crate::root().join("target/release/twinpath");
    let warm = warm()?;
    let cold = cold(&binary)?;
    let fleets = [10_000, 100_000].map(|circuits| fleet(&binary, circuits));

    let mut page = format!("Machine: {}. Figures are medians.\n\n", super::machine());
    writeln!(page, "### One design\n\n| `examples/contoso.design.yaml`, 148 rules | time |\n| --- | --- |")?;
    for (name, median) in warm {
        writeln!(page, "| {name}, warm | {:.3} ms |", median.as_secs_f64() * 1e3)?;
    }
    writeln!(page, "| `twinpath check`, a process from cold, {RUNS} runs | {:.1} ms |", cold.as_secs_f64() * 1e3)?;
    writeln!(page, "\n### A fleet, one circuit at a time, on one core\n")?;
    writeln!(
        page,
        "Generated circuits with private peering, as Azure lists them, `twinpath check --fleet`, 5 runs.\n"
    )?;
    writeln!(page, "| circuits | file | circuits a second | most memory |\n| --- | --- | --- | --- |")?;
    for measured in fleets {
        let Fleet { circuits, bytes, time, memory_kib } = measured?;
        let (mib, rate) = (bytes as f64 / f64::from(1 << 20), circuits as f64 / time.as_secs_f64());
        writeln!(page, "| {circuits} | {mib:.0} MiB | {rate:.0} | {:.1} MiB |", memory_kib as f64 / 1024.0)?;
    }
    super::write(super::Part::Check, &page)
}

/// The medians of the criterion benches of `rules`.
fn warm() -> anyhow::Result<Vec<(String, Duration)>> {
    crate::chores::run("cargo", &["bench", "--locked", "--package", "rules", "--bench", "check", "--", "--noplot"])?;
    let results = crate::root().join("target/criterion");
    let mut medians = Vec::new();
    for entry in std::fs::read_dir(&results).with_context(|| results.display().to_string())? {
        let folder = entry?.path().join("new");
        let read = |name: &str| -> anyhow::Result<Value> {
            Ok(serde_json::from_str(&std::fs::read_to_string(folder.join(name))?)?)
        };
        if let (Ok(estimates), Ok(benchmark)) = (read("estimates.json"), read("benchmark.json")) {
            let nanoseconds = estimates["median"]["point_estimate"].as_f64().context("criterion gives no median")?;
            let name = benchmark["title"].as_str().unwrap_or_default().to_owned();
            medians.push((name, Duration::from_secs_f64(nanoseconds / 1e9)));
        }
    }
    medians.sort();
    Ok(medians)
}

/// The median time of a whole process.
fn cold(binary: &Path) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let mut check = Command::new(binary);
        check
            .args(["check", "examples/contoso.design.yaml", "--today", "2026-11-21"])
            .current_dir(crate::root())
            .stdout(Stdio::null());
        let (time, success) = timed(|| Ok(check.status()?.success()))?;
        ensure!(success, "the reference design is not ready");
        times.push(time);
    }
    Ok(median(times))
}

/// What a fleet took.
struct Fleet {
    circuits: u32,
    bytes: u64,
    time: Duration,
    memory_kib: u64,
}

/// Generates a fleet, checks it five times, and gives the median time and the most memory.
fn fleet(binary: &Path, circuits: u32) -> anyhow::Result<Fleet> {
    let path: PathBuf = crate::root().join(format!("target/fleet-{circuits}.json"));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    for number in 0..circuits {
        let separator = if number == 0 { "[" } else { ",\n" };
        write!(file, "{separator}{}", testkit::fleet_circuit(number))?;
    }
    file.write_all(b"]\n")?;
    file.flush()?;
    let mut times = Vec::new();
    let mut memory_kib = 0;
    for _ in 0..5 {
        let mut child = Command::new(binary).args(["check", "--fleet"]).arg(&path).stdout(Stdio::null()).spawn()?;
        let (time, memory) = super::watched(&mut child)?;
        memory_kib = memory_kib.max(memory);
        times.push(time);
    }
    Ok(Fleet { circuits, bytes: std::fs::metadata(&path)?.len(), time: median(times), memory_kib })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
