//! Builds the fuzz targets of `fuzz/` and runs each, with the pinned toolchain.
//!
//! The folder has the layout of `cargo fuzz`, which works too. The flags here are the coverage part of
//! what it sets, and they are stable; its address sanitizer, which is not, has nothing to find in safe code.

use anyhow::{Context, ensure};
use std::process::Command;

/// The targets, each with the folder of files that it starts from.
const TARGETS: &[(&str, &str)] = &[
    ("arm_body", "crates/testkit/data/arm/examples"),
    ("arm_id", "fuzz/seeds/arm_id"),
    ("azure_json", "crates/design/tests/fixtures"),
    ("bfd", "fuzz/seeds/bfd"),
    ("bgp_attributes", "fuzz/seeds/bgp_attributes"),
    ("bgp_frame", "fuzz/seeds/bgp_frame"),
    ("bgp_notification", "fuzz/seeds/bgp_notification"),
    ("bgp_open", "fuzz/seeds/bgp_open"),
    ("bgp_route_refresh", "fuzz/seeds/bgp_route_refresh"),
    ("bgp_session", "fuzz/seeds/bgp_session"),
    ("bgp_update", "fuzz/seeds/bgp_update"),
    ("design_yaml", "examples"),
    ("flow", "fuzz/seeds/flow"),
    ("rib", "fuzz/seeds/rib"),
    ("terraform_json", "crates/design/tests/fixtures"),
];

const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions=on -Coverflow-checks=on";

pub(crate) fn run(target: Option<&str>, seconds: u64) -> anyhow::Result<()> {
    let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    ensure!(target.is_none_or(|target| names.contains(&target)), "no such fuzz target; there are {}", names.join(", "));
    let folder = crate::root().join("fuzz");
    let host = crate::chores::output("rustc", &["-vV"])?;
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    crate::chores::say("fuzz: build");
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--bins", "--target", host])
        .env("RUSTFLAGS", COVERAGE)
        .current_dir(&folder)
        .status()?;
    ensure!(status.success(), "the fuzz targets do not build");
    for (name, seeds) in TARGETS.iter().filter(|(name, _)| target.is_none_or(|target| target == *name)) {
        crate::chores::say(&format!("fuzz: {name} for {seconds} s"));
        let found = folder.join("corpus").join(name);
        std::fs::create_dir_all(&found)?;
        std::fs::create_dir_all(folder.join("artifacts"))?;
        // Messages have seeds of their own, and no words in them.
        let words =
            (!seeds.starts_with("fuzz/seeds")).then(|| format!("-dict={}", folder.join("dictionary").display()));
        let status = Command::new(folder.join("target").join(host).join("release").join(name))
            .arg(format!("-max_total_time={seconds}"))
            .args([
                "-max_len=65536",
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-print_final_stats=1",
                "-verbosity=0",
                "-print_funcs=0",
            ])
            .args(words)
            .arg(format!("-artifact_prefix={}/{name}-", folder.join("artifacts").display()))
            .arg(&found)
            .arg(crate::root().join(seeds))
            .status()?;
        ensure!(status.success(), "fuzz target {name} found a fault; see fuzz/artifacts");
    }
    Ok(())
}
