//! Capacity as a user counts it: files, partial results, evidence, and the same query in DuckDB.
#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use catalog::Catalog;
use common::{folder, twinpath};
use m365::history::History;
use serde_json::Value;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

const DESIGN: [&str; 4] = ["--design", "examples/contoso.design.yaml", "--site", "v6=2001:db8:10::/48"];

/// Files of records, in parts of a day. The far ends are the borders of all listed prefixes, and one beside each.
fn files(folder: &Path, records: u64, parts: u64) -> Vec<PathBuf> {
    let history = History::of(Catalog::builtin()).unwrap();
    let (_, snapshot) = history.versions("Worldwide").nth(1).unwrap();
    let far: Vec<IpAddr> = snapshot
        .prefixes()
        .flat_map(|prefix| match prefix.network() {
            IpAddr::V4(network) => {
                let first = u32::from(network);
                let last = first + (prefix.addresses() - 1) as u32;
                [first, last, first - 1, last + 1].map(|bits| IpAddr::V4(bits.into()))
            }
            IpAddr::V6(network) => {
                let first = u128::from(network);
                let last = first + (prefix.addresses() - 1);
                [first, last, first - 1, last + 1].map(|bits| IpAddr::V6(bits.into()))
            }
        })
        .collect();
    let file = |part: u64| {
        let path = folder.join(format!("part-{part}.csv"));
        let mut out = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        testkit::flows::write(&mut out, records / parts, 7, (part, parts), &far).unwrap();
        path
    };
    (0..parts).map(file).collect()
}

fn capacity(more: &[&str], files: &[PathBuf]) -> common::Run {
    let files: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    twinpath(&[&["m365", "capacity", "--endpoints", "2025120100"], &DESIGN[..], more, &files].concat())
}

fn json(run: &common::Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

/// The rows of a query, as an engine counts them over files; and whether they are our own of `own`.
fn counts_the_same(engine: &str, python: &Path, own: &Value, folder: &Path, files: &[PathBuf]) {
    let query = folder.join(format!("{engine}.sql"));
    std::fs::write(&query, capacity(&["--sql", engine], &[]).stdout).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(python);
    let ended = command.arg(root.join("clients/capacity.py")).arg(engine).arg(&query).args(files).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let told: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let (rows, loads) = (told["rows"].as_array().unwrap(), own["loads"].as_array().unwrap());
    let names = ["site", "way", "class", "bytes_out", "bytes_in", "p95_out", "p95_in", "peak_out", "peak_in", "flows"];
    let lines = |list: &[Value]| {
        let mut lines: Vec<Vec<String>> =
            list.iter().map(|row| names.iter().map(|name| row[*name].to_string()).collect()).collect();
        lines.sort();
        lines
    };
    assert!(loads.len() > 30, "{}", loads.len());
    assert_eq!(lines(rows), lines(loads));
}

/// The Python with the clients that the tests install.
fn clients() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients/bin/python");
    assert!(python.exists(), "{} is missing; `scripts/test` installs the clients", python.display());
    python
}

#[test]
fn duckdb_counts_the_same() {
    let folder = folder();
    let files = files(folder.path(), 30_000, 2);
    let own = json(&capacity(&["--json"], &files));
    assert_eq!((own["records"].as_u64(), own["backwards"].as_u64()), (Some(30_000), Some(0)));
    counts_the_same("duckdb", &clients(), &own, folder.path(), &files);
}

#[test]
#[ignore = "chdb and pyspark are half a gigabyte: TWINPATH_ENGINES names a Python that has them"]
fn clickhouse_and_spark_count_the_same() {
    let folder = folder();
    let files = files(folder.path(), 30_000, 2);
    let own = json(&capacity(&["--json"], &files));
    let python = PathBuf::from(std::env::var_os("TWINPATH_ENGINES").unwrap());
    for engine in ["clickhouse", "spark"] {
        counts_the_same(engine, &python, &own, folder.path(), &files);
    }
}

