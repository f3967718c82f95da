//! What counting flow records costs, beside DuckDB with the query that `--sql duckdb` writes, over the same files in one run.
//! The two have to say the same.

use anyhow::{Context, ensure};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Columns of a row that both must say alike.
const COLUMNS: [&str; 10] =
    ["site", "way", "class", "bytes_out", "bytes_in", "p95_out", "p95_in", "peak_out", "peak_in", "flows"];

/// How much is counted.
#[derive(clap::Args)]
pub(crate) struct Capacity {
    /// How many records; 75 bytes each on the disk
    #[arg(long, default_value_t = 100_000_000)]
    records: u64,
    /// In how many files
    #[arg(long, default_value_t = 8)]
    files: u64,
}

/// Measures `twinpath m365 capacity` and writes its part of the page.
pub(crate) fn measure(options: &Capacity) -> anyhow::Result<()> {
    crate::chores::run("cargo", &["build", "--release", "--locked", "--package", "cli"])?;
    let root = crate::root();
    let python = root.join("target/clients/bin/python");
    ensure!(python.exists(), "{} is missing; `scripts/test` installs the clients", python.display());
    let folder = root.join("target/capacity");
    std::fs::create_dir_all(&folder)?;
    let files = generate(&folder, options)?;
    let bytes: u64 = files.iter().map(|file| file.metadata().map(|data| data.len())).sum::<Result<_, _>>()?;
    let asked = |more: &[&str]| {
        let mut command = Command::new(root.join("target/release/twinpath"));
        let design = ["--design", "examples/contoso.design.yaml", "--site", "v6=2001:db8:10::/48"];
        command
            .args(["m365", "capacity"])
            .args(design)
            .args(["--endpoints", "2025120100"])
            .args(more)
            .current_dir(root);
        command
    };
    let query = folder.join("query.sql");
    std::fs::write(&query, asked(&["--sql", "duckdb"]).output()?.stdout)?;

    let (own_time, own_memory, own) = ran(asked(&["--json"]).args(&files), &folder)?;
    let mut duckdb = Command::new(python);
    duckdb.arg(root.join("clients/capacity.py")).arg("duckdb").arg(&query).args(&files);
    let (time, memory, other) = ran(&mut duckdb, &folder)?;
    let (mine, theirs) = (rows(&own["loads"])?, rows(&other["rows"])?);
    ensure!(mine == theirs, "the two do not say the same; the records are in {}", folder.display());
    std::fs::remove_dir_all(&folder)?;

    let mut page = format!("Machine: {}. {}.\n\n", super::machine(), super::today()?);
    writeln!(
        page,
        "{} generated records ({:.1} GB of CSV in {} files) by the split of Contoso, both over the same files one after the \
         other: {} rows of sites, ways and classes, equal in all their numbers.\n",
        options.records,
        bytes as f64 / 1e9,
        options.files,
        mine.len()
    )?;
    writeln!(page, "| | time | records a second | most memory |\n| --- | ---: | ---: | ---: |")?;
    let version = other["version"].as_str().unwrap_or_default();
    let theirs = format!("DuckDB {version}, `--sql duckdb`");
    for (name, time, memory) in [("`twinpath m365 capacity`", own_time, own_memory), (&*theirs, time, memory)] {
        let seconds = time.as_secs_f64();
        let rate = options.records as f64 / seconds;
        writeln!(page, "| {name} | {seconds:.1} s | {rate:.0} | {:.0} MiB |", memory as f64 / 1024.0)?;
    }
    super::write(super::Part::Capacity, &page)
}

/// Writes the records, a file on each core at a time. Far ends are the borders of every listed prefix, and one beside each.
fn generate(folder: &Path, options: &Capacity) -> anyhow::Result<Vec<PathBuf>> {
    let history = m365::history::History::of(catalog::Catalog::builtin())?;
    let (_, snapshot) = history.versions("Worldwide").nth(1).context("the catalogue has no second version")?;
    let around = |prefix: model::Prefix| match prefix.network() {
        IpAddr::V4(network) => {
            let first = u32::from(network);
            let last = first.saturating_add((prefix.addresses() - 1) as u32);
            [first, last, first.saturating_sub(1), last.saturating_add(1)].map(|bits| IpAddr::V4(bits.into()))
        }
        IpAddr::V6(network) => {
            let first = u128::from(network);
            let last = first.saturating_add(prefix.addresses() - 1);
            [first, last, first.saturating_sub(1), last.saturating_add(1)].map(|bits| IpAddr::V6(bits.into()))
        }
    };
    let far: Vec<IpAddr> = snapshot.prefixes().flat_map(around).collect();
    let files: Vec<PathBuf> = (0..options.files).map(|part| folder.join(format!("part-{part}.csv"))).collect();
    let write = |part: u64| -> anyhow::Result<()> {
        let path = folder.join(format!("part-{part}.csv"));
        let mut out = BufWriter::new(File::create(&path).with_context(|| path.display().to_string())?);
        let records = options.records / options.files + u64::from(part < options.records % options.files);
        Ok(testkit::flows::write(&mut out, records, 7, (part, options.files), &far)?)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        let write = &write;
        let jobs = (0..cores)
            .map(|core| scope.spawn(move || (core..options.files).step_by(cores as usize).try_for_each(write)));
        let jobs: Vec<_> = jobs.collect();
        jobs.into_iter().try_for_each(|job| job.join().map_err(|_| anyhow::anyhow!("a writer ended early"))?)
    })?;
    Ok(files)
}

/// Runs a command; gives its time, its most memory in KiB, and the JSON that it prints.
fn ran(command: &mut Command, folder: &Path) -> anyhow::Result<(std::time::Duration, u64, Value)> {
    let path = folder.join("answer.json");
    let mut child = command.stdout(File::create(&path)?).spawn()?;
    let (time, memory) = super::watched(&mut child)?;
    ensure!(child.wait()?.success(), "{command:?} failed");
    Ok((time, memory, serde_json::from_str(&std::fs::read_to_string(&path)?)?))
}

/// Rows in order, each as its columns.
fn rows(list: &Value) -> anyhow::Result<Vec<Vec<String>>> {
    let list = list.as_array().context("no rows")?;
    let mut rows: Vec<Vec<String>> =
        list.iter().map(|row| COLUMNS.iter().map(|name| row[*name].to_string()).collect()).collect();
    rows.sort();
    Ok(rows)
}
