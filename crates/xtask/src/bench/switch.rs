//! How long packets follow a path that is lost: from BFD's news to the group replaced in the kernel.
//!
//! The test of the edge in namespaces, with two BIRDs that announce the same routes, measures; this runs it at several
//! sizes, since the time shall not grow with the table.

use super::Part;
use anyhow::{Context, ensure};
use std::fmt::Write as _;
use std::process::Command;

/// Routes of the domain.
const SIZES: [usize; 3] = [100, 1_000, 10_000];
const TEST: &str = "packets_leave_a_lost_neighbour_by_carrier_and_by_bfd_and_come_back";

/// Measures, and writes its part of the page.
pub(crate) fn measure(runs: usize) -> anyhow::Result<()> {
    ensure!(runs > 0, "no runs, nothing to measure");
    let mut page = format!("Machine: {}. {}.\n\n", super::machine(), super::today()?);
    writeln!(
        page,
        "A domain with two neighbours (BIRD) that announce the same routes. One falls silent; the time is from BFD's verdict to the\n\
         next-hop group replaced in the kernel, {runs} runs at each size, of the optimized build.\n\n\
         | routes | least | median | most |\n| ---: | ---: | ---: | ---: |"
    )?;
    for size in SIZES {
        let mut times = (0..runs).map(|_| once(size)).collect::<anyhow::Result<Vec<u64>>>()?;
        times.sort_unstable();
        let (least, median, most) = (times[0], times[times.len() / 2], times[times.len() - 1]);
        writeln!(page, "| {size} | {least} µs | {median} µs | {most} µs |")?;
    }
    super::write(Part::Switch, &page)
}

/// Microseconds of one switch.
fn once(size: usize) -> anyhow::Result<u64> {
    let mut test = Command::new("cargo");
    test.args(["test", "--release", "--locked", "--package", "edge", "--test", "forwarding", TEST]);
    test.args(["--", "--nocapture"]).env("TWINPATH_TEST_ROUTES", size.to_string());
    let output = test.current_dir(crate::root()).output().context("cargo")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the test failed:\n{told}");
    let head = format!("switch of {size} routes: ");
    let line = told.lines().find_map(|line| line.strip_prefix(&head)?.strip_suffix(" us"));
    let line = line.context("the test was skipped: it needs BIRD and the right to make namespaces")?;
    line.parse().with_context(|| format!("{line:?} is no number of microseconds"))
}