/// Has DuckDB write the records of files as Parquet.
fn as_parquet(files: &[PathBuf], path: &Path, columns: &str, options: &str) {
    let names: Vec<String> = files.iter().map(|file| format!("'{}'", file.display())).collect();
    let query = format!(
        "COPY (SELECT {columns} FROM read_csv([{}], types={{'src': 'VARCHAR', 'dst': 'VARCHAR'}})) TO '{}' (FORMAT parquet, {options})",
        names.join(", "),
        path.display()
    );
    let ended = Command::new(clients()).args(["-c", "import duckdb, sys; duckdb.sql(sys.argv[1])", &query]).output();
    let ended = ended.unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn parquet_says_what_the_same_records_say_as_text() {
    let folder = folder();
    let files = files(folder.path(), 20_000, 2);
    let own = json(&capacity(&["--json"], &files));
    let path = folder.path().join("flows.parquet");
    let numbers = "src, dst, sport, dport, protocol, bytes, packets, first_ms, last_ms";
    // As clouds export them: times as instants, protocols and ports of their own widths, some of them null.
    let instants = "src AS srcaddr, dst AS dstaddr, nullif(CAST(sport AS USMALLINT), 0) AS srcport, \
        nullif(CAST(dport AS INTEGER), 0) AS dstport, CAST(protocol AS UTINYINT) AS protocol, CAST(bytes AS DOUBLE) AS bytes, \
        make_timestamp(first_ms * 1000) AS start, make_timestamp_ns(last_ms * 1000000) AS \"end\", 'x' AS region";
    for (columns, options) in [
        (numbers, "COMPRESSION snappy, ROW_GROUP_SIZE 2048"),
        (instants, "COMPRESSION gzip"),
        (instants, "COMPRESSION uncompressed"),
    ] {
        as_parquet(&files, &path, columns, options);
        assert_eq!(json(&capacity(&["--json"], std::slice::from_ref(&path)))["loads"], own["loads"], "{options}");
    }
}

#[test]
fn parquet_that_cannot_be_read_is_told() {
    let folder = folder();
    let files = files(folder.path(), 20_000, 1);
    let path = folder.path().join("flows.parquet");
    let told = |part: &str, code: i32| {
        let run = capacity(&[], std::slice::from_ref(&path));
        assert!(run.code == code && (run.stdout.clone() + &run.stderr).contains(part), "{part}: {run:?}");
    };
    as_parquet(&files, &path, "*", "COMPRESSION zstd");
    told("row group 1: ", 2);
    as_parquet(&files, &path, "src, bytes", "COMPRESSION snappy");
    told("its columns are src, bytes; wanted", 2);
    as_parquet(&files, &path, "*", "COMPRESSION snappy, ROW_GROUP_SIZE 4096");
    let whole = std::fs::read(&path).unwrap();
    // One of several row groups is damaged: the others count.
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 4096].fill(0xff);
    std::fs::write(&path, &damaged).unwrap();
    told("row group ", 1);
    std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
    told("no whole Parquet file", 2);
    // Whatever byte is another one, nothing falls.
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut other = whole.clone();
        other[at] ^= 0x55;
        std::fs::write(&path, &other).unwrap();
        let run = capacity(&["--json"], std::slice::from_ref(&path));
        assert!(run.code <= 2 && !run.stderr.contains("panicked"), "{at}: {run:?}");
    }
}

#[test]
fn parts_that_others_counted_add_up() {
    let folder = folder();
    let files = files(folder.path(), 3_000, 3);
    let whole = json(&capacity(&["--json"], &files));
    let mut parts = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let part = folder.path().join(format!("{number}.part"));
        let run = capacity(&["--partial", part.to_str().unwrap()], std::slice::from_ref(file));
        assert!(run.code == 0 && run.stdout.is_empty(), "{run:?}");
        parts.push(part);
    }
    assert_eq!(json(&capacity(&["--json"], &parts)), whole);
    // One part as records, the others as counts.
    parts[1] = files[1].clone();
    assert_eq!(json(&capacity(&["--json"], &parts)), whole);
    let other = capacity(&["--interval", "60"], &parts);
    assert!(other.code == 2 && other.stderr.contains("another interval"), "{other:?}");
}

#[test]
fn what_was_measured_is_evidence() {
    let folder = folder();
    let files = files(folder.path(), 3_000, 1);
    let evidence = folder.path().join("capacity.live.yaml");
    let run = capacity(&["--evidence", evidence.to_str().unwrap()], &files);
    assert!(run.code == 0 && run.stdout.contains("circuit amsterdam: peak"), "{run:?}");
    let check = twinpath(&["check", "examples/contoso.design.yaml", evidence.to_str().unwrap(), "--json"]);
    let report: Value = serde_json::from_str(&check.stdout).unwrap();
    // A load that is far too small for its circuit is a note; what was measured outranks what was planned.
    let file = evidence.to_str().unwrap();
    let note = report["notes"].as_array().unwrap().iter().find(|note| note["rule"] == "CAP-007").unwrap();
    assert_eq!(note["place"]["file"], file);
    let stands = |path: &str| {
        let other = report["disagreements"].as_array().unwrap().iter().find(|one| one["path"] == path);
        other.unwrap_or_else(|| panic!("{path}: {report:#}"))["stands"]["place"]["file"].clone()
    };
    assert_eq!(stands("m365.circuits.amsterdam.needed"), file);
    assert_eq!(stands("m365.egress.ams-internet.needed"), file);
}

#[test]
fn bad_files_are_told_with_place_and_effect() {
    let folder = folder();
    let path = folder.path().join("flows");
    let run = |text: &[u8]| {
        std::fs::write(&path, text).unwrap();
        capacity(&[], std::slice::from_ref(&path))
    };
    for (text, wanted) in [
        (&b""[..], "the file is empty"),
        (b"<html>", "HTML"),
        (b"\x1f\x8b\x08", "unpack it first"),
        (b"hello", "line 1 is `hello`"),
        (b"src,dst,bytes\nx,y,z\n", "no flow record that can be counted"),
        (b"{\"twinpath_capacity\":1", "cut"),
    ] {
        let run = run(text);
        assert!(run.code == 2 && run.stderr.contains(wanted), "{wanted}: {run:?}");
    }
    let good = "10.10.0.1,52.96.0.1,50000,443,6,1000,1,1794787200000,1794787201000\n";
    let cut = run(format!("{}\n{good}{}", testkit::flows::HEADER, &good[..30]).as_bytes());
    assert!(cut.code == 1 && cut.stderr.contains("line 3: the end is missing; what came before counts"), "{cut:?}");
    assert!(cut.stdout.contains("1 records in 1 intervals"), "{cut:?}");
}
